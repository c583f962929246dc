//! Opens the database and the file store, and binds the server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::{Server, ServerHandle};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpServer, web};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use tokio::sync::Semaphore;

use crate::clock::{Clock, Ids};
use crate::config::{Config, S3, Storage};
use crate::error::{Code, Error};
use crate::http::auth::{Issuers, Keys};
use crate::http::client::Limiter;
use crate::http::local::LocalOnly;
use crate::http::openapi::Document;
use crate::http::{State, client, middleware, routes};
use crate::private;
use crate::service::criteria::tables::Tables;
use crate::service::files::Files;
use crate::service::journal::webhooks::dispatcher::Dispatcher;
use crate::service::office::passwords::Passwords;
use crate::service::office::signing_keys::{self, Register, Registration};
use crate::service::schedule::deadlines::sync;
use crate::service::{App, EventSignal, sandbox};
use crate::store::DatabaseUrl;
use crate::store::{Conn, Db, migrations};

/// How long a client may take to send the request line and the headers.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A server that is bound to its address.
pub struct BoundServer {
    /// The address, with the port that the system chose where 0 was asked for.
    pub address: SocketAddr,
    /// Serves requests while it is awaited.
    pub server: Server,
}

impl BoundServer {
    /// Returns the handle that stops the server gracefully.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }
}

/// Opens the database and the file store, runs pending migrations, and adds the deadlines that older periods lack.
///
/// # Errors
/// When the database or the file store cannot be opened, or a migration fails.
pub async fn open(config: &Config, clock: Clock, ids: Ids) -> Result<Arc<App>, Error> {
    if let DatabaseUrl::Sqlite(path) = &config.database {
        private::create_file(Path::new(path)).map_err(Error::internal)?;
    }
    let db = Db::open(&config.database, config.pool_size, config.workers)?;
    db.maintain(migrations::run).await?;
    let files = Files::new(match &config.storage {
        Storage::Folder(folder) => open_folder(folder)?,
        Storage::S3(location) => open_bucket(location)?,
    });
    let reminders = config.reminders.clone();
    let dispatcher = Dispatcher::new(config.webhook_allow_private);
    let event_signal = EventSignal::default();
    let issuers = config.identity_providers.iter().map(|provider| provider.issuer.clone()).collect();
    let passwords = Passwords::new(config.workers)?;
    let tables = Tables::default();
    let app = Arc::new(App { db, clock, ids, tables, files, event_signal, dispatcher, issuers, reminders, passwords });
    let shared = Arc::clone(&app);
    app.db.write(move |conn| sync::backfill(conn, &shared)).await?;
    Ok(app)
}

fn open_folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, Error> {
    private::create_folder(folder).map_err(Error::internal)?;
    let store = LocalFileSystem::new_with_prefix(folder).map_err(Error::internal)?.with_automatic_cleanup(false);
    // A file that a committed row refers to must survive a power cut.
    Ok(Arc::new(store.with_fsync(true)))
}

fn open_bucket(location: &S3) -> Result<Arc<dyn ObjectStore>, Error> {
    let S3 { bucket, prefix, endpoint, region, credentials } = location;
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket).with_region(region);
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some((key, secret)) = credentials {
        builder = builder.with_access_key_id(key).with_secret_access_key(secret);
    }
    let store = builder.build().map_err(Error::internal)?;
    Ok(Arc::new(PrefixStore::new(store, prefix.as_str())))
}

/// Registers the signing key. Instances that share no key would refuse each other's tokens.
async fn register(app: &App, keys: &Keys) -> Result<(), Error> {
    let own: Vec<(String, String)> = keys.public().map(|key| (key.id.clone(), key.x.clone())).collect();
    let register = move |conn: &mut Conn| signing_keys::register(conn, &own);
    let registered = match app.db.write(register.clone()).await {
        // Another instance with the same file was faster.
        Err(error) if error.code == Code::AlreadyExists => app.db.write(register).await,
        registered => registered,
    };
    match registered? {
        Registration::Done => Ok(()),
        Registration::Foreign => Err(Error::internal(
            "SIGNING_KEY_FILE holds none of the keys that the other instances on this database sign with; \
             give every instance the same file (if they are lost, empty the table signing_keys)",
        )),
    }
}

