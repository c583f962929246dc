//! Carries messages to endpoints: events become messages in the order of their numbers, each message is taken by one
//! instance at a time, signed, sent, and what came of it is written down. No transaction is open meanwhile.

use std::collections::{HashMap, HashSet};
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

use super::address::{PublicOnly, is_public};
use crate::clock::random_bytes;
use crate::domain::Id;
use crate::domain::access::{self, Actor, Scopes};
use crate::domain::assessment::evidence::URL_CHARS;
use crate::domain::journal::event::Event;
use crate::domain::journal::webhook::{Attempt, Delivery, Endpoint};
use crate::domain::text::Check;
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::service::App;
use crate::service::journal::events;
use crate::store::{self, Conn};

/// How long an endpoint may take to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a message belongs to who took it: longer than sending it can take.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How many messages are taken at once, of each endpoint and in all.
const CLAIM_LIMITS: (i64, i64) = (4, 64);
/// How many events become messages in one transaction.
const MAX_EVENTS_PER_BATCH: i64 = 500;

/// Who carries messages.
pub struct Dispatcher {
    allow_private: bool,
    client: OnceLock<reqwest::Client>,
    /// The endpoints that this instance has messages under way to.
    busy: Mutex<HashSet<Id>>,
}

impl Dispatcher {
    /// Carries to public addresses alone, or to every one.
    pub fn new(allow_private: bool) -> Self {
        Dispatcher { allow_private, client: OnceLock::new(), busy: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Id>> {
        // A set of ids is whole whatever panicked beside it.
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

    /// The client, made when the first message is sent. It follows no redirect, asks no proxy, and resolves each name
    /// anew with each connection.
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
        let builder = if self.allow_private { builder } else { builder.dns_resolver(Arc::new(PublicOnly)) };
        let client = builder.build().map_err(Error::internal)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// An address that messages may go to, or why not: `url_invalid`, `url_not_allowed`.
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

    /// Whether a message may go to a URL, as far as the URL itself tells: encrypted, and to no private address.
    fn allows(&self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        self.allow_private || url.scheme() == "https" && address.is_none_or(is_public)
    }

    /// Sends one message and tells what came of it.
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
                    error: (!status.is_success()).then(|| format!("answered {status}")),
                    retry_after: seconds.map(|seconds: u32| TimeDelta::seconds(i64::from(seconds))),
                    ..attempt
                }
            }
            Err(error) => Attempt { error: Some(error), ..attempt }.shortened(),
        }
    }

    async fn post(
        &self,
        endpoint: &Endpoint,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<reqwest::Response, String> {
        let url = Url::parse(&endpoint.url).map_err(|error| error.to_string())?;
        // The setting may be another one than when the endpoint was made.
        if !self.allows(&url) {
            return Err("this address is not allowed".to_owned());
        }
        let headers = signed(endpoint, message, now)?;
        let client = self.client().map_err(|error| error.to_string())?;
        let request = client.post(url).headers(headers).body(message.body.clone());
        request.send().await.map_err(|error| chain(&error))
    }
}

/// An error with its causes: the client's own words say only that it could not connect.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// What is sent.
struct Message {
    id: String,
    body: String,
}

/// CloudEvents 1.0, in JSON.
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
    /// The message of an event. Its id is the event's, so that a message that comes twice is known by it.
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

/// The headers of Standard Webhooks: a signature for each secret that signs now.
fn signed(endpoint: &Endpoint, message: &Message, now: DateTime<Utc>) -> Result<HeaderMap, String> {
    let timestamp = now.timestamp();
    let signatures = endpoint.signing(now).into_iter().map(|secret| {
        let webhook = Webhook::new(&secret.0).map_err(|error| error.to_string())?;
        webhook.sign(&message.id, timestamp, message.body.as_bytes()).map_err(|error| error.to_string())
    });
    let signatures = signatures.collect::<Result<Vec<_>, String>>()?.join(" ");
    let headers = [
        (CONTENT_TYPE.as_str(), "application/cloudevents+json"),
        (HEADER_WEBHOOK_ID, &message.id),
        (HEADER_WEBHOOK_TIMESTAMP, &timestamp.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, &signatures),
    ];
    let header = |(name, value): (&'static str, &str)| {
        Ok((HeaderName::from_static(name), HeaderValue::from_str(value).map_err(|error| error.to_string())?))
    };
    headers.into_iter().map(header).collect()
}

