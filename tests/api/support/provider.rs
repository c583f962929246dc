//! An identity provider: signs tokens with keys of its own and serves their public halves over HTTP.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use thidua::config::Config;

/// How a provider answers a request for its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Answers,
    Fails,
    /// Answers after so many milliseconds.
    Dawdles(u64),
    /// Answers with more than anybody would read.
    Floods,
    /// Sends the client to the same keys under another name of the host.
    SendsAway,
    /// Sends the client to the same keys under another path.
    Redirects,
    /// Answers with no key at all.
    HasNone,
}

struct Shared {
    behaviour: Behaviour,
    keys: Vec<Value>,
}

/// An identity provider that listens until the test process ends.
pub struct Provider {
    pub issuer: String,
    port: u16,
    shared: Arc<Mutex<Shared>>,
    fetches: Arc<AtomicUsize>,
    pair: Mutex<(String, EcdsaKeyPair)>,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn new_pair() -> EcdsaKeyPair {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap()
}

fn jwk(kid: &str, pair: &EcdsaKeyPair) -> Value {
    let public = pair.public_key().as_ref();
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": encode(&public[1..33]), "y": encode(&public[33..65])})
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>, fetches: &AtomicUsize, port: u16) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut line) = (String::new(), String::new());
    let _ = reader.read_line(&mut first);
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    fetches.fetch_add(1, Ordering::SeqCst);
    let (behaviour, keys) = {
        let shared = shared.lock().unwrap();
        (shared.behaviour, json!({"keys": shared.keys}).to_string())
    };
    let (mut status, mut location, mut body) = ("200 OK", String::new(), keys);
    match behaviour {
        Behaviour::Answers => {}
        Behaviour::Fails => (status, body) = ("500 Internal Server Error", String::new()),
        Behaviour::Dawdles(millis) => std::thread::sleep(Duration::from_millis(millis)),
        Behaviour::Floods => body = format!("{}{body}", " ".repeat(300 * 1024)),
        Behaviour::HasNone => body = json!({"keys": []}).to_string(),
        Behaviour::SendsAway | Behaviour::Redirects if first.contains("/elsewhere") => {}
        Behaviour::SendsAway => (status, location) = ("302 Found", format!("http://localhost:{port}/elsewhere")),
        Behaviour::Redirects => (status, location) = ("302 Found", "/elsewhere".to_owned()),
    }
    let location = if location.is_empty() { location } else { format!("Location: {location}\r\n") };
    let head = format!("HTTP/1.1 {status}\r\n{location}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = reader.into_inner().write_all(format!("{head}{body}").as_bytes());
}

impl Provider {
    /// Starts a provider with one key.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let pair = new_pair();
        let keys = vec![jwk("k-1", &pair)];
        let shared = Arc::new(Mutex::new(Shared { behaviour: Behaviour::Answers, keys }));
        let fetches = Arc::new(AtomicUsize::new(0));
        let (within, count) = (Arc::clone(&shared), Arc::clone(&fetches));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, fetches) = (Arc::clone(&within), Arc::clone(&count));
                std::thread::spawn(move || serve(stream, &shared, &fetches, port));
            }
        });
        let issuer = format!("https://sso-{port}.example.vn");
        Provider { issuer, port, shared, fetches, pair: Mutex::new(("k-1".to_owned(), pair)) }
    }

    /// Adds it to the settings.
    pub fn configure(&self, config: &mut Config, cool_down: u64) {
        config.identity_providers.push(thidua::config::Provider {
            issuer: self.issuer.clone(),
            audience: "thidua".to_owned(),
            keys: thidua::config::KeySource::Url(format!("http://127.0.0.1:{}/jwks", self.port)),
            algorithms: vec![thidua::config::SigningAlgorithm::Es256],
            cool_down: Duration::from_secs(cool_down),
        });
    }

    pub fn behaves(&self, behaviour: Behaviour) {
        self.shared.lock().unwrap().behaviour = behaviour;
    }

    /// How often the keys were asked for.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// Signs with a new key from now on, which is published beside those before.
    pub fn rotate(&self, kid: &str) {
        let pair = new_pair();
        self.shared.lock().unwrap().keys.push(jwk(kid, &pair));
        *self.pair.lock().unwrap() = (kid.to_owned(), pair);
    }

    /// Takes every key back but the one that signs now.
    pub fn withdraw_old_keys(&self) {
        let pair = self.pair.lock().unwrap();
        self.shared.lock().unwrap().keys = vec![jwk(&pair.0, &pair.1)];
    }

    pub fn token(&self, subject: &str) -> String {
        self.token_of(subject, None)
    }

    /// A token that names a key that nobody has.
    pub fn token_of_unknown_key(&self, subject: &str, kid: &str) -> String {
        self.token_of(subject, Some(kid))
    }

    fn token_of(&self, subject: &str, kid: Option<&str>) -> String {
        let pair = self.pair.lock().unwrap();
        let now = thidua::clock::machine_now().timestamp();
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": kid.unwrap_or(&pair.0)});
        let claims = json!({"iss": self.issuer, "aud": ["thidua", "other"], "sub": subject, "iat": now, "exp": now + 600,
            "scope": "openid admin", "roles": ["admin", "operator"]});
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = pair.1.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature))
    }
}
