//! Registers every route.

use actix_web::web;

use super::assessment::{evidence, facts, periods, reviews, submissions, targets};
use super::award::{award_proposals, council_sessions, ranking};
use super::criteria::{criteria_import, criteria_sets};
use super::journal::{audit, events, webhooks};
use super::office::{me, members, organizations, service_accounts, tokens, units};
use super::schedule::{calendar, deadline_checks, deadlines, feeds, tasks};
use super::{docs, health, problems, sandbox, unknown};

/// Puts every path on its handler. The scopes are told apart by their words alone; only within one is a
/// pattern tried after the other.
pub fn mount(config: &mut web::ServiceConfig, sandbox: bool) {
    health::mount(config);
    docs::mount(config);
    problems::mount(config);
    tokens::mount(config);
    me::mount(config);
    tasks::mount(config);
    feeds::mount(config);
    let periods = |config: &mut web::ServiceConfig| {
        periods::mount(config);
        facts::mount(config);
        ranking::mount(config);
        targets::mount(config);
    };
    let submissions = |config: &mut web::ServiceConfig| {
        submissions::mount(config);
        evidence::mount_below_submission(config);
    };
    config
        .service(web::scope("/v1/organizations").configure(organizations::mount))
        .service(web::scope("/v1/units").configure(units::mount))
        .service(web::scope("/v1/members").configure(members::mount))
        .service(web::scope("/v1/service-accounts").configure(service_accounts::mount))
        .service(web::scope("/v1/criteria-sets").configure(criteria_import::mount).configure(criteria_sets::mount))
        .service(web::scope("/v1/periods").configure(periods))
        .service(web::scope("/v1/submissions").configure(submissions))
        .service(web::scope("/v1/evidence").configure(evidence::mount))
        .service(web::scope("/v1/reviews").configure(reviews::mount))
        .service(web::scope("/v1/council-sessions").configure(council_sessions::mount))
        .service(web::scope("/v1/award-proposals").configure(award_proposals::mount))
        .service(web::scope("/v1/calendar-days").configure(calendar::mount_days))
        .service(web::scope("/v1/working-days").configure(calendar::mount_counting))
        .service(web::scope("/v1/webhook-endpoints").configure(webhooks::mount))
        .service(web::scope("/v1/deadlines").configure(deadlines::mount))
        .service(web::scope("/v1/deadline-checks").configure(deadline_checks::mount));
    config
        .service(web::scope("/v1/audit-entries").configure(audit::mount))
        .service(web::scope("/v1/events").configure(events::mount));
    if sandbox {
        config.service(web::scope("/v1/sandbox").configure(sandbox::mount));
    }
    config.default_service(web::to(unknown));
}
