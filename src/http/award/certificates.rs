//! The certificate of an announced result: `/v1/periods/{id}/certificate`.

use actix_web::http::header;

use crate::domain::access::action::Action;
use crate::error::Code;
use crate::http::auth::jwks::KeySet;
use crate::http::auth::statement;
use crate::http::call::{Call, Reply};
use crate::http::files::{self, FileBytes};
use crate::http::operation::{Operation, operations, reads};
use crate::service::award::certificates::{self, AUDIENCE, Certificate};
use crate::service::tag;

/// Returns the operation on certificates.
pub fn operations() -> Vec<Operation> {
    operations![Results, "periods"; certificate: reads(Action::ReadRanking).refuses(&[Code::InvalidState])]
}

/// Type of a certificate.
const TYPE: &str = "result-certificate+jwt";

/// A certificate whose signature is good.
#[derive(Debug)]
pub struct VerifiedCertificate {
    /// Id of the key that signed it.
    pub key_id: String,
    /// What it states.
    pub certificate: Certificate,
}

/// Verifies a certificate with the keys at hand.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn verify(text: &str, keys: &[KeySet]) -> Result<VerifiedCertificate, String> {
    let statement::Verified { key_id, payload } = statement::verify(text, TYPE, keys)?;
    let certificate: Certificate =
        serde_json::from_slice(&payload).map_err(|error| format!("it states something else than a result: {error}"))?;
    if certificate.aud != AUDIENCE {
        return Err(format!("it is for {}, and not for {AUDIENCE}", certificate.aud));
    }
    Ok(VerifiedCertificate { key_id, certificate })
}

/// Get the certificate of the announced result.
///
/// The announced result as a JWS in compact serialisation (RFC 7515) of the service's key, to keep or to publish: every row
/// of the ranking as everybody may know it, its `commitment`, the notice, and a commitment to the audit chain up to the
/// announcement (`audit_commitment`: SHA-256 of the salt of the ranking, the number of the audit entry, `:`, and its hash).
/// The same bytes for everybody until the notice is corrected or the key is replaced. Keep `/.well-known/jwks.json` beside
/// it: with both it is verified offline, by `thidua verify-certificate` or any library, also when the key is no longer in
/// use. It is no token: its `typ` is `result-certificate+jwt` and its `aud` `thidua-certificate`. 409 `invalid_state` until
/// the results are announced.
#[utoipa::path(get, path = "/v1/periods/{id}/certificate", responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/jose")))]
async fn certificate(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let issuer = call.state().keys.issuer().to_owned();
    let certificate = call.fetch(move |conn, context| certificates::find(conn, context, &issuer, &id)).await?;
    let signed = call.state().keys.sign_statement(&certificate, TYPE).map_err(|error| call.problem(error))?;
    let etag = tag::of_body(&signed);
    if call.etag_matches(&etag) {
        return Ok(files::not_modified(&etag));
    }
    let name = format!("thi-dua-{}.jws", certificate.period.code);
    Ok(files::attachment_response(&name, "application/jose").insert_header((header::ETAG, etag)).body(signed))
}
