//! Tokens that must not pass, made of a good one of each issuer by one change each.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use strum::VariantArray;

use super::*;
use crate::domain::office::provider::{KeySource, Provider, SigningAlgorithm};

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs bytes and encodes the signature.
type Sign = Box<dyn Fn(&[u8]) -> String>;

/// An issuer as its tokens look.
struct Signer {
    issuer: &'static str,
    alg: &'static str,
    typ: &'static str,
    kid: String,
    /// The public key as the attacker would use it as a secret.
    public: Vec<u8>,
    jwk: Value,
    sign: Sign,
}

fn ed25519(issuer: &'static str, kid: &str) -> Signer {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(&public)});
    let sign = Box::new(move |message: &[u8]| encode(pair.sign(message)));
    Signer { issuer, alg: "EdDSA", typ: "JWT", kid: kid.to_owned(), public, jwk, sign }
}

fn es256(issuer: &'static str, kid: &str) -> Signer {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let jwk =
        json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": encode(&public[1..33]), "y": encode(&public[33..65])});
    let sign = Box::new(move |message: &[u8]| encode(pair.sign(&SystemRandom::new(), message).unwrap()));
    Signer { issuer, alg: "ES256", typ: "at+jwt", kid: kid.to_owned(), public, jwk, sign }
}

fn rs256(issuer: &'static str, kid: &str) -> Signer {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    // RFC 8017, A.1.1: a sequence of the modulus, with a zero before it, and the exponent.
    let public = pair.public_key().as_ref().to_vec();
    let jwk = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
        "n": encode(&public[9..265]), "e": encode(&public[267..270])});
    let sign = Box::new(move |message: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        encode(signature)
    });
    Signer { issuer, alg: "RS256", typ: "JWT", kid: kid.to_owned(), public, jwk, sign }
}

fn own(keys: Keys) -> Signer {
    let jwk = keys.jwks()["keys"][0].clone();
    let public = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
    let kid = jwk["kid"].as_str().unwrap().to_owned();
    let sign = Box::new(move |message: &[u8]| keys.sign(message));
    Signer { issuer: "http://own", alg: "EdDSA", typ: "at+jwt", kid, public, jwk, sign }
}

/// A provider whose keys are in a file: those of the signer and another one, so that a token has to name its key.
fn provider(signer: &Signer, folder: &Path) -> Provider {
    let file = folder.join(format!("{}.json", signer.alg));
    let set = json!({"keys": [signer.jwk, ed25519("x", "spare").jwk]});
    std::fs::write(&file, set.to_string()).unwrap();
    let algorithms = SigningAlgorithm::VARIANTS.to_vec();
    let (issuer, audience) = (signer.issuer.to_owned(), AUDIENCE.to_owned());
    Provider { issuer, audience, keys: KeySource::File(file), algorithms, cool_down: Duration::from_hours(1) }
}

fn now() -> i64 {
    machine_now().timestamp()
}

impl Signer {
    fn header(&self) -> Value {
        json!({"alg": self.alg, "typ": self.typ, "kid": self.kid})
    }

    fn claims(&self) -> Value {
        json!({"iss": self.issuer, "aud": AUDIENCE, "sub": super::ACCOUNT, "iat": now(), "exp": now() + 600,
            "jti": "1", "client_id": "client-x"})
    }

    fn token_of(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", encode(header), encode(payload));
        let signature = (self.sign)(message.as_bytes());
        format!("{message}.{signature}")
    }

    fn token(&self) -> String {
        self.token_of(&self.header().to_string(), &self.claims().to_string())
    }

    fn with_header(&self, name: &str, value: Option<Value>) -> String {
        let mut header = self.header();
        set(&mut header, name, value);
        self.token_of(&header.to_string(), &self.claims().to_string())
    }

    fn with_claim(&self, name: &str, value: Option<Value>) -> String {
        let mut claims = self.claims();
        set(&mut claims, name, value);
        self.token_of(&self.header().to_string(), &claims.to_string())
    }

    /// The same head and claims with a signature of somebody else.
    fn signed_by(&self, other: &Signer, header: &Value) -> String {
        other.token_of(&header.to_string(), &self.claims().to_string())
    }
}

fn set(object: &mut Value, name: &str, value: Option<Value>) {
    let fields = object.as_object_mut().unwrap();
    match value {
        Some(value) => fields.insert(name.to_owned(), value),
        None => fields.remove(name),
    };
}

fn hmac(algorithm: Algorithm, name: &str, signer: &Signer, secret: &[u8]) -> String {
    let mut header = signer.header();
    header["alg"] = json!(name);
    let message = format!("{}.{}", encode(header.to_string()), encode(signer.claims().to_string()));
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}

type Case = (String, String, Code);