/// Turns events into messages for one endpoint, up to the last that there is.
fn fan_out(conn: &mut Conn, app: &App, id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(endpoint) = store::webhooks::lock_for_update(conn, id, false)?.filter(|endpoint| endpoint.active) else {
        return Ok(());
    };
    let organization_id = &endpoint.organization_id;
    // Read first: every event up to this number can be seen.
    let head = store::journals::find(conn, organization_id.as_str())?.event_sequence;
    let actor = owner(conn, app, &endpoint)?;
    let named = events::named_units(conn, &actor, organization_id)?;
    let visibility = access::event_visibility(&actor, organization_id, &named);
    let types = Some(endpoint.event_types.as_slice()).filter(|types| !types.is_empty());
    let new = store::events::list(conn, organization_id, &visibility, types, endpoint.sequence, MAX_EVENTS_PER_BATCH)?;
    let deliveries: Vec<Delivery> = new
        .iter()
        .map(|event| {
            let kind = store::events::type_word(event.kind);
            Delivery::new(app.ids.next(), endpoint.id, Some(event.id), kind, now)
        })
        .collect();
    store::webhooks::insert_deliveries(conn, &deliveries)?;
    let last = new.last().map_or(0, |event| event.sequence);
    let full = i64::try_from(new.len()).map_err(Error::internal)? == MAX_EVENTS_PER_BATCH;
    store::webhooks::advance(conn, id, if full { last } else { last.max(head) })
}

/// By whose rights an endpoint is told: those that its maker has now, narrowed as the token was.
fn owner(conn: &mut Conn, app: &App, endpoint: &Endpoint) -> Result<Actor, Error> {
    let scopes = Scopes::parse(endpoint.scopes.as_deref());
    let member = store::members::find(conn, &endpoint.member_id)?;
    let is_live = match &endpoint.client_id {
        Some(client_id) => store::accounts::is_live(conn, client_id)?,
        None => true,
    };
    let Some(member) = member.filter(|_| is_live) else {
        return Ok(Actor { issuer: String::new(), subject: String::new(), memberships: Vec::new(), scopes });
    };
    let memberships = store::members::current_of(conn, &member.issuer, &member.subject, app.clock.now())?;
    Ok(Actor { issuer: member.issuer, subject: member.subject, memberships, scopes })
}

/// Some messages to one endpoint, taken by this instance.
pub struct Batch(Vec<(Delivery, Endpoint, Message)>);

/// Turns new events into messages, then takes some of those that are due, a few of each endpoint that none are under way
/// to. They are to be carried by [`carry`], each batch by itself: one endpoint that does not answer keeps no other waiting.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_due(app: &Arc<App>, now: DateTime<Utc>) -> Result<Vec<Batch>, Error> {
    for id in app.db.read(store::webhooks::behind).await? {
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

/// Sends the messages of a batch and writes down what came of each. Tells how many there were.
///
/// # Errors
/// When the database does not answer; what was not written down is taken again when its lease is over.
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
            log::info!(endpoint:% = endpoint.id, attempts = updated.attempts, error:%; "a webhook delivery failed");
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
    let deliveries = store::webhooks::take_due(conn, (now, now + LEASE), busy, CLAIM_LIMITS)?;
    let ids: Vec<&Id> = deliveries.iter().map(|delivery| &delivery.endpoint_id).collect();
    let endpoints = store::webhooks::among(conn, &ids)?;
    let endpoints: HashMap<Id, Endpoint> = endpoints.into_iter().map(|endpoint| (endpoint.id, endpoint)).collect();
    let ids: Vec<&Id> = deliveries.iter().filter_map(|delivery| delivery.event_id.as_ref()).collect();
    let events: HashMap<Id, Event> =
        store::events::among(conn, &ids)?.into_iter().map(|event| (event.id, event)).collect();
    let of = |delivery: Delivery| {
        let endpoint = endpoints.get(&delivery.endpoint_id)?.clone();
        let event = delivery.event_id.as_ref().and_then(|id| events.get(id));
        let message = Message::of(&delivery, &endpoint, event);
        Some(message.map(|message| (delivery, endpoint, message)))
    };
    deliveries.into_iter().filter_map(of).collect()
}
