//! A connection to either database, chosen by the URL's scheme.

use std::fmt;

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, PgConnection, SqliteConnection};

/// A connection to one of the two databases.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// Embedded.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

/// Which database, by its URL.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://FILE`: the file's path.
    Sqlite(String),
    /// `postgres://…` as it was given.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// A sentence for whoever set it: an unknown scheme is never taken for a file's name.
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
    /// A password in the URL stays out of every log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite://{path}"),
            DatabaseUrl::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading alone: `SQLite` refuses a write.
    Read,
    /// Reading and writing.
    Write,
}

/// A connection of the pool.
pub struct Link {
    /// The connection.
    pub conn: Conn,
    /// Whether something failed on it that no rule refused: only then is it asked whether it still lives.
    pub suspect: bool,
}

/// Makes connections.
#[derive(Debug, Clone)]
pub struct Manager {
    /// Where to.
    pub url: DatabaseUrl,
    /// What for.
    pub access: Access,
}

/// `synchronous=FULL`: an acknowledged commit survives a power cut. The pragmas are a connection's own, so each sets them.
const SQLITE_SETUP: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";

/// A lock is waited for as long as a client would; nothing runs for ever.
const POSTGRES_SETUP: &str = "SET TIME ZONE 'UTC'; SET lock_timeout = '5s'; SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning';";

impl Manager {
    /// A new connection, set up for its use.
    ///
    /// # Errors
    /// When the database cannot be reached or set up.
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
    type Connection = Link;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Link, Self::Error> {
        Ok(Link { conn: self.establish()?, suspect: false })
    }

    fn is_valid(&self, link: &mut Link) -> Result<(), Self::Error> {
        link.conn.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)
    }

    /// Asked when a connection comes back: a server's may have died meanwhile.
    fn has_broken(&self, link: &mut Link) -> bool {
        link.suspect && self.is_valid(link).is_err()
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
    fn a_password_is_never_shown() {
        let shown = format!("{:?}", DatabaseUrl::parse("postgres://u:secret@h/d").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
