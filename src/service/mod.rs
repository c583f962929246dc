//! One act is one function and one transaction: load, ask the domain, save, record.

pub mod accounts;
pub mod audit;
pub mod award_proposals;
pub mod calendar;
pub mod council;
pub mod criteria_import;
pub mod criteria_sets;
pub mod deadlines;
pub mod events;
pub mod evidence;
pub mod facts;
pub mod feeds;
pub mod files;
pub mod members;
pub mod organizations;
pub mod periods;
pub mod ranking;
mod recording;
pub mod reviews;
pub mod sandbox;
pub mod submissions;
pub mod tables;
pub mod tag;
pub mod targets;
pub mod tasks;
pub mod ticks;
pub mod transfer;
pub mod units;
pub mod webhooks;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::clock::{Clock, Ids};
use crate::domain::Id;
use crate::domain::access::{Actor, Scopes};
use crate::domain::deadline::Reminders;
pub use crate::domain::text::hex;
use crate::error::{Code, Error};
use crate::store::idempotency::FirstAnswer;
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn, Db};
use files::Files;
pub use recording::{By, Change, News, State, record, record_all, record_by, tell};
use tables::Tables;
use webhooks::courier::Courier;

/// What every act needs of the installation.
pub struct House {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The names of new records.
    pub ids: Ids,
    /// Published tables, ready for scoring.
    pub tables: Tables,
    /// Attached documents.
    pub files: Files,
    /// Rings when there are new events, for who waits for them in this process.
    pub bell: Bell,
    /// Who carries messages to subscribers.
    pub courier: Courier,
    /// When subscribers are reminded of a deadline.
    pub reminders: Reminders,
}

/// Rings when there are new events. Other instances are not heard: who waits looks again from time to time.
#[derive(Debug)]
pub struct Bell(tokio::sync::watch::Sender<()>);

impl Default for Bell {
    fn default() -> Self {
        Bell(tokio::sync::watch::Sender::new(()))
    }
}

impl Bell {
    /// Wakes who waits.
    pub fn ring(&self) {
        self.0.send_replace(());
    }

    /// Hears it from now on.
    pub fn listen(&self) -> tokio::sync::watch::Receiver<()> {
        self.0.subscribe()
    }
}

/// Who calls, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who vouches for it.
    pub issuer: String,
    /// Its name there.
    pub subject: String,
    /// The service account that fetched the token, if one did.
    pub client_id: Option<String>,
    /// What the token is narrowed to.
    pub scopes: Scopes,
}

/// What a request demands beyond its body.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// The tag that the caller last saw.
    pub if_match: Option<String>,
    /// The key under which the answer is kept, with the digest of what was asked.
    pub idempotency: Option<(String, String)>,
    /// What is wrong with the request's form (406, 415), told only to who may do the act.
    pub form: Option<Error>,
}

/// A request as it comes from the gate.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who calls.
    pub caller: Caller,
    /// Its id, for log and audit.
    pub request_id: String,
    /// What it demands.
    pub conditions: Conditions,
}

/// A body as it was read, or why it could not be: told only after the right was checked.
pub type Input<T> = Result<T, Error>;

/// Everything that an act needs beside its command.
pub struct Context<'a> {
    /// The installation.
    pub house: &'a House,
    /// Who acts, with the memberships that stand now.
    pub actor: Actor,
    /// Now.
    pub now: DateTime<Utc>,
    request: &'a Request,
    first_answer: Option<FirstAnswer>,
}

/// Why an act goes no further.
#[derive(Debug)]
pub enum Stop {
    /// It is refused.
    Refused(Error),
    /// It was done before: here is the first answer.
    Replayed(FirstAnswer),
    /// The clock has closed gates that no row says so of yet: settle that, then read again.
    Unsettled(Unsettled),
}

/// Where the clock has closed gates.
#[derive(Debug, Clone)]
pub enum Unsettled {
    /// Of one sheet.
    Sheet(Id),
    /// Of one period.
    Period(Id),
    /// Of an organisation.
    Organization(Id),
}

impl Unsettled {
    fn scope(&self) -> Lapsed<'_> {
        match self {
            Unsettled::Sheet(id) => Lapsed::One(id),
            Unsettled::Period(id) => Lapsed::OfPeriod(id),
            Unsettled::Organization(id) => Lapsed::OfOrganization(id),
        }
    }
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Refused(error.into())
    }
}

