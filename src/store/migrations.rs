//! The schema migrations, embedded in the binary.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::dialect::dispatch;
use super::{Conn, audit, in_transaction, legacy};
use crate::error::Error;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Takes the advisory lock that serialises migrations. The number is arbitrary; nothing else in the database uses it.
const LOCK: &str = "SELECT pg_advisory_lock(7446420316)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7446420316)";

const fn source(conn: &Conn) -> EmbeddedMigrations {
    match conn {
        Conn::Sqlite(_) => SQLITE,
        Conn::Postgres(_) => POSTGRES,
    }
}

/// Runs the pending migrations. Instances that start at the same time wait for each other.
///
/// # Errors
/// When a migration fails; its transaction is rolled back.
pub fn run(conn: &mut Conn) -> Result<(), Error> {
    with_migration_lock(conn, |conn| {
        let source = source(conn);
        legacy::check(conn)?;
        dispatch!(conn, c => c.run_pending_migrations(source).map(|_| ())).map_err(Error::internal)?;
        backfill(conn)
    })
}

/// Drops all tables and creates them again, empty.
///
/// # Errors
/// When a migration fails.
pub fn rebuild(conn: &mut Conn) -> Result<(), Error> {
    with_migration_lock(conn, |conn| {
        let source = || source(conn);
        let (down, up) = (source(), source());
        dispatch!(conn, c => {
            c.revert_all_migrations(down).map_err(Error::internal)?;
            c.run_pending_migrations(up).map(|_| ()).map_err(Error::internal)
        })?;
        backfill(conn)
    })
}

/// Does what SQL cannot do: hashes the audit entries that are older than the hash chain, and names the units of scopes by id.
fn backfill(conn: &mut Conn) -> Result<(), Error> {
    let begin = if matches!(conn, Conn::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" };
    in_transaction(conn, begin, |conn| {
        audit::backfill_hashes(conn)?;
        legacy::name_units_by_id(conn)
    })
}

fn with_migration_lock(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<(), Error>) -> Result<(), Error> {
    if matches!(conn, Conn::Sqlite(_)) {
        return work(conn);
    }
    // A migration in another instance may take longer than the timeouts for requests.
    conn.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0;")?;
    conn.batch_execute(LOCK)?;
    let result = work(conn);
    conn.batch_execute(UNLOCK)?;
    conn.batch_execute("SET lock_timeout = '5s'; SET statement_timeout = '30s';")?;
    result
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Returns whether every migration has run. Works on a read-only connection.
///
/// # Errors
/// When the database fails.
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
