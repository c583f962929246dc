//! A session: what somebody has signed in to, and how long those wait who guess.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::Id;
use crate::domain::change::Change;

/// How long a session lasts that nobody uses.
pub const IDLE: TimeDelta = TimeDelta::hours(12);
/// How long a session lasts at most.
pub const LONGEST: TimeDelta = TimeDelta::days(30);
/// How long an access token of a session lives, in seconds.
pub const ACCESS_SECONDS: i64 = 15 * 60;
/// The longest user agent that is kept, in characters.
pub const USER_AGENT_CHARS: usize = 200;

/// From where somebody signs in, for display alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// What the client says that it is.
    pub user_agent: Option<String>,
    /// Its network address.
    pub address: Option<String>,
}

/// What somebody has signed in to. Its times are the machine's, whatever the service's clock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Id,
    /// Who signed in.
    pub member_id: Id,
    /// What the next refresh token is derived with; a secret.
    pub salt: String,
    /// The number of the newest refresh token; the first is 0.
    pub generation: i64,
    /// From where.
    pub device: Device,
    /// When it was last signed in to or refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends if nobody uses it.
    pub expires_at: DateTime<Utc>,
    /// When it was ended; none before.
    pub ended_at: Option<DateTime<Utc>>,
    /// Counts changes other than its use.
    pub version: i64,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// What becomes of a session to which a refresh token is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// The newest token was shown: the next one is given out.
    Next(Session),
    /// The token before was shown, whose answer may have been lost: the newest one is given out again.
    Again(Session),
    /// An older token was shown: somebody else has had it, so the session ends.
    Reused(Session),
    /// The session is over.
    Over,
}

impl Session {
    /// Returns a new session.
    pub fn new(id: Id, member_id: Id, salt: String, device: Device, now: DateTime<Utc>) -> Self {
        Session {
            id,
            member_id,
            salt,
            generation: 0,
            device,
            last_used_at: now,
            expires_at: now + IDLE,
            ended_at: None,
            version: 1,
            created_at: now,
        }
    }

    /// Whether it can still be used.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// Decides what becomes of it when the refresh token of a generation is shown.
    pub fn refreshed(&self, generation: i64, now: DateTime<Utc>) -> Refresh {
        if !self.is_live(now) {
            return Refresh::Over;
        }
        let expires_at = (now + IDLE).min(self.created_at + LONGEST);
        let used = Session { last_used_at: now, expires_at, ..self.clone() };
        match self.generation - generation {
            0 => Refresh::Next(Session { generation: self.generation + 1, ..used }),
            1 => Refresh::Again(used),
            _ => Refresh::Reused(self.ended(now).after),
        }
    }

    /// Ends it.
    pub fn ended(&self, now: DateTime<Utc>) -> Change<Self> {
        Change::silent(Session { ended_at: Some(now), ..self.clone() })
    }

    /// Returns how long an access token may live that is given out now, in seconds: never longer than the session.
    pub fn access_seconds(&self, now: DateTime<Utc>) -> i64 {
        (self.expires_at - now).num_seconds().clamp(0, ACCESS_SECONDS)
    }
}

/// Who is made to wait after failed sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guesser {
    /// Whoever tries this account.
    Account,
    /// Whoever comes from this address.
    Address,
}

/// How many failures in a row cost no wait.
const FREE_FAILURES: i32 = 4;

impl Guesser {
    const fn longest_wait(self) -> TimeDelta {
        match self {
            // An account that others try must stay usable for its person.
            Guesser::Account => TimeDelta::minutes(1),
            Guesser::Address => TimeDelta::minutes(15),
        }
    }

    /// Returns the wait after so many failures in a row: none for the first four, then one second, doubled by each further one.
    pub fn wait(self, failures: i32) -> TimeDelta {
        match u32::try_from(failures - FREE_FAILURES - 1) {
            Err(_) => TimeDelta::zero(),
            Ok(doublings) => TimeDelta::seconds(1_i64 << doublings.min(20)).min(self.longest_wait()),
        }
    }
}

/// How long failures are remembered after the last one.
pub const FAILURES_REMEMBERED: TimeDelta = TimeDelta::hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::hours(hour)
    }

    fn session() -> Session {
        Session::new(Id::NIL, Id::NIL, "salt".into(), Device::default(), at(0))
    }

    #[test]
    fn each_use_gives_it_twelve_hours_but_never_more_than_thirty_days() {
        let mut session = session();
        let mut hour = 0;
        while let Refresh::Next(used) = session.refreshed(session.generation, at(hour)) {
            session = used;
            hour += 11;
        }
        assert_eq!(session.expires_at, at(30 * 24));
        assert_eq!(self::session().refreshed(0, at(12)), Refresh::Over);
        assert_eq!(session.access_seconds(at(30 * 24) - TimeDelta::minutes(5)), 300);
    }

    #[test]
    fn the_token_before_is_good_until_the_next_one_is_used() {
        let Refresh::Next(first) = session().refreshed(0, at(1)) else { panic!() };
        assert!(matches!(first.refreshed(0, at(1)), Refresh::Again(again) if again.generation == 1));
        let Refresh::Next(second) = first.refreshed(1, at(1)) else { panic!() };
        assert!(matches!(second.refreshed(0, at(1)), Refresh::Reused(ended) if ended.ended_at == Some(at(1))));
        assert_eq!(second.ended(at(2)).after.refreshed(2, at(2)), Refresh::Over);
    }

    #[test]
    fn waits_double_from_the_fifth_failure_on_to_a_cap() {
        let seconds =
            |guesser: Guesser| [1, 4, 5, 6, 10, 11, 14, 15, 1000].map(|failures| guesser.wait(failures).num_seconds());
        assert_eq!(seconds(Guesser::Account), [0, 0, 1, 2, 32, 60, 60, 60, 60]);
        assert_eq!(seconds(Guesser::Address), [0, 0, 1, 2, 32, 64, 512, 900, 900]);
    }
}
