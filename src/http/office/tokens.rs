//! Access tokens of the service's own issuer.

use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::access::ScopeKind;
use crate::error::{Code, Error};
use crate::http::State;
use crate::http::auth::LIFETIME_SECONDS;
use crate::http::call::{Reply, receive};
use crate::http::json::AnyObject;
use crate::http::operation::{Callers, Operation, operations, reads, runs};
use crate::http::problem::{Problem, identified};
use crate::service::Identified;
use crate::service::office::accounts;

/// Returns the operations on `auth`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "auth";
        token: runs(Callers::Anybody).refuses(TOKEN_REFUSALS),
        jwks: reads(Callers::Anybody),
        metadata: reads(Callers::Anybody),
        metadata_of_path: reads(Callers::Anybody).refuses(&[Code::NotFound]),
    ]
}

const TOKEN_REFUSALS: &[Code] = &[Code::InvalidClient, Code::InvalidScope, Code::UnsupportedGrantType];

/// A token request as in RFC 6749, section 4.4. The credentials may be sent by HTTP Basic instead. Unknown parameters
/// are ignored (section 3.2).
#[derive(Debug, Deserialize, ToSchema)]
struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// Client id, unless sent by HTTP Basic.
    client_id: Option<String>,
    /// Client secret, unless sent by HTTP Basic.
    client_secret: Option<String>,
    /// Scopes separated by spaces, no more than the account has; defaults to all of them.
    #[schema(example = "read write")]
    scope: Option<String>,
}

/// A token response as in RFC 6749, section 5.1.
#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    /// The bearer token.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Lifetime in seconds.
    #[schema(example = 3600)]
    expires_in: i64,
    /// Scopes that restrict the token, separated by spaces; null if there are none.
    scope: Option<String>,
}

/// Obtain a token with a client id and a client secret.
///
/// The grant `client_credentials` of RFC 6749. A token is valid for an hour.
#[utoipa::path(post, path = "/v1/auth/token", request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token.", body = TokenView)))]
async fn token(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let body = receive(&request, payload.into_inner()).await.map_err(|error| Problem::new(&request, error))?;
    answer(&request, &body, &state).await.map_err(|(error, word)| Problem::new(&request, error).oauth(word))
}

/// Answers a token request. An error comes with its RFC 6749 error code.
async fn answer(request: &HttpRequest, body: &[u8], state: &State) -> Result<HttpResponse, (Error, &'static str)> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err((Error::new(Code::UnsupportedMediaType), "invalid_request"));
    }
    let form: TokenRequest = serde_urlencoded::from_bytes(body)
        .map_err(|_| (Error::new(Code::InvalidBody).with("problem", "wrong_type"), "invalid_request"))?;
    if form.grant_type != "client_credentials" {
        return Err((Error::new(Code::UnsupportedGrantType), "unsupported_grant_type"));
    }
    let refused = || (Error::new(Code::InvalidClient), "invalid_client");
    let given = match request.headers().contains_key(header::AUTHORIZATION) {
        true => basic(request),
        false => form.client_id.zip(form.client_secret),
    };
    let (client_id, secret) = given.ok_or_else(refused)?;
    let scope = form.scope;
    let found =
        state.app.db.read(move |conn| accounts::authenticate(conn, &client_id, &secret, scope.as_deref())).await;
    let named = [(Code::InvalidScope, "invalid_scope"), (Code::InvalidClient, "invalid_client")];
    let granted = found.map_err(|error| {
        let name = named.into_iter().find(|(code, _)| *code == error.code).map_or("server_error", |(_, name)| name);
        (error, name)
    })?;
    identified(request).get_or_init(|| Identified::by_secret(&granted.account));
    accounts::note_use(&state.app, &granted).await.map_err(|error| (error, "server_error"))?;
    let access_token = state.keys.issue(&granted.caller, LIFETIME_SECONDS).map_err(|error| (error, "server_error"))?;
    let view = TokenView { access_token, token_type: "Bearer", expires_in: LIFETIME_SECONDS, scope: granted.scope };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view))
}

/// HTTP Basic, both halves of it form-encoded (RFC 6749, section 2.3.1).
fn basic(request: &HttpRequest) -> Option<(String, String)> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let given = headers.next()?.to_str().ok()?;
    let (scheme, encoded) = given.split_once(' ').filter(|_| headers.next().is_none())?;
    let decoded = STANDARD.decode(encoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("text={text}")).ok()?;
    let mut values = pairs.into_iter().map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// Get the public key that tokens are signed with.
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200, description = "A JWK set as in RFC 7517.", body = AnyObject)))]
async fn jwks(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "max-age=300")).json(state.keys.jwks())
}

/// Get the metadata of the authorisation server.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", responses((status = 200, description = "Metadata as in RFC 8414.", body = AnyObject)))]
async fn metadata(state: web::Data<State>) -> HttpResponse {
    described(&state)
}

/// Get the metadata of the authorisation server, where its issuer has a path.
///
/// RFC 8414 puts the path of the issuer after the well-known one.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server/{path}", params(("path" = String, Path, description = "The path of the issuer, without the slash before it.")),
    responses((status = 200, description = "Metadata as in RFC 8414.", body = AnyObject)))]
async fn metadata_of_path(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Reply {
    if state.public_path().strip_prefix('/') == Some(path.as_str()) {
        Ok(described(&state))
    } else {
        Err(Problem::new(&request, Error::new(Code::NotFound)))
    }
}

fn described(state: &State) -> HttpResponse {
    let base = &state.public_url;
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "max-age=300")).json(json!({
        "issuer": state.keys.issuer(),
        "token_endpoint": format!("{base}/v1/auth/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ScopeKind::VARIANTS,
        "response_types_supported": [],
    }))
}
