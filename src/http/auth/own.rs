//! The service's own issuer: its key pairs, its tokens and its signed checkpoints.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jwks::{KeySet, VerifyingKey};
use super::{AUDIENCE, MAX_LIFETIME_SECONDS, TOKEN_TYPE};
use crate::clock::{Ids, machine_now};
use crate::domain::Id;
use crate::domain::access::{Principal, Scopes};
use crate::domain::office::member::client_id;
use crate::domain::office::provider::SigningAlgorithm;
use crate::error::{Code, Error};
use crate::service::{Caller, sha256_hex};

#[derive(Debug, Serialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
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

/// Claims of the service's own tokens alone.
#[derive(Debug, Deserialize)]
struct OwnClaims {
    scope: Option<String>,
    client_id: Option<String>,
    sid: Option<Id>,
}

/// Returns the caller that a verified token of the service's own issuer names.
///
/// # Errors
/// `token_invalid` for a subject that is no account.
pub fn caller(subject: &str, payload: &[u8]) -> Result<Caller, Error> {
    let account = Id::parse(subject).ok_or(Code::TokenInvalid)?;
    let claims: OwnClaims = serde_json::from_slice(payload).map_err(|_| Code::TokenInvalid)?;
    let principal = match claims.client_id {
        Some(_) => Principal::ServiceAccount { id: account },
        None => Principal::Account { member_id: account, session_id: claims.sid },
    };
    Ok(Caller { principal, scopes: Scopes::parse(claims.scope.as_deref()) })
}

/// A public key of the service's own issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The id under which tokens name it.
    pub id: String,
    /// The 32 bytes of the key, in base64url.
    pub x: String,
}

impl PublicKey {
    fn of(pair: &Ed25519KeyPair) -> Self {
        let public = pair.public_key().as_ref();
        let id = sha256_hex(public).chars().take(16).collect();
        PublicKey { id, x: URL_SAFE_NO_PAD.encode(public) }
    }

    fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id, "x": self.x})
    }

    fn decoding(&self) -> Result<DecodingKey, Error> {
        DecodingKey::from_ed_components(&self.x).map_err(Error::internal)
    }
}

/// The key that the service signs with, and the one before it.
pub struct Keys {
    issuer: String,
    encoding: EncodingKey,
    current: PublicKey,
    previous: Option<PublicKey>,
}

impl Keys {
    /// Generates a key that lasts as long as the process.
    ///
    /// # Errors
    /// If no key can be generated.
    pub fn ephemeral(issuer: String) -> Result<Self, Error> {
        Self::from_pkcs8(issuer, &new_pkcs8()?)
    }