fn of_claims(signer: &Signer, cases: &mut Vec<Case>) {
    let now = now();
    let long = "x".repeat(256);
    let bad: Vec<(&str, Vec<Value>)> = vec![
        (
            "iss",
            vec![
                json!("http://other"),
                json!(1),
                json!([signer.issuer]),
                json!("local"),
                json!(format!("{}/", signer.issuer)),
            ],
        ),
        ("sub", vec![json!(" \t"), json!(long), json!("a\u{0}b"), json!(7), json!([super::ACCOUNT])]),
        ("aud", vec![json!("other"), json!([]), json!(["other"]), json!({"a": AUDIENCE}), json!([AUDIENCE, 1])]),
        (
            "exp",
            vec![
                json!((now + 600).to_string()),
                json!(1_000_000_000.5),
                json!(-1e30),
                json!(now + MAX_LIFETIME_SECONDS + 60),
                json!(i64::MAX),
                json!(u64::MAX),
                json!(now - 1000),
            ],
        ),
        (
            "iat",
            vec![
                json!(now + 300),
                json!(now.to_string()),
                json!(i64::MIN),
                json!(i64::MAX),
                json!(now - 2 * MAX_LIFETIME_SECONDS),
            ],
        ),
        ("nbf", vec![json!(now + 300), json!("now"), json!(i64::MAX)]),
    ];
    for (name, mut values) in bad {
        if name != "nbf" {
            values.extend([Value::Null, json!(""), json!(true)]);
            cases.push((format!("no {name}"), signer.with_claim(name, None), Code::TokenInvalid));
        }
        for value in values {
            cases.push((format!("{name} {value}"), signer.with_claim(name, Some(value)), Code::TokenInvalid));
        }
    }
    let mut expired = signer.claims();
    (expired["iat"], expired["exp"]) = (json!(now - 600), json!(now - 31));
    let header = signer.header().to_string();
    cases.push(("expired".into(), signer.token_of(&header, &expired.to_string()), Code::TokenExpired));
    let twice = signer.claims().to_string().replacen('{', "{\"sub\":\"x\",", 1);
    for (name, payload) in
        [("twice", twice.as_str()), ("empty", ""), ("no JSON", "{"), ("a list", "[]"), ("null", "null")]
    {
        cases.push((format!("claims: {name}"), signer.token_of(&header, payload), Code::TokenInvalid));
    }
}

fn of_header(signer: &Signer, cases: &mut Vec<Case>) {
    let others = ["RS256", "ES256", "EdDSA"].into_iter().filter(|alg| *alg != signer.alg);
    let mut algorithms: Vec<Value> = others.map(|alg| json!(alg)).collect();
    algorithms.extend(["none", "None", "HS256", "RS512", "PS256", "ES384", "ES256K", ""].map(|alg| json!(alg)));
    algorithms.extend([Value::Null, json!(1), json!([signer.alg]), json!(signer.alg.to_lowercase())]);
    let bad = [
        ("alg", algorithms),
        ("typ", ["", "jws", "audit-checkpoint+jwt", "logout+jwt", "id_token"].map(|typ| json!(typ)).to_vec()),
        ("typ", vec![Value::Null, json!(1)]),
        (
            "kid",
            vec![
                json!(""),
                json!("../../dev/null"),
                json!("' OR 1=1 --"),
                json!("x".repeat(256)),
                json!(1),
                json!("spare"),
            ],
        ),
        ("crit", vec![json!(["exp"]), json!([]), Value::Null]),
        ("b64", vec![json!(false), json!(true), Value::Null]),
    ];
    for (name, values) in bad {
        for value in values {
            cases.push((format!("{name} {value}"), signer.with_header(name, Some(value)), Code::TokenInvalid));
        }
    }
    for name in ["alg", "typ", "kid"] {
        cases.push((format!("no {name}"), signer.with_header(name, None), Code::TokenInvalid));
    }
    let twice = signer.header().to_string().replacen('{', "{\"alg\":\"none\",", 1);
    for (name, header) in [("twice", twice.as_str()), ("empty", ""), ("no JSON", "{"), ("a list", "[]")] {
        let token = signer.token_of(header, &signer.claims().to_string());
        cases.push((format!("header: {name}"), token, Code::TokenInvalid));
    }
}

