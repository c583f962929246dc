//! Bearer tokens of the service's own issuer: issuing and verification.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::clock::{Ids, machine_now};
use crate::domain::Id;
use crate::domain::access::{Principal, Scopes};
use crate::domain::office::member::client_id;
use crate::error::{Code, Error};
use crate::service::{Caller, sha256_hex};

/// Audience of the tokens.
pub const AUDIENCE: &str = "thidua";
/// Type of the tokens, as in RFC 9068.
const TYPE: &str = "at+jwt";
/// Longest lifetime of a token, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 24 * 3600;
/// Lifetime of a token of a service account, in seconds.
pub const LIFETIME_SECONDS: i64 = 3600;
/// Tolerated difference between the clocks of two machines, in seconds.
const LEEWAY_SECONDS: u64 = 30;
/// Number of verified tokens in the cache. Verifying a signature costs more than the rest of authentication.
const CACHE_CAPACITY: usize = 4096;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The session that a person signed in to.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Id>,
}

/// Type of a signed checkpoint.
const CHECKPOINT_TYPE: &str = "audit-checkpoint+jwt";

/// A checkpoint of an audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The organisation whose chain it is.
    pub organization_id: Id,
    /// Number of the last entry; 0 before the first.
    pub sequence: i64,
    /// Hash of the last entry.
    pub hash: String,
    /// When the checkpoint was made, in UTC.
    pub at: String,
}

/// Keys of the service's own issuer.
pub struct Keys {
    issuer: String,
    key_id: String,
    public: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    verified: Cache<[u8; 32], Arc<(Caller, i64)>>,
}

impl Keys {
    /// Generates a key that lasts as long as the process.
    ///
    /// # Errors
    /// If no key can be generated.
    pub fn ephemeral(issuer: String) -> Result<Self, Error> {
        Self::from_pkcs8(issuer, &new_pkcs8()?)
    }

