//! Webhook endpoints, and the delivery of messages to them.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::Scopes;
use crate::domain::journal::event::EventType;

/// How long delivery is attempted before a message is parked.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);
/// How long the previous secret remains in use after a rotation.
const BOTH_SIGN_FOR: TimeDelta = TimeDelta::hours(24);
/// Pauses after each failed attempt, in seconds; the last one repeats.
const PAUSES: [i64; 8] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400];
/// Longest pause that an endpoint may request.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(1);
/// Type of a test message, which is not an event.
pub const TEST: &str = "webhook_endpoint.test";

/// Secret that messages are signed with: `whsec_` and base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A webhook endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Id of the endpoint.
    pub id: Id,
    /// The organisation that the endpoint belongs to.
    pub organization_id: Id,
    /// The member whose rights determine which events are sent.
    pub member_id: Id,
    /// Scopes that restrict those rights.
    pub scopes: Scopes,
    /// The service account that created the endpoint. The endpoint stops working when it is deleted.
    pub client_id: Option<String>,
    /// Address that messages are sent to.
    pub url: String,
    /// Types of event to send; empty for all.
    pub event_types: Vec<EventType>,
    /// Whether messages are sent.
    pub active: bool,
    /// Secret that signs every message.
    pub secret: Secret,
    /// Previous secret, which also signs messages until the given instant.
    pub previous_secret: Option<(Secret, DateTime<Utc>)>,
    /// Number of the last event for which a message was created.
    pub sequence: i64,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the endpoint was created.
    pub created_at: DateTime<Utc>,
    /// When the endpoint was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Endpoint {
    /// Returns the endpoint with a new secret. The previous one also signs messages for a day, so that the subscriber
    /// can switch.
    #[must_use]
    pub fn rotated(self, secret: Secret, now: DateTime<Utc>) -> Self {
        let previous_secret = Some((self.secret, now + BOTH_SIGN_FOR));
        Endpoint { secret, previous_secret, ..self }
    }

    /// Returns the secrets that sign messages at a time, the newest first.
    pub fn signing(&self, now: DateTime<Utc>) -> Vec<&Secret> {
        let previous = self.previous_secret.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        std::iter::once(&self.secret).chain(previous).collect()
    }
}

/// State of the delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Delivery will be attempted again.
    Pending,
    /// Acknowledged by the endpoint.
    Delivered,
    /// Given up after a day. A replay sends the message again.
    Parked,
}

/// A message to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Id of the message.
    pub id: Id,
    /// The endpoint that it is sent to.
    pub endpoint_id: Id,
    /// The event that it reports; `None` for a test message.
    pub event_id: Option<Id>,
    /// Type of the event.
    pub event_type: String,
    /// State of the delivery.
    pub status: DeliveryStatus,
    /// Number of attempts.
    pub attempts: i32,
    /// When the next attempt is made.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When delivery is given up.
    pub give_up_at: DateTime<Utc>,
    /// HTTP status of the last response.
    pub last_status: Option<i32>,
    /// Why the last attempt failed; `None` if it did not.
    pub last_error: Option<Failure>,
    /// When it was delivered.
    pub delivered_at: Option<DateTime<Utc>>,
    /// The message that it repeats.
    pub replay_of_id: Option<Id>,
    /// When the message was created.
    pub created_at: DateTime<Utc>,
}

/// The result of a delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When the attempt was made.
    pub at: DateTime<Utc>,
    /// HTTP status of the response; `None` if there was none.
    pub status: Option<i32>,
    /// Why the attempt failed; `None` if it did not.
    pub error: Option<Failure>,
    /// Duration in milliseconds.
    pub duration_ms: i64,
    /// How long the endpoint asked to wait.
    pub retry_after: Option<TimeDelta>,
}

/// Why an attempt failed. A code, because a message would reveal names, addresses and certificates inside the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookFailure)]
pub enum Failure {
    /// The endpoint answered with a status other than 2xx.
    Status,
    /// The URL, or the address of its name, may not be called.
    AddressForbidden,
    /// The name has no address.
    NameNotResolved,
    /// The connection was refused.
    ConnectionRefused,
    /// The connection could not be made, or was reset.
    ConnectionFailed,
    /// The TLS handshake failed, or the certificate is not valid.
    TlsFailed,
    /// There was no response in time.
    TimedOut,
    /// The connection ended without a valid HTTP response.
    InvalidResponse,
    /// The service could not build the message.
    Internal,
}

impl Delivery {
    /// Returns a new message, due at once.
    pub fn new(id: Id, endpoint_id: Id, event: Option<Id>, event_type: String, now: DateTime<Utc>) -> Self {
        Delivery {
            id,
            endpoint_id,
            event_id: event,
            event_type,
            status: DeliveryStatus::Pending,
            attempts: 0,
            next_attempt_at: Some(now),
            give_up_at: now + GIVE_UP_AFTER,
            last_status: None,
            last_error: None,
            delivered_at: None,
            replay_of_id: None,
            created_at: now,
        }
    }

