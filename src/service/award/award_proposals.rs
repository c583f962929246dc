//! Acts on award proposals and their dossiers.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::award::award_proposal::{ACHIEVEMENT_REPORT, Decision, DossierTerm, Proposal, ProposalCase};
use crate::domain::change::Gate;
use crate::domain::file::AttachedFile;
use crate::domain::journal::event::EventType;
use crate::domain::text::{NOTE_CHARS, checked};
use crate::domain::time::{date_in, instant};
use crate::error::{Code, Error};
use crate::service::award::stand_ins::{self, About};
use crate::service::files::StoredFile;
use crate::service::office::organizations::zone_of;
use crate::service::schedule::calendar::Move;
use crate::service::schedule::deadlines::{entries, sync};
use crate::service::subject::{changed_fields, fields};
use crate::service::{AuditDraft, Context, Details, Entries, EventDraft, Identity, Input, Result, Subject, record};
pub use crate::store::award_proposals::Filter;
use crate::store::page::Page;
use crate::store::{self, Conn};

impl Subject for ProposalCase {
    type Visible = ();
    const TYPE: &'static str = "award_proposal";

    fn identity(&self) -> Identity {
        let proposal = &self.proposal;
        Identity { id: proposal.id, organization_id: Some(proposal.organization_id), version: proposal.version }
    }

    fn actions(&self) -> &'static [Action] {
        self.proposal.actions()
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            unit: Some(&self.unit),
            period_id: Some(self.proposal.period_id),
            announced: true,
            stand_ins: &self.stand_ins,
            ..Facts::of(&self.proposal.organization_id)
        }
    }

    fn read_action(&self) -> Action {
        Action::ReadProposal
    }

    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let (proposal, unit) = store::award_proposals::find(conn, id)?.ok_or(Code::NotFound)?;
        let zone = zone_of(conn, &proposal.organization_id)?;
        let terms = store::periods::terms(conn, std::iter::once(&proposal.period_id))?.remove(&proposal.period_id);
        let notice_on = terms.and_then(|terms| terms.notice_on);
        let notice_on = notice_on.ok_or_else(|| Error::internal("a proposal without a result notice"))?;
        let Proposal { organization_id, period_id, unit_id, .. } = &proposal;
        let stand_ins = match access::may_stand_in(&context.actor, Action::WithdrawProposal, organization_id) {
            true => stand_ins::of_chairs(conn, context, &About { organization_id, period_id, unit_id }, None)?,
            false => Vec::new(),
        };
        Ok(ProposalCase { proposal, unit, zone, notice_on, stand_ins })
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let period_id = store::award_proposals::period_of(conn, id)?.ok_or(Code::NotFound)?;
        store::periods::lock_for_share(conn, &period_id)?;
        Self::find(conn, context, id)
    }

    fn may(&self, context: &Context, action: Action) -> Gate {
        self.may(action, context.now).map(|()| None)
    }

    /// Documents are audited by the act that attaches them.
    fn audit(&self) -> Value {
        audit(&self.proposal)
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(ProposalCase { proposal: store::award_proposals::update(conn, self.proposal)?, ..self })
    }

    fn event(&self, kind: EventType) -> EventDraft {
        event(&self.proposal, kind)
    }
}

/// A proposal in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The proposal.
    pub proposal: Proposal,
    /// The code of its unit.
    pub unit_code: String,
}

/// Lists the proposals of an organisation; members of a unit see only their unit's.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    mut filter: Filter,
    page: &Page,
) -> Result<Vec<Listed>> {
    let organization_id = context.organization(organization_id)?;
    filter.only = context.actor.scopes.units();
    if access::require(&context.actor, Action::ReadProposal, &Facts::of(&organization_id)).is_err() {
        let membership = context.actor.membership(&organization_id).ok_or(Code::NotFound)?;
        let unit = membership.unit.as_ref().ok_or(Code::RoleRequired)?;
        let own = Facts { unit: Some(unit), ..Facts::of(&organization_id) };
        access::require_collection(&context.actor, Action::ReadProposal, &own)?;
        filter.only_unit = Some(unit.id);
    }
    context.accept_read()?;
    let proposals = store::award_proposals::list(conn, &organization_id, &filter, page)?;
    let units: Vec<&Id> = proposals.iter().map(|proposal| &proposal.unit_id).collect();
    let codes = store::units::codes_by_id(conn, &units)?;
    let listed = proposals.into_iter().map(|proposal| {
        let unit_code = codes.get(&proposal.unit_id).cloned().unwrap_or_default();
        Listed { proposal, unit_code }
    });
    Ok(listed.collect())
}

