//! Identity providers whose users can be members.

use std::path::PathBuf;
use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

/// The longest issuer, subject and key id of a token, in characters.
pub const MAX_NAME_CHARS: usize = 255;

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name: the `iss` of its tokens.
    pub issuer: String,
    /// The `aud` that tokens for this service have.
    pub audience: String,
    /// Where its public keys are.
    pub keys: KeySource,
    /// The algorithms that it may sign with.
    pub algorithms: Vec<SigningAlgorithm>,
    /// How long after a fetch of the keys the next one may begin.
    pub cool_down: Duration,
}

/// Where a provider's public keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At a URL.
    Url(String),
}

/// An algorithm that a provider may sign with, named as in RFC 7518 and RFC 8037.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[strum(serialize = "RS256")]
    Rs256,
    /// ECDSA on the curve P-256 with SHA-256.
    #[strum(serialize = "ES256")]
    Es256,
    /// `EdDSA` on the curve Ed25519.
    #[strum(serialize = "EdDSA")]
    EdDsa,
}
