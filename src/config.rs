//! The settings: the only reader of the environment. All mistakes are told at once.

#![expect(clippy::disallowed_methods, reason = "this is the front door that settings enter by")]

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use strum::{IntoStaticStr, VariantArray};

use crate::domain::schedule::deadline::Reminders;
use crate::store::DatabaseUrl;

/// A setting, called in the environment by its name in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Setting {
    /// Where the data is.
    DatabaseUrl,
    /// Where to listen.
    ListenAddr,
    /// How clients know the service.
    PublicUrl,
    /// Where the signing key is.
    SigningKeyFile,
    /// Where attached documents are.
    StorageUrl,
    /// The address of an S3-compatible store.
    AwsEndpointUrl,
    /// The region of an S3-compatible store.
    AwsRegion,
    /// The key to an S3-compatible store.
    AwsAccessKeyId,
    /// The secret of that key.
    AwsSecretAccessKey,
    /// Origins of pages that may call.
    CorsOrigins,
    /// How many days before a due date subscribers are reminded.
    ReminderDays,
    /// Whether webhooks may go to private addresses.
    WebhookAllowPrivate,
    /// Connections to `PostgreSQL`.
    PoolSize,
    /// Threads that serve.
    Workers,
    /// How long running requests are waited for at the end.
    ShutdownSeconds,
    /// What is logged; read by the logger.
    RustLog,
}

impl Setting {
    /// Its name in the environment.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The settings of a service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the data is. `DATABASE_URL`.
    pub database: DatabaseUrl,
    /// Where to listen. `LISTEN_ADDR`.
    pub listen: SocketAddr,
    /// How clients know the service. `PUBLIC_URL`.
    pub public_url: String,
    /// Where the signing key is; made at the first start. `SIGNING_KEY_FILE`.
    pub signing_key_file: PathBuf,
    /// Where attached documents are. `STORAGE_URL`.
    pub storage: Storage,
    /// Origins of pages that may call. `CORS_ORIGINS`.
    pub cors_origins: Vec<String>,
    /// How many days before a due date subscribers are reminded. `REMINDER_DAYS`.
    pub reminders: Reminders,
    /// Whether webhooks may go to private addresses, and unencrypted. `WEBHOOK_ALLOW_PRIVATE`.
    pub webhook_allow_private: bool,
    /// Connections to `PostgreSQL`. `POOL_SIZE`.
    pub pool_size: Option<u32>,
    /// Threads that serve. `WORKERS`.
    pub workers: usize,
    /// How long running requests are waited for at the end. `SHUTDOWN_SECONDS`.
    pub shutdown: Duration,
}

/// Where attached documents are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In a folder.
    Folder(PathBuf),
    /// In an S3-compatible store.
    S3(S3),
}

/// A place in an S3-compatible store. `s3://BUCKET/PREFIX`, and the settings that every client of such stores knows.
#[derive(Clone, PartialEq, Eq)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// What every name in it begins with; empty for none.
    pub prefix: String,
    /// The store's address; none for Amazon's own. `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// `AWS_REGION`.
    pub region: String,
    /// Key and secret; none where the machine has a role of its own. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for S3 {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.credentials.as_ref().map(|(key, _)| key);
        let S3 { bucket, prefix, endpoint, region, .. } = self;
        write!(
            f,
            "S3 {{ bucket: {bucket:?}, prefix: {prefix:?}, endpoint: {endpoint:?}, region: {region:?}, key: {key:?} }}"
        )
    }
}

/// Every setting that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "these settings are wrong:")?;
        self.0.iter().try_for_each(|mistake| writeln!(f, "  {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

/// Settings as names and values, so that tests need no environment.
struct Settings<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<String>,
}

impl Settings<'_> {
    /// One setting, or its default.
    fn read<T>(&mut self, setting: Setting, default: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = (self.get)(setting.name()).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned());
        match parse(&text) {
            Ok(value) => Some(value),
            Err(mistake) => {
                self.mistakes.push(format!("{}: {mistake}", setting.name()));
                None
            }
        }
    }
}

fn number<T>(text: &str, least: &T, most: &T) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + fmt::Display,
{
    let fits = text.parse().ok().filter(|value| least <= value && value <= most);
    fits.ok_or_else(|| format!("expected a number from {least} to {most}"))
}

/// A web address without a path: what a browser sends as `Origin`.
fn origin(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['/', ' ', '*', '?', '#']) => Ok(text.to_owned()),
        _ => Err(format!("{text} is no web address without a path")),
    }
}

