//! What an act is given: who calls, what the request asks for, and the installation.

use chrono::{DateTime, Utc};

use super::app::App;
use super::interrupt::Interrupt;
use super::tag;
use crate::domain::Id;
use crate::domain::access::{Actor, Scopes};
use crate::error::{Code, Error};
use crate::store::idempotency::FirstAnswer;
use crate::store::{self, Conn};

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
    pub app: &'a App,
    /// Who acts, with the memberships that stand now.
    pub actor: Actor,
    /// Now.
    pub now: DateTime<Utc>,
    pub(super) request: &'a Request,
    pub(super) first_answer: Option<FirstAnswer>,
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
        self.app.ids.next()
    }

    /// Lets the command in, once the right was checked: the form (406, 415), the syntax (400),
    /// then a first answer that is given again.
    ///
    /// # Errors
    /// Those of the form and the syntax, `idempotency_key_reused`; [`Interrupt::Replayed`].
    pub fn accept<'i, T>(&self, input: &'i Input<T>) -> Result<&'i T, Interrupt> {
        if let Some(error) = &self.request.conditions.form {
            return Err(Interrupt::Refused(error.clone()));
        }
        let command = input.as_ref().map_err(Error::clone)?;
        match (&self.first_answer, &self.request.conditions.idempotency) {
            (Some(first), Some((_, digest))) if first.request_sha256 == *digest => {
                Err(Interrupt::Replayed(first.clone()))
            }
            (Some(_), _) => Err(Interrupt::Refused(Error::new(Code::IdempotencyKeyReused))),
            (None, _) => Ok(command),
        }
    }

    /// Lets a read pass whose form is right.
    ///
    /// # Errors
    /// 406.
    pub fn accept_read(&self) -> Result<(), Error> {
        self.request.conditions.form.clone().map_or(Ok(()), Err)
    }

    /// Asks that the caller saw the state that the change starts from.
    ///
    /// # Errors
    /// `precondition_required`, `version_mismatch`.
    pub fn check_precondition(&self, state: &str) -> Result<(), Error> {
        match &self.request.conditions.if_match {
            None => Err(Error::new(Code::PreconditionRequired)),
            Some(header) if tag::matches(header, state) => Ok(()),
            Some(_) => Err(Error::new(Code::VersionMismatch)),
        }
    }

    /// Asks that the caller saw no state where there is none.
    ///
    /// # Errors
    /// `version_mismatch`.
    pub fn expect_absent(&self) -> Result<(), Error> {
        if self.request.conditions.if_match.is_none() { Ok(()) } else { Err(Error::new(Code::VersionMismatch)) }
    }

    /// The organisation that a request is about: the one it names, or the caller's only one.
    ///
    /// # Errors
    /// `not_found` for a foreign one, `organization_required` where it is not clear.
    pub fn organization(&self, named: Option<&Id>) -> Result<Id, Error> {
        match (named, self.actor.organization_ids().as_slice()) {
            (Some(id), own) if own.contains(id) => Ok(*id),
            (Some(_), _) => Err(Error::new(Code::NotFound)),
            (None, [only]) => Ok(*only),
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
        Ok(membership.member_id)
    }
}

pub(super) fn context<'a>(conn: &mut Conn, app: &'a App, request: &'a Request) -> Result<Context<'a>, Error> {
    let Caller { issuer, subject, client_id, scopes } = &request.caller;
    let now = app.clock.now();
    if let Some(client_id) = client_id
        && !store::accounts::is_live(conn, client_id)?
    {
        return Err(Error::new(Code::TokenInvalid));
    }
    let memberships = store::members::current_of(conn, issuer, subject, now)?;
    let actor = Actor { issuer: issuer.clone(), subject: subject.clone(), memberships, scopes: scopes.clone() };
    Ok(Context { app, actor, now, request, first_answer: None })
}
