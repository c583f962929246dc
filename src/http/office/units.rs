//! Units: `/v1/units`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::office::unit::{Unit, UnitKind};
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, changes, creates, lists, operations, reads};
use crate::http::page::{ListView, Sort};
use crate::http::patch::present;
use crate::http::time::Instant;
use crate::service::office::units::{self, NewUnit, UnitChange};
use crate::service::office::units::{Filter, Position, SortBy};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `units`.
pub fn operations() -> Vec<Operation> {
    operations![Organizations, "units";
        list: lists(Action::ReadOffice),
        create: creates(Action::WriteUnit).refuses(CREATE_REFUSALS),
        get: reads(Action::ReadOffice),
        change: changes(Action::WriteUnit).refuses(CHANGE_REFUSALS),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::AlreadyExists, Code::UnknownReference, Code::Duplicate, Code::InvalidCode];
const CHANGE_REFUSALS: &[Code] = &[
    Code::AlreadyExists,
    Code::UnknownReference,
    Code::Duplicate,
    Code::PredecessorCircle,
    Code::InvalidCode,
    Code::UnitInOpenPeriod,
];

/// A unit of an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Unit)]
struct UnitView {
    /// Id of the unit.
    id: Id,
    /// The organisation that the unit belongs to.
    organization_id: Id,
    /// Code of the unit, unique within the organisation.
    #[schema(example = "HCTC")]
    code: String,
    /// Name of the unit.
    #[schema(example = "Phòng Hành chính – Tổ chức")]
    name: String,
    /// Kind of unit.
    kind: UnitKind,
    /// Whether the unit takes part in new periods.
    active: bool,
    /// Units that it was merged or split from. Their results remain theirs.
    predecessor_ids: Vec<Id>,
    /// Version of the unit; it increases with every change.
    version: i64,
    /// When the unit was created.
    created_at: Instant,
    /// When the unit was last changed.
    updated_at: Instant,
}

impl From<&Unit> for UnitView {
    fn from(unit: &Unit) -> Self {
        UnitView {
            id: unit.id,
            organization_id: unit.organization_id,
            code: unit.code.clone(),
            name: unit.name.clone(),
            kind: unit.kind,
            active: unit.active,
            predecessor_ids: unit.predecessor_ids.clone(),
            version: unit.version,
            created_at: Instant(unit.created_at),
            updated_at: Instant(unit.updated_at),
        }
    }
}

/// A new unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateUnit, example = json!({"code": "TTHC", "name": "Trung tâm Phục vụ hành chính công", "kind": "centre"}))]
struct NewBody {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Code of the unit, unique within the organisation; at most 64 letters, digits, `.`, `_` or `-`.
    code: String,
    /// Name of the unit; at most 1,000 characters.
    name: String,
    /// Kind of unit.
    kind: UnitKind,
    /// Units that it was merged or split from; defaults to none.
    #[serde(default)]
    predecessor_ids: Vec<Id>,
}

impl From<NewBody> for NewUnit {
    fn from(body: NewBody) -> Self {
        NewUnit {
            organization_id: body.organization_id,
            code: body.code,
            name: body.name,
            kind: body.kind,
            predecessor_ids: body.predecessor_ids,
        }
    }
}

/// Changes to a unit. Omitted fields remain unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UnitChange, example = json!({"active": false}))]
struct ChangeBody {
    /// Code of the unit, unique within the organisation.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    code: Option<String>,
    /// Name of the unit.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// Kind of unit.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    kind: Option<UnitKind>,
    /// Whether the unit takes part in new periods. A unit of an open period stays active until the period ends.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    active: Option<bool>,
    /// Units that it was merged or split from, each once, and never the unit itself, not even through other units;
    /// replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    predecessor_ids: Option<Vec<Id>>,
}

impl From<ChangeBody> for UnitChange {
    fn from(body: ChangeBody) -> Self {
        UnitChange {
            code: body.code,
            name: body.name,
            kind: body.kind,
            active: body.active,
            predecessor_ids: body.predecessor_ids,
        }
    }
}

type Order = Sort<SortBy>;

/// Filters of the list of units.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// `true` for active units only, `false` for inactive ones only.
    active: Option<bool>,
    /// Only units with these codes.
    code: Option<Vec<String>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<Order>,
}

/// List the units of an organisation.
#[utoipa::path(get, path = "/v1/units", params(ListQuery), responses((status = 200, description = "A page of units.", body = ListView<UnitView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, active, code, sort } = call.query();
    let filter = Filter { active, codes: code };
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = units::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |row| Position::from(row), |row| UnitView::from(&row))?)
    })
    .await
}

/// Create a unit.
#[utoipa::path(post, path = "/v1/units", request_body = NewBody, responses((status = 201, description = "Created.", body = UnitView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(NewUnit::from);
    call.write(move |conn, context| {
        let unit = units::create(conn, context, &input)?;
        Ok(Answer::created(&UnitView::from(&unit.value), unit.tag.header(), format!("/v1/units/{}", unit.value.id))?)
    })
    .await
}

fn shown(unit: &Details<Unit>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&UnitView::from(&unit.value), unit.tag.header())?)
}

/// Get a unit.
#[utoipa::path(get, path = "/v1/units/{id}", responses((status = 200, description = "The unit.", body = UnitView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(&context.get(conn, &id)?)).await
}

/// Change a unit.
///
/// A unit is never deleted, because its results are kept. Set `active` to `false` instead.
#[utoipa::path(patch, path = "/v1/units/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = UnitView)))]
async fn change(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ChangeBody>().map(UnitChange::from));
    call.write(move |conn, context| shown(&units::change(conn, context, &id, &input)?)).await
}
