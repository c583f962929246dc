//! The only "now", and the only maker of ids and secrets.

#![expect(clippy::disallowed_methods, reason = "this is the front door that time and ids enter by")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::Id;

/// What time it is, in UTC milliseconds.
#[derive(Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands where it was set, or runs from there. For the sandbox and for tests.
    Manual(Mutex<Hands>),
}

/// Where a manual clock stands.
#[derive(Debug, Clone, Copy)]
pub struct Hands {
    shown: DateTime<Utc>,
    /// The machine's time when it was set running; none while it stands still.
    running_since: Option<DateTime<Utc>>,
}

impl Hands {
    fn now(self) -> DateTime<Utc> {
        let ran = self.running_since.map_or(TimeDelta::zero(), |since| machine_now() - since);
        self.shown + ran
    }
}

/// The machine's time, whatever the service's clock says: a token's validity always follows it.
pub fn machine_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn standing_at(now: DateTime<Utc>) -> Self {
        Clock::Manual(Mutex::new(Hands { shown: now.trunc_subsecs(3), running_since: None }))
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::System => machine_now(),
            Clock::Manual(hands) => lock(hands).now(),
        }
    }

    /// Whether time passes by itself.
    pub fn is_ticking(&self) -> bool {
        match self {
            Clock::System => true,
            Clock::Manual(hands) => lock(hands).running_since.is_some(),
        }
    }

    /// Sets a manual clock; the machine's cannot be set.
    pub fn set(&self, now: DateTime<Utc>, ticking: bool) {
        if let Clock::Manual(hands) = self {
            let running_since = ticking.then(machine_now);
            *lock(hands) = Hands { shown: now.trunc_subsecs(3), running_since };
        }
    }
}

/// A clock's hands are one value, so a panic elsewhere cannot leave them half set.
fn lock(hands: &Mutex<Hands>) -> std::sync::MutexGuard<'_, Hands> {
    hands.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The sandbox's first moment: 2023-11-01T08:00+07:00.
pub fn first_moment() -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(1_698_800_400_000_000_000)
}

/// Makes ids: `UUIDv7` text.
#[derive(Debug)]
pub enum Ids {
    /// Of the machine's time and chance.
    Random,
    /// Counted from one, so that a sandbox has the same ids at every start.
    Counted(AtomicU64),
}

impl Ids {
    /// Ids counted from one.
    pub fn counted() -> Self {
        Ids::Counted(AtomicU64::new(1))
    }

    /// The next id.
    pub fn next(&self) -> Id {
        let uuid = match self {
            Ids::Random => Uuid::now_v7(),
            Ids::Counted(counter) => {
                let n = counter.fetch_add(1, Ordering::Relaxed);
                // 2023-11-01T01:00:00Z, the sandbox's first moment, so that the order of ids is the order of making.
                uuid::Builder::from_unix_timestamp_millis(
                    1_698_800_400_000,
                    &u128::from(n).to_be_bytes().last_chunk().copied().unwrap_or_default(),
                )
                .into_uuid()
            }
        };
        Id::from_uuid_text(uuid.to_string())
    }

    /// Begins to count anew.
    pub fn restart(&self) {
        if let Ids::Counted(counter) = self {
            counter.store(1, Ordering::Relaxed);
        }
    }
}

/// A secret of 32 random bytes, in base64url.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn new_secret() -> Result<String, getrandom::Error> {
    use base64::Engine as _;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))
}

/// Bytes of chance.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
