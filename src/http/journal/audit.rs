//! `/v1/audit-entries`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::http::auth::Checkpoint;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::json::AnyObject;
use crate::http::operation::{Operation, lists, operations, reads};
use crate::http::page::{ListView, Sort};
use crate::http::time::Instant;
use crate::service::Answer;
use crate::service::journal::audit;
use crate::service::journal::audit::{Filter, SortBy};

/// The operations on `audit_entries`.
pub fn operations() -> Vec<Operation> {
    operations![Audit, "audit_entries";
        list: lists(Action::ReadAudit),
        verify: reads(Action::ReadAudit).refuses(VERIFY_REFUSALS),
        checkpoint: reads(Action::ReadAudit).refuses(CHECKPOINT_REFUSALS),
    ]
}

const VERIFY_REFUSALS: &[Code] = &[Code::InvalidParameter, Code::OrganizationRequired];
const CHECKPOINT_REFUSALS: &[Code] = &[Code::InvalidParameter, Code::OrganizationRequired];

/// Who made a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditActor)]
struct ActorView {
    /// `system` for what the clock or the command line did.
    issuer: String,
    subject: String,
}

/// What was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditSubject)]
struct SubjectView {
    #[serde(rename = "type")]
    #[schema(example = "submission")]
    kind: String,
    id: String,
}

/// A change, written in the transaction of the change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct EntryView {
    id: String,
    /// Its number in the organisation's chain, from 1, without gaps.
    sequence: i64,
    organization_id: Option<String>,
    at: Instant,
    request_id: String,
    actor: ActorView,
    #[schema(example = "submission.submit")]
    action: String,
    subject: SubjectView,
    /// As it was; null where nothing was, or where it holds scores that the caller may not see.
    #[schema(value_type = Option<AnyObject>)]
    before: Option<Box<RawValue>>,
    /// As it became.
    #[schema(value_type = Option<AnyObject>)]
    after: Option<Box<RawValue>>,
    /// `hash` of the entry before; 64 zeros for the first. Null for who does not see every entry whole.
    prev_hash: Option<String>,
    /// SHA-256 in hex of `prev_hash` as text followed by the RFC 8785 canonical JSON of this entry without `hash`.
    hash: Option<String>,
}

impl From<audit::VisibleEntry> for EntryView {
    fn from(seen: audit::VisibleEntry) -> Self {
        let raw = |text: Option<String>| text.and_then(|text| RawValue::from_string(text).ok());
        let audit::VisibleEntry { entry, shows_hashes } = seen;
        EntryView {
            id: entry.id,
            sequence: entry.sequence,
            organization_id: entry.organization_id,
            at: Instant(entry.at.and_utc()),
            request_id: entry.request_id,
            actor: ActorView { issuer: entry.actor_issuer, subject: entry.actor_subject },
            action: entry.action,
            subject: SubjectView { kind: entry.subject_type, id: entry.subject_id },
            before: raw(entry.before_state),
            after: raw(entry.after_state),
            prev_hash: Some(entry.prev_hash).filter(|_| shows_hashes),
            hash: Some(entry.hash).filter(|_| shows_hashes),
        }
    }
}

/// Whether a chain is as it was written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerdict)]
struct VerdictView {
    /// Whether every entry is, and, with a checkpoint, whether the chain goes on from there.
    ok: bool,
    /// How many entries are as they were written, from the first on.
    checked: i64,
    /// The first that is not; null where all are, and where entries are missing at the end.
    first_bad_id: Option<String>,
}

/// Where a chain stands, signed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
struct CheckpointView {
    organization_id: Id,
    /// The number of the last entry; 0 before the first.
    sequence: i64,
    /// Its hash.
    hash: String,
    #[schema(value_type = Instant)]
    at: String,
    /// The same as a JWS of the service's own key (`/.well-known/jwks.json`): kept elsewhere, it proves later what stood here.
    checkpoint: String,
}

type Order = Sort<SortBy>;

/// Which entries are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only changes of these kinds of record.
    subject_type: Option<Vec<String>>,
    /// Only changes of this record.
    subject_id: Option<Id>,
    /// Only these acts.
    action: Option<Vec<String>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<Order>,
}

/// List who changed what.
///
/// Whole for the auditor; the admin sees no scores. Each entry is chained to the one before by its hash.
#[utoipa::path(get, path = "/v1/audit-entries", params(ListQuery), responses((status = 200, description = "A page, oldest first unless `sort=-sequence`.", body = ListView<EntryView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, subject_type, subject_id, action, sort } = call.query();
    let subject_id = subject_id.map(|id| id.to_string());
    let filter = Filter { subject_types: subject_type, subject_id, actions: action };
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = audit::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.entry.sequence, EntryView::from)?)
    })
    .await
}

/// What a chain is checked against.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VerifyQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// A `checkpoint` of earlier.
    checkpoint: Option<String>,
}

/// Is the chain as it was written?
///
/// Works out every hash anew: an edit, a deletion, an insertion or another order shows. With `checkpoint`, a JWS that
/// was kept elsewhere, also that the chain goes on from what it said.
#[utoipa::path(get, path = "/v1/audit-entries/verify",
    params(VerifyQuery), responses((status = 200, description = "The verdict.", body = VerdictView)))]
async fn verify(mut call: Call) -> Reply {
    let VerifyQuery { organization_id, checkpoint } = call.query();
    let known = match checkpoint {
        None => None,
        Some(text) => {
            let refused = || Error::new(Code::InvalidParameter).with("name", "checkpoint");
            Some(call.state().keys.read_checkpoint(&text).ok_or_else(|| call.problem(refused()))?)
        }
    };
    call.read(move |conn, context| {
        // A checkpoint is about one organisation, whichever was asked for.
        let of = known.as_ref().map(|known| &known.organization_id).or(organization_id.as_ref());
        let point = known.as_ref().map(|known| (known.sequence, known.hash.as_str()));
        let verdict = audit::verify(conn, context, of, point)?;
        let view = VerdictView { ok: verdict.ok, checked: verdict.checked, first_bad_id: verdict.first_bad_id };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// Which organisation is meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OrganizationQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
}

/// Where does the chain stand?
///
/// Signed, to be kept elsewhere: whoever could rewrite every entry could not make this again. The auditor's alone.
#[utoipa::path(get, path = "/v1/audit-entries/checkpoint",
    params(OrganizationQuery), responses((status = 200, description = "The last entry's number and hash, signed.", body = CheckpointView)))]
async fn checkpoint(mut call: Call) -> Reply {
    let OrganizationQuery { organization_id } = call.query();
    let head = call
        .fetch(move |conn, context| {
            let (organization_id, sequence, hash) = audit::head(conn, context, organization_id.as_ref())?;
            Ok(Checkpoint { organization_id, sequence, hash, at: instant(context.now) })
        })
        .await?;
    let signed = call.state().keys.sign_checkpoint(&head).map_err(|error| call.problem(error))?;
    let Checkpoint { organization_id, sequence, hash, at } = head;
    let view = CheckpointView { organization_id, sequence, hash, at, checkpoint: signed };
    let tag = body_tag(&view).map_err(|error| call.problem(error))?;
    let answer = Answer::ok(&view, tag).map_err(|error| call.problem(error))?;
    Ok(call.respond(answer))
}