/// What goes back to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where a new record is.
    pub location: Option<String>,
    /// The tag of what it shows.
    pub etag: Option<String>,
    /// The query of a list's next page.
    pub next: Option<String>,
    /// JSON; empty for 204.
    pub body: String,
    /// Whether this is a first answer again.
    pub replayed: bool,
}

impl Answer {
    /// 200 with a tag.
    ///
    /// # Errors
    /// When the view is no JSON.
    pub fn ok(view: &impl Serialize, etag: String) -> Result<Self, Error> {
        let body = serde_json::to_string(view).map_err(Error::internal)?;
        Ok(Answer { status: 200, location: None, etag: Some(etag), next: None, body, replayed: false })
    }

    /// 201 with a tag and the new record's place.
    ///
    /// # Errors
    /// When the view is no JSON.
    pub fn created(view: &impl Serialize, etag: String, location: String) -> Result<Self, Error> {
        Ok(Answer { status: 201, location: Some(location), ..Answer::ok(view, etag)? })
    }

    /// 204.
    pub fn nothing() -> Self {
        Answer { status: 204, location: None, etag: None, next: None, body: String::new(), replayed: false }
    }
}

impl From<FirstAnswer> for Answer {
    fn from(first: FirstAnswer) -> Self {
        Answer {
            status: first.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
            location: first.location,
            etag: first.etag,
            next: None,
            body: first.body.unwrap_or_default(),
            replayed: true,
        }
    }
}

impl Context<'_> {
    /// The request's id.
    pub fn request_id(&self) -> &str {
        &self.request.request_id
    }

    /// The service account that fetched the caller's token, if one did.
    pub fn client_id(&self) -> Option<&str> {
        self.request.caller.client_id.as_deref()
    }

    /// The next id.
    pub fn new_id(&self) -> Id {
        self.house.ids.next()
    }

    /// Lets the command in, once the right was checked: the form (406, 415), the syntax (400),
    /// then a first answer that is given again.
    ///
    /// # Errors
    /// Those of the form and the syntax, `idempotency_key_reused`; [`Stop::Replayed`].
    pub fn admit<'i, T>(&self, input: &'i Input<T>) -> Result<&'i T, Stop> {
        if let Some(error) = &self.request.conditions.form {
            return Err(Stop::Refused(error.clone()));
        }
        let command = input.as_ref().map_err(Error::clone)?;
        match (&self.first_answer, &self.request.conditions.idempotency) {
            (Some(first), Some((_, asked))) if first.request_sha256 == *asked => Err(Stop::Replayed(first.clone())),
            (Some(_), _) => Err(Stop::Refused(Error::new(Code::IdempotencyKeyReused))),
            (None, _) => Ok(command),
        }
    }

    /// Lets a read pass whose form is right.
    ///
    /// # Errors
    /// 406.
    pub fn admit_read(&self) -> Result<(), Error> {
        self.request.conditions.form.clone().map_or(Ok(()), Err)
    }

    /// Asks that the caller saw the state that the change starts from.
    ///
    /// # Errors
    /// `precondition_required`, `version_mismatch`.
    pub fn must_match(&self, state: &str) -> Result<(), Error> {
        match &self.request.conditions.if_match {
            None => Err(Error::new(Code::PreconditionRequired)),
            Some(given) if tag::matches(given, state) => Ok(()),
            Some(_) => Err(Error::new(Code::VersionMismatch)),
        }
    }

    /// Asks that the caller saw no state where there is none.
    ///
    /// # Errors
    /// `version_mismatch`.
    pub fn must_be_new(&self) -> Result<(), Error> {
        if self.request.conditions.if_match.is_none() { Ok(()) } else { Err(Error::new(Code::VersionMismatch)) }
    }

    /// The organisation that a request is about: the one it names, or the caller's only one.
    ///
    /// # Errors
    /// `not_found` for a foreign one, `organization_required` where it is not clear.
    pub fn organization(&self, given: Option<&Id>) -> Result<Id, Error> {
        match (given, self.actor.organization_ids().as_slice()) {
            (Some(id), own) if own.contains(id) => Ok(id.clone()),
            (Some(_), _) => Err(Error::new(Code::NotFound)),
            (None, [only]) => Ok(only.clone()),
            (None, []) => Err(Error::new(Code::RoleRequired)),
            (None, _) => Err(Error::new(Code::OrganizationRequired)),
        }
    }

    /// The caller's member id in an organisation.
    ///
    /// # Errors
    /// `not_found` for who is no member.
    pub fn member_id(&self, organization_id: &Id) -> Result<Id, Error> {
        let membership = self.actor.membership(organization_id).ok_or(Code::NotFound)?;
        Ok(membership.member_id.clone())
    }
}

