//! An operation: the single value that the router, the document and the tests read.
//!
//! Method, path, parameters, bodies and responses are declared in the handler's `#[utoipa::path]`; [`operations!`] adds
//! what the attribute cannot express.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, guard, web};
use utoipa::openapi::path::{HttpMethod, Operation as Description};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{RefOr, path};

use super::problem::Problem;
use crate::domain::access;
use crate::domain::access::action::Action;
use crate::domain::office::member::Role;
use crate::error::{Code, Error};

/// Who may call an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callers {
    /// Everyone; no token is required.
    Anybody,
    /// Everyone with a token.
    Authenticated,
    /// Operators of the installation.
    Operators,
    /// Callers to whom one of the actions is granted.
    Granted(Vec<Action>),
    /// Callers to whom one of the actions is granted, and operators.
    GrantedOrOperators(Vec<Action>),
}

impl From<Action> for Callers {
    fn from(action: Action) -> Self {
        Callers::Granted(vec![action])
    }
}

impl<const N: usize> From<[Action; N]> for Callers {
    fn from(actions: [Action; N]) -> Self {
        Callers::Granted(actions.into())
    }
}

/// What an operation does to its resource. Its headers and the problem codes of its kind follow from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads a resource.
    Read,
    /// Reads a list page by page.
    List,
    /// Creates a resource.
    Create,
    /// Changes a resource in the version that `If-Match` names.
    Change,
    /// Creates a resource at a given path or replaces it; only replacing requires `If-Match`.
    Put,
    /// Moves a resource to another state, from the version that `If-Match` names.
    Act,
    /// Deletes a resource in the version that `If-Match` names.
    Delete,
    /// Runs a job that does not depend on a version.
    Run,
}

impl Kind {
    /// Whether it accepts `If-Match`.
    pub const fn takes_tag(self) -> bool {
        matches!(self, Kind::Change | Kind::Put | Kind::Act | Kind::Delete)
    }

    /// Whether it requires `If-Match`.
    pub const fn needs_tag(self) -> bool {
        self.takes_tag() && !matches!(self, Kind::Put)
    }

    /// Whether it changes nothing.
    pub const fn is_reading(self) -> bool {
        matches!(self, Kind::Read | Kind::List)
    }
}

/// What is declared about an operation in addition to its `#[utoipa::path]`.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What it does.
    pub kind: Kind,
    /// Who may call it.
    pub callers: Callers,
    /// Problem codes in addition to those of its kind.
    pub refusals: &'static [Code],
    /// Whether the response contains a secret. It is not stored, so the request accepts no `Idempotency-Key`.
    pub answers_secret: bool,
}

impl Facts {
    fn of(kind: Kind, callers: impl Into<Callers>) -> Self {
        Facts { kind, callers: callers.into(), refusals: &[], answers_secret: false }
    }

    /// Adds problem codes to those of the kind.
    pub const fn refuses(mut self, codes: &'static [Code]) -> Self {
        self.refusals = codes;
        self
    }

    /// Declares that the response contains a secret.
    pub const fn answers_secret(mut self) -> Self {
        self.answers_secret = true;
        self
    }

    /// Allows operators of the installation as well.
    pub fn or_operators(mut self) -> Self {
        self.callers = match self.callers {
            Callers::Granted(actions) => Callers::GrantedOrOperators(actions),
            callers @ (Callers::Anybody
            | Callers::Authenticated
            | Callers::Operators
            | Callers::GrantedOrOperators(_)) => callers,
        };
        self
    }
}

/// Facts of [`Kind::Read`].
pub fn reads(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::Read, callers)
}

/// Facts of [`Kind::List`].
pub fn lists(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::List, callers)
}

/// Facts of [`Kind::Create`].
pub fn creates(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::Create, callers)
}

/// Facts of [`Kind::Change`].
pub fn changes(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::Change, callers)
}

/// Facts of [`Kind::Put`].
pub fn puts(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::Put, callers)
}

/// Facts of [`Kind::Act`].
pub fn acts(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::Act, callers)
}

/// Facts of [`Kind::Delete`].
pub fn deletes(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::Delete, callers)
}

/// Facts of [`Kind::Run`].
pub fn runs(callers: impl Into<Callers>) -> Facts {
    Facts::of(Kind::Run, callers)
}

/// A named schema.
pub type NamedSchema = (String, RefOr<Schema>);

