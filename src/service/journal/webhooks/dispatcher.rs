//! Dispatches webhooks: events become messages in order of their sequence numbers; each message is claimed by one
//! instance, signed, sent and its attempt recorded. No transaction is open during the HTTP request.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use serde::Serialize;
use serde_json::{Value, json};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};
use url::{Host, Url};

use super::address::{Resolver, Unresolved, is_public};
use crate::clock::random_bytes;
use crate::domain::Id;
use crate::domain::access::{self, Actor, Principal};
use crate::domain::assessment::evidence::URL_CHARS;
use crate::domain::journal::event::Event;
use crate::domain::journal::webhook::{Attempt, Delivery, Endpoint, Failure};
use crate::domain::office::member::{MemberKind, account_of_client};
use crate::domain::text::Check;
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::service::App;
use crate::service::journal::events;
use crate::store::members::Holder;
use crate::store::{self, Conn};

/// Time limit of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Lease on a claimed message; longer than a request can take.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Messages claimed at once: for each endpoint, in total.
const CLAIM_LIMITS: (i64, i64) = (4, 64);
/// Events turned into messages in one transaction.
const MAX_EVENTS_PER_BATCH: i64 = 500;

/// Sends webhook messages.
pub struct Dispatcher {
    allow_private: bool,
    client: OnceLock<reqwest::Client>,
    /// Endpoints with requests in flight from this instance.
    busy: Mutex<HashSet<Id>>,
}