    /// Returns a new message with the same content.
    #[must_use]
    pub fn replayed(&self, id: Id, now: DateTime<Utc>) -> Self {
        let again = Delivery::new(id, self.endpoint_id, self.event_id, self.event_type.clone(), now);
        Delivery { replay_of_id: Some(self.id), ..again }
    }

    /// Returns the message after an attempt. `chance` spreads retries of attempts that failed at the same time.
    #[must_use]
    pub fn tried(mut self, attempt: &Attempt, chance: u16) -> Self {
        self.attempts += 1;
        self.last_status = attempt.status;
        self.last_error = attempt.error;
        let ended_at = attempt.at + TimeDelta::milliseconds(attempt.duration_ms);
        if attempt.error.is_none() {
            self.status = DeliveryStatus::Delivered;
            (self.delivered_at, self.next_attempt_at) = (Some(ended_at), None);
            return self;
        }
        let asked = attempt.retry_after.unwrap_or_default().min(LONGEST_ASKED);
        let next = ended_at + pause(self.attempts, chance).max(asked);
        if next > self.give_up_at {
            self.status = DeliveryStatus::Parked;
            self.next_attempt_at = None;
        } else {
            self.next_attempt_at = Some(next);
        }
        self
    }
}

/// Returns the pause after a number of failed attempts: longer each time, and at random up to a fifth shorter or
/// longer.
fn pause(attempts: i32, chance: u16) -> TimeDelta {
    let at = usize::try_from(attempts.max(1) - 1).unwrap_or_default().min(PAUSES.len() - 1);
    let seconds = PAUSES.get(at).copied().unwrap_or_default();
    TimeDelta::milliseconds(seconds * (800 + i64::from(chance) % 401))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id() -> Id {
        Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001")
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn new() -> Delivery {
        Delivery::new(id(), id(), Some(id()), "period.announced".into(), at(0))
    }

    fn failed(at: DateTime<Utc>, retry_after: Option<TimeDelta>) -> Attempt {
        Attempt { at, status: Some(503), error: Some(Failure::Status), duration_ms: 0, retry_after }
    }

    #[test]
    fn pauses_grow_to_four_hours() {
        for (attempts, seconds) in [(1, 5), (2, 30), (3, 120), (8, 14_400), (100, 14_400)] {
            assert_eq!(pause(attempts, 200), TimeDelta::seconds(seconds), "{attempts}");
        }
        assert_eq!((pause(1, 0), pause(1, 400)), (TimeDelta::seconds(4), TimeDelta::seconds(6)));
    }

    #[test]
    fn a_taken_message_is_not_tried_again() {
        let taken = Attempt { at: at(3), status: Some(204), error: None, duration_ms: 250, retry_after: None };
        let delivery = new().tried(&taken, 0);
        assert_eq!((delivery.status, delivery.next_attempt_at), (DeliveryStatus::Delivered, None));
        assert_eq!(delivery.delivered_at, Some(at(3) + TimeDelta::milliseconds(250)));
    }

    #[test]
    fn an_endpoint_may_ask_to_be_left_alone_for_an_hour_at_most() {
        let next = |seconds| new().tried(&failed(at(0), Some(TimeDelta::seconds(seconds))), 200).next_attempt_at;
        assert_eq!([1, 90, 90_000].map(next), [Some(at(5)), Some(at(90)), Some(at(3_600))]);
    }

    #[test]
    fn both_secrets_sign_for_a_day() {
        let endpoint = Endpoint {
            id: id(),
            organization_id: id(),
            member_id: id(),
            scopes: Scopes::default(),
            client_id: None,
            url: "https://egov.example.vn".into(),
            event_types: Vec::new(),
            active: true,
            secret: Secret("old".into()),
            previous_secret: None,
            sequence: 0,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        };
        let rotated = endpoint.rotated(Secret("new".into()), at(0));
        let signing =
            |seconds| rotated.signing(at(seconds)).into_iter().map(|secret| secret.0.as_str()).collect::<Vec<_>>();
        assert_eq!((signing(86_399), signing(86_400)), (vec!["new", "old"], vec!["new"]));
        assert!(!format!("{rotated:?}").contains("old"));
    }

    proptest! {
        /// Whatever the random pauses, delivery is attempted some fifteen times within a day and then given up.
        #[test]
        fn a_message_that_nobody_takes_is_parked_after_a_day(chances in proptest::collection::vec(any::<u16>(), 64)) {
            let mut delivery = new();
            for chance in chances {
                let Some(next) = delivery.next_attempt_at else { break };
                prop_assert!(next <= at(86_400));
                delivery = delivery.tried(&failed(next, None), chance);
            }
            prop_assert_eq!(delivery.status, DeliveryStatus::Parked);
            prop_assert!((9..=16).contains(&delivery.attempts), "{}", delivery.attempts);
        }
    }
}