/// An operation of the service.
pub struct Operation {
    /// HTTP method.
    pub method: Method,
    /// Pattern of the path.
    pub path: String,
    /// Group that it is listed in.
    pub tag: Tag,
    /// What is declared about it in addition to its `#[utoipa::path]`.
    pub facts: Facts,
    noun: &'static str,
    describe: fn() -> Description,
    collect_schemas: fn(&mut Vec<NamedSchema>),
    route: fn() -> Route,
}

impl Operation {
    /// Returns an operation on `noun` from what its `#[utoipa::path]` generates.
    pub fn of<P>(_: P, tag: Tag, noun: &'static str, facts: Facts, route: fn() -> Route) -> Self
    where
        P: utoipa::Path + utoipa::__dev::SchemaReferences,
    {
        let method = P::methods().first().map_or(Method::GET, method);
        let (describe, collect_schemas) = (P::operation, P::schemas);
        Operation { method, path: P::path(), tag, facts, noun, describe, collect_schemas, route }
    }

    /// Returns the description that its `#[utoipa::path]` generates.
    pub fn describe(&self) -> Description {
        (self.describe)()
    }

    /// Returns the schemas that it refers to.
    pub fn schemas(&self) -> Vec<NamedSchema> {
        let mut schemas = Vec::new();
        (self.collect_schemas)(&mut schemas);
        schemas
    }

    /// Returns its id in the document, `noun.verb`. The verb is the handler's name unless the attribute gives another.
    pub fn id(&self, description: &Description) -> String {
        format!("{}.{}", self.noun, description.operation_id.as_deref().unwrap_or_default())
    }

    /// Whether it requires a token.
    pub fn is_secured(&self) -> bool {
        self.facts.callers != Callers::Anybody
    }

    /// Returns the roles that may call it, or `None` if access does not depend on roles.
    pub fn roles(&self) -> Option<Vec<Role>> {
        let granted =
            |actions: &[Action]| -> Vec<Role> { actions.iter().flat_map(|action| access::roles_of(*action)).collect() };
        let mut roles = match &self.facts.callers {
            Callers::Anybody | Callers::Authenticated => return None,
            Callers::Operators => vec![access::OPERATOR],
            Callers::Granted(actions) => granted(actions),
            Callers::GrantedOrOperators(actions) => [granted(actions), vec![access::OPERATOR]].concat(),
        };
        roles.sort_unstable();
        roles.dedup();
        Some(roles)
    }

    /// Whether it accepts an `Idempotency-Key`.
    pub fn takes_idempotency_key(&self) -> bool {
        self.is_secured() && self.method == Method::POST && !self.facts.answers_secret
    }

    /// Returns its method and the route to its handler.
    fn route(&self) -> (Method, Route) {
        (self.method.clone(), (self.route)())
    }
}

/// Returns the route to a handler, for any method.
pub fn route<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::route().to(handler)
}