fn of_signature(signer: &Signer, attacker: &Signer, cases: &mut Vec<Case>) {
    let good = signer.token();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, claims) = message.split_once('.').unwrap();
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[0] ^= 1;
    let later = signer.with_claim("exp", Some(json!(now() + 3000)));
    let mut of_attacker = signer.header();
    let mut add = |name: &str, token: String| cases.push((name.to_owned(), token, Code::TokenInvalid));
    add("no signature", format!("{message}."));
    add("cut signature", format!("{message}.{}", &signature[..signature.len() - 4]));
    add("flipped signature", format!("{message}.{}", encode(flipped)));
    add("padded signature", format!("{message}.{signature}=="));
    add("zero signature", format!("{message}.{}", encode([0; 64])));
    add("signature of other claims", format!("{}.{}", later.rsplit_once('.').unwrap().0, signature));
    add("another's signature", signer.signed_by(attacker, &of_attacker));
    of_attacker["alg"] = json!(attacker.alg);
    add("another's signature and algorithm", signer.signed_by(attacker, &of_attacker));
    of_attacker["jwk"] = attacker.jwk.clone();
    add("another's key in the header", signer.signed_by(attacker, &of_attacker));
    set(&mut of_attacker, "jwk", None);
    of_attacker["jku"] = json!("http://attacker.example/jwks.json");
    of_attacker["x5c"] = json!(["MIIB"]);
    of_attacker["kid"] = json!("attacker");
    add("another's key by address", signer.signed_by(attacker, &of_attacker));
    add("HS256 with the public key", hmac(Algorithm::HS256, "HS256", signer, &signer.public));
    add("HS256 with the key as text", hmac(Algorithm::HS256, "HS256", signer, signer.jwk.to_string().as_bytes()));
    add("HS512 with the public key", hmac(Algorithm::HS512, "HS512", signer, &signer.public));
    add("HMAC under the right name", hmac(Algorithm::HS256, signer.alg, signer, &signer.public));
    add("two parts", message.to_owned());
    add("four parts", format!("{good}.x"));
    add("five parts", format!("{head}.{claims}.{signature}.x.y"));
    add("a part too much before", format!(".{good}"));
    add("blanks", format!("{head} .{claims}.{signature}"));
    add("a line break", format!("{good}\n"));
    add("other alphabet", format!("{}.{claims}.{signature}", STANDARD.encode(format!("{}  ", signer.header()))));
    add("too long", signer.with_claim("x", Some(json!("x".repeat(8192)))));
}

#[actix_web::test]
async fn no_hostile_token_passes() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::ephemeral("http://own".into()).unwrap();
    let providers = [rs256("http://rsa", "r-1"), es256("http://ec", "e-1"), ed25519("http://ed", "d-1")];
    let configured: Vec<Provider> = providers.iter().map(|signer| provider(signer, folder.path())).collect();
    let issuers = Issuers::new(&keys, None, &configured).unwrap();
    let mut signers = vec![own(keys)];
    signers.extend(providers);
    let attacker = ed25519("http://attacker", "attacker");
    let mut count = 0;
    for (at, signer) in signers.iter().enumerate() {
        let passed = issuers.verify(&signer.token()).await.unwrap();
        let is_external = matches!(passed.principal, Principal::External { .. });
        assert_eq!((is_external, passed.scopes), (at > 0, Scopes::default()), "{}", signer.issuer);
        let mut cases = Vec::new();
        of_claims(signer, &mut cases);
        of_header(signer, &mut cases);
        of_signature(signer, &attacker, &mut cases);
        // Everybody signs for themselves alone.
        for other in signers.iter().filter(|other| other.issuer != signer.issuer) {
            let (name, token) = (format!("signed by {}", other.issuer), signer.signed_by(other, &other.header()));
            cases.push((name, token, Code::TokenInvalid));
        }
        for (name, token, code) in cases {
            let refused = issuers.verify(&token).await;
            let refused = refused.map_err(|error| (error.code, error.code.row().status));
            assert_eq!(refused, Err((code, 401)), "{} {name}: {token}", signer.issuer);
            count += 1;
        }
        // None of them spoils the good one.
        assert!(issuers.verify(&signer.token()).await.is_ok());
    }
    assert_eq!(count, 484);
}

/// A provider's token may be of either type, and its `scope` gives and takes nothing.
#[actix_web::test]
async fn a_scope_of_a_provider_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::ephemeral("http://own".into()).unwrap();
    let signer = es256("http://ec", "e-1");
    let issuers = Issuers::new(&keys, None, &[provider(&signer, folder.path())]).unwrap();
    for scope in [json!("read"), json!(["read"]), json!({"a": 1}), Value::Null] {
        let caller = issuers.verify(&signer.with_claim("scope", Some(scope))).await.unwrap();
        assert_eq!(caller.scopes, Scopes::default());
    }
    for typ in ["JWT", "at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(issuers.verify(&signer.with_header("typ", Some(json!(typ)))).await.is_ok(), "{typ}");
    }
}

/// A token that is remembered ends at the very second at which it would be refused for the first time.
#[actix_web::test]
async fn the_leeway_is_the_same_for_a_token_that_is_remembered() {
    let keys = Keys::ephemeral("http://own".into()).unwrap();
    let (warm, cold) = (Issuers::new(&keys, None, &[]).unwrap(), Issuers::new(&keys, None, &[]).unwrap());
    let signer = own(keys);
    let mut claims = signer.claims();
    (claims["iat"], claims["exp"]) = (json!(now() - 100), json!(now() - 28));
    let token = signer.token_of(&signer.header().to_string(), &claims.to_string());
    assert!(warm.verify(&token).await.is_ok() && warm.verify(&token).await.is_ok());
    actix_web::rt::time::sleep(Duration::from_millis(2_500)).await;
    for issuers in [warm, cold] {
        assert_eq!(issuers.verify(&token).await.unwrap_err().code, Code::TokenExpired);
    }
}
