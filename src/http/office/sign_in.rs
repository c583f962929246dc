//! `/v1/auth`: how people sign in, stay in and get out.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::office::invitation::Password;
use crate::error::{Code, Error};
use crate::http::State;
use crate::http::call::{Call, Reply, authenticate};
use crate::http::client::{origin, receive_json, receive_json_or_default};
use crate::http::operation::{Callers, Operation, operations, runs};
use crate::http::problem::{Problem, identified, request_id};
use crate::http::time::Instant;
use crate::service::office::sign_in::{self, Invited, Leaving, Login, SignedIn};
use crate::service::{Answer, Identified};

/// The operations on `auth` for people.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "auth";
        login: runs(Callers::Anybody).refuses(LOGIN_REFUSALS),
        refresh: runs(Callers::Anybody).refuses(REFRESH_REFUSALS),
        logout: runs(Callers::Anybody).refuses(LOGOUT_REFUSALS),
        check_invitation: runs(Callers::Anybody).refuses(INVITATION_REFUSALS),
        accept_invitation: runs(Callers::Anybody).refuses(ACCEPT_REFUSALS),
        change_password: runs(Callers::Authenticated).answers_secret().refuses(PASSWORD_REFUSALS),
    ]
}

const LOGIN_REFUSALS: &[Code] = &[Code::InvalidLogin, Code::Busy, Code::UnknownParameter];
const REFRESH_REFUSALS: &[Code] = &[Code::RefreshTokenInvalid, Code::UnknownParameter];
const LOGOUT_REFUSALS: &[Code] =
    &[Code::SessionRequired, Code::TokenInvalid, Code::TokenExpired, Code::TokenMissing, Code::UnknownParameter];
const INVITATION_REFUSALS: &[Code] = &[Code::InvitationInvalid, Code::InvitationExpired, Code::UnknownParameter];
const ACCEPT_REFUSALS: &[Code] = &[
    Code::InvitationInvalid,
    Code::InvitationExpired,
    Code::PasswordTooShort,
    Code::TextTooLong,
    Code::PasswordTooWeak,
    Code::Busy,
    Code::UnknownParameter,
];
const PASSWORD_REFUSALS: &[Code] =
    &[Code::SessionRequired, Code::PasswordWrong, Code::PasswordTooShort, Code::PasswordTooWeak];

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login, example = json!({"organization_code": "VP-UBND", "user_name": "nguyen.van.a", "password": "bốn con trâu qua cầu"}))]
struct LoginBody {
    /// The code of the office; absent for an operator of the installation.
    organization_code: Option<String>,
    /// The member's `subject`.
    user_name: String,
    /// The password.
    password: String,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh)]
struct RefreshBody {
    /// The refresh token that the last answer gave.
    refresh_token: String,
}

/// What names the session to end.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Logout)]
struct LogoutBody {
    /// Absent where the access token of the session is sent as a bearer token.
    refresh_token: Option<String>,
}

/// The token of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckInvitation)]
struct CheckBody {
    /// The token of the invitation.
    token: String,
}

/// The token of an invitation, with the password that its person chooses.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptInvitation)]
struct AcceptBody {
    /// The token of the invitation.
    token: String,
    /// 12 to 128 characters that are not easily guessed.
    password: String,
}

/// The password as it is and as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePassword, example = json!({"old": "bốn con trâu qua cầu", "new": "ba chiếc thuyền ngược dòng"}))]
struct PasswordBody {
    /// The present password.
    old: String,
    /// 12 to 128 characters that are not easily guessed.
    new: String,
}

/// What somebody has who has signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
struct SignedInView {
    /// The bearer token.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// In seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// For `POST /v1/auth/refresh`, once: each answer has the next one.
    refresh_token: String,
    session_id: Id,
    /// When the session ends unless it is refreshed before.
    refresh_expires_at: Instant,
}

/// What an invitation is for.
#[derive(Serialize, ToSchema)]
#[schema(as = InvitationCheck)]
struct InvitedView {
    /// The code of the office, to sign in with; null for an operator of the installation.
    #[schema(example = "VP-UBND")]
    organization_code: Option<String>,
    /// Name of the organisation; null for an operator of the installation.
    organization_name: Option<String>,
    /// The name to sign in with.
    #[schema(example = "nguyen.van.a")]
    user_name: String,
    /// Name shown to others.
    display_name: String,
    expires_at: Instant,
}

impl From<Invited> for InvitedView {
    fn from(invited: Invited) -> Self {
        let (code, name) = invited.organization.map(|office| (office.code, office.name)).unzip();
        InvitedView {
            organization_code: code,
            organization_name: name,
            user_name: invited.member.subject,
            display_name: invited.member.display_name,
            expires_at: Instant(invited.expires_at),
        }
    }
}

fn shown(view: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view)
}

