//! The database layer: one code path over `SQLite` and `PostgreSQL`. No other module knows about either.
//!
//! A row is read by its key with `get_result` rather than `first`, which would add a needless `LIMIT`.

mod assessment;
mod award;
mod criteria;
mod journal;
mod office;
mod schedule;
pub use assessment::{
    assignments, council_means, evidence, facts, files, period_groups, period_units, periods, recusals, reviews,
    score_batches, scores, submissions, targets,
};
pub use award::{amendments, analysis, award_proposals, council_sessions, rankings};
pub use criteria::criteria_sets;
pub use journal::{audit, events, idempotency, journals, webhooks};
pub use office::{
    accounts, invitations, members, organizations, passwords, sessions, sign_in_failures, signing_keys, units,
};
pub use schedule::{calendar, deadlines, feeds};
pub mod connection;
mod dialect;
mod error;
pub mod installation;
mod legacy;
pub mod migrations;
pub mod page;
mod range;
pub mod schema;
mod types;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use r2d2::{Pool, PooledConnection};
use tokio::sync::Semaphore;

pub use connection::{Conn, DatabaseUrl};

use crate::error::{Code, Error};
use connection::{Access, Manager};
use writer::Writer;

/// How long a request waits for a connection before it fails with `busy`.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many times a transaction is attempted that the database aborts because of a conflict.
const MAX_ATTEMPTS: usize = 4;
/// The number of connections to `PostgreSQL` where no pool size is configured.
const POSTGRES_POOL: u32 = 8;

/// Also for tables that this connection has not read yet, which a new one knows nothing of.
const SQLITE_OPTIMIZE: &str = "PRAGMA analysis_limit = 1000; PRAGMA optimize = 0x10002;";

/// A handle to the database.
#[derive(Clone)]
pub struct Db {
    manager: Manager,
    backend: Backend,
}

/// How each kind of database is accessed.
#[derive(Clone)]
enum Backend {
    /// Reads run on the worker thread that serves the request, each with its own connection: reading from memory is
    /// faster than switching to another thread and back. All writes go through one writer thread.
    Sqlite { readers: Pool<Manager>, writer: Writer },
    /// Everything runs in the blocking pool, because each statement waits for the server. There is a permit for each
    /// connection, so that no blocking thread waits for the pool.
    Postgres { pool: Pool<Manager>, permits: Arc<Semaphore> },
}

fn pool(manager: &Manager, access: Access, size: u32) -> Result<Pool<Manager>, Error> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .test_on_check_out(true)
        .connection_timeout(ACQUIRE_TIMEOUT)
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(Manager::new(manager.url().clone(), access))
        .map_err(Error::internal)
}

fn with_connection<T>(pool: &Pool<Manager>, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    let mut pooled: PooledConnection<Manager> = pool.get().map_err(|source| {
        log::error!(error:% = source; "no connection to the database");
        Error::new(Code::Busy)
    })?;
    let result = work(&mut pooled.conn);
    pooled.suspect = result.as_ref().is_err_and(|error| error.source.is_some());
    result
}

/// Runs blocking work in the blocking pool.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// Runs `work` in the blocking pool once a connection to the server is free.
async fn with_permit<T: Send + 'static>(
    pool: &Pool<Manager>,
    permits: &Arc<Semaphore>,
    work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let acquire = tokio::time::timeout(ACQUIRE_TIMEOUT, Arc::clone(permits).acquire_owned());
    let permit = acquire.await.map_err(|_| Error::new(Code::Busy))?.map_err(Error::internal)?;
    let pool = pool.clone();
    blocking(move || {
        let result = with_connection(&pool, work);
        drop(permit);
        result
    })
    .await
}

impl Db {
    /// Opens the database. `pool_size` is the number of connections to `PostgreSQL`; `SQLite` gets one connection for
    /// writing, one for reading for each of the `workers` (the worker threads), and a spare one.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn open(url: &DatabaseUrl, pool_size: Option<u32>, workers: usize) -> Result<Self, Error> {
        let manager = Manager::new(url.clone(), Access::Write);
        let backend = match url {
            DatabaseUrl::Sqlite(_) => {
                let readers = u32::try_from(workers + 1).map_err(Error::internal)?;
                let writer = Writer::start(manager.establish().map_err(Error::internal)?)?;
                Backend::Sqlite { readers: pool(&manager, Access::Read, readers)?, writer }
            }
            DatabaseUrl::Postgres(_) => {
                let size = pool_size.unwrap_or(POSTGRES_POOL);
                let permits = usize::try_from(size).map_err(Error::internal)?;
                Backend::Postgres {
                    pool: pool(&manager, Access::Write, size)?,
                    permits: Arc::new(Semaphore::new(permits)),
                }
            }
        };
        Ok(Db { manager, backend })
    }

    /// Runs `work` in a read-only transaction that sees one snapshot of the data.
    ///
    /// # Errors
    /// Those of `work`; `busy` where no connection became free in time.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.backend {
            Backend::Sqlite { readers, .. } => with_connection(readers, |conn| in_transaction(conn, "BEGIN", work)),
            Backend::Postgres { pool, permits } => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                with_permit(pool, permits, move |conn| in_transaction(conn, begin, work)).await
            }
        }
    }

    /// Runs `work` in a transaction. `work` may run again after a conflict, so it must have no effect outside of the
    /// transaction.
    ///
    /// # Errors
    /// Those of `work`; `busy` where it could not start in time.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.backend {
            Backend::Sqlite { writer, .. } => writer.run(work).await,
            Backend::Postgres { pool, permits } => {
                let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
                let attempts = move |conn: &mut Conn| {
                    for _ in 1..MAX_ATTEMPTS {
                        match in_transaction(conn, begin, &work) {
                            Err(error) if error::is_conflict(&error) => {}
                            result => return result,
                        }
                    }
                    in_transaction(conn, begin, &work)
                };
                with_permit(pool, permits, attempts).await
            }
        }
    }

    /// Runs `work` on a separate connection without a transaction: for migrations, which manage their own.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn maintain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let manager = self.manager.clone();
        blocking(move || work(&mut manager.establish().map_err(Error::internal)?)).await
    }

    /// Lets the embedded database look at how much its tables hold, by which it chooses among indexes; a server does so by
    /// itself. Reads a sample of those that have grown or shrunk much.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn optimize(&self) -> Result<(), Error> {
        match &self.backend {
            Backend::Sqlite { .. } => self.maintain(|conn| Ok(conn.batch_execute(SQLITE_OPTIMIZE)?)).await,
            Backend::Postgres { .. } => Ok(()),
        }
    }
}

/// A transaction that is rolled back when it is dropped before the commit, as by a panic.
struct Transaction<'a> {
    conn: &'a mut Conn,
    ended: bool,
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.ended
            && let Err(error) = self.conn.batch_execute("ROLLBACK")
        {
            log::warn!(error:% = error; "a transaction could not be rolled back");
        }
    }
}

fn in_transaction<T>(
    conn: &mut Conn,
    begin: &str,
    work: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    conn.batch_execute(begin)?;
    let mut transaction = Transaction { conn, ended: false };
    let result = work(transaction.conn)?;
    transaction.conn.batch_execute("COMMIT")?;
    transaction.ended = true;
    Ok(result)
}
