//! The context of an act: its caller, the request's conditions and the service's shared state.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use super::app::App;
use super::interrupt::{Interrupt, Result};
use super::tag;
use crate::domain::Id;
use crate::domain::access::{Actor, Principal, Scopes};
use crate::domain::office::member::{MemberKind, ServiceAccount};
use crate::domain::office::session::Session;
use crate::error::{Code, Error};
use crate::store::idempotency::StoredResponse;
use crate::store::members::Holder;
use crate::store::{self, Conn};

/// The caller named by the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who the token stands for.
    pub principal: Principal,
    /// Scopes that narrow what the roles allow.
    pub scopes: Scopes,
}

/// Conditions that a request states outside its body.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// Value of `If-Match`.
    pub if_match: Option<String>,
    /// Value of `Idempotency-Key`, with the digest of the request.
    pub idempotency: Option<(String, String)>,
    /// A fault of the headers or the query (406, 415, 400), reported only after authorisation so that it reveals nothing.
    pub fault: Option<Error>,
}

/// Who made a request, as the log names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified {
    /// Whether a person or a machine.
    pub kind: MemberKind,
    /// The membership; none for a user of an identity provider with several.
    pub member_id: Option<Id>,
    /// The service account of a machine.
    pub service_account_id: Option<Id>,
    /// The session that a person signed in to.
    pub session_id: Option<Id>,
}

impl Identified {
    /// Somebody who has signed in.
    pub fn by_session(session: &Session) -> Self {
        let (kind, member_id, session_id) = (MemberKind::Person, Some(session.member_id), Some(session.id));
        Identified { kind, member_id, service_account_id: None, session_id }
    }

    /// A machine that has shown the secret of its account.
    pub fn by_secret(account: &ServiceAccount) -> Self {
        let (kind, member_id) = (MemberKind::Machine, Some(account.member_id));
        Identified { kind, member_id, service_account_id: Some(account.id), session_id: None }
    }

    fn of(actor: &Actor) -> Self {
        let only = match actor.memberships.as_slice() {
            [only] => Some(only.member_id),
            _ => None,
        };
        Identified {
            kind: actor.kind,
            member_id: only,
            service_account_id: actor.principal.service_account_id(),
            session_id: actor.principal.session_id(),
        }
    }
}

/// Set as soon as it is known who made a request.
pub type IdentifiedCell = Arc<OnceLock<Identified>>;

/// An authenticated request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The caller named by the token.
    pub caller: Caller,
    /// Id for the log and the audit entry.
    pub request_id: String,
    /// Tells the log who made the request.
    pub identified: IdentifiedCell,
    /// Conditions stated outside the body.
    pub conditions: Conditions,
}

/// A parsed body, or the reason why it cannot be parsed, reported only after authorisation.
pub type Input<T> = Result<T, Error>;

/// Everything that an act needs besides its command.
pub struct Context<'a> {
    /// Shared state of the running service.
    pub app: &'a App,
    /// The caller, with the memberships valid now.
    pub actor: Actor,
    /// The instant of the request.
    pub now: DateTime<Utc>,
    pub(super) request: &'a Request,
    pub(super) stored_response: Option<StoredResponse>,
}

impl Context<'_> {
    /// Id of the request.
    pub fn request_id(&self) -> &str {
        &self.request.request_id
    }

    /// The service account that obtained the caller's token; none for a person's token.
    pub fn service_account_id(&self) -> Option<Id> {
        self.actor.principal.service_account_id()
    }

    /// Returns an id for a new record.
    pub fn new_id(&self) -> Id {
        self.app.ids.next()
    }

    /// Returns the parsed command. To be called after authorisation: faults of headers (406, 415) come before faults of the
    /// body (400), and both before the replay of a stored response.
    ///
    /// # Errors
    /// Faults of headers and body, `idempotency_key_reused`; [`Interrupt::Replayed`].
    pub fn accept<'i, T>(&self, input: &'i Input<T>) -> Result<&'i T> {
        if let Some(error) = &self.request.conditions.fault {
            return Err(Interrupt::Refused(error.clone()));
        }
        let command = input.as_ref().map_err(Error::clone)?;
        match (&self.stored_response, &self.request.conditions.idempotency) {
            (Some(first), Some((_, digest))) if first.request_sha256 == *digest => {
                Err(Interrupt::Replayed(first.clone()))
            }
            (Some(_), _) => Err(Interrupt::Refused(Error::new(Code::IdempotencyKeyReused))),
            (None, _) => Ok(command),
        }
    }

    /// Rejects a read whose headers or query are at fault. To be called after authorisation.
    ///
    /// # Errors
    /// `not_acceptable` and the faults of the query.
    pub fn accept_read(&self) -> Result<(), Error> {
        self.request.conditions.fault.clone().map_or(Ok(()), Err)
    }

    /// Rejects a missing or stale `If-Match`.
    ///
    /// # Errors
    /// `precondition_required`, `version_mismatch`.
    pub fn check_precondition(&self, state: &str) -> Result<(), Error> {
        tag::require(self.request.conditions.if_match.as_deref(), &[state])
    }

    /// Rejects an `If-Match` where the record does not exist yet.
    ///
    /// # Errors
    /// `version_mismatch`.
    pub fn expect_absent(&self) -> Result<(), Error> {
        if self.request.conditions.if_match.is_none() { Ok(()) } else { Err(Error::new(Code::VersionMismatch)) }
    }

    /// The organisation of a request: the one it names, or the caller's only one.
    ///
    /// # Errors
    /// `not_found` for an organisation of others, `organization_required` when the caller belongs to several,
    /// `role_required` when it belongs to none.
    pub fn organization(&self, named: Option<&Id>) -> Result<Id, Error> {
        match (named, self.actor.organization_ids().as_slice()) {
            (Some(id), own) if own.contains(id) => Ok(*id),
            (Some(_), _) => Err(Error::new(Code::NotFound)),
            (None, [only]) => Ok(*only),
            (None, []) => Err(Error::new(Code::RoleRequired)),
            (None, _) => Err(Error::new(Code::OrganizationRequired)),
        }
    }

    /// Id of the caller's membership in an organisation.
    ///
    /// # Errors
    /// `not_found` when the caller is not a member.
    pub fn member_id(&self, organization_id: &Id) -> Result<Id, Error> {
        let membership = self.actor.membership(organization_id).ok_or(Code::NotFound)?;
        Ok(membership.member_id)
    }
}

pub(super) fn context<'a>(conn: &mut Conn, app: &'a App, request: &'a Request) -> Result<Context<'a>, Interrupt> {
    let Caller { principal, scopes } = &request.caller;
    let now = app.clock.now();
    let holder = store::members::holder(conn, principal, now)?.ok_or(Code::TokenInvalid)?;
    if let Some(member_id) = holder.to_take {
        return Err(Interrupt::UntakenMembership(member_id));
    }
    let Holder { kind, issuer, subject, memberships, .. } = holder;
    let (principal, scopes) = (principal.clone(), scopes.clone());
    let actor = Actor { principal, kind, issuer, subject, memberships, scopes };
    request.identified.get_or_init(|| Identified::of(&actor));
    Ok(Context { app, actor, now, request, stored_response: None })
}
