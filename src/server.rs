//! From settings to a bound server with its address and stop handle.

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

use crate::clock::{Clock, Ids};
use crate::config::{Config, S3, Storage};
use crate::error::Error;
use crate::http::auth::Keys;
use crate::http::openapi::Document;
use crate::http::{State, middleware, routes};
use crate::service::criteria::tables::Tables;
use crate::service::files::Files;
use crate::service::journal::webhooks::dispatcher::Dispatcher;
use crate::service::schedule::deadlines::sync;
use crate::service::{App, EventSignal, sandbox};
use crate::store::{Db, migrations};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A server that listens.
pub struct Bound {
    /// Where.
    pub address: SocketAddr,
    /// To be awaited.
    pub server: Server,
}

impl Bound {
    /// Stops it, after the requests that are running.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }
}

/// Opens the installation: its database, brought up to date, and its files.
///
/// # Errors
/// When the database or the folder cannot be opened.
pub async fn open(config: &Config, clock: Clock, ids: Ids) -> Result<Arc<App>, Error> {
    let db = Db::open(&config.database, config.pool_size, config.workers)?;
    db.maintain(migrations::run).await?;
    let files = Files::new(match &config.storage {
        Storage::Folder(folder) => in_folder(folder)?,
        Storage::S3(place) => in_bucket(place)?,
    });
    let reminders = config.reminders.clone();
    let dispatcher = Dispatcher::new(config.webhook_allow_private);
    let event_signal = EventSignal::default();
    let app = App { db, clock, ids, tables: Tables::default(), files, event_signal, dispatcher, reminders };
    let app = Arc::new(app);
    let within = Arc::clone(&app);
    app.db.write(move |conn| sync::backfill(conn, &within)).await?;
    Ok(app)
}

fn in_folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, Error> {
    std::fs::create_dir_all(folder).map_err(Error::internal)?;
    let store = LocalFileSystem::new_with_prefix(folder).map_err(Error::internal)?.with_automatic_cleanup(false);
    // What a committed row names must not be lost with the power.
    Ok(Arc::new(store.with_fsync(true)))
}

fn in_bucket(place: &S3) -> Result<Arc<dyn ObjectStore>, Error> {
    let S3 { bucket, prefix, endpoint, region, credentials } = place;
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

/// Which service to serve.
pub enum Kind {
    /// An office's own.
    Production,
    /// A place to play: ready, or empty but for its people.
    Sandbox {
        /// Without the period and the table.
        empty: bool,
    },
}

/// Binds a server.
///
/// # Errors
/// When the key cannot be read or the address is taken; in the sandbox, for a database that is somebody's.
pub async fn bind(config: &Config, app: Arc<App>, kind: &Kind) -> Result<Bound, Error> {
    app.files.check().await?;
    let (keys, is_sandbox) = match kind {
        Kind::Production => (Keys::of_file(config.public_url.clone(), &config.signing_key_file)?, false),
        Kind::Sandbox { empty } => {
            let (within, empty) = (Arc::clone(&app), *empty);
            app.db.write(move |conn| sandbox::prepare(conn, &within, empty)).await?;
            (Keys::ephemeral(config.public_url.clone())?, true)
        }
    };
    let empty_sandbox = matches!(kind, Kind::Sandbox { empty: true });
    let public_url = config.public_url.clone();
    let document = Document::of(routes::operations(is_sandbox));
    let state = web::Data::new(State { app, empty_sandbox, keys, public_url, document });
    let origins = config.cors_origins.clone();
    let service = move || {
        actix_web::App::new()
            .app_data(state.clone())
            .configure(|services| routes::register(services, state.document.operations()))
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
    Ok(Bound { address, server: server.run() })
}

/// Pages of the named origins may call, and may read the headers that they need.
fn cors(origins: &[String]) -> Cors {
    let exposed = ["etag", "location", "link", "retry-after", "x-request-id", "idempotency-replayed"];
    let sent = [
        "authorization",
        "content-type",
        "if-match",
        "if-none-match",
        "idempotency-key",
        "accept-language",
        "traceparent",
    ];
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let allowed = |cors: Cors, origin: &String| cors.allowed_origin(origin);
    let cors = origins.iter().fold(Cors::default(), allowed);
    cors.allowed_methods(methods)
        .allowed_headers(sent.map(header::HeaderName::from_static))
        .expose_headers(exposed.map(header::HeaderName::from_static))
        .block_on_origin_mismatch(false)
        .max_age(3600)
}
