//! The frozen versions of a ranking.

use serde_json::json;

use crate::clock::random_bytes;
use crate::domain::assessment::period::Period;
use crate::domain::award::ranking::{Inputs, Ranking};
use crate::domain::text::hex;
use crate::error::Error;
use crate::service::award::ranking::inputs;
use crate::service::{AuditDraft, Context, record, sha256_hex};
use crate::store::rankings::FrozenRanking;
use crate::store::{self, Conn};

/// Freezes the ranking of some inputs as the next version, and returns its number. The period must be locked.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn freeze(conn: &mut Conn, context: &Context, period: &Period, inputs: &Inputs) -> Result<(i64, Ranking), Error> {
    let ranking = inputs.rank();
    let text = serde_json::to_string(inputs).map_err(Error::internal)?;
    let version = store::rankings::latest(conn, &period.id)?.map_or(1, |last| last.version + 1);
    let frozen = FrozenRanking {
        period_id: period.id.to_string(),
        version,
        inputs_sha256: sha256_hex(text.as_bytes()),
        inputs: text,
        result: serde_json::to_string(&ranking).map_err(Error::internal)?,
        frozen_at: context.now.naive_utc(),
        salt: hex(&random_bytes::<32>().map_err(Error::internal)?),
    };
    store::rankings::freeze(conn, &frozen)?;
    let after = json!({"version": version, "inputs_sha256": frozen.inputs_sha256, "rows": ranking.rows});
    let draft = AuditDraft {
        after: Some(after.into()),
        ..AuditDraft::about("ranking.freeze", Some(period.organization_id), ("ranking", period.id))
    };
    record(conn, context, draft)?;
    Ok((version, ranking))
}

/// Returns what the ranking that counts is computed from: that which was frozen last, announced or not, or the current data
/// while nothing is frozen.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn counted(conn: &mut Conn, period: &Period) -> Result<Inputs, Error> {
    let Some(version) = period.ranking_version.filter(|_| period.status.is_final()) else {
        return inputs::current(conn, period);
    };
    let row = store::rankings::find(conn, &period.id, version)?;
    let row = row.ok_or_else(|| Error::internal("a finalised period without its ranking"))?;
    serde_json::from_str(&row.inputs).map_err(Error::internal)
}