/// The kind of service to run.
pub enum Kind {
    /// The service of an office, on the system clock.
    Production,
    /// A sandbox with sample data, a settable clock and ready-made tokens.
    Sandbox {
        /// Leaves out the sample period and its criteria set.
        empty: bool,
    },
}

/// Binds the server to the configured address.
///
/// # Errors
/// When the signing key cannot be read or the address is in use. `already_exists` where the sandbox is given a database
/// that it did not create.
pub async fn bind(config: &Config, app: Arc<App>, kind: &Kind) -> Result<BoundServer, Error> {
    app.files.check().await?;
    let (keys, is_sandbox) = match kind {
        Kind::Production => {
            let keys = Keys::of_file(config.public_url.clone(), &config.signing_key_file)?;
            private::warn_if_open(&config.signing_key_file);
            register(&app, &keys).await?;
            (keys, false)
        }
        Kind::Sandbox { empty } => {
            let (shared, empty) = (Arc::clone(&app), *empty);
            app.db.write(move |conn| sandbox::prepare(conn, &shared, empty)).await?;
            (Keys::ephemeral(config.public_url.clone())?, true)
        }
    };
    let empty_sandbox = matches!(kind, Kind::Sandbox { empty: true });
    let register = (!is_sandbox).then(|| Register::new(app.db.clone()));
    let state = web::Data::new(State {
        app,
        empty_sandbox,
        issuers: Issuers::new(&keys, register, &config.identity_providers)?,
        keys,
        local: is_sandbox.then(|| LocalOnly::new(config.listen.ip(), config.cors_origins.clone())),
        uploads: Semaphore::new(config.max_uploads),
        public_url: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        limiter: Limiter::new(config.auth_limit.per_minute, config.auth_limit.burst),
        document: Document::of(routes::operations(is_sandbox)),
    });
    let origins = config.cors_origins.clone();
    let service = move || {
        actix_web::App::new()
            .app_data(state.clone())
            .configure(|services| routes::register(services, state.document.operations()))
            .wrap(from_fn(client::limit))
            .wrap(cors(&origins))
            .wrap(from_fn(middleware::around))
    };
    let server = HttpServer::new(service)
        .workers(config.workers)
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(config.shutdown.as_secs())
        .bind(config.listen)
        .map_err(Error::internal)?;
    let address = server.addrs().first().copied().ok_or_else(|| Error::internal("bound to no address"))?;
    Ok(BoundServer { address, server: server.run() })
}

/// Allows cross-origin requests from the configured origins, and exposes the response headers that clients need.
fn cors(origins: &[String]) -> Cors {
    let exposed = [
        "etag",
        "location",
        "link",
        "retry-after",
        "x-request-id",
        "idempotency-replayed",
        "ratelimit",
        "ratelimit-policy",
    ];
    let accepted = [
        "authorization",
        "content-type",
        "if-match",
        "if-none-match",
        "idempotency-key",
        "accept-language",
        // What tracing adds to the requests of a page.
        "traceparent",
        "tracestate",
        "baggage",
        "b3",
        "sentry-trace",
        "x-request-id",
        "x-correlation-id",
    ];
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let allowed = |cors: Cors, origin: &String| cors.allowed_origin(origin);
    let cors = origins.iter().fold(Cors::default(), allowed);
    cors.allowed_methods(methods)
        .allowed_headers(accepted.map(header::HeaderName::from_static))
        .expose_headers(exposed.map(header::HeaderName::from_static))
        .block_on_origin_mismatch(false)
        .max_age(3600)
}