    /// Reads the key from a file, which is created on the first start, readable only by its owner, and the key before it,
    /// if there is one. Instances that share the file and start together agree on one key.
    ///
    /// # Errors
    /// If a file cannot be read or created, or contains no key.
    pub fn of_file(issuer: String, path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            let fresh = write_new(path)?;
            // Linking fails if another instance was first; its key is then used.
            if let Err(error) = std::fs::hard_link(&fresh, path)
                && !path.exists()
            {
                return Err(Error::internal(error));
            }
            std::fs::remove_file(&fresh).map_err(Error::internal)?;
        }
        let keys = Self::from_pkcs8(issuer, &std::fs::read(path).map_err(Error::internal)?)?;
        let before = previous_path(path);
        if !before.exists() {
            return Ok(keys);
        }
        let pair = pair_of(&std::fs::read(before).map_err(Error::internal)?)?;
        Ok(Keys { previous: Some(PublicKey::of(&pair)), ..keys })
    }

    fn from_pkcs8(issuer: String, pkcs8: &[u8]) -> Result<Self, Error> {
        let current = PublicKey::of(&pair_of(pkcs8)?);
        Ok(Keys { issuer, encoding: EncodingKey::from_ed_der(pkcs8), current, previous: None })
    }

    /// Returns the name of the issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the public keys, the one that signs first.
    pub fn public(&self) -> impl Iterator<Item = &PublicKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    /// Returns the public keys as a JWK set (RFC 7517).
    pub fn jwks(&self) -> Value {
        json!({"keys": self.public().map(PublicKey::jwk).collect::<Vec<_>>()})
    }

    /// Returns the public keys, to verify tokens with.
    ///
    /// # Errors
    /// If a key cannot be used.
    pub fn verifying(&self) -> Result<KeySet, Error> {
        key_set(self.public())
    }

    /// Issues a token.
    ///
    /// # Errors
    /// If it cannot be signed, or the principal is of another issuer.
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
            scope: caller.scopes.text(),
            client_id,
            sid,
        };
        let header = Header {
            typ: Some(TOKEN_TYPE.to_owned()),
            kid: Some(self.current.id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(Error::internal)
    }

    /// Signs any message.
    #[cfg(test)]
    pub fn sign(&self, message: &[u8]) -> String {
        jsonwebtoken::crypto::sign(message, &self.encoding, Algorithm::EdDSA).unwrap()
    }

    /// Signs a checkpoint, so that whoever keeps it can prove what the chain contained.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, Error> {
        self.sign_statement(checkpoint, CHECKPOINT_TYPE)
    }

    /// Signs a statement of a type that is no token's.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn sign_statement(&self, statement: &impl Serialize, typ: &str) -> Result<String, Error> {
        let kid = Some(self.current.id.clone());
        let header = Header { typ: Some(typ.to_owned()), kid, ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, statement, &self.encoding).map_err(Error::internal)
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
        let signer = self.public().find(|key| header.kid.as_deref() == Some(&key.id))?;
        let decoding = signer.decoding().ok()?;
        let claims = jsonwebtoken::decode::<Checkpoint>(text, &decoding, &validation).ok()?.claims;
        ours.then_some(claims)
    }
}

/// Returns a set of these keys, to verify tokens with.
///
/// # Errors
/// If a key cannot be used.
pub fn key_set<'a>(public: impl Iterator<Item = &'a PublicKey>) -> Result<KeySet, Error> {
    let verifying = |key: &PublicKey| {
        let (id, material) = (Some(key.id.clone()), key.x.clone());
        Ok(VerifyingKey { id, algorithm: SigningAlgorithm::EdDsa, decoding: key.decoding()?, material })
    };
    Ok(KeySet::of(public.map(verifying).collect::<Result<_, Error>>()?))
}

/// Returns where the key before the one in `path` is kept.
fn previous_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".previous");
    PathBuf::from(name)
}

/// Replaces the key in the file by a new one and keeps the old one beside it: tokens of both are accepted.
///
/// # Errors
/// If there is no key yet, or a file cannot be written.
pub fn rotate(issuer: String, path: &Path) -> Result<Keys, Error> {
    let before = previous_path(path);
    pair_of(&std::fs::read(path).map_err(Error::internal)?)?;
    let fresh = write_new(path)?;
    // A link to the old key is renamed into place, so that there is a key in `path` at every moment.
    let kept = fresh.with_extension("kept");
    std::fs::hard_link(path, &kept).map_err(Error::internal)?;
    std::fs::rename(&kept, &before).map_err(Error::internal)?;
    std::fs::rename(&fresh, path).map_err(Error::internal)?;
    Keys::of_file(issuer, path)
}

/// Writes a new key beside `path`, readable only by its owner.
fn write_new(path: &Path) -> Result<PathBuf, Error> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh).map_err(Error::internal)?;
    file.write_all(&new_pkcs8()?).and_then(|()| file.sync_all()).map_err(Error::internal)?;
    Ok(fresh)
}

fn pair_of(pkcs8: &[u8]) -> Result<Ed25519KeyPair, Error> {
    Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|error| Error::internal(error.to_string()))
}

fn new_pkcs8() -> Result<Vec<u8>, Error> {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let document = Ed25519KeyPair::generate_pkcs8(&random).map_err(|error| Error::internal(error.to_string()))?;
    Ok(document.as_ref().to_vec())
}
