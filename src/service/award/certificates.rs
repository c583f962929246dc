//! The certificate of an announced result: what it states.

use serde::{Deserialize, Serialize};

use crate::domain::assessment::period::{Notice, Period, PeriodStatus};
use crate::domain::award::ranking::{Ranking, RankingRow};
use crate::domain::time::instant;
use crate::domain::{Id, Points};
use crate::error::{Code, Error};
use crate::service::award::ranking;
use crate::service::{Context, Result, sha256_hex};
use crate::store::{self, Conn};

/// The acts that give the result the notice that it is announced by.
const ANNOUNCING: [&str; 2] = ["period.announce", "period.correct_notice"];

/// The audience that a certificate is for: no token's.
pub const AUDIENCE: &str = "thidua-certificate";

/// What a certificate states of an announced result. It is the same for everybody, and the same at every reading until the
/// notice is corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The service that issued it.
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// When the result was announced, or its notice corrected, in UTC.
    pub issued_at: String,
    /// The organisation.
    pub organization: CertifiedOrganization,
    /// The period.
    pub period: CertifiedPeriod,
    /// The result notice.
    pub notice: Notice,
    /// The ranking.
    pub ranking: CertifiedRanking,
    /// SHA-256, in hexadecimal, of the salt of the ranking, the number of the audit entry of the announcement, `:`, and its
    /// hash. It holds the audit chain up to there to what it was, and without the salt nobody can test a guess with it.
    pub audit_commitment: String,
}

/// The organisation of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedOrganization {
    /// Id of the organisation.
    pub id: Id,
    /// Code of the organisation.
    pub code: String,
    /// Name of the organisation.
    pub name: String,
}

/// The period of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedPeriod {
    /// Id of the period.
    pub id: Id,
    /// Code of the period.
    pub code: String,
    /// Title of the period.
    pub title: String,
    /// Year that it covers.
    pub year: i32,
}

/// The ranking of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedRanking {
    /// Version of the ranking.
    pub version: i64,
    /// Commitment of the ranking to its inputs.
    pub commitment: String,
    /// Every row.
    pub rows: Vec<CertifiedRow>,
}

/// A row of a certificate: what everybody may know of a unit. Why a unit took no award is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedRow {
    /// Code of the unit's group; `None` where the period has no groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_code: Option<String>,
    /// Rank in the group; `None` without a result.
    pub rank: Option<i32>,
    /// Id of the unit.
    pub unit_id: Id,
    /// Code of the unit.
    pub unit_code: String,
    /// Name of the unit.
    pub unit_name: String,
    /// Base points.
    pub base: Option<Points>,
    /// Bonus points.
    pub bonus: Option<Points>,
    /// Points that were taken.
    pub penalty: Points,
    /// Their sum, or the fewest points of the table.
    pub total: Option<Points>,
    /// Whether another unit has the same rank.
    pub tied: bool,
    /// Code of the award that it takes.
    pub award_code: Option<String>,
}

impl From<RankingRow> for CertifiedRow {
    fn from(row: RankingRow) -> Self {
        CertifiedRow {
            group_code: row.group_code,
            rank: row.rank,
            unit_id: row.unit_id,
            unit_code: row.unit_code,
            unit_name: row.unit_name,
            base: row.base,
            bonus: row.bonus,
            penalty: row.penalty,
            total: row.total,
            tied: row.tied,
            award_code: row.award_code,
        }
    }
}

/// Returns what the certificate of a period states, as issued by `issuer`.
///
/// # Errors
/// `invalid_state` until the results are announced, to those who see them before.
pub fn find(conn: &mut Conn, context: &Context, issuer: &str, id: &Id) -> Result<Certificate> {
    ranking::get(conn, context, id)?;
    let period: Period = context.find(conn, id)?;
    period.status.must_be(&[PeriodStatus::Announced, PeriodStatus::Closed])?;
    let organization = store::organizations::find(conn, &period.organization_id)?.ok_or(Code::NotFound)?;
    let lacks = |what: &str| Error::internal(format!("an announced result without its {what}"));
    let frozen = ranking::inputs::frozen_row(conn, &period)?.ok_or_else(|| lacks("ranking"))?;
    let announced = store::audit::last_of(conn, organization.id.as_str(), id.as_str(), &ANNOUNCING)?
        .ok_or_else(|| lacks("audit entry"))?;
    let Ranking { rows, .. } = serde_json::from_str(&frozen.result).map_err(Error::internal)?;
    let checkpoint = format!("{}{}:{}", frozen.salt, announced.sequence, announced.hash);
    Ok(Certificate {
        iss: issuer.to_owned(),
        aud: AUDIENCE.to_owned(),
        issued_at: instant(announced.at.and_utc()),
        organization: CertifiedOrganization { id: organization.id, code: organization.code, name: organization.name },
        period: CertifiedPeriod {
            id: period.id,
            code: period.rules.code,
            title: period.rules.title,
            year: period.rules.year,
        },
        notice: period.notice.ok_or_else(|| lacks("notice"))?,
        ranking: CertifiedRanking {
            version: frozen.version,
            commitment: frozen.commitment(),
            rows: rows.into_iter().map(CertifiedRow::from).collect(),
        },
        audit_commitment: sha256_hex(checkpoint.as_bytes()),
    })
}