/// A folder, as a path or as `file://`, or a bucket, as `s3://`.
fn storage(text: &str) -> Result<Storage, String> {
    match text.split_once("://") {
        None => Ok(Storage::Folder(PathBuf::from(text))),
        Some(("file", path)) if !path.is_empty() => Ok(Storage::Folder(PathBuf::from(path))),
        Some(("s3", place)) => {
            let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if bucket.is_empty() || !bucket.chars().all(fits) {
                return Err("expected s3://BUCKET or s3://BUCKET/PREFIX".to_owned());
            }
            let (bucket, prefix) = (bucket.to_owned(), prefix.trim_matches('/').to_owned());
            Ok(Storage::S3(S3 { bucket, prefix, endpoint: None, region: String::new(), credentials: None }))
        }
        Some((scheme, _)) => {
            Err(format!("{scheme}:// is not supported; expected a folder, file://FOLDER or s3://BUCKET"))
        }
    }
}

impl Settings<'_> {
    /// What else an S3-compatible store needs.
    fn s3(&mut self, place: S3) -> Option<S3> {
        let endpoint = self.read(Setting::AwsEndpointUrl, "", |text| {
            if text.is_empty() { Ok(None) } else { origin(text.trim_end_matches('/')).map(Some) }
        });
        let region = self.read(Setting::AwsRegion, "us-east-1", |text| Ok(text.to_owned()));
        let key = self.read(Setting::AwsAccessKeyId, "", |text| Ok(text.to_owned()))?;
        let secret = self.read(Setting::AwsSecretAccessKey, "", |text| Ok(text.to_owned()))?;
        let credentials = match (key.is_empty(), secret.is_empty()) {
            (true, true) => None,
            (false, false) => Some((key, secret)),
            _ => {
                self.mistakes.push("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: expected both or none".to_owned());
                return None;
            }
        };
        Some(S3 { endpoint: endpoint?, region: region?, credentials, ..place })
    }
}