impl Dispatcher {
    /// Creates a dispatcher that sends to public addresses only, or to any.
    pub fn new(allow_private: bool) -> Self {
        Dispatcher { allow_private, client: OnceLock::new(), busy: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Id>> {
        // Inserting and removing ids cannot leave the set half-changed, so a poisoned lock is safe to use.
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self) -> Vec<Id> {
        self.lock().iter().copied().collect()
    }

    fn set_busy(&self, ids: impl Iterator<Item = Id>) {
        self.lock().extend(ids);
    }

    fn set_idle(&self, id: &Id) {
        self.lock().remove(id);
    }

    /// The HTTP client, created on first use. It follows no redirects, uses no proxy, and resolves names for each connection.
    fn client(&self) -> Result<&reqwest::Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("thidua/", env!("CARGO_PKG_VERSION")));
        let resolver = Resolver { allow_private: self.allow_private };
        let client = builder.dns_resolver(Arc::new(resolver)).build().map_err(Error::internal)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Checks the URL of an endpoint and returns it normalised. Faults: `url_invalid`, `url_not_allowed`.
    pub fn check(&self, given: &str, check: &mut Check) -> String {
        let text = check.text("/url", given, URL_CHARS);
        let Ok(url) = Url::parse(&text) else {
            check.fault("/url", Code::UrlInvalid);
            return text;
        };
        let bare = url.has_host() && url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let valid = bare && matches!(url.scheme(), "http" | "https");
        check.ensure(valid, "/url", Code::UrlInvalid);
        check.ensure(!valid || self.allows(&url), "/url", Code::UrlNotAllowed);
        url.into()
    }

    /// Whether a message may go to a URL, as far as the URL itself shows: HTTPS, and no private address.
    fn allows(&self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        self.allow_private || url.scheme() == "https" && address.is_none_or(is_public)
    }

    /// Sends one message and returns the attempt.
    async fn attempt(&self, endpoint: &Endpoint, message: &Message, now: DateTime<Utc>) -> Attempt {
        let started = Instant::now();
        let sent = self.post(endpoint, message, now).await;
        let duration_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let attempt = Attempt { at: now, status: None, error: None, duration_ms, retry_after: None };
        match sent {
            Ok(response) => {
                let status = response.status();
                let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                Attempt {
                    status: Some(i32::from(status.as_u16())),
                    error: (!status.is_success()).then_some(Failure::Status),
                    retry_after: seconds.map(|seconds: u32| TimeDelta::seconds(i64::from(seconds))),
                    ..attempt
                }
            }
            Err(failure) => Attempt { error: Some(failure), ..attempt },
        }
    }

    async fn post(
        &self,
        endpoint: &Endpoint,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<reqwest::Response, Failure> {
        let url = Url::parse(&endpoint.url).map_err(|_| Failure::Internal)?;
        // The configuration may have changed since the endpoint was created.
        if !self.allows(&url) {
            return Err(Failure::AddressForbidden);
        }
        let headers = signed(endpoint, message, now)?;
        let client = self.client().map_err(|_| Failure::Internal)?;
        let request = client.post(url).headers(headers).body(message.body.clone());
        request.send().await.map_err(|error| {
            log::debug!(endpoint:% = endpoint.id, error = chain(&error); "a webhook request failed");
            classify(&error)
        })
    }
}

/// Classifies a failed request by its causes.
fn classify(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    let first: &(dyn std::error::Error + 'static) = error;
    let causes = || std::iter::successors(Some(first), |cause| cause.source());
    match causes().find_map(|cause| cause.downcast_ref()) {
        Some(Unresolved::NotPublic) => return Failure::AddressForbidden,
        Some(Unresolved::NotFound) => return Failure::NameNotResolved,
        None => {}
    }
    match causes().filter_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind).last() {
        Some(ErrorKind::ConnectionRefused) => Failure::ConnectionRefused,
        Some(ErrorKind::TimedOut) => Failure::TimedOut,
        // What the TLS library reports about certificates and failed handshakes.
        Some(ErrorKind::InvalidData | ErrorKind::Other) if error.is_connect() => Failure::TlsFailed,
        Some(_) => Failure::ConnectionFailed,
        None if error.is_connect() => Failure::ConnectionFailed,
        None => Failure::InvalidResponse,
    }
}

/// Formats an error with its causes; the client's own message says only that the request failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The id and body of a request.
struct Message {
    id: String,
    body: String,
}

/// CloudEvents 1.0 JSON format.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    data: Value,
}

impl Message {
    /// Builds the message of an event. Its id is the event's, so that receivers can discard duplicates.
    fn of(delivery: &Delivery, endpoint: &Endpoint, event: Option<&Event>) -> Result<Self, Error> {
        let id = event.map_or(&delivery.id, |event| &event.id);
        let (subject, at, data) = if let Some(event) = event {
            let subject = json!({"type": event.subject_type, "id": event.subject_id});
            let data =
                json!({"organization_id": event.organization_id, "subject": subject, "data": events::data(event)});
            (format!("{}/{}", event.subject_type, event.subject_id), event.at, data)
        } else {
            let data = json!({"organization_id": endpoint.organization_id});
            (format!("webhook_endpoint/{}", endpoint.id), delivery.created_at, data)
        };
        let body = CloudEvent {
            specversion: "1.0",
            id: id.as_str(),
            source: format!("/v1/organizations/{}", endpoint.organization_id),
            kind: &delivery.event_type,
            subject,
            time: instant(at),
            datacontenttype: "application/json",
            data,
        };
        Ok(Message { id: id.to_string(), body: serde_json::to_string(&body).map_err(Error::internal)? })
    }
}

/// Builds the Standard Webhooks headers, with a signature for each active secret.
fn signed(endpoint: &Endpoint, message: &Message, now: DateTime<Utc>) -> Result<HeaderMap, Failure> {
    let timestamp = now.timestamp();
    let signatures = endpoint.signing(now).into_iter().map(|secret| {
        let webhook = Webhook::new(&secret.0).map_err(|_| Failure::Internal)?;
        webhook.sign(&message.id, timestamp, message.body.as_bytes()).map_err(|_| Failure::Internal)
    });
    let signatures = signatures.collect::<Result<Vec<_>, Failure>>()?.join(" ");
    let headers = [
        (CONTENT_TYPE.as_str(), "application/cloudevents+json"),
        (HEADER_WEBHOOK_ID, &message.id),
        (HEADER_WEBHOOK_TIMESTAMP, &timestamp.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, &signatures),
    ];
    let header = |(name, value): (&'static str, &str)| {
        Ok((HeaderName::from_static(name), HeaderValue::from_str(value).map_err(|_| Failure::Internal)?))
    };
    headers.into_iter().map(header).collect()
}

/// Turns new events into messages for one endpoint.
fn fan_out(conn: &mut Conn, app: &App, id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(endpoint) = store::webhooks::lock_for_update(conn, id, false)?.filter(|endpoint| endpoint.active) else {
        return Ok(());
    };
    let organization_id = &endpoint.organization_id;
    // Read before the events: every event up to this number is already visible.
    let head = store::journals::find(conn, organization_id.as_str())?.event_sequence;
    let actor = owner(conn, app, &endpoint)?;
    let visibility = access::event_visibility(&actor, organization_id);
    let types = Some(endpoint.event_types.as_slice()).filter(|types| !types.is_empty());
    let new = store::events::list(conn, organization_id, &visibility, types, endpoint.sequence, MAX_EVENTS_PER_BATCH)?;
    let deliveries: Vec<Delivery> = new
        .iter()
        .map(|event| {
            let kind = store::events::type_name(event.kind);
            Delivery::new(app.ids.next(), endpoint.id, Some(event.id), kind, now)
        })
        .collect();
    store::webhooks::insert_deliveries(conn, &deliveries)?;
    let last = new.last().map_or(0, |event| event.sequence);
    let full = i64::try_from(new.len()).map_err(Error::internal)? == MAX_EVENTS_PER_BATCH;
    store::webhooks::advance(conn, id, if full { last } else { last.max(head) })
}

/// The actor whose rights limit an endpoint: its owner's present membership, narrowed by the original token's scopes. An
/// endpoint does not outlive the service account that made it.
fn owner(conn: &mut Conn, app: &App, endpoint: &Endpoint) -> Result<Actor, Error> {
    let principal = match &endpoint.client_id {
        Some(client_id) => Principal::ServiceAccount { id: account_of_client(client_id).unwrap_or(Id::NIL) },
        None => Principal::Account { member_id: endpoint.member_id, session_id: None },
    };
    let holder = store::members::holder(conn, &principal, app.clock.now())?;
    let scopes = endpoint.scopes.clone();
    Ok(match holder {
        Some(Holder { kind, issuer, subject, memberships, .. }) => {
            Actor { principal, kind, issuer, subject, memberships, scopes }
        }
        None => Actor {
            principal,
            kind: MemberKind::Machine,
            issuer: String::new(),
            subject: String::new(),
            memberships: Vec::new(),
            scopes,
        },
    })
}

/// Messages to one endpoint, claimed by this instance.
pub struct Batch(Vec<(Delivery, Endpoint, Message)>);

/// Turns new events into messages, then claims due messages of endpoints without requests in flight. Each batch is to be
/// sent by [`send_batch`] concurrently, so that a slow endpoint delays no other.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub async fn claim_due(app: &Arc<App>, now: DateTime<Utc>) -> Result<Vec<Batch>, Error> {
    for id in app.db.read(store::webhooks::with_new_events).await? {
        let shared = Arc::clone(app);
        app.db.write(move |conn| fan_out(conn, &shared, &id, now)).await?;
    }
    if !app.db.read(move |conn| store::webhooks::any_due(conn, now)).await? {
        return Ok(Vec::new());
    }
    let busy = app.dispatcher.busy();
    let mut claimed = app.db.write(move |conn| claim(conn, &busy, now)).await?;
    claimed.sort_by_key(|a| a.1.id);
    let mut batches: Vec<Batch> = Vec::new();
    for message in claimed {
        match batches.last_mut().filter(|batch| batch.0.last().is_some_and(|last| last.1.id == message.1.id)) {
            Some(batch) => batch.0.push(message),
            None => batches.push(Batch(vec![message])),
        }
    }
    app.dispatcher.set_busy(batches.iter().filter_map(|batch| Some(batch.0.first()?.1.id)));
    Ok(batches)
}

