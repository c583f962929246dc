//! Acts on award proposals and their dossiers.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers, UnitKey};
use crate::domain::award::award_proposal::{
    self, ACHIEVEMENT_REPORT, DossierTerm, Proposal, ProposalStatus, RecordedDecision,
};
use crate::domain::file::AttachedFile;
use crate::domain::journal::event::EventType;
use crate::domain::text::{CODE_CHARS, Check, NOTE_CHARS, TITLE_CHARS};
use crate::domain::time::{date_in, instant, starts_at};
use crate::error::{Code, Error};
use crate::service::files::Stored;
use crate::service::schedule::calendar::Move;
use crate::service::schedule::deadlines::keeping;
use crate::service::tag::Tag;
use crate::service::{Change, Context, EventDraft, Input, Interrupt, State, record};
use crate::store::award_proposals::Filter;
use crate::store::page::Page;
use crate::store::{self, Conn};

/// What the deciding authority answered.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Granted.
    pub approved: bool,
    /// The decision's number.
    pub decision_number: Option<String>,
    /// The decision's date.
    pub decided_on: Option<NaiveDate>,
    /// Why not.
    pub reason: Option<String>,
}

/// A proposal as its caller sees it.
pub struct Seen {
    /// The proposal.
    pub proposal: Proposal,
    /// Its unit.
    pub unit: UnitKey,
    /// What the caller may do with it now.
    pub offers: Offers,
    /// Its tag.
    pub tag: Tag,
}

fn about<'a>(proposal: &'a Proposal, unit: &'a UnitKey) -> Facts<'a> {
    Facts { unit: Some(unit), announced: true, ..Facts::of(&proposal.organization_id) }
}

fn see(conn: &mut Conn, context: &Context, proposal: Proposal, unit: UnitKey) -> Result<Seen, Error> {
    let opens_later = opens_at(conn, &proposal)?.filter(|opens_at| context.now < *opens_at);
    let offers = access::offers(&context.actor, &about(&proposal, &unit), &award_proposal::ACTIONS, |action| {
        proposal.may(action)?;
        match opens_later.filter(|_| action == Action::SubmitProposal) {
            Some(opens_at) => Err(Error::new(Code::GuardFailed).with("not_before", instant(opens_at))),
            None => Ok(None),
        }
    });
    let tag = Tag::of(&[(&proposal.id, proposal.version)], &offers);
    Ok(Seen { proposal, unit, offers, tag })
}

/// The first instant at which a dossier may be sent, where its term is a wait.
fn opens_at(conn: &mut Conn, proposal: &Proposal) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(opens_on) = proposal.term.opens_on else {
        return Ok(None);
    };
    Ok(Some(starts_at(opens_on, zone(conn, proposal)?)))
}

fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Proposal, UnitKey), Error> {
    let (proposal, unit) = store::award_proposals::find(conn, id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, Action::ReadProposal, &about(&proposal, &unit))?;
    Ok((proposal, unit))
}

/// One proposal.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (proposal, unit) = find(conn, context, id)?;
    context.accept_read()?;
    Ok(see(conn, context, proposal, unit)?)
}

/// The proposals of an organisation; a unit's people see their own.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    mut filter: Filter,
    page: &Page,
) -> Result<Vec<Proposal>, Interrupt> {
    let organization_id = context.organization(organization_id)?;
    filter.only_codes = access::submission_visibility(&context.actor, &organization_id).only_codes;
    if access::require(&context.actor, Action::ReadProposal, &Facts::of(&organization_id)).is_err() {
        let membership = context.actor.membership(&organization_id).ok_or(Code::NotFound)?;
        let unit = membership.unit.as_ref().ok_or(Code::RoleRequired)?;
        let own = Facts { unit: Some(unit), ..Facts::of(&organization_id) };
        access::require_collection(&context.actor, Action::ReadProposal, &own)?;
        filter.only_unit = Some(unit.id);
    }
    context.accept_read()?;
    Ok(store::award_proposals::list(conn, &organization_id, &filter, page)?)
}

