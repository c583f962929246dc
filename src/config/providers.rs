//! The identity providers: `IDENTITY_PROVIDERS`, as JSON or as the path of a file with it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};
use strum::VariantArray;
use url::{Host, Url};

use crate::domain::office::member::{LOCAL_ISSUER, SYSTEM_ISSUER};
use crate::domain::office::provider::{KeySource, MAX_NAME_CHARS, Provider, SigningAlgorithm};

/// How long after a fetch of the keys the next one may begin, in seconds.
const DEFAULT_COOL_DOWN: u64 = 60;

/// Reads the providers; `own` is the name of the service's own issuer.
///
/// # Errors
/// Every fault, with its place.
pub fn parse(text: &str, own: &str) -> Result<Vec<Provider>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let read;
    let json = if text.trim_start().starts_with('[') {
        text
    } else {
        read = std::fs::read_to_string(text).map_err(|error| format!("{text}: {error}"))?;
        &read
    };
    let entries: Vec<Value> =
        serde_json::from_str(json).map_err(|error| format!("expected a list of providers in JSON: {error}"))?;
    let (mut providers, mut faults, mut names) = (Vec::new(), Vec::new(), HashSet::from([own.to_owned()]));
    for (at, entry) in entries.iter().enumerate() {
        let mut reader = Reader { at, fields: entry.as_object().cloned().unwrap_or_default(), faults: &mut faults };
        if let Some(provider) = reader.provider() {
            if !names.insert(provider.issuer.clone()) {
                reader.fault("issuer", "this issuer is the service's own or stands here twice");
            }
            providers.push(provider);
        }
    }
    if faults.is_empty() { Ok(providers) } else { Err(faults.join("; ")) }
}

/// Reads one provider and notes every fault.
struct Reader<'a> {
    at: usize,
    fields: Map<String, Value>,
    faults: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn fault(&mut self, field: &str, expected: &str) {
        self.faults.push(format!("[{}].{field}: {expected}", self.at));
    }

    fn name(&mut self, field: &str) -> Option<String> {
        let fits = |name: &String| {
            !name.is_empty()
                && name.trim() == name
                && name.chars().count() <= MAX_NAME_CHARS
                && !name.chars().any(char::is_control)
        };
        let name = self.fields.remove(field).and_then(|value| value.as_str().map(str::to_owned)).filter(fits);
        if name.is_none() {
            self.fault(field, &format!("expected a text of 1 to {MAX_NAME_CHARS} characters"));
        }
        name
    }

    fn provider(&mut self) -> Option<Provider> {
        let issuer = self.name("issuer");
        let is_reserved = issuer.as_deref().is_some_and(|name| {
            [LOCAL_ISSUER, SYSTEM_ISSUER].iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        });
        if is_reserved {
            self.fault("issuer", "this name is the service's own");
        }
        let (audience, jwks) = (self.name("audience"), self.name("jwks"));
        let algorithms = self.algorithms();
        let keys = jwks.and_then(|jwks| self.keys(&jwks));
        let cool_down = self.cool_down();
        for unknown in self.fields.keys().cloned().collect::<Vec<_>>() {
            self.fault(&unknown, "there is no such field");
        }
        let cool_down = Duration::from_secs(cool_down?);
        Some(Provider { issuer: issuer?, audience: audience?, keys: keys?, algorithms: algorithms?, cool_down })
    }

    fn algorithms(&mut self) -> Option<Vec<SigningAlgorithm>> {
        let Some(given) = self.fields.remove("algorithms") else {
            return Some(SigningAlgorithm::VARIANTS.to_vec());
        };
        let names = given.as_array().filter(|names| !names.is_empty());
        let algorithms = names.and_then(|names| names.iter().map(|name| name.as_str()?.parse().ok()).collect());
        if algorithms.is_none() {
            self.fault("algorithms", "expected some of RS256, ES256 and EdDSA");
        }
        algorithms
    }

    fn cool_down(&mut self) -> Option<u64> {
        let Some(given) = self.fields.remove("cool_down_seconds") else {
            return Some(DEFAULT_COOL_DOWN);
        };
        let seconds = given.as_u64().filter(|seconds| (1..=3600).contains(seconds));
        if seconds.is_none() {
            self.fault("cool_down_seconds", "expected a number from 1 to 3600");
        }
        seconds
    }

    /// A URL, or a file that exists.
    fn keys(&mut self, text: &str) -> Option<KeySource> {
        if !text.contains("://") {
            if !Path::new(text).is_file() {
                self.fault("jwks", &format!("there is no file {text}"));
            }
            return Some(KeySource::File(PathBuf::from(text)));
        }
        let url = Url::parse(text).ok().filter(|url| {
            let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
            is_bare && (url.scheme() == "https" || url.scheme() == "http" && is_loopback(url))
        });
        if url.is_none() {
            self.fault("jwks", "expected an https address or a file; http is for this machine alone");
        }
        url.map(|url| KeySource::Url(url.into()))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWN: &str = "https://thidua.example.vn";

    fn entry() -> Value {
        json!({"issuer": "https://sso.example.vn", "audience": "thidua", "jwks": "https://sso.example.vn/jwks.json"})
    }

    #[test]
    fn any_number_of_providers_can_be_named() {
        assert_eq!(parse("", OWN).unwrap(), []);
        let mut second = entry();
        second["issuer"] = json!("https://sso2.example.vn");
        second["algorithms"] = json!(["ES256"]);
        second["cool_down_seconds"] = json!(5);
        let text = json!([entry(), second]).to_string();
        let providers = parse(&text, OWN).unwrap();
        assert_eq!(providers[0].algorithms, SigningAlgorithm::VARIANTS);
        assert_eq!((providers[0].cool_down.as_secs(), providers[1].cool_down.as_secs()), (60, 5));
        assert_eq!(providers[1].algorithms, [SigningAlgorithm::Es256]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("providers.json");
        std::fs::write(&file, &text).unwrap();
        assert_eq!(parse(file.to_str().unwrap(), OWN).unwrap(), providers);
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        for (field, value) in [
            ("issuer", json!("local")),
            ("issuer", json!("System")),
            ("issuer", json!(OWN)),
            ("issuer", json!("")),
            ("issuer", json!(" https://sso.example.vn")),
            ("issuer", json!("x".repeat(256))),
            ("audience", json!(7)),
            ("audience", Value::Null),
            ("jwks", json!("http://sso.example.vn/jwks.json")),
            ("jwks", json!("ftp://sso.example.vn/jwks.json")),
            ("jwks", json!("https://user:pw@sso.example.vn/jwks.json")),
            ("jwks", json!("/does/not/exist.json")),
            ("algorithms", json!(["HS256"])),
            ("algorithms", json!(["none"])),
            ("algorithms", json!([])),
            ("cool_down_seconds", json!(0)),
            ("secret", json!("x")),
        ] {
            let mut bad = entry();
            bad[field] = value.clone();
            let error = parse(&json!([bad]).to_string(), OWN).unwrap_err();
            assert!(error.starts_with(&format!("[0].{field}: ")) && !error.contains("; ["), "{field} {value}: {error}");
        }
        let error = parse(&json!([entry(), entry(), {"jwks": "x"}, 7]).to_string(), OWN).unwrap_err();
        for fault in ["[1].issuer", "[2].issuer", "[2].audience", "[2].jwks", "[3].issuer"] {
            assert!(error.contains(fault), "{fault}: {error}");
        }
        assert!(parse("{}", OWN).is_err() && parse("[", OWN).is_err());
    }
}