/// Sends the messages of a batch and records the attempts. Returns the number of messages.
///
/// # Errors
/// `busy` or `internal` when the database fails; messages whose attempt was not recorded are sent again when their lease
/// expires.
pub async fn send_batch(app: Arc<App>, batch: Batch, now: DateTime<Utc>) -> Result<usize, Error> {
    let (app, started) = (&app, Instant::now());
    let endpoint_id = batch.0.first().map(|(_, endpoint, _)| endpoint.id);
    let number = batch.0.len();
    let one = |(delivery, endpoint, message): (Delivery, Endpoint, Message)| async move {
        let at = now + TimeDelta::from_std(started.elapsed()).unwrap_or_default();
        let attempt = app.dispatcher.attempt(&endpoint, &message, at).await;
        let jitter = random_bytes::<2>().map(u16::from_le_bytes).unwrap_or_default();
        let updated = delivery.tried(&attempt, jitter);
        if let Some(error) = &attempt.error {
            log::info!(endpoint:% = endpoint.id, attempts = updated.attempts, error:?; "a webhook delivery failed");
        }
        app.db.write(move |conn| store::webhooks::save_attempt(conn, &updated, &attempt)).await
    };
    let saved = futures_util::future::join_all(batch.0.into_iter().map(one)).await;
    if let Some(id) = endpoint_id {
        app.dispatcher.set_idle(&id);
    }
    saved.into_iter().collect::<Result<(), Error>>()?;
    Ok(number)
}

fn claim(conn: &mut Conn, busy: &[Id], now: DateTime<Utc>) -> Result<Vec<(Delivery, Endpoint, Message)>, Error> {
    let deliveries = store::webhooks::claim_due(conn, (now, now + LEASE), busy, CLAIM_LIMITS)?;
    let ids: Vec<&Id> = deliveries.iter().map(|delivery| &delivery.endpoint_id).collect();
    let endpoints = store::webhooks::by_ids(conn, &ids)?;
    let endpoints: HashMap<Id, Endpoint> = endpoints.into_iter().map(|endpoint| (endpoint.id, endpoint)).collect();
    let ids: Vec<&Id> = deliveries.iter().filter_map(|delivery| delivery.event_id.as_ref()).collect();
    let events: HashMap<Id, Event> =
        store::events::by_ids(conn, &ids)?.into_iter().map(|event| (event.id, event)).collect();
    let of = |delivery: Delivery| {
        let endpoint = endpoints.get(&delivery.endpoint_id)?.clone();
        let event = delivery.event_id.as_ref().and_then(|id| events.get(id));
        let message = Message::of(&delivery, &endpoint, event);
        Some(message.map(|message| (delivery, endpoint, message)))
    };
    deliveries.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// The other failures are tried through the API; this one would take the whole time limit there.
    #[tokio::test]
    async fn a_receiver_that_does_not_answer_is_a_timeout() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(50)).build().unwrap();
        let url = format!("http://{}/hook", silent.local_addr().unwrap());
        let error = client.post(url).send().await.unwrap_err();
        assert_eq!(classify(&error), Failure::TimedOut, "{}", chain(&error));
    }
}