fn shown(proposal: &Proposal) -> Value {
    let decision = proposal.decision.as_ref();
    json!({
        "status": proposal.status, "return_reason": proposal.return_reason,
        "decision": decision.map(|decision| json!({"number": decision.number, "on": decision.on, "reason": decision.reason})),
    })
}

fn change_of<'a>(proposal: &'a Proposal, action: &'a str, before: Option<Value>, after: Value) -> Change<'a> {
    Change {
        organization_id: Some(&proposal.organization_id),
        action,
        subject_type: "award_proposal",
        subject_id: &proposal.id,
        before: before.map(State::from),
        after: Some(after.into()),
        news: None,
    }
}

/// What subscribers are told of a proposal.
pub fn news(proposal: &Proposal, kind: EventType) -> EventDraft {
    EventDraft {
        kind,
        period_id: Some(proposal.period_id),
        unit_id: Some(proposal.unit_id),
        data: json!({"status": proposal.status, "award_code": proposal.award_code}),
    }
}

/// The way into every change of a proposal.
fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    action: Action,
    input: &'i Input<T>,
) -> Result<(Proposal, UnitKey, &'i T), Interrupt> {
    let period_id = store::award_proposals::period_of(conn, id)?.ok_or(Code::NotFound)?;
    store::periods::lock_for_share(conn, &period_id)?;
    let (proposal, unit) = find(conn, context, id)?;
    access::require(&context.actor, action, &about(&proposal, &unit))?;
    let command = context.accept(input)?;
    context.check_precondition(&see(conn, context, proposal.clone(), unit.clone())?.tag.state)?;
    proposal.may(action)?;
    Ok((proposal, unit, command))
}

fn attaching(code: &str) -> Action {
    if code == ACHIEVEMENT_REPORT { Action::AttachAchievementReport } else { Action::AttachDocument }
}

/// Whether the caller may attach this document now: asked before a byte of it is received.
pub fn may_attach(conn: &mut Conn, context: &Context, id: &Id, code: &str) -> Result<(), Interrupt> {
    let (proposal, unit) = find(conn, context, id)?;
    access::require(&context.actor, attaching(code), &about(&proposal, &unit))?;
    context.accept(&Ok(()))?;
    check_document(&proposal, code)?;
    context.check_precondition(&see(conn, context, proposal.clone(), unit)?.tag.state)?;
    Ok(proposal.may(attaching(code))?)
}

/// A document that the period does not ask for is not there: 404.
fn check_document(proposal: &Proposal, code: &str) -> Result<(), Error> {
    let known = proposal.documents.iter().any(|document| document.code == code);
    if known { Ok(()) } else { Err(Error::new(Code::NotFound)) }
}

/// Attaches a stored file in place of what was there.
pub fn attach(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    code: &str,
    name: &str,
    stored: &Stored,
) -> Result<Seen, Interrupt> {
    let (proposal, unit, ()) = enter(conn, context, id, attaching(code), &Ok(()))?;
    check_document(&proposal, code)?;
    let mut check = Check::default();
    let file = AttachedFile {
        name: check.text("/file", name, TITLE_CHARS),
        media_type: stored.media_type.clone(),
        size: stored.size,
        sha256: stored.sha256.clone(),
        attached_at: context.now,
    };
    Error::unless_valid(check.faults)?;
    store::award_proposals::attach(conn, id, code, &file)?;
    store::award_proposals::update(conn, Proposal { updated_at: context.now, ..proposal })?;
    let after = json!({"document": code, "name": file.name, "sha256": file.sha256});
    let (proposal, _) = store::award_proposals::find(conn, id)?.ok_or(Code::NotFound)?;
    record(conn, context, change_of(&proposal, "award_proposal.attach", None, after))?;
    Ok(see(conn, context, proposal, unit)?)
}

/// A document's file.
pub fn document(conn: &mut Conn, context: &Context, id: &Id, code: &str) -> Result<AttachedFile, Interrupt> {
    let (proposal, _) = find(conn, context, id)?;
    let found = proposal.documents.into_iter().find(|document| document.code == code);
    Ok(found.and_then(|document| document.file).ok_or(Code::NotFound)?)
}

