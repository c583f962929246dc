//! Tables. One code path over `SQLite` and `PostgreSQL`; the only place that knows either.
//!
//! A row by its key is read with `get_result`, not with `first`, which would bind a `LIMIT` for nothing.

mod assessment;
mod award;
mod criteria;
mod journal;
mod office;
mod schedule;
pub use assessment::{evidence, facts, files, periods, reviews, scores, submissions, targets};
pub use award::{award_proposals, council_sessions, rankings};
pub use criteria::criteria_sets;
pub use journal::{audit, events, idempotency, journals, webhooks};
pub use office::{accounts, members, organizations, units};
pub use schedule::{calendar, deadlines, feeds};
pub mod connection;
mod dialect;
mod error;
pub mod installation;
pub mod migrations;
pub mod page;
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

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an act is tried that the database called off for a conflict with another.
const MAX_ATTEMPTS: usize = 4;
/// Connections to `PostgreSQL`, where no pool size is set.
const POSTGRES_POOL: u32 = 8;

/// The database.
#[derive(Clone)]
pub struct Db {
    manager: Manager,
    lanes: Lanes,
}

/// How work reaches the database.
#[derive(Clone)]
enum Lanes {
    /// Embedded: a read on the thread that serves the request, which takes less time from memory than the way
    /// to another thread and back, with a connection for each such thread; writes by the one writer.
    Sqlite { readers: Pool<Manager>, writer: Writer },
    /// A server: everything on threads that may wait for its answer, with a permit for each connection, so that
    /// who has one finds a connection at once.
    Postgres { pool: Pool<Manager>, permits: Arc<Semaphore> },
}

fn pool(manager: &Manager, access: Access, size: u32) -> Result<Pool<Manager>, Error> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .test_on_check_out(false)
        .connection_timeout(ACQUIRE_TIMEOUT)
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(Manager { access, ..manager.clone() })
        .map_err(Error::internal)
}

fn with_connection<T>(pool: &Pool<Manager>, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    let mut link: PooledConnection<Manager> = pool.get().map_err(|source| {
        log::error!(error:% = source; "no connection to the database");
        Error::new(Code::Busy)
    })?;
    let result = work(&mut link.conn);
    link.suspect = result.as_ref().is_err_and(|error| error.source.is_some());
    result
}

/// Runs what may wait on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// Runs `work` with a connection to the server, when one is free.
async fn with_permit<T: Send + 'static>(
    pool: &Pool<Manager>,
    permits: &Arc<Semaphore>,
    work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let waiting = tokio::time::timeout(ACQUIRE_TIMEOUT, Arc::clone(permits).acquire_owned());
    let permit = waiting.await.map_err(|_| Error::new(Code::Busy))?.map_err(Error::internal)?;
    let pool = pool.clone();
    blocking(move || {
        let result = with_connection(&pool, work);
        drop(permit);
        result
    })
    .await
}

impl Db {
    /// Opens the database. `pool_size` is the number of connections to `PostgreSQL`; the embedded database
    /// has one writer, and a reader for each of the `workers`, the threads that serve, and one to spare.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(url: &DatabaseUrl, pool_size: Option<u32>, workers: usize) -> Result<Self, Error> {
        let manager = Manager { url: url.clone(), access: Access::Write };
        let lanes = match url {
            DatabaseUrl::Sqlite(_) => {
                let readers = u32::try_from(workers + 1).map_err(Error::internal)?;
                let writer = Writer::start(manager.establish().map_err(Error::internal)?)?;
                Lanes::Sqlite { readers: pool(&manager, Access::Read, readers)?, writer }
            }
            DatabaseUrl::Postgres(_) => {
                let size = pool_size.unwrap_or(POSTGRES_POOL);
                let permits = usize::try_from(size).map_err(Error::internal)?;
                Lanes::Postgres {
                    pool: pool(&manager, Access::Write, size)?,
                    permits: Arc::new(Semaphore::new(permits)),
                }
            }
        };
        Ok(Db { manager, lanes })
    }

    /// Runs `work` on one snapshot of the data.
    ///
    /// # Errors
    /// Those of `work`; `busy` where no connection came free in time.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.lanes {
            Lanes::Sqlite { readers, .. } => with_connection(readers, |conn| within(conn, "BEGIN", work)),
            Lanes::Postgres { pool, permits } => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                with_permit(pool, permits, move |conn| within(conn, begin, work)).await
            }
        }
    }

    /// Runs `work` in a transaction that takes effect whole or not at all. `work` may run again after
    /// a conflict, so it does nothing outside of the transaction.
    ///
    /// # Errors
    /// Those of `work`; `busy` where its turn did not come in time.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.lanes {
            Lanes::Sqlite { writer, .. } => writer.run(work).await,
            Lanes::Postgres { pool, permits } => {
                let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
                let attempts = move |conn: &mut Conn| {
                    for _ in 1..MAX_ATTEMPTS {
                        match within(conn, begin, &work) {
                            Err(error) if error::is_conflict(&error) => {}
                            done => return done,
                        }
                    }
                    within(conn, begin, &work)
                };
                with_permit(pool, permits, attempts).await
            }
        }
    }

    /// Runs `work` on a connection of its own without a transaction: for migrations, which bring their own.
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
}

/// An open transaction; given up when it is dropped before its end, also by a panic.
struct Open<'a> {
    conn: &'a mut Conn,
    ended: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended
            && let Err(error) = self.conn.batch_execute("ROLLBACK")
        {
            log::warn!(error:% = error; "a transaction could not be rolled back");
        }
    }
}

fn within<T>(conn: &mut Conn, begin: &str, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    conn.batch_execute(begin)?;
    let mut open = Open { conn, ended: false };
    let done = work(open.conn)?;
    open.conn.batch_execute("COMMIT")?;
    open.ended = true;
    Ok(done)
}
