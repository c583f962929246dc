//! Connections to either database. The URL's scheme decides which.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, PgConnection, SqliteConnection};

/// A connection to one of the two databases.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// A connection to the embedded database.
    Sqlite(SqliteConnection),
    /// A connection to a database server.
    Postgres(PgConnection),
}

/// The URL of a database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://FILE`: the file's path.
    Sqlite(String),
    /// `postgres://…`: the whole URL.
    Postgres(String),
}

impl DatabaseUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// A message for the administrator. An unknown scheme is an error, never taken for a file name.
    pub fn parse(url: &str) -> Result<Self, String> {
        match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Ok(DatabaseUrl::Sqlite(path.to_owned())),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                let wants_tls = ["require", "verify-ca", "verify-full"];
                let tls = wants_tls.iter().any(|mode| url.contains(&format!("sslmode={mode}")));
                if tls && !cfg!(feature = "postgres-tls") {
                    return Err(
                        "sslmode needs TLS, which this build lacks: build it with `--features postgres-tls`".into()
                    );
                }
                Ok(DatabaseUrl::Postgres(url.to_owned()))
            }
            _ => Err("expected sqlite://FILE or postgres://USER@HOST/DATABASE".into()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    /// Keeps the password in the URL out of the logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite://{path}"),
            DatabaseUrl::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read: `SQLite` refuses writes.
    Read,
    /// Read and write.
    Write,
}

/// A connection in the pool.
pub struct PooledConn {
    /// The connection.
    pub conn: Conn,
    /// Whether the database reported a failure on it. Only then is the connection tested when it returns to the pool.
    pub suspect: bool,
    /// How many connections had been lost when this one was last known to work.
    losses: usize,
}

/// Opens connections for the pool.
#[derive(Debug, Clone)]
pub struct Manager {
    url: DatabaseUrl,
    access: Access,
    /// How many connections were found lost. A server that closes one usually closes all of them, so that each is tested
    /// once before it is used after that.
    losses: Arc<AtomicUsize>,
}

/// Runs on every new connection, because the settings belong to the connection. With `synchronous=FULL` an acknowledged
/// commit survives a power cut.
const SQLITE_SETUP: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";

/// Bounds the wait for a lock by what a client would wait, and the time of every statement.
const POSTGRES_SETUP: &str = "SET TIME ZONE 'UTC'; SET lock_timeout = '5s'; SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning';";

impl Manager {
    /// Creates a manager of connections to a database.
    pub fn new(url: DatabaseUrl, access: Access) -> Self {
        Manager { url, access, losses: Arc::default() }
    }

    /// Returns which database the connections are to.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Opens and configures a connection.
    ///
    /// # Errors
    /// When the database cannot be reached or the connection cannot be configured.
    pub fn establish(&self) -> Result<Conn, diesel::r2d2::Error> {
        let failed = diesel::r2d2::Error::ConnectionError;
        let setup = |error| failed(ConnectionError::CouldntSetupConfiguration(error));
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(failed)?;
                conn.batch_execute(SQLITE_SETUP).map_err(setup)?;
                if self.access == Access::Read {
                    conn.batch_execute("PRAGMA query_only = ON;").map_err(setup)?;
                }
                Ok(Conn::Sqlite(conn))
            }
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(failed)?;
                conn.batch_execute(POSTGRES_SETUP).map_err(setup)?;
                Ok(Conn::Postgres(conn))
            }
        }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = PooledConn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<PooledConn, Self::Error> {
        let losses = self.losses.load(Ordering::Relaxed);
        Ok(PooledConn { conn: self.establish()?, suspect: false, losses })
    }

    /// Called when a connection leaves the pool: asks the database only where another connection was lost meanwhile.
    fn is_valid(&self, pooled: &mut PooledConn) -> Result<(), Self::Error> {
        let losses = self.losses.load(Ordering::Relaxed);
        if pooled.losses != losses {
            pooled.conn.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)?;
            pooled.losses = losses;
        }
        Ok(())
    }

    /// Called when a connection returns to the pool: the server may have closed it.
    fn has_broken(&self, pooled: &mut PooledConn) -> bool {
        let is_lost = pooled.suspect && pooled.conn.batch_execute("SELECT 1").is_err();
        if is_lost {
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
        is_lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides_and_an_unknown_one_is_an_error() {
        assert_eq!(DatabaseUrl::parse("sqlite://thidua.db"), Ok(DatabaseUrl::Sqlite("thidua.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite:///var/t.db"), Ok(DatabaseUrl::Sqlite("/var/t.db".into())));
        assert!(DatabaseUrl::parse("postgres://u@h/d").is_ok());
        for bad in ["thidua.db", "mysql://u@h/d", "sqlite://", "postgres://"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(cfg!(feature = "postgres-tls") || DatabaseUrl::parse("postgres://u@h/d?sslmode=require").is_err());
    }

    #[test]
    fn the_debug_form_omits_the_password() {
        let shown = format!("{:?}", DatabaseUrl::parse("postgres://u:secret@h/d").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