    /// Reads the key from a file, which is created on the first start, readable only by its owner. Instances that share
    /// the file and start together agree on one key.
    ///
    /// # Errors
    /// If the file cannot be read or created, or contains no key.
    pub fn of_file(issuer: String, path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            let made = new_pkcs8()?;
            let fresh = path.with_extension(format!("{}.new", std::process::id()));
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&fresh).map_err(Error::internal)?;
            file.write_all(&made).and_then(|()| file.sync_all()).map_err(Error::internal)?;
            // Linking fails if another instance was first; its key is then used.
            if let Err(error) = std::fs::hard_link(&fresh, path)
                && !path.exists()
            {
                return Err(Error::internal(error));
            }
            std::fs::remove_file(&fresh).map_err(Error::internal)?;
        }
        Self::from_pkcs8(issuer, &std::fs::read(path).map_err(Error::internal)?)
    }

    fn from_pkcs8(issuer: String, pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|error| Error::internal(error.to_string()))?;
        let public = pair.public_key().as_ref();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECONDS;
        let encoded = URL_SAFE_NO_PAD.encode(public);
        Ok(Keys {
            issuer,
            key_id: sha256_hex(public).chars().take(16).collect(),
            decoding: DecodingKey::from_ed_components(&encoded).map_err(Error::internal)?,
            public: encoded,
            encoding: EncodingKey::from_ed_der(pkcs8),
            validation,
            verified: Cache::new(CACHE_CAPACITY),
        })
    }

    /// Returns the name of the issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the public key as a JWK set (RFC 7517).
    pub fn jwks(&self) -> Value {
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.key_id, "x": self.public}]})
    }

    /// Issues a token.
    ///
    /// # Errors
    /// When it cannot be signed, or the principal is of another issuer.
    pub fn issue(&self, caller: &Caller, lifetime_seconds: i64) -> Result<String, Error> {
        let (sub, sid, client_id) = match &caller.principal {
            Principal::Account { member_id, session_id } => (member_id, *session_id, None),
            Principal::ServiceAccount { id } => (id, None, Some(client_id(id))),
            Principal::External { .. } => return Err(Error::internal("a token of another issuer")),
        };
        let now = machine_now().timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: sub.to_string(),
            iat: now,
            exp: now + lifetime_seconds.min(MAX_LIFETIME_SECONDS),
            jti: Ids::Random.next().to_string(),
            nbf: None,
            scope: caller.scopes.text(),
            client_id,
            sid,
        };
        let header =
            Header { typ: Some(TYPE.to_owned()), kid: Some(self.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(Error::internal)
    }

    /// Signs a checkpoint, so that whoever keeps it can prove what the chain contained.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, Error> {
        let header = Header {
            typ: Some(CHECKPOINT_TYPE.to_owned()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, checkpoint, &self.encoding).map_err(Error::internal)
    }

    /// Returns the checkpoint in a JWS, or `None` if this service did not sign it.
    pub fn read_checkpoint(&self, text: &str) -> Option<Checkpoint> {
        let header = jsonwebtoken::decode_header(text).ok()?;
        // Other kinds of token are signed with the same key.
        let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(CHECKPOINT_TYPE);
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims::<&str>(&[]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Checkpoint>(text, &self.decoding, &validation).ok()?.claims;
        ours.then_some(claims)
    }

    /// Returns the caller that a token identifies.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`.
    pub fn verify(&self, token: &str) -> Result<Caller, Error> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let now = machine_now().timestamp();
        if let Some(known) = self.verified.get(&digest) {
            let (caller, expires) = known.as_ref();
            // The same leeway as at the first check.
            let is_good = now <= expires.saturating_add_unsigned(LEEWAY_SECONDS);
            return if is_good { Ok(caller.clone()) } else { Err(Error::new(Code::TokenExpired)) };
        }
        let claims = self.check(token)?;
        let account = Id::parse(&claims.sub).ok_or(Code::TokenInvalid)?;
        let principal = match claims.client_id {
            Some(_) => Principal::ServiceAccount { id: account },
            None => Principal::Account { member_id: account, session_id: claims.sid },
        };
        let caller = Caller { principal, scopes: Scopes::parse(claims.scope.as_deref()) };
        self.verified.insert(digest, Arc::new((caller.clone(), claims.exp)));
        Ok(caller)
    }

    /// Verifies the signature and the claims. The key and its algorithm are fixed: what the token says about them must
    /// agree.
    fn check(&self, token: &str) -> Result<Claims, Error> {
        let invalid = || Error::new(Code::TokenInvalid);
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let ours = header.alg == Algorithm::EdDSA
            && header.kid.as_deref() == Some(self.key_id.as_str())
            && header.typ.as_deref() == Some(TYPE);
        if !ours {
            return Err(invalid());
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|error| {
                let expired = matches!(error.kind(), jsonwebtoken::errors::ErrorKind::ExpiredSignature);
                if expired { Error::new(Code::TokenExpired) } else { invalid() }
            })?
            .claims;
        let latest = machine_now().timestamp().saturating_add_unsigned(LEEWAY_SECONDS);
        let lifetime = claims.exp.saturating_sub(claims.iat);
        if claims.iat > latest || !(0..=MAX_LIFETIME_SECONDS).contains(&lifetime) {
            return Err(invalid());
        }
        Ok(claims)
    }
}

