//! All operations, and the routes to them.

use actix_web::web;

use super::assessment::{
    assignments, copies, evidence, facts, period_units, periods, recusals, reviews, score_batches, score_imports,
    submissions, targets,
};
use super::award::{
    amendments, analysis, award_proposals, certificates, council_sessions, documents, dossiers, exports, minutes,
    ranking,
};
use super::criteria::{criteria_import, criteria_sets};
use super::journal::{audit, events, webhooks};
use super::office::{
    invitations, me, members, memberships, organizations, service_accounts, sessions, sign_in, tokens, units,
    vote_thresholds,
};
use super::operation::{self, Operation};
use super::schedule::{calendar, deadline_checks, deadlines, feeds, tasks};
use super::{docs, health, problems, sandbox, unknown};

/// Returns the operations of the service, including those of the sandbox if it runs as one.
pub fn operations(in_sandbox: bool) -> Vec<Operation> {
    let nouns = [
        health::operations,
        docs::operations,
        problems::operations,
        sign_in::operations,
        tokens::operations,
        me::operations,
        sessions::operations,
        memberships::operations,
        tasks::operations,
        feeds::operations,
        organizations::operations,
        vote_thresholds::operations,
        units::operations,
        members::operations,
        invitations::operations,
        service_accounts::operations,
        criteria_sets::operations,
        criteria_import::operations,
        periods::operations,
        periods::corrections::operations,
        copies::operations,
        period_units::operations,
        targets::operations,
        facts::operations,
        ranking::operations,
        analysis::operations,
        certificates::operations,
        exports::operations,
        submissions::operations,
        score_batches::operations,
        assignments::operations,
        score_imports::operations,
        evidence::operations,
        reviews::operations,
        recusals::operations,
        council_sessions::operations,
        amendments::operations,
        minutes::operations,
        award_proposals::operations,
        documents::operations,
        dossiers::operations,
        calendar::operations,
        deadlines::operations,
        deadline_checks::operations,
        audit::operations,
        events::operations,
        webhooks::operations,
    ];
    let in_sandbox = in_sandbox.then(sandbox::operations).into_iter().flatten();
    nouns.into_iter().flat_map(|of_noun| of_noun()).chain(in_sandbox).collect()
}

/// Registers the operations, the files of the documentation page, and 404 for everything else.
pub fn register(config: &mut web::ServiceConfig, operations: &[Operation]) {
    operation::register(config, operations);
    docs::register_files(config);
    config.default_service(web::to(unknown));
}
