//! The settings. The only module that reads the environment; it reports all errors at once.

#![expect(clippy::disallowed_methods, reason = "the one module that reads the environment")]

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use strum::{IntoStaticStr, VariantArray};

mod providers;

pub use crate::domain::office::provider::{KeySource, Provider, SigningAlgorithm};
use crate::domain::schedule::reminders::Reminders;
use crate::store::DatabaseUrl;

/// A setting. Its environment variable is the variant's name in upper snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Setting {
    /// The URL of the database.
    DatabaseUrl,
    /// The address to listen on.
    ListenAddr,
    /// The origin under which clients reach the service.
    PublicUrl,
    /// The file with the signing key.
    SigningKeyFile,
    /// The identity providers whose users can be members.
    IdentityProviders,
    /// The location of uploaded files.
    StorageUrl,
    /// The address of an S3-compatible store.
    AwsEndpointUrl,
    /// The region of an S3-compatible store.
    AwsRegion,
    /// The access key id for an S3-compatible store.
    AwsAccessKeyId,
    /// The secret of that access key.
    AwsSecretAccessKey,
    /// The origins whose pages may call the service.
    CorsOrigins,
    /// The proxies that may say for whom they ask.
    TrustedProxies,
    /// The numbers of days before a due date at which reminders are sent.
    ReminderDays,
    /// Whether webhooks may be sent to private addresses.
    WebhookAllowPrivate,
    /// The number of files that are received at once.
    MaxUploads,
    /// The number of connections to `PostgreSQL`.
    PoolSize,
    /// The number of worker threads.
    Workers,
    /// How long a shutdown waits for running requests.
    ShutdownSeconds,
    /// The log filter, which `env_logger` reads.
    RustLog,
}

impl Setting {
    /// Returns the name of the environment variable.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The settings of a service.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database. `DATABASE_URL`.
    pub database: DatabaseUrl,
    /// The address to listen on. `LISTEN_ADDR`.
    pub listen: SocketAddr,
    /// The address under which clients reach the service, without a slash at its end. `PUBLIC_URL`.
    pub public_url: String,
    /// The file with the signing key, created at the first start. `SIGNING_KEY_FILE`.
    pub signing_key_file: PathBuf,
    /// The identity providers whose users can be members. `IDENTITY_PROVIDERS`.
    pub identity_providers: Vec<Provider>,
    /// The location of uploaded files. `STORAGE_URL`.
    pub storage: Storage,
    /// The origins whose pages may call the service. `CORS_ORIGINS`.
    pub cors_origins: Vec<String>,
    /// The networks of the proxies whose `X-Forwarded-For` is believed. `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// How often an address may ask of the endpoints that take credentials.
    pub auth_limit: AuthLimit,
    /// The numbers of days before a due date at which reminders are sent. `REMINDER_DAYS`.
    pub reminders: Reminders,
    /// Whether webhooks may be sent to private addresses and over plain HTTP. `WEBHOOK_ALLOW_PRIVATE`.
    pub webhook_allow_private: bool,
    /// The number of files that are received at once. `MAX_UPLOADS`.
    pub max_uploads: usize,
    /// The number of connections to `PostgreSQL`; `None` for the default. `POOL_SIZE`.
    pub pool_size: Option<u32>,
    /// The number of worker threads. `WORKERS`.
    pub workers: usize,
    /// How long a shutdown waits for running requests. `SHUTDOWN_SECONDS`.
    pub shutdown: Duration,
}

/// How often an address may ask of the endpoints that take credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthLimit {
    /// How often a minute.
    pub per_minute: NonZeroU32,
    /// How often at once.
    pub burst: NonZeroU32,
}

impl AuthLimit {
    /// That of an office.
    const OFFICE: AuthLimit = AuthLimit::of(60, 20);
    /// That of a sandbox, where everything comes from one address.
    const SANDBOX: AuthLimit = AuthLimit::of(60_000, 10_000);

    /// Returns a limit, each number at least one.
    pub const fn of(per_minute: u32, burst: u32) -> Self {
        AuthLimit { per_minute: at_least_one(per_minute), burst: at_least_one(burst) }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// The location of uploaded files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// A local folder.
    Folder(PathBuf),
    /// A bucket of an S3-compatible store.
    S3(S3),
}

/// A bucket of an S3-compatible store: `s3://BUCKET/PREFIX`, and the customary `AWS_*` settings.
#[derive(Clone, PartialEq, Eq)]
pub struct S3 {
    /// The name of the bucket.
    pub bucket: String,
    /// The prefix of every object key; empty for none.
    pub prefix: String,
    /// The address of the store; `None` for Amazon S3. `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// The region. `AWS_REGION`.
    pub region: String,
    /// The access key id and its secret; `None` where the machine has an instance role. `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for S3 {
    /// Omits the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.credentials.as_ref().map(|(key, _)| key);
        let S3 { bucket, prefix, endpoint, region, .. } = self;
        write!(
            f,
            "S3 {{ bucket: {bucket:?}, prefix: {prefix:?}, endpoint: {endpoint:?}, region: {region:?}, key: {key:?} }}"
        )
    }
}

