//! Acts on amendments of final results.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Facts};
use crate::domain::assessment::facts::UnitFacts;
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::assessment::review::{Review, ReviewCase, ReviewStatus};
use crate::domain::assessment::steps::guard;
use crate::domain::assessment::submission::{FrozenSheet, Submission, SubmissionCase, SubmissionStatus};
use crate::domain::award::amendment::{
    self, AmendedScores, Amendment, AmendmentCase, AmendmentDecision, AmendmentStatus,
};
use crate::domain::award::award_proposal::ProposalCase;
use crate::domain::award::ranking::{Contender, Inputs};
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::scoring::{LineInput, Scorer, ScoringTable, Sheet, WriteMode};
use crate::domain::journal::event::EventType;
use crate::domain::text::{Check, NOTE_CHARS, TITLE_CHARS};
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::service::assessment::{council_means, reviews, submissions};
use crate::service::award::ranking::{inputs, versions};
use crate::service::award::stand_ins::{self, About};
use crate::service::{
    AuditDraft, Context, Details, EventDraft, Identity, Input, Result, Subject, record_all, sha256_hex,
};
pub use crate::store::amendments::Filter;
use crate::store::facts::RecordedFacts;
use crate::store::page::Page;
use crate::store::submissions::Revision;
use crate::store::{self, Conn};

/// A new amendment.
#[derive(Debug, Clone)]
pub struct NewAmendment {
    /// Why the result is wrong.
    pub reason: String,
    /// The document that it is based on.
    pub legal_basis: String,
    /// The final lines as they should be; absent lines stay as they are.
    pub scores: Vec<LineInput>,
    /// The facts as they should be.
    pub facts: Option<UnitFacts>,
}

impl Subject for AmendmentCase {
    type Visible = ();
    const TYPE: &'static str = "amendment";

    fn identity(&self) -> Identity {
        let amendment = &self.amendment;
        Identity { id: amendment.id, organization_id: Some(amendment.organization_id), version: amendment.version }
    }

    fn actions(&self) -> &'static [Action] {
        &amendment::ACTIONS
    }

    fn facts(&self) -> Facts<'_> {
        Facts { stand_ins: &self.stand_ins, ..self.sheet.facts() }
    }

    fn read_action(&self) -> Action {
        Action::ReadAmendment
    }

    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let amendment = store::amendments::find(conn, id)?.ok_or(Code::NotFound)?;
        let sheet = store::submissions::find(conn, &amendment.submission_id)?.ok_or(Code::NotFound)?;
        let Amendment { organization_id, period_id, unit_id, asked_by, .. } = &amendment;
        let stand_ins = match access::may_stand_in(&context.actor, Action::ApproveAmendment, organization_id) {
            true => {
                stand_ins::of_chairs(conn, context, &About { organization_id, period_id, unit_id }, Some(asked_by))?
            }
            false => Vec::new(),
        };
        Ok(AmendmentCase { amendment, sheet, stand_ins })
    }

    /// The period is locked: its ranking is frozen anew.
    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let amendment = store::amendments::find(conn, id)?.ok_or(Code::NotFound)?;
        store::periods::lock_for_update(conn, &amendment.period_id)?;
        store::submissions::lock_for_update(conn, &amendment.submission_id)?;
        Self::find(conn, context, id)
    }

    fn may(&self, context: &Context, _action: Action) -> Gate {
        let caller = context.actor.membership(&self.amendment.organization_id).map(|membership| membership.member_id);
        self.may(caller.as_ref()).map(|()| None)
    }

    fn audit(&self) -> Value {
        let amendment = &self.amendment;
        json!({
            "period_id": amendment.period_id, "submission_id": amendment.submission_id, "unit_id": amendment.unit_id,
            "status": amendment.status, "reason": amendment.reason, "legal_basis": amendment.legal_basis,
            "scores": amendment.scores, "facts": amendment.facts, "asked_by": amendment.asked_by,
            "decided_by": amendment.decision.as_ref().map(|decision| decision.by),
            "decided_at": amendment.decision.as_ref().map(|decision| instant(decision.at)),
            "decision_reason": amendment.decision.as_ref().and_then(|decision| decision.reason.as_ref()),
            "ranking_version": amendment.ranking_version, "published_at": amendment.published_at.map(instant),
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(AmendmentCase { amendment: store::amendments::update(conn, self.amendment)?, ..self })
    }

    /// The unit is not named: those whom recusal keeps away from it see the event too.
    fn event(&self, kind: EventType) -> EventDraft {
        let data = json!({"status": self.amendment.status});
        EventDraft { kind, period_id: Some(self.amendment.period_id), unit_id: None, data }
    }
}

/// An amendment in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The amendment.
    pub amendment: Amendment,
    /// The code of its unit.
    pub unit_code: String,
}