fn method(method: &HttpMethod) -> Method {
    match method {
        path::HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

/// Lists the operations of a noun: each handler with its [`Facts`].
macro_rules! operations {
    ($tag:ident, $noun:literal; $($handler:ident: $facts:expr),+ $(,)?) => {
        ::std::vec![$($crate::http::operation::Operation::of(
            ::pastey::paste!([<__path_ $handler>]),
            $crate::http::operation::Tag::$tag,
            $noun,
            $facts,
            || $crate::http::operation::route($handler),
        )),+]
    };
}
pub(super) use operations;

/// Registers the operations, each path once.
///
/// Scopes are matched by name alone. Within a scope the patterns are tried in order, literal segments before
/// parameters.
pub fn register(config: &mut web::ServiceConfig, operations: &[Operation]) {
    let mut scopes: BTreeMap<&str, BTreeMap<&str, Vec<&Operation>>> = BTreeMap::new();
    for operation in operations {
        let (scope, rest) = split(&operation.path);
        scopes.entry(scope).or_default().entry(rest).or_default().push(operation);
    }
    for (scope, paths) in scopes {
        let routes = |operations: Vec<&Operation>| operations.into_iter().map(Operation::route).collect();
        let resources = paths.into_iter().map(|(path, operations)| resource(&pattern(path), routes(operations)));
        if scope.is_empty() {
            for resource in resources {
                config.service(resource);
            }
        } else {
            config.service(resources.fold(web::scope(scope), actix_web::Scope::service));
        }
    }
}

/// Returns the pattern of a path. A parameter named `path` stands for the rest of it, slashes included.
fn pattern(path: &str) -> String {
    path.replace("{path}", "{path:.*}")
}

/// Splits a path into its scope (`/v1/` and a noun) and the rest.
fn split(path: &str) -> (&str, &str) {
    let Some(rest) = path.strip_prefix("/v1/") else {
        return ("", path);
    };
    let noun = rest.find('/').unwrap_or(rest.len());
    path.split_at("/v1/".len() + noun)
}

/// Returns a resource with a route for each method. `GET` also answers `HEAD`. Any other method is answered with 405
/// and the allowed methods, which `OPTIONS` lists.
pub fn resource(path: &str, routes: Vec<(Method, Route)>) -> Resource {
    let allow = allowed(&routes);
    let other = move |request: HttpRequest| std::future::ready(other_method(&request, &allow));
    let resource = web::resource(path).default_service(web::to(other));
    routes.into_iter().fold(resource, |resource, (method, route)| {
        let fits = move |head: &guard::GuardContext| {
            let requested = &head.head().method;
            *requested == method || *requested == Method::HEAD && method == Method::GET
        };
        resource.route(route.guard(guard::fn_guard(fits)))
    })
}

fn allowed(routes: &[(Method, Route)]) -> String {
    let mut names: Vec<&str> = routes.iter().map(|(method, _)| method.as_str()).collect();
    names.sort_unstable();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.join(", ")
}

fn other_method(request: &HttpRequest, allow: &str) -> Result<HttpResponse, Problem> {
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((actix_web::http::header::ALLOW, allow)).finish());
    }
    Err(Problem::new(request, Error::new(Code::MethodNotAllowed)).allowing(allow.to_owned()))
}

/// Groups of operations in the document, in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Tag {
    /// Tokens, service accounts and the caller.
    Auth,
    /// Organisations, their units and members.
    Organizations,
    /// Criteria sets.
    Criteria,
    /// Periods and their targets.
    Periods,
    /// Submissions.
    Submissions,
    /// Evidence of a submission.
    Evidence,
    /// Reviews and council sessions.
    Reviews,
    /// Facts, ranking and tie decisions.
    Results,
    /// Award proposals.
    Awards,
    /// The working calendar.
    Calendar,
    /// Deadlines, tasks, checks and calendar feeds.
    Deadlines,
    /// Events.
    Events,
    /// Webhooks.
    Webhooks,
    /// The audit log.
    Audit,
    /// Health, the document and problem codes.
    Service,
    /// The sandbox.
    Sandbox,
}

impl Tag {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Tag::Auth => "auth",
            Tag::Organizations => "organizations",
            Tag::Criteria => "criteria",
            Tag::Periods => "periods",
            Tag::Submissions => "submissions",
            Tag::Evidence => "evidence",
            Tag::Reviews => "reviews",
            Tag::Results => "results",
            Tag::Awards => "awards",
            Tag::Calendar => "calendar",
            Tag::Deadlines => "deadlines",
            Tag::Events => "events",
            Tag::Webhooks => "webhooks",
            Tag::Audit => "audit",
            Tag::Service => "service",
            Tag::Sandbox => "sandbox",
        }
    }

    /// Returns its description.
    pub const fn description(self) -> &'static str {
        match self {
            Tag::Auth => "Tokens, service accounts and the caller.",
            Tag::Organizations => "Organisations, their units and members.",
            Tag::Criteria => "Criteria sets: drafting, checking, publishing, importing and exporting.",
            Tag::Periods => "Emulation periods: their stages and targets.",
            Tag::Submissions => "Submissions of the units: scores, readiness, submission and revisions.",
            Tag::Evidence => "Evidence of a submission: files and references to documents.",
            Tag::Reviews => "Appraisals, council reviews and council sessions.",
            Tag::Results => "Facts about the units, the ranking and decisions on ties.",
            Tag::Awards => "Award proposals and their dossiers.",
            Tag::Calendar => "Public holidays, substitute days off and the calculation of working days.",
            Tag::Deadlines => "Deadlines, tasks, checks and calendar feeds.",
            Tag::Events => "Events in the order in which they occurred.",
            Tag::Webhooks => "Webhook endpoints and their deliveries.",
            Tag::Audit => "Every change, in a hash chain.",
            Tag::Service => "Health, this document and explanations of problem codes.",
            Tag::Sandbox => "Test users and an adjustable clock; available only in the sandbox.",
        }
    }
}
