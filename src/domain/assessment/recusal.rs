//! Declared recusals: conflicts besides the own unit that keep a member away from a submission.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, needs, wrong_state};
use crate::domain::assessment::period::Period;
use crate::domain::change::Change;
use crate::domain::journal::event::EventType;
use crate::domain::office::unit::UnitKey;
use crate::domain::text::{NOTE_CHARS, checked};
use crate::error::Error;

/// The conflict. That of the own unit is never declared: it counts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum RecusalGround {
    /// A close relative belongs to the unit.
    Family,
    /// The member belonged to the unit in the period.
    FormerMemberOfUnit,
    /// The member did work that the submission is scored for.
    OwnWork,
    /// Another conflict, which the note states.
    Other,
}

/// State of a recusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum RecusalStatus {
    /// The member keeps away.
    Active,
    /// It was declared by mistake.
    Withdrawn,
}

/// The withdrawal of a recusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// When it was withdrawn.
    pub at: DateTime<Utc>,
    /// The member who withdrew it.
    pub by: Id,
    /// Why it was withdrawn.
    pub reason: String,
}

/// A declared recusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recusal {
    /// Id of the recusal.
    pub id: Id,
    /// The organisation that it belongs to.
    pub organization_id: Id,
    /// The submission that the member keeps away from.
    pub submission_id: Id,
    /// The period of the submission.
    pub period_id: Id,
    /// The unit of the submission.
    pub unit: UnitKey,
    /// The member who keeps away.
    pub member_id: Id,
    /// The conflict.
    pub ground: RecusalGround,
    /// More about the conflict.
    pub note: Option<String>,
    /// The member who declared it.
    pub declared_by: Id,
    /// The withdrawal, if it was declared by mistake.
    pub withdrawal: Option<Withdrawal>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When it was declared.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Actions on a recusal.
pub const ACTIONS: [Action; 1] = [Action::WithdrawRecusal];

const NEEDS: [(&[Action], &[RecusalStatus]); 1] = [(&[Action::WithdrawRecusal], &[RecusalStatus::Active])];

impl Recusal {
    /// Returns its state.
    pub const fn status(&self) -> RecusalStatus {
        if self.withdrawal.is_some() { RecusalStatus::Withdrawn } else { RecusalStatus::Active }
    }
}

/// A recusal with its period.
#[derive(Debug, Clone)]
pub struct RecusalCase {
    /// The recusal.
    pub recusal: Recusal,
    /// The period of the submission.
    pub period: Period,
}

impl RecusalCase {
    /// Requires that the states of the recusal and of its period allow an action.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        let (status, needs) = (self.recusal.status(), needs(&NEEDS, action));
        if !needs.contains(&status) {
            return Err(wrong_state(status, needs));
        }
        self.period.may(action)
    }

    /// Withdraws a recusal that was declared by mistake; it is kept.
    ///
    /// # Errors
    /// The errors of the reason.
    pub fn withdraw(&self, reason: &str, by: Id, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let reason = checked(|check| check.text("/reason", reason, NOTE_CHARS))?;
        let withdrawal = Some(Withdrawal { at: now, by, reason });
        let recusal = Recusal { withdrawal, updated_at: now, ..self.recusal.clone() };
        Ok(Change::with_event(RecusalCase { recusal, ..self.clone() }, EventType::RecusalWithdrawn))
    }
}