fn context<'a>(conn: &mut Conn, house: &'a House, request: &'a Request) -> Result<Context<'a>, Error> {
    let Caller { issuer, subject, client_id, scopes } = &request.caller;
    let now = house.clock.now();
    if let Some(client_id) = client_id
        && !store::accounts::is_live(conn, client_id)?
    {
        return Err(Error::new(Code::TokenInvalid));
    }
    let memberships = store::members::current_of(conn, issuer, subject, now)?;
    let actor = Actor { issuer: issuer.clone(), subject: subject.clone(), memberships, scopes: scopes.clone() };
    Ok(Context { house, actor, now, request, first_answer: None })
}

/// Runs a reading act on one snapshot.
///
/// # Errors
/// Those of `work`.
pub async fn read<T: Send + 'static>(
    house: Arc<House>,
    request: Request,
    work: impl Fn(&mut Conn, &Context) -> Result<T, Stop> + Send + Sync + 'static,
) -> Result<T, Error> {
    let work = Arc::new(work);
    // Each round settles what the round before met; more than a few would mean that time runs away.
    for _ in 0..4 {
        let (within, asked, run) = (Arc::clone(&house), request.clone(), Arc::clone(&work));
        let outcome = house
            .db
            .read(move |conn| {
                let context = context(conn, &within, &asked)?;
                match run(conn, &context) {
                    Ok(value) => Ok(Ok(value)),
                    Err(Stop::Refused(error)) => Err(error),
                    Err(Stop::Unsettled(unsettled)) => Ok(Err(unsettled)),
                    Err(Stop::Replayed(_)) => Err(Error::internal("a read was replayed")),
                }
            })
            .await?;
        match outcome {
            Ok(value) => return Ok(value),
            Err(unsettled) => {
                let (within, request_id) = (Arc::clone(&house), request.request_id.clone());
                let settle = move |conn: &mut Conn| {
                    let now = within.clock.now();
                    submissions::settle(conn, &within, &request_id, unsettled.scope(), now)
                };
                house.db.write(settle).await?;
            }
        }
    }
    Err(Error::new(Code::Busy))
}

/// Runs a changing act: its effect, its audit entries and its kept answer commit together or not at all.
///
/// # Errors
/// Those of `work`.
pub async fn act(
    house: Arc<House>,
    request: Request,
    work: impl Fn(&mut Conn, &Context) -> Result<Answer, Stop> + Send + 'static,
) -> Result<Answer, Error> {
    let within = Arc::clone(&house);
    let transaction = move |conn: &mut Conn| {
        let mut context = context(conn, &within, &request)?;
        let Caller { issuer, subject, .. } = &request.caller;
        let caller = format!("{issuer}|{subject}");
        if let Some((key, asked)) = &request.conditions.idempotency {
            context.first_answer =
                store::idempotency::begin(conn, &caller, key, asked, context.now).map_err(|error| {
                    if error.code == Code::Busy { Error::new(Code::IdempotencyInProgress) } else { error }
                })?;
        }
        let answer = match work(conn, &context) {
            Ok(answer) => answer,
            Err(Stop::Replayed(first)) => return Ok(Answer::from(first)),
            Err(Stop::Refused(error)) => return Err(error),
            Err(Stop::Unsettled(_)) => {
                return Err(Error::internal("a changing act settles by itself"));
            }
        };
        if let Some((key, asked)) = &request.conditions.idempotency {
            let first = FirstAnswer {
                request_sha256: asked.clone(),
                status: Some(i32::from(answer.status)),
                location: answer.location.clone(),
                etag: answer.etag.clone(),
                body: Some(answer.body.clone()),
            };
            store::idempotency::finish(conn, &caller, key, &first)?;
        }
        Ok(answer)
    };
    let done = house.db.write(transaction).await;
    if done.is_ok() {
        house.bell.ring();
    }
    if done.as_ref().is_err_and(|error| error.source.is_some()) {
        // What was not committed may have been read: a table published and taken back is no published table.
        house.tables.clear();
    }
    done
}

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