/// The fields of a proposal that audit entries keep.
fn audit(proposal: &Proposal) -> Value {
    let decision = proposal.decision.as_ref();
    json!({
        "period_id": proposal.period_id, "unit_id": proposal.unit_id, "group_code": proposal.group_code,
        "award_code": proposal.award_code,
        "award_quota": proposal.award_quota, "slot": proposal.slot,
        "rank": proposal.rank, "total": proposal.total, "eligibility": proposal.eligibility, "stale": proposal.stale,
        "status": proposal.status, "submitted_at": proposal.submitted_at.map(instant),
        "return_reason": proposal.return_reason, "due_on": proposal.term.due_on, "opens_on": proposal.term.opens_on,
        "decision": decision.map(|decision| json!({"number": decision.number, "on": decision.on, "reason": decision.reason})),
        "superseded_decisions": proposal.superseded_decisions,
        "withdrawn": proposal.withdrawn.as_ref().map(|withdrawn| json!({
            "at": instant(withdrawn.at), "reason": withdrawn.reason, "pass_down": withdrawn.pass_down,
        })),
    })
}

/// Adds the group of a proposal, where the period has groups.
fn in_group(proposal: &Proposal, value: Value) -> Value {
    match &proposal.group_code {
        Some(group_code) => fields(&value, json!({"group_code": group_code})),
        None => value,
    }
}

/// Audit entry and event of a proposal that the announcement creates.
pub fn created(proposal: &Proposal) -> AuditDraft<'static> {
    let documents: Vec<_> =
        proposal.documents.iter().map(|document| json!({"code": document.code, "title": document.title})).collect();
    let after = fields(&audit(proposal), json!({"documents": documents}));
    AuditDraft {
        after: Some(after.into()),
        event: Some(event(proposal, EventType::AwardProposalCreated)),
        ..AuditDraft::about("award_proposal.create", Some(proposal.organization_id), (ProposalCase::TYPE, proposal.id))
    }
}

/// Makes the proposals of a unit due on another day, with their deadline.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn move_due(
    conn: &mut Conn,
    (period_id, unit_id): (&Id, &Id),
    due_on: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Entries, Error> {
    moving(conn, period_id, |conn| store::award_proposals::extend(conn, (period_id, unit_id), due_on, now))
}

/// Gives the proposals of a unit another term, with their deadline.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn set_term(
    conn: &mut Conn,
    (period_id, unit_id): (&Id, &Id),
    term: &DossierTerm,
    now: DateTime<Utc>,
) -> Result<Entries, Error> {
    moving(conn, period_id, |conn| store::award_proposals::set_term(conn, (period_id, unit_id), term, now))
}

/// The entries of the proposals of a period whose terms a change moves.
fn moving(
    conn: &mut Conn,
    period_id: &Id,
    change: impl FnOnce(&mut Conn) -> Result<(), Error>,
) -> Result<Entries, Error> {
    let stood = store::award_proposals::of_period(conn, period_id)?;
    change(conn)?;
    let moved = store::award_proposals::of_period(conn, period_id)?.into_iter().filter_map(|after| {
        let before = stood.iter().find(|before| before.id == after.id)?;
        ((before.term.due_on, before.term.opens_on) != (after.term.due_on, after.term.opens_on)).then(|| {
            let (old, new) = changed_fields(audit(before), audit(&after));
            let subject = (ProposalCase::TYPE, after.id);
            let entry = AuditDraft::about("award_proposal.move", Some(after.organization_id), subject);
            AuditDraft { before: Some(old.into()), after: Some(new.into()), ..entry }
        })
    });
    Ok(moved.collect())
}

/// The event of a proposal.
fn event(proposal: &Proposal, kind: EventType) -> EventDraft {
    EventDraft {
        kind,
        period_id: Some(proposal.period_id),
        unit_id: Some(proposal.unit_id),
        data: in_group(proposal, json!({"status": proposal.status, "award_code": proposal.award_code})),
    }
}

fn attaching(code: &str) -> Action {
    if code == ACHIEVEMENT_REPORT { Action::AttachAchievementReport } else { Action::AttachDocument }
}

/// Checks before an upload whether the caller may attach this document.
pub fn may_attach(conn: &mut Conn, context: &Context, id: &Id, code: &str) -> Result<()> {
    let case: ProposalCase = context.find(conn, id)?;
    case.authorize(context, attaching(code))?;
    context.accept(&Ok(()))?;
    check_document(&case.proposal, code)?;
    context.check_state(conn, &case)?;
    Ok(case.may(attaching(code), context.now)?)
}

