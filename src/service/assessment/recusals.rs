//! Acts on declared recusals.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Decision, Facts};
use crate::domain::assessment::recusal::{self, Recusal, RecusalCase, RecusalGround};
use crate::domain::change::Gate;
use crate::domain::journal::event::EventType;
use crate::domain::text::{Check, NOTE_CHARS};
use crate::error::{Code, Error};
use crate::service::assessment::council_means;
use crate::service::{Context, Details, EventDraft, Identity, Input, Result, Subject};
use crate::store::page::Page;
pub use crate::store::recusals::Filter;
use crate::store::{self, Conn};

/// A new recusal.
#[derive(Debug, Clone)]
pub struct NewRecusal {
    /// The submission to keep away from.
    pub submission_id: Id,
    /// The member who keeps away; `None` for the caller.
    pub member_id: Option<Id>,
    /// The conflict.
    pub ground: RecusalGround,
    /// More about the conflict.
    pub note: Option<String>,
}

impl Subject for RecusalCase {
    type Visible = ();
    const TYPE: &'static str = "recusal";

    fn identity(&self) -> Identity {
        let recusal = &self.recusal;
        Identity { id: recusal.id, organization_id: Some(recusal.organization_id), version: recusal.version }
    }

    fn actions(&self) -> &'static [Action] {
        &recusal::ACTIONS
    }

    fn facts(&self) -> Facts<'_> {
        let recusal = &self.recusal;
        Facts {
            unit: Some(&recusal.unit),
            period_id: Some(recusal.period_id),
            owner: Some(&recusal.member_id),
            ..Facts::of(&recusal.organization_id)
        }
    }

    fn read_action(&self) -> Action {
        Action::ReadRecusals
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        let recusal = store::recusals::find(conn, id)?.ok_or(Code::NotFound)?;
        let period = store::periods::find(conn, &recusal.period_id)?.ok_or(Code::NotFound)?;
        Ok(RecusalCase { recusal, period })
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let recusal = store::recusals::find(conn, id)?.ok_or(Code::NotFound)?;
        store::periods::lock_for_share(conn, &recusal.period_id)?;
        // Read again after the lock: another request may have changed the period.
        Self::find(conn, context, id)
    }

    fn may(&self, _context: &Context, action: Action) -> Gate {
        self.may(action).map(|()| None)
    }

    fn audit(&self) -> Value {
        let recusal = &self.recusal;
        let withdrawal = recusal.withdrawal.as_ref();
        json!({
            "submission_id": recusal.submission_id, "member_id": recusal.member_id, "ground": recusal.ground,
            "note": recusal.note, "declared_by": recusal.declared_by, "status": recusal.status(),
            "withdraw_reason": withdrawal.map(|withdrawal| &withdrawal.reason),
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(RecusalCase { recusal: store::recusals::update(conn, self.recusal)?, ..self })
    }

    /// Tells nothing of the unit, since not everybody who reads it may know how far the unit's submission is.
    fn event(&self, kind: EventType) -> EventDraft {
        EventDraft { kind, period_id: Some(self.recusal.period_id), unit_id: None, data: json!({}) }
    }
}

/// Lists the recusals of an organisation that the caller may see.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    mut filter: Filter,
    page: &Page,
) -> Result<Vec<Recusal>> {
    let organization_id = context.organization(organization_id)?;
    let own = context.member_id(&organization_id)?;
    let of_all = Facts::of(&organization_id);
    access::require_collection(&context.actor, Action::ReadRecusals, &Facts { owner: Some(&own), ..of_all })?;
    context.accept_read()?;
    filter.own_member_id = (!access::holds(&context.actor, Action::ReadRecusals, &of_all)).then_some(own);
    filter.only = context.actor.scopes.units();
    Ok(store::recusals::list(conn, &organization_id, &filter, page)?)
}

/// Declares a conflict of the caller, or of the member named.
pub fn declare(conn: &mut Conn, context: &Context, input: &Input<NewRecusal>) -> Result<Details<RecusalCase>> {
    let new = context.parsed(input, &[Action::DeclareRecusal])?;
    let period_id = store::submissions::period_of(conn, &new.submission_id)?.ok_or(Code::NotFound)?;
    store::periods::lock_for_share(conn, &period_id)?;
    let sheet = store::submissions::find(conn, &new.submission_id)?.ok_or(Code::NotFound)?;
    // Who is recused already knows of the submission.
    if matches!(access::decide(&context.actor, Action::ReadSubmission, &sheet.facts()), Decision::Hide) {
        return Err(Code::NotFound.into());
    }
    let organization_id = sheet.submission.organization_id;
    let own = context.member_id(&organization_id)?;
    let member_id = new.member_id.unwrap_or(own);
    let facts = Facts { owner: Some(&member_id), ..Facts::of(&organization_id) };
    access::require_collection(&context.actor, Action::DeclareRecusal, &facts)?;
    context.accept(input)?;
    let period = store::periods::find(conn, &period_id)?.ok_or(Code::NotFound)?;
    period.may(Action::DeclareRecusal)?;
    let mut check = Check::default();
    let note = check.optional("/note", new.note.as_deref(), NOTE_CHARS);
    check.ensure(new.ground != RecusalGround::Other || note.is_some(), "/note", Code::TextEmpty);
    let member = store::members::find(conn, &member_id)?;
    match member.filter(|member| member.organization_id == Some(organization_id)) {
        Some(member) => check.ensure(access::can_be_recused(&member.roles), "/member_id", Code::NotReviewer),
        None => check.fault("/member_id", Code::UnknownReference),
    }
    Error::unless_valid(check.faults)?;
    let recusal = Recusal {
        id: context.new_id(),
        organization_id,
        submission_id: sheet.submission.id,
        period_id,
        unit: sheet.unit.clone(),
        member_id,
        ground: new.ground,
        note,
        declared_by: own,
        withdrawal: None,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    store::recusals::insert(conn, &recusal)?;
    let reason = recusal.note.as_deref().unwrap_or_else(|| recusal.ground.into_str());
    council_means::keep_away(conn, context, &sheet, &member_id, reason)?;
    let case = RecusalCase { recusal, period };
    context.record_created(conn, "recusal.declare", &case, Some(EventType::RecusalDeclared))?;
    Ok(context.details(conn, case)?)
}

/// Withdraws a recusal that was declared by mistake.
pub fn withdraw(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<RecusalCase>> {
    let (case, reason): (RecusalCase, _) = context.enter(conn, id, Action::WithdrawRecusal, input)?;
    let by = context.member_id(&case.recusal.organization_id)?;
    context.commit(conn, "recusal.withdraw", &case, case.withdraw(reason, by, context.now)?)
}
