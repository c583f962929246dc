//! Signed statements that are no tokens: they are kept, handed on, and verified without the service.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwks::KeySet;
use crate::domain::office::provider::SigningAlgorithm;

/// Algorithm of the service's signatures.
pub const ALGORITHM: SigningAlgorithm = SigningAlgorithm::EdDsa;
/// The largest statement, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A statement whose signature is good.
#[derive(Debug)]
pub struct Verified {
    /// Id of the key that signed it.
    pub key_id: String,
    /// The statement, in JSON.
    pub payload: Vec<u8>,
}

/// The header of a statement, without its type. What it says beyond that could change its meaning, so there must be nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
}

/// Verifies a JWS in compact serialisation with the keys at hand.
///
/// # Errors
/// A sentence that says what is wrong: the form, another type or algorithm, an unknown key, the signature.
pub fn verify(text: &str, typ: &str, keys: &[KeySet]) -> Result<Verified, String> {
    if text.len() > MAX_BYTES {
        return Err("it is too large".to_owned());
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err("it is not a JWS in compact serialisation".to_owned());
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "it is not in base64url".to_owned());
    let mut fields: Map<String, Value> =
        serde_json::from_slice(&decode(header)?).map_err(|_| "its header is no JSON object".to_owned())?;
    match fields.remove("typ") {
        Some(Value::String(found)) if found == typ => {}
        found => return Err(format!("its type is {}, and not {typ}", found.unwrap_or_default())),
    }
    let Header { alg, kid } = serde_json::from_value(Value::Object(fields))
        .map_err(|_| "its header has other fields than alg, kid and typ".to_owned())?;
    if alg != "EdDSA" {
        return Err(format!("its algorithm is {alg}, and not EdDSA"));
    }
    let payload = decode(payload)?;
    let known: Vec<_> = keys.iter().filter_map(|set| set.find(Some(&kid), ALGORITHM)).collect();
    if known.is_empty() {
        return Err(format!("none of the keys given is {kid}, which it names"));
    }
    let signed = text.rsplit_once('.').map_or("", |(signed, _)| signed);
    let is_good = known.iter().any(|key| {
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.decoding, ALGORITHM.into())
            .is_ok_and(|is_good| is_good)
    });
    if is_good { Ok(Verified { key_id: kid, payload }) } else { Err("its signature is wrong".to_owned()) }
}