fn saved(
    conn: &mut Conn,
    context: &Context,
    before: &Proposal,
    after: Proposal,
    unit: UnitKey,
    (action, kind): (&str, EventType),
) -> Result<Seen, Interrupt> {
    let proposal = store::award_proposals::update(conn, Proposal { updated_at: context.now, ..after })?;
    if proposal.status == ProposalStatus::Submitted {
        let sent_on = date_in(zone(conn, &proposal)?, context.now);
        keeping::dossier_sent(conn, &proposal, sent_on)?;
    }
    let change = change_of(&proposal, action, Some(shown(before)), shown(&proposal));
    record(conn, context, change.publishing(news(&proposal, kind)))?;
    Ok(see(conn, context, proposal, unit)?)
}

fn zone(conn: &mut Conn, proposal: &Proposal) -> Result<chrono_tz::Tz, Error> {
    let organization = store::organizations::find(conn, &proposal.organization_id)?.ok_or(Code::NotFound)?;
    Ok(organization.zone())
}

/// Sends a complete dossier.
pub fn submit(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (proposal, unit, ()) = enter(conn, context, id, Action::SubmitProposal, &Ok(()))?;
    let opens_at = opens_at(conn, &proposal)?;
    let faults = proposal.submit_faults(context.now, opens_at);
    if !faults.is_empty() {
        return Err(Error::of_faults(Code::GuardFailed, faults).into());
    }
    saved(
        conn,
        context,
        &proposal,
        proposal.clone().submitted(context.now),
        unit,
        ("award_proposal.submit", EventType::AwardProposalSubmitted),
    )
}

/// Sends a dossier back.
pub fn send_back(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Seen, Interrupt> {
    let (proposal, unit, reason) = enter(conn, context, id, Action::ReturnProposal, input)?;
    let mut check = Check::default();
    let reason = check.text("/reason", reason, NOTE_CHARS);
    Error::unless_valid(check.faults)?;
    store::calendar::hold(conn, false)?;
    store::award_proposals::lock_of_unit(conn, &proposal.period_id, &proposal.unit_id)?;
    let term = keeping::dossier_term(conn, &proposal)?;
    let moved = keeping::dossier_returned(conn, &proposal, &term, context.now)?;
    let moved = moved.map(|(before, after)| Move { before, after, explanation: term.explanation.clone() });
    let due_on = moved.as_ref().map_or(term.due_on, |moved| moved.after.due_on());
    // By a calendar that has changed since: told like every other move.
    if let Some(moved) = moved.filter(Move::shows) {
        record(conn, context, moved.change())?;
    }
    let returned = Proposal { term: DossierTerm { due_on, ..term }, ..proposal.clone().returned(reason) };
    saved(conn, context, &proposal, returned, unit, ("award_proposal.return", EventType::AwardProposalReturned))
}

/// Records what was decided.
pub fn record_decision(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<Decision>,
) -> Result<Seen, Interrupt> {
    let (proposal, unit, decision) = enter(conn, context, id, Action::RecordDecision, input)?;
    let mut check = Check::default();
    let number = check.optional("/decision_number", decision.decision_number.as_deref(), CODE_CHARS);
    let reason = check.optional("/reason", decision.reason.as_deref(), NOTE_CHARS);
    if decision.approved {
        check.ensure(number.is_some(), "/decision_number", Code::DecisionNumberRequired);
        check.ensure(decision.decided_on.is_some(), "/decided_on", Code::DecidedOnRequired);
    } else {
        check.ensure(reason.is_some(), "/reason", Code::ReasonMissing);
    }
    let today = date_in(zone(conn, &proposal)?, context.now);
    check.ensure(decision.decided_on.is_none_or(|on| on <= today), "/decided_on", Code::DateOutOfRange);
    Error::unless_valid(check.faults)?;
    let status = if decision.approved { ProposalStatus::Approved } else { ProposalStatus::Declined };
    let recorded = RecordedDecision { status, number, on: decision.decided_on, reason };
    let kind = match decision.approved {
        true => EventType::AwardProposalApproved,
        false => EventType::AwardProposalDeclined,
    };
    let decided = proposal.clone().decided(recorded);
    saved(conn, context, &proposal, decided, unit, ("award_proposal.record_decision", kind))
}
