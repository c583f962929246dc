//! An invitation: the one-time way in of a local person, and the rules for a password.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::wrong_state;
use crate::domain::change::Change;
use crate::domain::office::member::{Member, MemberKind};
use crate::error::{Code, Error, Fault};

/// How long an invitation can be accepted.
pub const VALIDITY: TimeDelta = TimeDelta::hours(72);

/// The shortest password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 12;
/// The longest password, in characters.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// The least score that a password needs, of 0 to 4.
pub const PASSWORD_MIN_SCORE: u8 = 3;

/// How far an invitation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// Can be accepted.
    Open,
    /// Its time is over; it can be sent again.
    Expired,
    /// Its person has chosen a password.
    Accepted,
    /// Taken back, or replaced by another.
    Revoked,
}

/// The invitation of a local person to choose a password. For somebody who has one it is the reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: Id,
    /// Who is invited.
    pub member_id: Id,
    /// Who invites; none for the command line.
    pub inviter_id: Option<Id>,
    /// SHA-256 of the token, in hex: 32 random bytes need no slow hash.
    pub token_sha256: String,
    /// From when on it can no longer be accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was accepted.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was revoked or replaced.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Invitation {
    /// Returns a new invitation.
    pub fn new(id: Id, member_id: Id, inviter_id: Option<Id>, token_sha256: String, now: DateTime<Utc>) -> Self {
        Invitation {
            id,
            member_id,
            inviter_id,
            token_sha256,
            expires_at: now + VALIDITY,
            accepted_at: None,
            revoked_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns how far it is.
    pub fn status(&self, now: DateTime<Utc>) -> InvitationStatus {
        match (self.accepted_at, self.revoked_at) {
            (Some(_), _) => InvitationStatus::Accepted,
            (None, Some(_)) => InvitationStatus::Revoked,
            (None, None) if now < self.expires_at => InvitationStatus::Open,
            (None, None) => InvitationStatus::Expired,
        }
    }

    /// Whether its token still opens the way in.
    ///
    /// # Errors
    /// `invitation_invalid` once it is accepted or revoked, `invitation_expired` after its time.
    pub fn check_usable(&self, now: DateTime<Utc>) -> Result<(), Error> {
        match self.status(now) {
            InvitationStatus::Open => Ok(()),
            InvitationStatus::Expired => Err(Code::InvitationExpired.into()),
            InvitationStatus::Accepted | InvitationStatus::Revoked => Err(Code::InvitationInvalid.into()),
        }
    }

    /// Gives it a new token and its whole time again. The token before is of no use.
    ///
    /// # Errors
    /// `invalid_state` once it is accepted or revoked.
    pub fn resent(&self, token_sha256: String, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        self.check_pending(now)?;
        let expires_at = now + VALIDITY;
        Ok(Change::silent(Invitation { token_sha256, expires_at, updated_at: now, ..self.clone() }))
    }

    /// Takes it back.
    ///
    /// # Errors
    /// `invalid_state` once it is accepted or revoked.
    pub fn revoked(&self, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        self.check_pending(now)?;
        Ok(Change::silent(Invitation { revoked_at: Some(now), updated_at: now, ..self.clone() }))
    }

    /// Accepts it.
    ///
    /// # Errors
    /// The errors of [`Self::check_usable`].
    pub fn accepted(&self, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        self.check_usable(now)?;
        Ok(Change::silent(Invitation { accepted_at: Some(now), updated_at: now, ..self.clone() }))
    }

    fn check_pending(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let (status, needs) = (self.status(now), [InvitationStatus::Open, InvitationStatus::Expired]);
        if needs.contains(&status) { Ok(()) } else { Err(wrong_state(status, &needs)) }
    }
}

/// Whether a member can be invited: a person whom the service itself knows.
///
/// # Errors
/// `local_person_required`.
pub fn check_invitable(member: &Member) -> Result<(), Error> {
    let fits = member.kind == MemberKind::Person && member.is_local();
    if fits { Ok(()) } else { Err(Code::LocalPersonRequired.into()) }
}

/// A password as it is hashed: composed, of a length that is allowed. How good it is has still to be judged.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Reads a new password.
    ///
    /// # Errors
    /// `password_too_short`, `text_too_long`.
    pub fn chosen(pointer: &str, given: &str) -> Result<Self, Error> {
        let password = Password::given(given);
        let length = password.0.chars().count();
        if length < PASSWORD_MIN_CHARS {
            let fault = Fault::at(pointer, Code::PasswordTooShort).with("min", PASSWORD_MIN_CHARS);
            return Err(Error::of_fault(fault));
        }
        if length > PASSWORD_MAX_CHARS {
            return Err(Error::of_fault(Fault::at(pointer, Code::TextTooLong).with("max", PASSWORD_MAX_CHARS)));
        }
        Ok(password)
    }

    /// Reads a password that is only compared. One that nobody can have chosen is cut, so that it costs no more to hash.
    pub fn given(given: &str) -> Self {
        Password(given.nfc().take(PASSWORD_MAX_CHARS + 1).collect())
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    /// Never shows it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::hours(hour)
    }

    #[test]
    fn it_is_open_for_72_hours_and_can_be_sent_again() {
        let new = Invitation::new(Id::NIL, Id::NIL, None, "a".into(), at(0));
        for (hour, status) in
            [(0, InvitationStatus::Open), (71, InvitationStatus::Open), (72, InvitationStatus::Expired)]
        {
            assert_eq!(new.status(at(hour)), status, "{hour}");
        }
        assert_eq!(new.accepted(at(72)).unwrap_err().code, Code::InvitationExpired);
        let again = new.resent("b".into(), at(100)).unwrap().after;
        assert_eq!((again.status(at(171)), again.token_sha256.as_str()), (InvitationStatus::Open, "b"));
    }

    #[test]
    fn what_is_over_stays_over() {
        let new = Invitation::new(Id::NIL, Id::NIL, None, "a".into(), at(0));
        for over in [new.accepted(at(1)).unwrap().after, new.revoked(at(1)).unwrap().after] {
            assert_eq!(over.accepted(at(2)).unwrap_err().code, Code::InvitationInvalid);
            assert_eq!(over.revoked(at(2)).unwrap_err().code, Code::InvalidState);
            assert_eq!(over.resent("b".into(), at(2)).unwrap_err().code, Code::InvalidState);
        }
    }

    #[test]
    fn a_password_is_composed_and_of_12_to_128_characters() {
        let chosen = |text: &str| Password::chosen("/password", text).map_err(|error| error.code);
        assert_eq!(chosen("mười một chữ").unwrap().text(), "mười một chữ");
        assert_eq!(chosen("m\u{1b0}o\u{31b}\u{300}i mot chu").unwrap().text().chars().count(), 12);
        assert_eq!(chosen("elevenchars"), Err(Code::PasswordTooShort));
        assert!(chosen(&"ă".repeat(128)).is_ok());
        assert_eq!(chosen(&"ă".repeat(129)), Err(Code::TextTooLong));
    }
}
