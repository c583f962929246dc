//! A real OpenID Connect provider in a process of its own, and a browser that signs in at it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use strum::VariantArray;
use thidua::config::{self, Config, KeySource, SigningAlgorithm};
use ureq::http::Response;
use ureq::{Agent, Body};

/// Where the browser is sent back with the code.
const BACK: &str = "http://127.0.0.1/back";

/// A provider that runs until it is dropped.
pub struct OidcProvider {
    pub issuer: String,
    process: Child,
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What somebody who signed in was given.
pub struct Tokens {
    pub access: String,
    pub id: String,
}

impl OidcProvider {
    /// Starts `tests/oidc_provider`; none where the environment does not say in which folder it is installed.
    pub fn start() -> Option<Self> {
        let folder = std::env::var_os("OIDC_PROVIDER")?;
        let mut command = Command::new("node");
        command.arg("provider.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines.map(Result::unwrap).find(|line| line.starts_with("http://")).unwrap();
        Some(OidcProvider { issuer, process })
    }

    /// Adds it to the settings.
    pub fn configure(&self, config: &mut Config) {
        config.identity_providers.push(config::Provider {
            issuer: self.issuer.clone(),
            audience: "thidua".to_owned(),
            keys: KeySource::Url(format!("{}/jwks", self.issuer)),
            algorithms: SigningAlgorithm::VARIANTS.to_vec(),
            cool_down: Duration::from_secs(1),
        });
    }

    /// Signs with new keys from now on, beside (`rotate`) or in the place of (`retire`) those before.
    pub fn change_keys(&self, how: &str) {
        ureq::post(format!("{}/{how}", self.issuer)).send_empty().unwrap();
    }

    /// Signs somebody in as a browser does: authorisation code with PKCE, login, consent.
    pub fn sign_in(&self, subject: &str, resource: &str) -> Tokens {
        let mut browser = Browser::default();
        let verifier = "v".repeat(43);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let asked = [
            ("client_id", "screens"),
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", "openid read"),
            ("resource", resource),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut url = url::Url::parse_with_params(&format!("{}/auth", self.issuer), asked).unwrap();
        let code = loop {
            let answer = browser.get(url.as_str());
            let next = match answer.headers().get("location") {
                Some(location) => location.to_str().unwrap().to_owned(),
                // The page of an interaction: who it is, then whether the client may know.
                None => browser.answer_page(&url, answer, subject),
            };
            url = url.join(&next).unwrap();
            if next.starts_with(BACK) {
                let pairs: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
                break pairs.get("code").unwrap_or_else(|| panic!("{pairs:?}")).clone();
            }
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "screens"),
            ("redirect_uri", BACK),
            ("code", &code),
            ("code_verifier", &verifier),
            ("resource", resource),
        ];
        let mut answer = ureq::post(format!("{}/token", self.issuer)).send_form(form).unwrap();
        let tokens: Value = answer.body_mut().read_json().unwrap();
        let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
        Tokens { access: text("access_token"), id: text("id_token") }
    }
}

/// Keeps cookies and follows nothing by itself.
struct Browser {
    agent: Agent,
    cookies: BTreeMap<String, String>,
}

impl Default for Browser {
    fn default() -> Self {
        let config = Agent::config_builder().max_redirects(0).max_redirects_will_error(false).build();
        Browser { agent: config.into(), cookies: BTreeMap::new() }
    }
}

impl Browser {
    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: Response<Body>) -> Response<Body> {
        for set in answer.headers().get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    fn get(&mut self, url: &str) -> Response<Body> {
        let answer = self.agent.get(url).header("cookie", self.cookie()).call().unwrap();
        self.keep(answer)
    }

    /// Sends the form of a page, and returns where that leads.
    fn answer_page(&mut self, url: &url::Url, mut page: Response<Body>, subject: &str) -> String {
        let text = page.body_mut().read_to_string().unwrap();
        let prompt = if text.contains(r#"value="login""#) { "login" } else { "consent" };
        let form = [("prompt", prompt), ("login", subject), ("password", "any")];
        let sent = self.agent.post(url.as_str()).header("cookie", self.cookie()).send_form(form).unwrap();
        let sent = self.keep(sent);
        sent.headers().get("location").unwrap_or_else(|| panic!("{text}")).to_str().unwrap().to_owned()
    }
}