fn new_pkcs8() -> Result<Vec<u8>, Error> {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let document = Ed25519KeyPair::generate_pkcs8(&random).map_err(|error| Error::internal(error.to_string()))?;
    Ok(document.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "018b88d6-5f80-7000-8000-000000000001";

    fn caller() -> Caller {
        Caller { principal: Principal::ServiceAccount { id: Id::parse(ACCOUNT).unwrap() }, scopes: Scopes::default() }
    }

    fn signed(keys: &Keys, header: &Header, change: impl Fn(&mut Value)) -> String {
        let now = machine_now().timestamp();
        let mut claims =
            json!({"iss": keys.issuer, "aud": AUDIENCE, "sub": ACCOUNT, "iat": now, "exp": now + 60, "jti": "1"});
        change(&mut claims);
        jsonwebtoken::encode(header, &claims, &keys.encoding).unwrap()
    }

    #[test]
    fn a_token_says_who_it_stands_for() {
        let keys = Keys::ephemeral("http://t".into()).unwrap();
        let token = keys.issue(&caller(), 60).unwrap();
        assert_eq!(keys.verify(&token).unwrap(), caller());
        // And again, from what is kept.
        assert_eq!(keys.verify(&token).unwrap(), caller());
    }

    #[test]
    fn the_leeway_is_the_same_for_a_token_that_is_kept() {
        let keys = Keys::ephemeral("http://t".into()).unwrap();
        let good = Header { typ: Some(TYPE.into()), kid: Some(keys.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        let now = machine_now().timestamp();
        let ended_for = |seconds: i64| {
            signed(&keys, &good, |claims| {
                claims["iat"] = json!(now - 600);
                claims["exp"] = json!(now - seconds);
            })
        };
        let within = ended_for(10);
        assert!(keys.verify(&within).is_ok());
        assert!(keys.verify(&within).is_ok(), "from what is kept");
        assert_eq!(keys.verify(&ended_for(60)).unwrap_err().code, Code::TokenExpired);
    }

    #[test]
    fn whatever_is_not_exactly_ours_is_refused() {
        let keys = Keys::ephemeral("http://t".into()).unwrap();
        let good = Header { typ: Some(TYPE.into()), kid: Some(keys.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        let now = machine_now().timestamp();
        assert!(keys.verify(&signed(&keys, &good, |_| {})).is_ok());
        type Change = Box<dyn Fn(&mut Value)>;
        let without = |name: &'static str| -> Change {
            Box::new(move |claims| {
                claims.as_object_mut().unwrap().remove(name);
            })
        };
        let with =
            |name: &'static str, value: Value| -> Change { Box::new(move |claims| claims[name] = value.clone()) };
        let changes = [
            without("iss"),
            without("aud"),
            without("sub"),
            without("exp"),
            without("iat"),
            with("iss", json!("http://u")),
            with("sub", json!("th-head")),
            with("aud", json!("other")),
            with("iat", json!(now + 600)),
            with("nbf", json!(now + 600)),
            with("exp", json!(now + MAX_LIFETIME_SECONDS + 100)),
        ];
        for (at, change) in changes.iter().enumerate() {
            assert_eq!(keys.verify(&signed(&keys, &good, change)).unwrap_err().code, Code::TokenInvalid, "change {at}");
        }
        let expired = signed(&keys, &good, |claims| {
            claims["iat"] = json!(now - 600);
            claims["exp"] = json!(now - 300);
        });
        assert_eq!(keys.verify(&expired).unwrap_err().code, Code::TokenExpired);
        for header in [
            Header { kid: None, ..good.clone() },
            Header { kid: Some("x".into()), ..good.clone() },
            Header { typ: Some("JWT".into()), ..good.clone() },
        ] {
            assert_eq!(keys.verify(&signed(&keys, &header, |_| {})).unwrap_err().code, Code::TokenInvalid);
        }
        let other = Keys::ephemeral("http://t".into()).unwrap();
        let forged = signed(&other, &good, |_| {});
        assert_eq!(keys.verify(&forged).unwrap_err().code, Code::TokenInvalid);
        let none = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#),
            URL_SAFE_NO_PAD.encode(r#"{"sub":"th-head"}"#)
        );
        for bad in ["", "x", "a.b.c", none.as_str()] {
            assert_eq!(keys.verify(bad).unwrap_err().code, Code::TokenInvalid, "{bad}");
        }
    }

    #[test]
    fn the_key_in_a_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let first = Keys::of_file("http://t".into(), &path).unwrap();
        let token = first.issue(&caller(), 60).unwrap();
        assert!(Keys::of_file("http://t".into(), &path).unwrap().verify(&token).is_ok());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
