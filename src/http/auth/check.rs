//! The one check of a bearer token, whoever issued it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::jwks::VerifyingKey;
use super::{MAX_LIFETIME_SECONDS, TOKEN_TYPE};
use crate::domain::office::provider::{MAX_NAME_CHARS, SigningAlgorithm};
use crate::error::{Code, Error};

/// How far two machines' clocks may be apart.
pub const LEEWAY_SECONDS: i64 = 30;
/// The longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

fn invalid() -> Error {
    Error::new(Code::TokenInvalid)
}

/// Reads a field of any value, null included, as present.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    /// Extensions that have to be understood: none is.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    /// RFC 7797: a payload that is not encoded.
    #[serde(default, deserialize_with = "present")]
    b64: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The claims that every token has.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    iss: String,
    /// The subject.
    pub sub: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
}

impl Claims {
    /// Checks everything that depends on the time: the same for a token that comes for the first time and for one that is
    /// remembered.
    ///
    /// # Errors
    /// `token_expired`, `token_invalid`.
    pub fn check_times(&self, now: i64) -> Result<(), Error> {
        let latest = now.saturating_add(LEEWAY_SECONDS);
        let lifetime = self.exp.saturating_sub(self.iat);
        let is_begun = self.iat <= latest && self.nbf.is_none_or(|nbf| nbf <= latest);
        if !is_begun || !(1..=MAX_LIFETIME_SECONDS).contains(&lifetime) {
            return Err(invalid());
        }
        if now >= self.exp.saturating_add(LEEWAY_SECONDS) {
            return Err(Error::new(Code::TokenExpired));
        }
        Ok(())
    }

    /// Checks the claims against what an issuer's tokens have to say.
    ///
    /// # Errors
    /// `token_expired`, `token_invalid`.
    pub fn check(&self, audience: &str, now: i64) -> Result<(), Error> {
        let is_for_us = match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Many(many) => many.iter().any(|one| one == audience),
        };
        let is_name = !self.sub.trim().is_empty()
            && self.sub.chars().count() <= MAX_NAME_CHARS
            && !self.sub.chars().any(char::is_control);
        if is_for_us && is_name { self.check_times(now) } else { Err(invalid()) }
    }
}

/// The types of token that an issuer signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Types {
    /// RFC 9068 alone.
    AccessToken,
    /// RFC 9068, or any JWT.
    AnyJwt,
}

impl Types {
    fn include(self, typ: &str) -> bool {
        match self {
            Types::AccessToken => typ == TOKEN_TYPE,
            Types::AnyJwt => {
                ["at+jwt", "application/at+jwt", "JWT"].iter().any(|known| typ.eq_ignore_ascii_case(known))
            }
        }
    }
}

/// A token that was taken apart; nothing of it is to be believed yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    signed: &'a str,
    signature: &'a str,
    typ: String,
    /// The algorithm that it claims to be signed with.
    pub algorithm: SigningAlgorithm,
    /// The key that it names.
    pub key_id: Option<String>,
    /// Its claims.
    pub claims: Claims,
    /// The bytes of its claims.
    pub payload: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// `token_invalid`.
    pub fn read(token: &'a str) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(invalid)?;
        let (header, payload) = signed.split_once('.').filter(|(_, rest)| !rest.contains('.')).ok_or_else(invalid)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid());
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| invalid())?;
        let payload = decode(payload)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| invalid())?;
        let algorithm = header.alg.parse().map_err(|_| invalid())?;
        let is_bounded = |id: &String| !id.is_empty() && id.chars().count() <= MAX_NAME_CHARS;
        if header.crit || header.b64 || !header.kid.as_ref().is_none_or(is_bounded) {
            return Err(invalid());
        }
        let typ = header.typ.ok_or_else(invalid)?;
        Ok(Unverified { signed, signature, typ, algorithm, key_id: header.kid, claims, payload })
    }

    /// The issuer that it claims to be of.
    pub fn issuer(&self) -> &str {
        &self.claims.iss
    }

    /// Whether it is of one of these types.
    pub fn is_of(&self, types: Types) -> bool {
        types.include(&self.typ)
    }

    /// Verifies the signature with the key's own algorithm.
    ///
    /// # Errors
    /// `token_invalid`.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), Error> {
        let verified = self.algorithm == key.algorithm
            && jsonwebtoken::crypto::verify(
                self.signature,
                self.signed.as_bytes(),
                &key.decoding,
                key.algorithm.into(),
            )
            .is_ok_and(|is_good| is_good);
        if verified { Ok(()) } else { Err(invalid()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn claims(iat: i64, exp: i64, nbf: Option<i64>) -> Claims {
        let (iss, sub) = ("i".to_owned(), "s".to_owned());
        Claims { iss, sub, aud: Audience::One("a".to_owned()), iat, exp, nbf }
    }

    #[test]
    fn times_are_checked_with_thirty_seconds_of_leeway() {
        let code = |claims: Claims| claims.check_times(NOW).err().map(|error| error.code);
        let (invalid, expired) = (Some(Code::TokenInvalid), Some(Code::TokenExpired));
        for (iat, exp, nbf, expected) in [
            (NOW, NOW + 60, None, None),
            (NOW + 30, NOW + 60, Some(NOW + 30), None),
            (NOW + 31, NOW + 60, None, invalid),
            (NOW, NOW + 60, Some(NOW + 31), invalid),
            (NOW - 60, NOW - 29, None, None),
            (NOW - 60, NOW - 30, None, expired),
            (NOW, NOW + MAX_LIFETIME_SECONDS, None, None),
            (NOW, NOW + MAX_LIFETIME_SECONDS + 1, None, invalid),
            (NOW, NOW, None, invalid),
            (NOW, NOW - 1, None, invalid),
            (i64::MIN, i64::MAX, None, invalid),
            (i64::MAX, i64::MAX, Some(i64::MAX), invalid),
        ] {
            assert_eq!(code(claims(iat, exp, nbf)), expected, "{iat} {exp} {nbf:?}");
        }
    }
}
