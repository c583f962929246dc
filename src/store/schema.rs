//! The tables as both databases have them, kept by hand. `tests/api/backends.rs` compares it with the migrations.

diesel::table! {
    installation (id) {
        id -> Integer,
        kind -> Text,
        sandbox_now -> Timestamp,
    }
}

diesel::table! {
    organizations (id) {
        id -> Text,
        code -> Text,
        name -> Text,
        time_zone -> Text,
        agency_code -> Nullable<Text>,
        vote_thresholds -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    units (id) {
        id -> Text,
        organization_id -> Text,
        code -> Text,
        name -> Text,
        kind -> Text,
        active -> Bool,
        predecessor_ids -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    members (id) {
        id -> Text,
        organization_id -> Nullable<Text>,
        kind -> Text,
        issuer -> Text,
        subject -> Text,
        display_name -> Text,
        roles -> Text,
        unit_id -> Nullable<Text>,
        status -> Text,
        valid_from_on -> Date,
        valid_until_on -> Nullable<Date>,
        ended_at -> Nullable<Timestamp>,
        end_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    service_accounts (id) {
        id -> Text,
        member_id -> Text,
        client_id -> Text,
        secret_sha256 -> Text,
        scopes -> Nullable<Text>,
        revoked_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        previous_secret_sha256 -> Nullable<Text>,
        previous_secret_until -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    audit_entries (id) {
        id -> Text,
        organization_id -> Nullable<Text>,
        at -> Timestamp,
        request_id -> Text,
        actor_issuer -> Text,
        actor_subject -> Text,
        action -> Text,
        subject_type -> Text,
        subject_id -> Text,
        before_state -> Nullable<Text>,
        after_state -> Nullable<Text>,
        chain -> Text,
        sequence -> BigInt,
        prev_hash -> Text,
        hash -> Text,
        actor_kind -> Nullable<Text>,
        actor_member_id -> Nullable<Text>,
        actor_client_id -> Nullable<Text>,
        actor_session_id -> Nullable<Text>,
    }
}

diesel::table! {
    journals (chain) {
        chain -> Text,
        organization_id -> Nullable<Text>,
        audit_sequence -> BigInt,
        audit_hash -> Text,
        event_sequence -> BigInt,
    }
}

diesel::table! {
    events (organization_id, sequence) {
        organization_id -> Text,
        sequence -> BigInt,
        id -> Text,
        kind -> Text,
        audience -> Text,
        subject_type -> Text,
        subject_id -> Text,
        period_id -> Nullable<Text>,
        unit_id -> Nullable<Text>,
        at -> Timestamp,
        data -> Text,
    }
}

diesel::table! {
    idempotency_keys (caller, key) {
        caller -> Text,
        key -> Text,
        request_sha256 -> Text,
        status -> Nullable<Integer>,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    calendar_days (id) {
        id -> Text,
        organization_id -> Nullable<Text>,
        day_on -> Date,
        kind -> Text,
        name -> Text,
        status -> Text,
        legal_basis -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    criteria_sets (id) {
        id -> Text,
        organization_id -> Text,
        code -> Text,
        title -> Text,
        year -> Integer,
        legal_basis -> Nullable<Text>,
        total_points -> BigInt,
        parts -> Text,
        status -> Text,
        published_at -> Nullable<Timestamp>,
        retired_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        copied_from_id -> Nullable<Text>,
        not_applicable -> Text,
        limits -> Text,
        minimum_total -> BigInt,
    }
}

diesel::table! {
    periods (id) {
        id -> Text,
        organization_id -> Text,
        code -> Text,
        title -> Text,
        year -> Integer,
        criteria_set_id -> Text,
        status -> Text,
        self_assessment_due_on -> Date,
        appraisal_due_on -> Date,
        council_review_from_on -> Date,
        council_review_to_on -> Date,
        result_notice_due_on -> Date,
        late_submissions -> Text,
        council_scoring -> Text,
        tie_break -> Text,
        eligibility -> Text,
        when_ineligible -> Text,
        required_documents -> Text,
        dossier_working_days -> Integer,
        dossier_semantics -> Text,
        notice_number -> Nullable<Text>,
        notice_on -> Nullable<Date>,
        cancel_reason -> Nullable<Text>,
        council_review_started_on -> Nullable<Date>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        superseded_notices -> Text,
        superseded_stages -> Text,
        ranking_state -> Nullable<Text>,
        copied_from -> Nullable<Text>,
        carry_over -> Bool,
    }
}

diesel::table! {
    period_units (period_id, unit_id) {
        period_id -> Text,
        organization_id -> Text,
        unit_id -> Text,
        set_aside_at -> Nullable<Timestamp>,
        set_aside_reason -> Nullable<Text>,
        merged_into -> Nullable<Text>,
        group_code -> Nullable<Text>,
    }
}

diesel::table! {
    period_groups (period_id, code) {
        period_id -> Text,
        organization_id -> Text,
        code -> Text,
        position -> Integer,
        title -> Text,
        criteria_set_id -> Nullable<Text>,
        own_awards -> Bool,
    }
}

diesel::table! {
    period_awards (period_id, group_code, code) {
        period_id -> Text,
        position -> Integer,
        code -> Text,
        title -> Text,
        quota -> Integer,
        group_code -> Text,
    }
}

diesel::table! {
    facts (period_id, unit_id) {
        period_id -> Text,
        unit_id -> Text,
        anybody_disciplined -> Bool,
        party_cell_rating -> Text,
        under_inspection -> Bool,
        source_document -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    submissions (id) {
        id -> Text,
        organization_id -> Text,
        period_id -> Text,
        unit_id -> Text,
        status -> Text,
        revision -> Integer,
        late -> Bool,
        due_on -> Date,
        closes_at -> Nullable<Timestamp>,
        submitted_at -> Nullable<Timestamp>,
        return_reason -> Nullable<Text>,
        base -> Nullable<BigInt>,
        bonus -> Nullable<BigInt>,
        breakdown -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        penalty -> BigInt,
        raised -> BigInt,
    }
}

diesel::table! {
    scores (submission_id, criterion_code) {
        submission_id -> Text,
        criterion_code -> Text,
        answer -> Nullable<Text>,
        points -> Nullable<BigInt>,
        max_points -> BigInt,
        note -> Nullable<Text>,
        min_points -> Nullable<BigInt>,
    }
}

diesel::table! {
    revisions (submission_id, revision) {
        submission_id -> Text,
        revision -> Integer,
        content -> Text,
        sha256 -> Text,
        criteria_set_id -> Text,
        submitted_by -> Text,
        submitted_at -> Timestamp,
        amendment_id -> Nullable<Text>,
    }
}

diesel::table! {
    reviews (id) {
        id -> Text,
        organization_id -> Text,
        submission_id -> Text,
        stage -> Text,
        reviewer_id -> Text,
        status -> Text,
        submitted_at -> Nullable<Timestamp>,
        base -> BigInt,
        bonus -> BigInt,
        breakdown -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        superseded_at -> Nullable<Timestamp>,
        superseded_reason -> Nullable<Text>,
        replaces_id -> Nullable<Text>,
        amendment_id -> Nullable<Text>,
        seat -> Text,
        penalty -> BigInt,
        raised -> BigInt,
    }
}

diesel::table! {
    council_means (submission_id) {
        submission_id -> Text,
        reviews -> Integer,
        base -> BigInt,
        bonus -> BigInt,
        breakdown -> Text,
        updated_at -> Timestamp,
        penalty -> BigInt,
        raised -> BigInt,
    }
}

diesel::table! {
    review_scores (review_id, criterion_code) {
        review_id -> Text,
        criterion_code -> Text,
        answer -> Nullable<Text>,
        points -> Nullable<BigInt>,
        max_points -> BigInt,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        min_points -> Nullable<BigInt>,
    }
}

diesel::table! {
    council_sessions (id) {
        id -> Text,
        organization_id -> Text,
        period_id -> Text,
        held_on -> Date,
        place -> Text,
        status -> Text,
        quorum_numerator -> Integer,
        quorum_denominator -> Integer,
        present -> Nullable<Integer>,
        needed -> Nullable<Integer>,
        presiding_member_id -> Nullable<Text>,
        agenda -> Text,
        votes -> Text,
        superseded -> Text,
        cancel_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    council_attendance (session_id, member_id) {
        session_id -> Text,
        member_id -> Text,
        present -> Bool,
        written_opinion -> Bool,
    }
}

diesel::table! {
    council_minutes (session_id, number) {
        session_id -> Text,
        number -> Integer,
        file_name -> Text,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        attached_at -> Timestamp,
    }
}

diesel::table! {
    recusals (id) {
        id -> Text,
        organization_id -> Text,
        submission_id -> Text,
        period_id -> Text,
        unit_id -> Text,
        member_id -> Text,
        ground -> Text,
        note -> Nullable<Text>,
        declared_by -> Text,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_by -> Nullable<Text>,
        withdraw_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    assignments (id) {
        id -> Text,
        organization_id -> Text,
        period_id -> Text,
        submission_id -> Text,
        unit_id -> Text,
        stage -> Text,
        member_id -> Text,
        assigned_by -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    tie_decisions (id) {
        id -> Text,
        organization_id -> Text,
        period_id -> Text,
        tied_units -> Text,
        unit_ids -> Text,
        reason -> Text,
        council_session_id -> Text,
        decided_by -> Text,
        totals -> Nullable<Text>,
        totals_on -> Nullable<Date>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    revision_withdrawals (submission_id, revision) {
        submission_id -> Text,
        revision -> Integer,
        withdrawn_at -> Timestamp,
    }
}

diesel::table! {
    rankings (period_id, version) {
        period_id -> Text,
        version -> BigInt,
        inputs -> Text,
        inputs_sha256 -> Text,
        result -> Text,
        frozen_at -> Timestamp,
        salt -> Text,
    }
}

diesel::table! {
    amendments (id) {
        id -> Text,
        organization_id -> Text,
        period_id -> Text,
        submission_id -> Text,
        unit_id -> Text,
        status -> Text,
        reason -> Text,
        legal_basis -> Text,
        scores -> Text,
        facts -> Nullable<Text>,
        asked_by -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        decision_reason -> Nullable<Text>,
        ranking_version -> Nullable<BigInt>,
        published_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    award_proposals (id) {
        id -> Text,
        organization_id -> Text,
        period_id -> Text,
        unit_id -> Text,
        award_code -> Text,
        award_quota -> Integer,
        slot -> Integer,
        rank -> Integer,
        total -> BigInt,
        eligibility -> Text,
        due_on -> Nullable<Date>,
        opens_on -> Nullable<Date>,
        explanation -> Text,
        status -> Text,
        submitted_at -> Nullable<Timestamp>,
        return_reason -> Nullable<Text>,
        decision_number -> Nullable<Text>,
        decided_on -> Nullable<Date>,
        decision_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        superseded_decisions -> Text,
        withdraw_reason -> Nullable<Text>,
        withdrawn_at -> Nullable<Timestamp>,
        pass_down -> Nullable<Bool>,
        stale -> Bool,
        group_code -> Text,
    }
}

diesel::table! {
    proposal_documents (proposal_id, code) {
        proposal_id -> Text,
        code -> Text,
        position -> Integer,
        title -> Text,
        file_name -> Nullable<Text>,
        media_type -> Nullable<Text>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
        attached_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    stored_files (sha256) {
        sha256 -> Text,
        claimed_at -> Timestamp,
        going -> Bool,
    }
}

diesel::table! {
    evidence (id) {
        id -> Text,
        organization_id -> Text,
        submission_id -> Text,
        criterion_code -> Text,
        title -> Text,
        kind -> Text,
        file_name -> Nullable<Text>,
        media_type -> Nullable<Text>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
        number -> Nullable<Text>,
        issued_on -> Nullable<Date>,
        issuer -> Nullable<Text>,
        url -> Nullable<Text>,
        added_by -> Text,
        added_after -> Integer,
        removed_after -> Nullable<Integer>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    period_targets (period_id, unit_id, criterion_code) {
        period_id -> Text,
        unit_id -> Text,
        criterion_code -> Text,
        target -> BigInt,
        unit_of_measure -> Text,
    }
}

diesel::table! {
    /// Public keys of the service's own issuer.
    signing_keys (kid) {
        /// The id under which tokens name it.
        kid -> Text,
        /// The key in base64url.
        public -> Text,
        /// When it was registered.
        created_at -> Timestamp,
    }
}

diesel::table! {
    feed_tokens (id) {
        id -> Text,
        issuer -> Text,
        subject -> Text,
        scopes -> Nullable<Text>,
        client_id -> Nullable<Text>,
        token_sha256 -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    webhook_endpoints (id) {
        id -> Text,
        organization_id -> Text,
        member_id -> Text,
        scopes -> Nullable<Text>,
        client_id -> Nullable<Text>,
        url -> Text,
        event_types -> Text,
        active -> Bool,
        secret -> Text,
        previous_secret -> Nullable<Text>,
        previous_secret_until -> Nullable<Timestamp>,
        sequence -> BigInt,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Text,
        endpoint_id -> Text,
        event_id -> Nullable<Text>,
        event_type -> Text,
        status -> Text,
        attempts -> Integer,
        next_attempt_at -> Nullable<Timestamp>,
        give_up_at -> Timestamp,
        last_status -> Nullable<Integer>,
        last_error -> Nullable<Text>,
        delivered_at -> Nullable<Timestamp>,
        replay_of_id -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    webhook_attempts (delivery_id, number) {
        delivery_id -> Text,
        number -> Integer,
        at -> Timestamp,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
        duration_ms -> BigInt,
    }
}

diesel::table! {
    deadlines (id) {
        id -> Text,
        organization_id -> Text,
        period_id -> Text,
        kind -> Text,
        unit_id -> Nullable<Text>,
        scheduled_on -> Nullable<Date>,
        extended_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        opens_on -> Nullable<Date>,
        met_on -> Nullable<Date>,
        waived_at -> Nullable<Timestamp>,
        waive_reason -> Nullable<Text>,
        told -> Nullable<Integer>,
        check_on -> Nullable<Date>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    deadline_extensions (id) {
        id -> Text,
        deadline_id -> Text,
        due_on -> Date,
        reason -> Text,
        basis_document -> Text,
        granted_by -> Text,
        granted_at -> Timestamp,
        superseded -> Text,
    }
}

diesel::table! {
    passwords (member_id) {
        member_id -> Text,
        hash -> Text,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    invitations (id) {
        id -> Text,
        member_id -> Text,
        inviter_id -> Nullable<Text>,
        token_sha256 -> Text,
        expires_at -> Timestamp,
        accepted_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        member_id -> Text,
        salt -> Text,
        generation -> BigInt,
        user_agent -> Nullable<Text>,
        address -> Nullable<Text>,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    refresh_tokens (sha256) {
        sha256 -> Text,
        session_id -> Text,
        generation -> BigInt,
    }
}

diesel::table! {
    sign_in_failures (key) {
        key -> Text,
        failures -> Integer,
        blocked_until -> Timestamp,
        failed_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    installation,
    organizations,
    units,
    members,
    service_accounts,
    audit_entries,
    idempotency_keys,
    calendar_days,
    criteria_sets,
    periods,
    period_units,
    period_groups,
    period_awards,
    facts,
    submissions,
    scores,
    revisions,
    revision_withdrawals,
    reviews,
    council_means,
    review_scores,
    council_sessions,
    council_attendance,
    council_minutes,
    recusals,
    assignments,
    tie_decisions,
    rankings,
    amendments,
    award_proposals,
    proposal_documents,
    stored_files,
    evidence,
    period_targets,
    journals,
    events,
    deadlines,
    deadline_extensions,
    webhook_endpoints,
    webhook_deliveries,
    webhook_attempts,
    feed_tokens,
    passwords,
    invitations,
    sessions,
    refresh_tokens,
    sign_in_failures,
    signing_keys,
);