/// Rejects a document that the period does not require.
fn check_document(proposal: &Proposal, code: &str) -> Result<(), Error> {
    let known = proposal.documents.iter().any(|document| document.code == code);
    if known { Ok(()) } else { Err(Error::new(Code::NotFound)) }
}

/// Attaches a stored file, replacing an earlier one.
pub fn attach(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    code: &str,
    name: &str,
    stored: &StoredFile,
) -> Result<Details<ProposalCase>> {
    let (case, ()): (ProposalCase, _) = context.enter(conn, id, attaching(code), &Ok(()))?;
    check_document(&case.proposal, code)?;
    let file = checked(|check| stored.attached(name, context.now, check))?;
    let attached = |file: &AttachedFile| {
        json!({
            "document": code, "name": file.name, "media_type": file.media_type, "size": file.size,
            "sha256": file.sha256, "attached_at": instant(file.attached_at),
        })
    };
    let replaced = case.proposal.documents.iter().find(|document| document.code == code);
    let before = replaced.and_then(|document| document.file.as_ref()).map(attached);
    store::award_proposals::attach(conn, id, code, &file)?;
    store::award_proposals::update(conn, Proposal { updated_at: context.now, ..case.proposal })?;
    let case = ProposalCase::find(conn, context, id)?;
    record(conn, context, AuditDraft::of("award_proposal.attach", &case, before, Some(attached(&file))))?;
    Ok(context.details(conn, case)?)
}

/// Returns a document's file.
pub fn document(conn: &mut Conn, context: &Context, id: &Id, code: &str) -> Result<AttachedFile> {
    let case: ProposalCase = context.find(conn, id)?;
    let found = case.proposal.documents.into_iter().find(|document| document.code == code);
    Ok(found.and_then(|document| document.file).ok_or(Code::NotFound)?)
}

/// Submits a complete dossier.
pub fn submit(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<ProposalCase>> {
    let (case, ()): (ProposalCase, _) = context.enter(conn, id, Action::SubmitProposal, &Ok(()))?;
    let change = case.submit(context.now)?;
    let met = sync::dossier_sent(conn, &change.after.proposal, date_in(case.zone, context.now))?;
    context.commit_with(conn, "award_proposal.submit", &case, change, met)
}

/// Returns a dossier to its unit.
pub fn send_back(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<ProposalCase>> {
    let (case, reason): (ProposalCase, _) = context.enter(conn, id, Action::ReturnProposal, input)?;
    let reason = checked(|check| check.text("/reason", reason, NOTE_CHARS))?;
    let proposal = &case.proposal;
    store::calendar::lock_for_share(conn)?;
    store::award_proposals::lock_of_unit(conn, &proposal.period_id, &proposal.unit_id)?;
    let term = sync::dossier_term(conn, proposal)?;
    let moved = sync::dossier_returned(conn, proposal, &term, context.now)?;
    let moved = moved.map(|(before, after)| Move { before, after, explanation: term.explanation.clone() });
    let due_on = moved.as_ref().map_or(term.due_on, |moved| moved.after.due_on());
    // Where the calendar has changed since the deadline was set, the move is told like any other.
    let reopened = moved.map(|moved| {
        let reopened = entries::changed(entries::REOPEN, &moved.before, &moved.after, None);
        std::iter::once(reopened).chain(moved.is_visible().then(|| moved.draft()))
    });
    let change = case.send_back(reason, DossierTerm { due_on, ..term }, context.now);
    context.commit_with(conn, "award_proposal.return", &case, change, reopened.into_iter().flatten().collect())
}

/// Records the decision on a proposal.
pub fn record_decision(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<Decision>,
) -> Result<Details<ProposalCase>> {
    let (case, command): (ProposalCase, _) = context.enter(conn, id, Action::RecordDecision, input)?;
    context.commit(conn, "award_proposal.record_decision", &case, case.record_decision(command, context.now)?)
}

/// A decision to replace one that was recorded wrongly, with the reason.
#[derive(Debug, Clone)]
pub struct DecisionCorrection {
    /// The decision as it should be.
    pub decision: Decision,
    /// Why it is corrected.
    pub reason: String,
}

/// Replaces a decision that was recorded wrongly.
pub fn correct_decision(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<DecisionCorrection>,
) -> Result<Details<ProposalCase>> {
    let (case, command): (ProposalCase, _) = context.enter(conn, id, Action::CorrectDecision, input)?;
    let change = case.correct_decision(&command.decision, &command.reason, context.now)?;
    context.commit(conn, "award_proposal.correct_decision", &case, change)
}
