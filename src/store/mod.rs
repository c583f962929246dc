//! Tables. One code path over `SQLite` and `PostgreSQL`; the only place that knows either.

pub mod accounts;
pub mod audit;
pub mod award_proposals;
pub mod calendar;
pub mod connection;
pub mod council;
pub mod criteria_sets;
mod dialect;
mod error;
pub mod facts;
pub mod idempotency;
pub mod installation;
pub mod members;
pub mod migrations;
pub mod organizations;
pub mod page;
pub mod periods;
pub mod rankings;
pub mod reviews;
pub mod schema;
pub mod scores;
pub mod submissions;
mod types;
pub mod units;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use r2d2::{Pool, PooledConnection};
use tokio::sync::Semaphore;

pub use connection::{Conn, DatabaseUrl};

use crate::error::{Code, Error};
use connection::{Access, Manager};

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often an act is tried that the database called off for a conflict with another.
const ATTEMPTS: usize = 4;
/// Connections to `PostgreSQL`, where no pool size is set.
const POSTGRES_POOL: u32 = 8;

/// The database.
#[derive(Clone)]
pub struct Db {
    readers: Lane,
    writers: Lane,
}

/// Connections of one kind, and as many permits: who has a permit finds a connection at once.
#[derive(Clone)]
struct Lane {
    pool: Pool<Manager>,
    permits: Arc<Semaphore>,
    place: Place,
}

/// Where the work of a lane runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On the thread that serves the request: a read of the embedded database takes less time from memory
    /// than the way to another thread and back, waits for nobody, and has a connection for each such thread.
    Here,
    /// On a thread that may wait: for a server's answer, for the writer's turn, for the disk.
    Blocking,
}

impl Lane {
    fn new(url: &DatabaseUrl, access: Access, size: u32, place: Place) -> Result<Self, Error> {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(Manager { url: url.clone(), access })
            .map_err(Error::internal)?;
        let permits = usize::try_from(size).map_err(Error::internal)?;
        Ok(Lane { pool, permits: Arc::new(Semaphore::new(permits)), place })
    }

    /// Runs `work` with a connection of this lane.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if self.place == Place::Here {
            return self.connected(work);
        }
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned());
        let permit = waiting.await.map_err(|_| Error::new(Code::Busy))?.map_err(Error::internal)?;
        let lane = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = lane.connected(work);
            drop(permit);
            result
        });
        done.await.map_err(Error::internal)?
    }

    fn connected<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        let mut link: PooledConnection<Manager> = self.pool.get().map_err(|source| {
            log::error!(error:% = source; "no connection to the database");
            Error::new(Code::Busy)
        })?;
        let result = work(&mut link.conn);
        link.suspect = result.as_ref().is_err_and(|error| error.source.is_some());
        result
    }
}

impl Db {
    /// Opens the database. `pool_size` is the number of connections to `PostgreSQL`; the embedded database
    /// has one writer, and a reader for each of the `workers`, the threads that serve, and one to spare.
    ///
    /// # Errors
    /// When the pool cannot be made.
    pub fn open(url: &DatabaseUrl, pool_size: Option<u32>, workers: usize) -> Result<Self, Error> {
        match url {
            DatabaseUrl::Sqlite(_) => {
                let readers = u32::try_from(workers + 1).map_err(Error::internal)?;
                Ok(Db {
                    readers: Lane::new(url, Access::Read, readers, Place::Here)?,
                    writers: Lane::new(url, Access::Write, 1, Place::Blocking)?,
                })
            }
            DatabaseUrl::Postgres(_) => {
                let size = pool_size.unwrap_or(POSTGRES_POOL);
                let lane = Lane::new(url, Access::Write, size, Place::Blocking)?;
                Ok(Db { readers: lane.clone(), writers: lane })
            }
        }
    }

    /// Runs `work` on one snapshot of the data.
    ///
    /// # Errors
    /// Those of `work`; `busy` where no connection came free in time.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.run(move |conn| within(conn, Begin::Read, work)).await
    }

    /// Runs `work` in a transaction that takes effect whole or not at all. `work` may run again after
    /// a conflict, so it does nothing outside of the transaction.
    ///
    /// # Errors
    /// Those of `work`; `busy` where no connection came free in time.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let attempts = move |conn: &mut Conn| {
            for _ in 1..ATTEMPTS {
                match within(conn, Begin::Write, &work) {
                    Err(error) if error::is_conflict(&error) => {}
                    done => return done,
                }
            }
            within(conn, Begin::Write, &work)
        };
        self.writers.run(attempts).await
    }

    /// Runs `work` on the writer without a transaction: for migrations, which bring their own.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn maintain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writers.run(work).await
    }
}

#[derive(Clone, Copy)]
enum Begin {
    Read,
    Write,
}

impl Begin {
    const fn statement(self, conn: &Conn) -> &'static str {
        match (self, conn) {
            (Begin::Read, Conn::Sqlite(_)) => "BEGIN",
            (Begin::Read, Conn::Postgres(_)) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            (Begin::Write, Conn::Sqlite(_)) => "BEGIN IMMEDIATE",
            (Begin::Write, Conn::Postgres(_)) => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
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

fn within<T>(conn: &mut Conn, begin: Begin, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    conn.batch_execute(begin.statement(conn))?;
    let mut open = Open { conn, ended: false };
    let done = work(open.conn)?;
    open.conn.batch_execute("COMMIT")?;
    open.ended = true;
    Ok(done)
}