/// Every invalid setting, each with what was expected.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "invalid settings:")?;
        self.0.iter().try_for_each(|error| writeln!(f, "  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads settings through a function, so that tests need no environment.
struct Settings<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<String>,
}

impl Settings<'_> {
    /// Reads a setting, or its default where it is absent or empty. Records an error where the value is invalid.
    fn read<T>(&mut self, setting: Setting, default: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = (self.get)(setting.name()).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned());
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.errors.push(format!("{}: {error}", setting.name()));
                None
            }
        }
    }
}

fn number<T>(text: &str, min: &T, max: &T) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + fmt::Display,
{
    let fits = text.parse().ok().filter(|value| min <= value && value <= max);
    fits.ok_or_else(|| format!("expected a number from {min} to {max}"))
}

/// Parses an origin: a web address without a path.
fn origin(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['/', ' ', '*', '?', '#']) => Ok(text.to_owned()),
        _ => Err(format!("{text} is not an http or https address without a path")),
    }
}

/// Parses the address of the service: an origin, and a path where a proxy serves others beside it.
fn public_url(text: &str) -> Result<String, String> {
    let end = text.find("://").map_or(0, |at| at + "://".len());
    let (address, path) = text.split_at(text[end..].find('/').map_or(text.len(), |at| end + at));
    let is_word = |word: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~' | '.');
        !word.is_empty() && word.chars().all(fits) && !word.chars().all(|c| c == '.')
    };
    origin(address)?;
    if path.is_empty() || path.split('/').skip(1).all(is_word) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text} has a path other than /words/of/letters, without a slash at its end"))
    }
}

/// Parses an address or a network.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| format!("{text} is no IP address or network"))
}

/// Parses a folder, as a path or as `file://`, or a bucket, as `s3://`.
fn storage(text: &str) -> Result<Storage, String> {
    match text.split_once("://") {
        None => Ok(Storage::Folder(PathBuf::from(text))),
        Some(("file", path)) if !path.is_empty() => Ok(Storage::Folder(PathBuf::from(path))),
        Some(("s3", location)) => {
            let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
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
    /// Adds the endpoint, the region and the credentials to a bucket.
    fn s3(&mut self, location: S3) -> Option<S3> {
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
                self.errors.push("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: expected both or neither".to_owned());
                return None;
            }
        };
        Some(S3 { endpoint: endpoint?, region: region?, credentials, ..location })
    }
}

impl Config {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// Every invalid setting.
    pub fn from_env() -> Result<Self, ConfigErrors> {
        Self::read(&|name| std::env::var(name).ok())
    }

    fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut settings = Settings { get, errors: Vec::new() };
        let database = settings.read(Setting::DatabaseUrl, "sqlite://thidua.db", DatabaseUrl::parse);
        let listen = settings.read(Setting::ListenAddr, "127.0.0.1:8080", |text| {
            text.parse::<SocketAddr>().map_err(|_| "expected ADDRESS:PORT".to_owned())
        });
        let data_dir = match &database {
            Some(DatabaseUrl::Sqlite(path)) => PathBuf::from(path).parent().map(PathBuf::from).unwrap_or_default(),
            _ => PathBuf::new(),
        };
        let default_public =
            listen.map_or_else(|| "http://127.0.0.1:8080".to_owned(), |listen| format!("http://{listen}"));
        let public_url = settings.read(Setting::PublicUrl, &default_public, public_url);
        let key = data_dir.join("thidua-signing.key");
        let signing_key_file =
            settings.read(Setting::SigningKeyFile, &key.to_string_lossy(), |text| Ok(PathBuf::from(text)));
        let own = public_url.clone().unwrap_or_default();
        let identity_providers = settings.read(Setting::IdentityProviders, "", |text| providers::parse(text, &own));
        let files = data_dir.join("thidua-files");
        let storage = settings.read(Setting::StorageUrl, &files.to_string_lossy(), storage);
        let storage = match storage {
            Some(Storage::S3(location)) => settings.s3(location).map(Storage::S3),
            folder => folder,
        };
        let cors_origins = settings.read(Setting::CorsOrigins, "", |text| {
            text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(origin).collect::<Result<Vec<_>, _>>()
        });
        let trusted_proxies = settings.read(Setting::TrustedProxies, "", |text| {
            text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(network).collect::<Result<Vec<_>, _>>()
        });
        let reminders = settings.read(Setting::ReminderDays, "7,3,1", |text| {
            let days: Result<Vec<i32>, _> = text.split(',').map(|day| day.trim().parse()).collect();
            let expected = || "expected one to ten numbers from 0 to 365, separated by commas".to_owned();
            days.ok().and_then(Reminders::of).ok_or_else(expected)
        });
        let webhook_allow_private = settings.read(Setting::WebhookAllowPrivate, "false", |text| {
            text.parse().map_err(|_| "expected true or false".to_owned())
        });
        let max_uploads =
            settings.read(Setting::MaxUploads, &MAX_UPLOADS.to_string(), |text| number(text, &1, &10_000));
        let pool_size = settings.read(Setting::PoolSize, "0", |text| number(text, &0, &256));
        let workers = settings.read(Setting::Workers, &cores().to_string(), |text| number(text, &1, &256));
        let shutdown = settings.read(Setting::ShutdownSeconds, "30", |text| number(text, &0, &3600));
        let all = (|| {
            Some(Config {
                database: database?,
                listen: listen?,
                public_url: public_url?,
                signing_key_file: signing_key_file?,
                identity_providers: identity_providers?,
                storage: storage?,
                cors_origins: cors_origins?,
                trusted_proxies: trusted_proxies?,
                auth_limit: AuthLimit::OFFICE,
                reminders: reminders?,
                webhook_allow_private: webhook_allow_private?,
                max_uploads: max_uploads?,
                pool_size: pool_size.filter(|size| *size > 0),
                workers: workers?,
                shutdown: Duration::from_secs(shutdown?),
            })
        })();
        all.ok_or(ConfigErrors(settings.errors))
    }

    /// Returns the settings of a sandbox on loopback, with its files in `folder`.
    ///
    /// # Errors
    /// A message about an invalid database URL.
    pub fn of_sandbox(database: &str, port: u16, folder: &Path) -> Result<Self, String> {
        let listen = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Config {
            database: DatabaseUrl::parse(database)?,
            listen,
            public_url: format!("http://{listen}"),
            signing_key_file: folder.join("signing.key"),
            identity_providers: Vec::new(),
            storage: Storage::Folder(folder.join("files")),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            auth_limit: AuthLimit::SANDBOX,
            reminders: Reminders::default(),
            // A webhook receiver to try things out with usually runs on the same machine.
            webhook_allow_private: true,
            max_uploads: MAX_UPLOADS,
            pool_size: None,
            workers: cores(),
            shutdown: Duration::from_secs(5),
        })
    }
}

