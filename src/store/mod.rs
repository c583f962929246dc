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
/// Readers beside `SQLite`'s one writer, where no pool size is set.
const SQLITE_READERS: u32 = 4;
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
}

impl Lane {
    fn new(url: &DatabaseUrl, access: Access, size: u32) -> Result<Self, Error> {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(Manager {
                url: url.clone(),
                access,
            })
            .map_err(Error::internal)?;
        let permits = usize::try_from(size).map_err(Error::internal)?;
        Ok(Lane {
            pool,
            permits: Arc::new(Semaphore::new(permits)),
        })
    }

    /// Runs `work` on a thread that may block, with a connection of this lane.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned());
        let permit = waiting
            .await
            .map_err(|_| Error::new(Code::Busy))?
            .map_err(Error::internal)?;
        let pool = self.pool.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut connection: PooledConnection<Manager> = pool.get().map_err(|source| {
                log::error!(error:% = source; "no connection to the database");
                Error::new(Code::Busy)
            })?;
            let result = work(&mut connection);
            drop(connection);
            drop(permit);
            result
        });
        done.await.map_err(Error::internal)?
    }
}

impl Db {
    /// Opens the database. `pool_size` is the number of connections to `PostgreSQL`, of readers on `SQLite`.
    ///
    /// # Errors
    /// When the pool cannot be made.
    pub fn open(url: &DatabaseUrl, pool_size: Option<u32>) -> Result<Self, Error> {
        match url {
            DatabaseUrl::Sqlite(_) => Ok(Db {
                readers: Lane::new(url, Access::Read, pool_size.unwrap_or(SQLITE_READERS))?,
                writers: Lane::new(url, Access::Write, 1)?,
            }),
            DatabaseUrl::Postgres(_) => {
                let lane = Lane::new(url, Access::Write, pool_size.unwrap_or(POSTGRES_POOL))?;
                Ok(Db {
                    readers: lane.clone(),
                    writers: lane,
                })
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
        self.readers
            .run(move |conn| within(conn, Begin::Read, work))
            .await
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

fn within<T>(
    conn: &mut Conn,
    begin: Begin,
    work: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    conn.batch_execute(begin.statement(conn))?;
    let mut open = Open { conn, ended: false };
    let done = work(open.conn)?;
    open.conn.batch_execute("COMMIT")?;
    open.ended = true;
    Ok(done)
}
