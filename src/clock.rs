//! The only source of the current time, of new ids and of secrets.

#![expect(clippy::disallowed_methods, reason = "the one module that reads the system clock and makes ids")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::Id;

/// The current time, in UTC with millisecond precision.
#[derive(Debug)]
pub enum Clock {
    /// The system clock.
    System,
    /// A clock that can be set, for the sandbox and for tests: it is paused at the time set or ticks from there.
    Manual(Mutex<ManualTime>),
}

/// The state of a manual clock.
#[derive(Debug, Clone, Copy)]
pub struct ManualTime {
    base: DateTime<Utc>,
    /// The system time at which it began to tick; `None` while it is paused.
    running_since: Option<DateTime<Utc>>,
}

impl ManualTime {
    fn now(self) -> DateTime<Utc> {
        let ran = self.running_since.map_or(TimeDelta::zero(), |since| machine_now() - since);
        self.base + ran
    }
}

/// Returns the system time, whatever the service's clock says: the validity of tokens always follows it.
pub fn machine_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

impl Clock {
    /// Returns a manual clock that is paused at `now`.
    pub fn paused_at(now: DateTime<Utc>) -> Self {
        Clock::Manual(Mutex::new(ManualTime { base: now.trunc_subsecs(3), running_since: None }))
    }

    /// Returns the current time.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::System => machine_now(),
            Clock::Manual(time) => lock(time).now(),
        }
    }

    /// Returns whether the clock ticks rather than being paused.
    pub fn is_ticking(&self) -> bool {
        match self {
            Clock::System => true,
            Clock::Manual(time) => lock(time).running_since.is_some(),
        }
    }

    /// Sets a manual clock; does nothing on the system clock.
    pub fn set(&self, now: DateTime<Utc>, ticking: bool) {
        if let Clock::Manual(time) = self {
            let running_since = ticking.then(machine_now);
            *lock(time) = ManualTime { base: now.trunc_subsecs(3), running_since };
        }
    }
}

/// Locks the state of a manual clock. Ignores poisoning: the state is replaced as a whole, so a panic cannot leave it
/// half set.
fn lock(time: &Mutex<ManualTime>) -> std::sync::MutexGuard<'_, ManualTime> {
    time.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Returns the time at which the sandbox starts: 2023-11-01T08:00+07:00.
pub fn sandbox_start() -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(1_698_800_400_000_000_000)
}

/// A source of `UUIDv7` ids.
#[derive(Debug)]
pub enum Ids {
    /// Ids made from the system time and random bits.
    Random,
    /// Ids counted from one, so that a sandbox has the same ids at every start. A count of zero is none: ids are random.
    Counted(AtomicU64),
}

impl Ids {
    /// Returns a source that counts from one.
    pub fn counted() -> Self {
        Ids::Counted(AtomicU64::new(1))
    }

    /// Returns a new id.
    pub fn next(&self) -> Id {
        let count = match self {
            Ids::Random => None,
            Ids::Counted(counter) => {
                counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1).filter(|_| n > 0)).ok()
            }
        };
        let uuid = count.map_or_else(Uuid::now_v7, |n| {
            // All carry the time at which the sandbox starts, so that they sort in the order of their creation.
            uuid::Builder::from_unix_timestamp_millis(
                1_698_800_400_000,
                &u128::from(n).to_be_bytes().last_chunk().copied().unwrap_or_default(),
            )
            .into_uuid()
        });
        Id::from_uuid_text(uuid.to_string())
    }

    /// Ends the count, in a database that holds counted ids already.
    pub fn end_count(&self) {
        if let Ids::Counted(counter) = self {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// Restarts the count at one.
    pub fn restart(&self) {
        if let Ids::Counted(counter) = self {
            counter.store(1, Ordering::Relaxed);
        }
    }
}

/// Returns a secret of 32 random bytes, in base64url.
///
/// # Errors
/// When the system's random source fails.
pub fn new_secret() -> Result<String, getrandom::Error> {
    use base64::Engine as _;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))
}

/// Returns random bytes from the system.
///
/// # Errors
/// When the system's random source fails.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