/// Lists the amendments of an organisation that the caller may see.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Listed>> {
    let organization_id = context.enter_list(organization_id, Action::ReadAmendment)?;
    let visibility = access::unit_visibility(&context.actor, &organization_id, Action::ReadAmendment);
    let amendments = store::amendments::list(conn, &organization_id, &visibility, filter, page)?;
    let units: Vec<&Id> = amendments.iter().map(|amendment| &amendment.unit_id).collect();
    let codes = store::units::codes_by_id(conn, &units)?;
    let listed = amendments.into_iter().map(|amendment| {
        let unit_code = codes.get(&amendment.unit_id).cloned().unwrap_or_default();
        Listed { amendment, unit_code }
    });
    Ok(listed.collect())
}

/// The lines of the final result, and the reviews of the council that they come from: one, several that were made alone, or
/// none where the submission was missed.
fn final_lines(conn: &mut Conn, table: &ScoringTable, sheet: &SubmissionCase) -> Result<(Vec<Review>, Sheet), Error> {
    let mut reviews = store::reviews::of_submission(conn, &sheet.submission.id)?;
    let lines = council_means::lines(conn, table, &reviews)?;
    reviews.retain(|review| review.stage == Stage::Council && review.status == ReviewStatus::Submitted);
    match lines {
        None if sheet.is_missed_for_good() => Ok((reviews, table.blank())),
        None => Err(Error::internal("a final submission without its council review")),
        Some(lines) => Ok((reviews, lines)),
    }
}

