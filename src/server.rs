//! From settings to a bound server with its address and stop handle.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::{Server, ServerHandle};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use object_store::local::LocalFileSystem;

use crate::clock::{Clock, Ids};
use crate::config::Config;
use crate::error::Error;
use crate::http::auth::Keys;
use crate::http::{self, State, middleware, openapi};
use crate::service::files::Files;
use crate::service::tables::Tables;
use crate::service::{House, sandbox};
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
pub async fn open(config: &Config, clock: Clock, ids: Ids) -> Result<Arc<House>, Error> {
    let db = Db::open(&config.database, config.pool_size, config.workers)?;
    db.maintain(migrations::run).await?;
    std::fs::create_dir_all(&config.storage).map_err(Error::internal)?;
    let folder =
        LocalFileSystem::new_with_prefix(&config.storage).map_err(Error::internal)?.with_automatic_cleanup(false);
    Ok(Arc::new(House { db, clock, ids, tables: Tables::default(), files: Files::new(Arc::new(folder)) }))
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
pub async fn bind(config: &Config, house: Arc<House>, kind: &Kind) -> Result<Bound, Error> {
    let (keys, is_sandbox) = match kind {
        Kind::Production => (Keys::of_file(config.public_url.clone(), &config.signing_key_file)?, false),
        Kind::Sandbox { empty } => {
            let (within, empty) = (Arc::clone(&house), *empty);
            house.db.write(move |conn| sandbox::prepare(conn, &within, empty)).await?;
            (Keys::ephemeral(config.public_url.clone())?, true)
        }
    };
    let empty_sandbox = matches!(kind, Kind::Sandbox { empty: true });
    let document = openapi::document(is_sandbox)?;
    let methods = openapi::methods(&document)?;
    let public_url = config.public_url.clone();
    let state = web::Data::new(State { house, empty_sandbox, keys, public_url, document, methods });
    let origins = config.cors_origins.clone();
    let app = move || {
        App::new()
            .app_data(state.clone())
            .configure(|services| http::mount(services, is_sandbox))
            .wrap(cors(&origins))
            .wrap(from_fn(middleware::around))
    };
    let server = HttpServer::new(app)
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
