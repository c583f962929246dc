//! The tables' making and unmaking, built into the binary.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::dialect::on_each;
use super::{Conn, audit, within};
use crate::error::Error;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number, as long as nobody else uses it: what instances that start together wait on.
const LOCK: &str = "SELECT pg_advisory_lock(7446420316)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7446420316)";

const fn source(conn: &Conn) -> EmbeddedMigrations {
    match conn {
        Conn::Sqlite(_) => SQLITE,
        Conn::Postgres(_) => POSTGRES,
    }
}

/// Brings the tables up to date. Instances that start together wait for each other.
///
/// # Errors
/// When a migration fails; what it did is undone.
pub fn run(conn: &mut Conn) -> Result<(), Error> {
    alone(conn, |conn| {
        let source = source(conn);
        on_each!(conn, c => c.run_pending_migrations(source).map(|_| ())).map_err(Error::internal)?;
        seal_older_entries(conn)
    })
}

/// Unmakes every table and makes them anew, empty.
///
/// # Errors
/// When a migration fails.
pub fn rebuild(conn: &mut Conn) -> Result<(), Error> {
    alone(conn, |conn| {
        let source = || source(conn);
        let (down, up) = (source(), source());
        on_each!(conn, c => {
            c.revert_all_migrations(down).map_err(Error::internal)?;
            c.run_pending_migrations(up).map(|_| ()).map_err(Error::internal)
        })?;
        seal_older_entries(conn)
    })
}

/// Hashes what was written before there was a chain, which no SQL can.
fn seal_older_entries(conn: &mut Conn) -> Result<(), Error> {
    let begin = if matches!(conn, Conn::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" };
    within(conn, begin, audit::seal_older)
}

fn alone(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<(), Error>) -> Result<(), Error> {
    if matches!(conn, Conn::Sqlite(_)) {
        return work(conn);
    }
    // Another instance may take longer than a request would wait.
    conn.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0;")?;
    conn.batch_execute(LOCK)?;
    let done = work(conn);
    conn.batch_execute(UNLOCK)?;
    conn.batch_execute("SET lock_timeout = '5s'; SET statement_timeout = '30s';")?;
    done
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Whether every migration has run. Only reads, so that a reader may ask.
///
/// # Errors
/// When the database does not answer.
pub fn are_current(conn: &mut Conn) -> Result<bool, Error> {
    let known = match source(conn) {
        source if matches!(conn, Conn::Sqlite(_)) => {
            MigrationSource::<Sqlite>::migrations(&source).map(|all| all.len())
        }
        source => MigrationSource::<Pg>::migrations(&source).map(|all| all.len()),
    };
    let applied: Applied = sql_query("SELECT COUNT(*) AS number FROM __diesel_schema_migrations").get_result(conn)?;
    Ok(usize::try_from(applied.number).map_err(Error::internal)? == known.map_err(Error::internal)?)
}