/// Asks for an amendment of a submission's final result, of the facts about its unit, or of both.
pub fn request(
    conn: &mut Conn,
    context: &Context,
    submission_id: &Id,
    input: &Input<NewAmendment>,
) -> Result<Details<AmendmentCase>> {
    let (sheet, new): (SubmissionCase, _) =
        context.enter_to_add(conn, submission_id, Action::RequestAmendment, input)?;
    let table = context.app.tables.of_submission(conn, &sheet)?;
    let (_, before) = final_lines(conn, &table, &sheet)?;
    let mut check = Check::default();
    let reason = check.text("/reason", &new.reason, NOTE_CHARS);
    let legal_basis = check.text("/legal_basis", &new.legal_basis, TITLE_CHARS);
    let facts = new.facts.as_ref().map(|facts| UnitFacts {
        source_document: check.optional("/facts/source_document", facts.source_document.as_deref(), TITLE_CHARS),
        ..facts.clone()
    });
    let after = match table.write(&before, &new.scores, WriteMode::Update, Scorer::Reviewer) {
        Ok(after) => after,
        Err(faults) => {
            check.faults.extend(faults);
            before.clone()
        }
    };
    check.faults.extend(table.missing(&after, Scorer::Reviewer, |_| true));
    Error::unless_valid(check.faults)?;
    let submission = &sheet.submission;
    let recorded = store::facts::find(conn, &submission.period_id, &submission.unit_id)?.map(|recorded| recorded.facts);
    let scores = AmendedScores::between(&table, &before, &after);
    let same_facts = facts.is_none() || facts == recorded;
    if scores.lines.is_empty() && same_facts {
        return Err(Code::NothingCorrected.into());
    }
    let amendment = Amendment {
        id: context.new_id(),
        organization_id: submission.organization_id,
        period_id: submission.period_id,
        submission_id: *submission_id,
        unit_id: submission.unit_id,
        status: AmendmentStatus::Pending,
        reason,
        legal_basis,
        scores,
        facts: facts.filter(|_| !same_facts),
        asked_by: context.member_id(&submission.organization_id)?,
        decision: None,
        ranking_version: None,
        published_at: None,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    store::amendments::insert(conn, &amendment)?;
    let case = AmendmentCase { amendment, sheet, stand_ins: Vec::new() };
    context.record_created(conn, "amendment.request", &case, Some(EventType::AmendmentRequested))?;
    Ok(context.details(conn, case)?)
}

/// Approves an amendment: the ranking is frozen anew with it. Before the announcement the sheet has its result at once;
/// afterwards the announced result stands, as stale, until it is announced again.
pub fn approve(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<AmendmentCase>> {
    let (case, ()): (AmendmentCase, _) = context.enter(conn, id, Action::ApproveAmendment, &Ok(()))?;
    let by = context.member_id(&case.amendment.organization_id)?;
    let period = Period::find(conn, context, &case.amendment.period_id)?;
    let table = context.app.tables.of_submission(conn, &case.sheet)?;
    let (_, before) = final_lines(conn, &table, &case.sheet)?;
    let amended = case.amendment.scores.applied_to(&table, &before, &case.amendment.reason);
    let counted = with_amendment(versions::counted(conn, &period)?, &table, &case.amendment, &amended);
    guard(inputs::facts_missing(&counted.rank()))?;
    let (version, ranking) = versions::freeze(conn, context, &period, &counted)?;
    let approved = context.save(conn, "amendment.approve", &case, case.approve(by, version, context.now))?;
    let after = period.refrozen(version, !ranking.unresolved_ties.is_empty(), context.now);
    context.save(conn, "period.refreeze", &period, Change::silent(after))?;
    let approved = if period.status == PeriodStatus::Finalized {
        apply(conn, context, &approved)?
    } else {
        mark_stale(conn, context, &period)?;
        approved
    };
    Ok(context.details(conn, approved)?)
}

/// Rejects an amendment.
pub fn reject(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<AmendmentCase>> {
    let (case, reason): (AmendmentCase, _) = context.enter(conn, id, Action::RejectAmendment, input)?;
    let by = context.member_id(&case.amendment.organization_id)?;
    context.commit(conn, "amendment.reject", &case, case.reject(by, reason, context.now)?)
}

/// What a ranking is computed from once an amendment counts. A decision on a tie lapses with the total that it was taken on.
fn with_amendment(mut inputs: Inputs, table: &ScoringTable, amendment: &Amendment, amended: &Sheet) -> Inputs {
    let tally = table.tally(amended);
    let mut moved = false;
    if let Some(contender) = inputs.contenders.iter_mut().find(|contender| contender.unit_id == amendment.unit_id) {
        moved = contender.totals != tally.totals;
        let needs_breakdown = !contender.breakdown.nodes.is_empty();
        *contender = Contender {
            missed: false,
            totals: tally.totals,
            breakdown: if needs_breakdown { table.breakdown(&tally) } else { contender.breakdown.clone() },
            facts: amendment.facts.clone().or_else(|| contender.facts.clone()),
            ..contender.clone()
        };
    }
    if moved {
        inputs.decisions.retain(|unit_ids| !unit_ids.contains(&amendment.unit_id));
    }
    inputs
}

/// Marks the open proposals of a period as stale.
pub fn mark_stale(conn: &mut Conn, context: &Context, period: &Period) -> Result<(), Error> {
    let proposals = store::award_proposals::of_period(conn, &period.id)?;
    store::award_proposals::mark_stale(conn, &period.id, context.now)?;
    let open = proposals.into_iter().filter(|proposal| proposal.status.is_open() && !proposal.stale);
    let entry = |id: Id| AuditDraft {
        before: Some(json!({"stale": false}).into()),
        after: Some(json!({"stale": true}).into()),
        ..AuditDraft::about("award_proposal.mark_stale", Some(period.organization_id), (ProposalCase::TYPE, id))
    };
    record_all(conn, context, open.map(|proposal| entry(proposal.id)).collect())
}

/// The reasons of the amendments that the next announcement publishes, as one text.
pub fn unpublished_reasons(conn: &mut Conn, period: &Period) -> Result<String, Error> {
    let reasons: Vec<String> =
        store::amendments::unpublished(conn, &period.id)?.into_iter().map(|amendment| amendment.reason).collect();
    Ok(reasons.join("; "))
}

/// When the last amendment that is part of a notice's result was approved: of the result that stands, or of the `next` one.
pub fn last_approved_at(conn: &mut Conn, period: &Period, next: bool) -> Result<Option<DateTime<Utc>>, Error> {
    let counting = store::amendments::approved(conn, &period.id)?.into_iter();
    let counting = counting.filter(|amendment| next || amendment.published_at.is_some());
    let decided = |amendment: Amendment| amendment.decision.map(|AmendmentDecision { at, .. }| at);
    Ok(counting.filter_map(decided).max())
}

/// Makes the approved amendments of a period the results of their sheets.
pub fn publish(conn: &mut Conn, context: &Context, period: &Period) -> Result<(), Error> {
    for amendment in store::amendments::unpublished(conn, &period.id)? {
        let sheet = store::submissions::find(conn, &amendment.submission_id)?;
        let sheet = sheet.ok_or_else(|| Error::internal("an amendment without its submission"))?;
        apply(conn, context, &AmendmentCase { amendment, sheet, stand_ins: Vec::new() })?;
    }
    Ok(())
}

/// Makes an approved amendment the result of its sheet: a review of the council that takes the place of the one before, a
/// revision, and the facts.
fn apply(conn: &mut Conn, context: &Context, case: &AmendmentCase) -> Result<AmendmentCase, Error> {
    let AmendmentCase { amendment, sheet, .. } = case;
    let table = context.app.tables.of_submission(conn, sheet)?;
    let mut drafts = Vec::new();
    let mut after = sheet.clone();
    if !amendment.scores.lines.is_empty() {
        let (council, before) = final_lines(conn, &table, sheet)?;
        let lines = amendment.scores.applied_to(&table, &before, &amendment.reason);
        drafts.extend(replace_reviews(conn, context, case, &table, (&council, &lines))?);
        // A missed submission stays one that its unit never submitted: it has no revision.
        let mut submission = Submission { updated_at: context.now, ..sheet.submission.clone() };
        if sheet.submission.status != SubmissionStatus::Missed {
            let revision = freeze_revision(conn, context, case, &table, &lines)?;
            drafts.push(submissions::revision_frozen(sheet, &revision));
            submission.revision = revision.revision;
        }
        after = SubmissionCase { submission, ..sheet.clone() }.save(conn)?;
        drafts.push(AuditDraft::of_change("submission.amend", sheet, &after, None));
    }
    if let Some(facts) = &amendment.facts {
        drafts.push(replace_facts(conn, context, amendment, facts)?);
    }
    let published = Amendment { published_at: Some(context.now), updated_at: context.now, ..amendment.clone() };
    let published = AmendmentCase { amendment: published, sheet: after, ..case.clone() }.save(conn)?;
    drafts.push(AuditDraft::of_change("amendment.publish", case, &published, None));
    record_all(conn, context, drafts)?;
    Ok(published)
}

/// Freezes the amended lines as the next revision.
fn freeze_revision(
    conn: &mut Conn,
    context: &Context,
    AmendmentCase { amendment, sheet, .. }: &AmendmentCase,
    table: &ScoringTable,
    lines: &Sheet,
) -> Result<Revision, Error> {
    let evidence = store::evidence::current(conn, &amendment.submission_id)?;
    let frozen = serde_json::to_string(&FrozenSheet::of(table, lines, &evidence)).map_err(Error::internal)?;
    let revision = Revision {
        submission_id: amendment.submission_id.to_string(),
        revision: sheet.submission.revision + 1,
        sha256: sha256_hex(frozen.as_bytes()),
        content: frozen,
        criteria_set_id: sheet.criteria_set_id.to_string(),
        submitted_by: amendment.asked_by.to_string(),
        submitted_at: context.now.naive_utc(),
        amendment_id: Some(amendment.id.to_string()),
    };
    store::submissions::insert_revision(conn, &revision)?;
    Ok(revision)
}

/// Supersedes the reviews of the council by one, which takes the place of the first, or is the first where there is none.
fn replace_reviews(
    conn: &mut Conn,
    context: &Context,
    case: &AmendmentCase,
    table: &ScoringTable,
    (council, lines): (&[Review], &Sheet),
) -> Result<Vec<AuditDraft<'static>>, Error> {
    let tally = table.tally(lines);
    let with = |review: Review| ReviewCase { review, sheet: case.sheet.clone() };
    let mut drafts = Vec::new();
    for before in council {
        let superseded = store::reviews::update(conn, before.superseded(case.amendment.reason.clone(), context.now))?;
        let (before, superseded) = (with(before.clone()), with(superseded));
        drafts.push(AuditDraft::of_change("review.supersede", &before, &superseded, None));
    }
    store::council_means::delete(conn, &case.amendment.submission_id)?;
    let review = Review {
        id: context.new_id(),
        organization_id: case.amendment.organization_id,
        submission_id: case.amendment.submission_id,
        stage: Stage::Council,
        reviewer_id: case.amendment.asked_by,
        status: ReviewStatus::Submitted,
        submitted_at: Some(context.now),
        totals: tally.totals.unwrap_or_default(),
        breakdown: table.breakdown(&tally),
        alone: false,
        superseded: None,
        replaces_id: council.first().map(|first| first.id),
        amendment_id: Some(case.amendment.id),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    store::reviews::insert(conn, &review)?;
    store::scores::save_review(conn, table, &review.id, &table.blank(), lines)?;
    let review = with(review);
    drafts.push(reviews::created(&review, table, lines)?);
    Ok(drafts)
}

fn replace_facts(
    conn: &mut Conn,
    context: &Context,
    amendment: &Amendment,
    facts: &UnitFacts,
) -> Result<AuditDraft<'static>, Error> {
    let before = store::facts::find(conn, &amendment.period_id, &amendment.unit_id)?;
    let recorded = RecordedFacts {
        unit_id: amendment.unit_id,
        facts: facts.clone(),
        version: before.as_ref().map_or(0, |before| before.version),
        created_at: before.as_ref().map_or(context.now, |before| before.created_at),
        updated_at: context.now,
    };
    let after = store::facts::save(conn, &amendment.period_id, recorded)?;
    let state = |facts: &UnitFacts| json!({"period_id": amendment.period_id, "facts": facts}).into();
    Ok(AuditDraft {
        before: before.as_ref().map(|before| state(&before.facts)),
        after: Some(state(&after.facts)),
        ..AuditDraft::about("facts.put", Some(amendment.organization_id), ("facts", amendment.unit_id))
    })
}