impl Config {
    /// The settings of the environment.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn from_env() -> Result<Self, Mistakes> {
        Self::read(&|name| std::env::var(name).ok())
    }

    fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut settings = Settings { get, mistakes: Vec::new() };
        let database = settings.read(Setting::DatabaseUrl, "sqlite://thidua.db", DatabaseUrl::parse);
        let listen = settings.read(Setting::ListenAddr, "127.0.0.1:8080", |text| {
            text.parse::<SocketAddr>().map_err(|_| "expected ADDRESS:PORT".to_owned())
        });
        let beside = match &database {
            Some(DatabaseUrl::Sqlite(path)) => PathBuf::from(path).parent().map(PathBuf::from).unwrap_or_default(),
            _ => PathBuf::new(),
        };
        let default_public =
            listen.map_or_else(|| "http://127.0.0.1:8080".to_owned(), |listen| format!("http://{listen}"));
        let public_url = settings.read(Setting::PublicUrl, &default_public, origin);
        let key = beside.join("thidua-signing.key");
        let signing_key_file =
            settings.read(Setting::SigningKeyFile, &key.to_string_lossy(), |text| Ok(PathBuf::from(text)));
        let files = beside.join("thidua-files");
        let storage = settings.read(Setting::StorageUrl, &files.to_string_lossy(), storage);
        let storage = match storage {
            Some(Storage::S3(place)) => settings.s3(place).map(Storage::S3),
            folder => folder,
        };
        let cors_origins = settings.read(Setting::CorsOrigins, "", |text| {
            text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(origin).collect::<Result<Vec<_>, _>>()
        });
        let reminders = settings.read(Setting::ReminderDays, "7,3,1", |text| {
            let days: Result<Vec<i32>, _> = text.split(',').map(|day| day.trim().parse()).collect();
            let expected = || "expected one to ten numbers of days from 0 to 365, separated by commas".to_owned();
            days.ok().and_then(Reminders::of).ok_or_else(expected)
        });
        let webhook_allow_private = settings.read(Setting::WebhookAllowPrivate, "false", |text| {
            text.parse().map_err(|_| "expected true or false".to_owned())
        });
        let pool_size = settings.read(Setting::PoolSize, "0", |text| number(text, &0, &256));
        let workers = settings.read(Setting::Workers, &cores().to_string(), |text| number(text, &1, &256));
        let shutdown = settings.read(Setting::ShutdownSeconds, "30", |text| number(text, &0, &3600));
        let all = (|| {
            Some(Config {
                database: database?,
                listen: listen?,
                public_url: public_url?,
                signing_key_file: signing_key_file?,
                storage: storage?,
                cors_origins: cors_origins?,
                reminders: reminders?,
                webhook_allow_private: webhook_allow_private?,
                pool_size: pool_size.filter(|size| *size > 0),
                workers: workers?,
                shutdown: Duration::from_secs(shutdown?),
            })
        })();
        all.ok_or(Mistakes(settings.mistakes))
    }

    /// The settings of a sandbox on loopback, with its files in `folder`.
    ///
    /// # Errors
    /// A sentence about a URL that is none.
    pub fn of_sandbox(database: &str, port: u16, folder: &Path) -> Result<Self, String> {
        let listen = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Config {
            database: DatabaseUrl::parse(database)?,
            listen,
            public_url: format!("http://{listen}"),
            signing_key_file: folder.join("signing.key"),
            storage: Storage::Folder(folder.join("files")),
            cors_origins: Vec::new(),
            reminders: Reminders::default(),
            // A receiver to play with is on this machine, as the sandbox is.
            webhook_allow_private: true,
            pool_size: None,
            workers: cores(),
            shutdown: Duration::from_secs(5),
        })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, Mistakes> {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(&move |name| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    #[test]
    fn nothing_set_is_a_service_on_loopback_with_an_embedded_database() {
        let config = with(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database, DatabaseUrl::Sqlite("thidua.db".into()));
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
    }

    /// What is listed and never read would be documented for nothing.
    #[test]
    fn every_setting_is_read() {
        let asked = std::cell::RefCell::new(Vec::new());
        let get = |name: &str| {
            asked.borrow_mut().push(name.to_owned());
            (name == "STORAGE_URL").then(|| "s3://bucket".to_owned())
        };
        Config::read(&get).unwrap();
        let listed = Setting::VARIANTS.iter().filter(|setting| **setting != Setting::RustLog);
        assert_eq!(asked.into_inner(), listed.map(|setting| setting.name()).collect::<Vec<_>>());
    }

    #[test]
    fn what_belongs_together_lies_together() {
        let config = with(&[("DATABASE_URL", "sqlite:///var/lib/thidua/t.db")]).unwrap();
        assert_eq!(config.signing_key_file, PathBuf::from("/var/lib/thidua/thidua-signing.key"));
        assert_eq!(config.storage, Storage::Folder(PathBuf::from("/var/lib/thidua/thidua-files")));
    }

    #[test]
    fn documents_may_lie_in_a_bucket() {
        let settings = [
            ("STORAGE_URL", "s3://ho-so/thidua/"),
            ("AWS_ENDPOINT_URL", "https://s3.example.vn"),
            ("AWS_REGION", "hn-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "very secret"),
        ];
        let config = with(&settings).unwrap();
        let place = S3 {
            bucket: "ho-so".into(),
            prefix: "thidua".into(),
            endpoint: Some("https://s3.example.vn".into()),
            region: "hn-1".into(),
            credentials: Some(("key".into(), "very secret".into())),
        };
        assert_eq!(config.storage, Storage::S3(place));
        assert!(!format!("{config:?}").contains("very secret"));
    }

    #[test]
    fn a_bucket_is_named_and_its_key_has_a_secret() {
        for (settings, wrong) in [
            (&[("STORAGE_URL", "s3://")][..], "STORAGE_URL"),
            (&[("STORAGE_URL", "s3://a b")], "STORAGE_URL"),
            (&[("STORAGE_URL", "s3://b"), ("AWS_ACCESS_KEY_ID", "key")], "AWS_SECRET_ACCESS_KEY"),
            (&[("STORAGE_URL", "s3://b"), ("AWS_ENDPOINT_URL", "s3.example.vn")], "AWS_ENDPOINT_URL"),
        ] {
            let text = with(settings).unwrap_err().to_string();
            assert!(text.contains(wrong), "{wrong} in {text}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let wrong = [
            ("DATABASE_URL", "mysql://x"),
            ("LISTEN_ADDR", "8080"),
            ("WORKERS", "0"),
            ("POOL_SIZE", "many"),
            ("REMINDER_DAYS", "7,soon"),
            ("WEBHOOK_ALLOW_PRIVATE", "maybe"),
            ("STORAGE_URL", "ftp://x"),
            ("CORS_ORIGINS", "https://a.vn, *"),
            ("PUBLIC_URL", "https://a.vn/x"),
            ("SHUTDOWN_SECONDS", "-1"),
        ];
        let text = with(&wrong).unwrap_err().to_string();
        for (name, _) in wrong {
            assert!(text.contains(name), "{name} in {text}");
        }
    }
}