/// The number of files that are received at once, by default.
const MAX_UPLOADS: usize = 32;

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(&move |name| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    #[test]
    fn the_defaults_are_loopback_and_an_embedded_database() {
        let config = with(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database, DatabaseUrl::Sqlite("thidua.db".into()));
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
    }

    /// A setting that is listed but never read would be documented for nothing.
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
    fn the_key_and_the_files_default_to_the_folder_of_the_database() {
        let config = with(&[("DATABASE_URL", "sqlite:///var/lib/thidua/t.db")]).unwrap();
        assert_eq!(config.signing_key_file, PathBuf::from("/var/lib/thidua/thidua-signing.key"));
        assert_eq!(config.storage, Storage::Folder(PathBuf::from("/var/lib/thidua/thidua-files")));
    }

    #[test]
    fn files_can_be_stored_in_a_bucket() {
        let settings = [
            ("STORAGE_URL", "s3://ho-so/thidua/"),
            ("AWS_ENDPOINT_URL", "https://s3.example.vn"),
            ("AWS_REGION", "hn-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "very secret"),
        ];
        let config = with(&settings).unwrap();
        let location = S3 {
            bucket: "ho-so".into(),
            prefix: "thidua".into(),
            endpoint: Some("https://s3.example.vn".into()),
            region: "hn-1".into(),
            credentials: Some(("key".into(), "very secret".into())),
        };
        assert_eq!(config.storage, Storage::S3(location));
        assert!(!format!("{config:?}").contains("very secret"));
    }

    #[test]
    fn incomplete_s3_settings_are_refused() {
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
    fn the_public_address_may_have_a_path() {
        for good in ["https://a.vn", "http://a.vn:8080", "https://a.vn/thi-dua", "https://a.vn/so/thi_dua"] {
            assert_eq!(with(&[("PUBLIC_URL", good)]).unwrap().public_url, good);
        }
        for bad in [
            "https://a.vn/",
            "https://a.vn/x/",
            "https://a.vn//x",
            "https://a.vn/../x",
            "https://a.vn/x?y",
            "https://a.vn/x#y",
            "https://a.vn/thi đua",
            "a.vn/x",
            "https:///x",
            "ftp://a.vn/x",
            "/x",
        ] {
            assert!(with(&[("PUBLIC_URL", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_invalid_settings_are_reported_at_once() {
        let wrong = [
            ("DATABASE_URL", "mysql://x"),
            ("LISTEN_ADDR", "8080"),
            ("WORKERS", "0"),
            ("POOL_SIZE", "many"),
            ("REMINDER_DAYS", "7,soon"),
            ("WEBHOOK_ALLOW_PRIVATE", "maybe"),
            ("STORAGE_URL", "ftp://x"),
            ("CORS_ORIGINS", "https://a.vn, *"),
            ("TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
            ("PUBLIC_URL", "https://a.vn/x/"),
            ("SHUTDOWN_SECONDS", "-1"),
        ];
        let text = with(&wrong).unwrap_err().to_string();
        for (name, _) in wrong {
            assert!(text.contains(name), "{name} in {text}");
        }
    }
}