fn signed_in(request: &HttpRequest, state: &State, signed_in: SignedIn) -> Result<HttpResponse, Error> {
    let SignedIn { caller, access_seconds, session, refresh_token } = signed_in;
    identified(request).get_or_init(|| Identified::by_session(&session));
    Ok(shown(&SignedInView {
        access_token: state.keys.issue(&caller, access_seconds)?,
        token_type: "Bearer",
        expires_in: access_seconds,
        refresh_token,
        session_id: session.id,
        refresh_expires_at: Instant(session.expires_at),
    }))
}

/// Sign in with a user name and a password.
///
/// The access token lives 15 minutes; `POST /v1/auth/refresh` gives the next one. A session that nobody refreshes ends after 12 hours, every
/// session after 30 days. Whatever is wrong, the answer is `invalid_login`. From the fifth failure in a row on, an account and an address wait
/// before the next try (`rate_limited` with `Retry-After`).
#[utoipa::path(post, path = "/v1/auth/login", request_body = LoginBody, responses((status = 200, description = "Signed in.", body = SignedInView)))]
async fn login(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Reply {
    let LoginBody { organization_code, user_name, password } = receive_json(&request, payload.into_inner()).await?;
    let login = Login { organization_code, user_name, password: Password::given(&password) };
    let outcome = sign_in::login(&state.app, login, origin(&request, &state)).await;
    outcome.and_then(|outcome| signed_in(&request, &state, outcome)).map_err(|error| Problem::new(&request, error))
}

/// Refresh a session.
///
/// Each refresh token is used once and answered with the next one. Where the answer is lost, the same token gets the same answer again until the
/// next one was used; an older token ends the whole session.
#[utoipa::path(post, path = "/v1/auth/refresh", request_body = RefreshBody, responses((status = 200, description = "Refreshed.", body = SignedInView)))]
async fn refresh(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Reply {
    let RefreshBody { refresh_token } = receive_json(&request, payload.into_inner()).await?;
    let outcome = sign_in::refresh(&state.app, refresh_token, request_id(&request)).await;
    outcome.and_then(|outcome| signed_in(&request, &state, outcome)).map_err(|error| Problem::new(&request, error))
}

/// Sign out.
///
/// Ends the session at once, by its access token as bearer token or by its refresh token in the body. A session that is over stays so.
#[utoipa::path(post, path = "/v1/auth/logout", request_body = LogoutBody, responses((status = 204, description = "The session is over.")))]
async fn logout(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Reply {
    let LogoutBody { refresh_token } = receive_json_or_default(&request, payload.into_inner()).await?;
    let problem = |error| Problem::new(&request, error);
    let leaving = match refresh_token {
        Some(token) => Leaving::Refresh(token),
        None => Leaving::Caller(authenticate(&request).await.map_err(problem)?.1),
    };
    sign_in::logout(&state.app, leaving, request_id(&request)).await.map_err(problem)?;
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// Read what an invitation is for.
///
/// For the page that asks for the password. The invitation stays as it is.
#[utoipa::path(post, path = "/v1/auth/check-invitation", request_body = CheckBody, responses((status = 200, description = "It can be accepted.", body = InvitedView)))]
async fn check_invitation(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Reply {
    let CheckBody { token } = receive_json(&request, payload.into_inner()).await?;
    let invited = sign_in::check_invitation(&state.app, token).await.map_err(|error| Problem::new(&request, error))?;
    Ok(shown(&InvitedView::from(invited)))
}

/// Accept an invitation with a password, and sign in.
///
/// The token is checked first, then the password; one that does not do leaves the invitation open. Whoever sent it must still have the right to
/// invite. For somebody who has a password it is the reset: the sessions of before end.
#[utoipa::path(post, path = "/v1/auth/accept-invitation", request_body = AcceptBody, responses((status = 200, description = "Signed in.", body = SignedInView)))]
async fn accept_invitation(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Reply {
    let AcceptBody { token, password } = receive_json(&request, payload.into_inner()).await?;
    let outcome = sign_in::accept_invitation(&state.app, token, &password, origin(&request, &state)).await;
    outcome.and_then(|outcome| signed_in(&request, &state, outcome)).map_err(|error| Problem::new(&request, error))
}

/// Change one's own password.
///
/// The caller's other sessions end.
#[utoipa::path(post, path = "/v1/auth/password", operation_id = "change_password", request_body = PasswordBody, responses((status = 204, description = "Changed.")))]
async fn change_password(call: Call) -> Reply {
    let input = call.body::<PasswordBody>().map(|body| (body.old, body.new));
    let mut call = call.with_secret();
    let app = Arc::clone(&call.state().app);
    let network = origin(call.http(), call.state()).network;
    let change = call.fetch(move |conn, context| sign_in::open_password(conn, context, &input)).await?;
    let hash = sign_in::prepare_password(&app, &change, &network).await.map_err(|error| call.problem(error))?;
    call.write(move |conn, context| {
        sign_in::change_password(conn, context, &change, &hash)?;
        Ok(Answer::nothing())
    })
    .await
}
