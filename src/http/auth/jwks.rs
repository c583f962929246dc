//! The public keys of an issuer: RFC 7517, read with suspicion.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::domain::office::provider::SigningAlgorithm;

/// The largest key set, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The largest number of keys that are kept of a set.
const MAX_KEYS: usize = 64;
/// The sizes of an RSA modulus that are taken, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

impl From<SigningAlgorithm> for Algorithm {
    fn from(algorithm: SigningAlgorithm) -> Algorithm {
        match algorithm {
            SigningAlgorithm::Rs256 => Algorithm::RS256,
            SigningAlgorithm::Es256 => Algorithm::ES256,
            SigningAlgorithm::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// A public key with the one algorithm that it is used with.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    /// The id under which tokens name it.
    pub id: Option<String>,
    /// The algorithm, whatever a token says.
    pub algorithm: SigningAlgorithm,
    /// The key.
    pub decoding: DecodingKey,
    /// The parts of the key as text, by which two keys are compared.
    pub material: String,
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.id, self.algorithm, &self.material) == (&other.id, other.algorithm, &other.material)
    }
}

/// The keys of an issuer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeySet(Vec<VerifyingKey>);

/// The fields of a key that matter here.
#[derive(Debug, Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Creates a set of keys.
    pub fn of(keys: Vec<VerifyingKey>) -> Self {
        KeySet(keys)
    }

    /// Reads a key set, and leaves out every key that does not serve: of another kind or use, too short, or with an algorithm
    /// that is not among `algorithms`.
    ///
    /// # Errors
    /// What is wrong, where no key is left.
    pub fn parse(bytes: &[u8], algorithms: &[SigningAlgorithm]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        if bytes.len() > MAX_BYTES {
            return Err(format!("the key set is larger than {MAX_BYTES} bytes"));
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|_| "expected a JSON object with a list of keys".to_owned())?;
        let read = |jwk: Value| serde_json::from_value::<Jwk>(jwk).ok()?.verifying();
        let usable = document.keys.into_iter().filter_map(read).filter(|key| algorithms.contains(&key.algorithm));
        let keys: Vec<VerifyingKey> = usable.take(MAX_KEYS).collect();
        if keys.is_empty() { Err("the key set has no usable key".to_owned()) } else { Ok(KeySet(keys)) }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a token that names this key can be checked or refused without asking the issuer again.
    pub fn knows(&self, id: Option<&str>) -> bool {
        match id {
            Some(_) => self.0.iter().any(|key| key.id.as_deref() == id),
            None => !self.is_empty(),
        }
    }

    /// Returns the key that a token means: the one it names, or the only one.
    pub fn find(&self, id: Option<&str>, algorithm: SigningAlgorithm) -> Option<&VerifyingKey> {
        match (id, self.0.as_slice()) {
            (Some(_), keys) => keys.iter().find(|key| key.id.as_deref() == id && key.algorithm == algorithm),
            (None, [only]) => Some(only).filter(|key| key.algorithm == algorithm),
            (None, _) => None,
        }
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn bits(number: &[u8]) -> usize {
    let significant: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
    let spare = significant.first().map_or(0, |byte| byte.leading_zeros());
    (significant.len() * 8).saturating_sub(usize::try_from(spare).unwrap_or(0))
}

impl Jwk {
    fn verifying(self) -> Option<VerifyingKey> {
        let is_for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        if !is_for_signatures {
            return None;
        }
        let (algorithm, parts, decoding) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (self.n?, self.e?);
                let fits = RSA_BITS.contains(&bits(&decoded(&n)?)) && bits(&decoded(&e)?) >= 2;
                let key = DecodingKey::from_rsa_components(&n, &e).ok().filter(|_| fits)?;
                (SigningAlgorithm::Rs256, [n, e], key)
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (self.x?, self.y?);
                let fits = decoded(&x)?.len() == 32 && decoded(&y)?.len() == 32;
                let key = DecodingKey::from_ec_components(&x, &y).ok().filter(|_| fits)?;
                (SigningAlgorithm::Es256, [x, y], key)
            }
            ("OKP", Some("Ed25519")) => {
                let x = self.x.filter(|x| decoded(x).is_some_and(|bytes| bytes.len() == 32))?;
                let key = DecodingKey::from_ed_components(&x).ok()?;
                (SigningAlgorithm::EdDsa, [x, String::new()], key)
            }
            _ => return None,
        };
        let name: &str = algorithm.into();
        // RFC 9864 names the curve.
        let is_named = |alg: &str| alg == name || alg == "Ed25519" && algorithm == SigningAlgorithm::EdDsa;
        let key = VerifyingKey { id: self.kid, algorithm, decoding, material: parts.join(".") };
        self.alg.as_deref().is_none_or(is_named).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strum::VariantArray;

    use super::*;

    fn text(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn count(keys: &[Value]) -> usize {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes(), SigningAlgorithm::VARIANTS)
            .map_or(0, |set| set.0.len())
    }

    #[test]
    fn only_keys_that_serve_are_kept() {
        let good = json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": text(&[7; 32])});
        let rsa = |bits: usize| json!({"kty": "RSA", "kid": "r", "n": text(&vec![0xff; bits / 8]), "e": "AQAB"});
        assert_eq!(count(&[good.clone(), rsa(2048), rsa(4096)]), 3);
        let changed = |name: &str, value: Value| {
            let mut key = good.clone();
            key[name] = value;
            key
        };
        let mut padded = vec![0; 128];
        padded.extend([0xff; 128]);
        for bad in [
            changed("use", json!("enc")),
            changed("key_ops", json!(["sign"])),
            changed("alg", json!("HS256")),
            changed("alg", json!("none")),
            changed("x", json!(text(&[7; 31]))),
            changed("x", json!("***")),
            changed("crv", json!("X25519")),
            json!({"kty": "oct", "kid": "1", "k": text(b"secret")}),
            json!({"kty": "EC", "crv": "P-256", "x": text(&[1; 31]), "y": text(&[1; 32])}),
            json!({"kty": "EC", "crv": "secp256k1", "x": text(&[1; 32]), "y": text(&[1; 32])}),
            json!({"kty": "RSA", "alg": "RS512", "n": text(&[0xff; 256]), "e": "AQAB"}),
            json!({"kty": "RSA", "n": text(&padded), "e": "AQAB"}),
            json!({"kty": "RSA", "n": text(&[0xff; 256]), "e": "AQ"}),
            rsa(1024),
            rsa(2040),
            rsa(16384),
            json!("text"),
        ] {
            assert_eq!(count(&[good.clone(), bad.clone()]), 1, "{bad}");
            assert_eq!(count(std::slice::from_ref(&bad)), 0, "{bad}");
        }
        assert_eq!(count(&vec![good; 100]), MAX_KEYS);
    }
}
