//! The audit log: `/v1/audit-entries`.

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
use crate::service::journal::audit::{EntryActor, Filter, Slice, SortBy, Verified};

/// Returns the operations on `audit_entries`.
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
    /// Issuer that identifies the actor; `system` for changes made by the clock or the command line.
    issuer: String,
    /// The user name of a local account, the `sub` of another issuer's.
    subject: String,
    /// `person`, `machine` or `system`. This and the following are absent in entries that were written before they were kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    kind: Option<String>,
    /// The member; null for the service itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    member_id: Option<Option<String>>,
    /// The client of the service account that acted; null for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    client_id: Option<Option<String>>,
    /// The session that the person had signed in to; null for a machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    session_id: Option<Option<String>>,
}

impl ActorView {
    fn of(issuer: String, subject: String, actor: Option<EntryActor>) -> Self {
        let (kind, member_id, client_id, session_id) = match actor {
            Some(actor) => (Some(actor.kind), Some(actor.member_id), Some(actor.client_id), Some(actor.session_id)),
            None => (None, None, None, None),
        };
        ActorView { issuer, subject, kind, member_id, client_id, session_id }
    }
}

/// The record that was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditSubject)]
struct SubjectView {
    /// Type of the record.
    #[serde(rename = "type")]
    #[schema(example = "submission")]
    kind: String,
    /// Id of the record.
    id: String,
}

/// An audit entry, written in the transaction of the change that it records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct EntryView {
    /// Id of the entry.
    id: String,
    /// Number of the entry in the organisation's chain, from 1, without gaps.
    sequence: i64,
    /// The organisation whose chain it belongs to; null for changes to the installation.
    organization_id: Option<String>,
    /// When the change was made.
    at: Instant,
    /// Id of the request that made the change.
    request_id: String,
    /// Who made the change.
    actor: ActorView,
    /// What was done.
    #[schema(example = "submission.submit")]
    action: String,
    /// The record that was changed.
    subject: SubjectView,
    /// The changed fields before the change; null for a new record, or if they contain scores that the caller may not
    /// see.
    #[schema(value_type = Option<AnyObject>)]
    before: Option<Box<RawValue>>,
    /// The changed fields after the change; null if they contain scores that the caller may not see.
    #[schema(value_type = Option<AnyObject>)]
    after: Option<Box<RawValue>>,
    /// `hash` of the previous entry, 64 zeros for the first. Null for callers who may not see every entry in full.
    prev_hash: Option<String>,
    /// SHA-256 in hexadecimal of `prev_hash` as text followed by the RFC 8785 canonical JSON of this entry without
    /// `hash`. Null for callers who may not see every entry in full.
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
            actor: ActorView::of(entry.actor_issuer, entry.actor_subject, entry.actor),
            action: entry.action,
            subject: SubjectView { kind: entry.subject_type, id: entry.subject_id },
            before: raw(entry.before_state),
            after: raw(entry.after_state),
            prev_hash: Some(entry.prev_hash).filter(|_| shows_hashes),
            hash: Some(entry.hash).filter(|_| shows_hashes),
        }
    }
}

/// The result of verifying an audit chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerdict)]
struct VerdictView {
    /// Whether every entry is unchanged and, if a checkpoint is given, whether the chain continues from it.
    ok: bool,
    /// Number of unchanged entries from the start.
    checked: i64,
    /// Id of the first changed entry; null if there is none or if entries are missing at the end.
    first_bad_id: Option<String>,
}

/// A signed checkpoint of an audit chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
struct CheckpointView {
    /// The organisation whose chain it is.
    organization_id: Id,
    /// Number of the last entry; 0 if there is none.
    sequence: i64,
    /// Hash of the last entry.
    hash: String,
    /// When the checkpoint was made.
    #[schema(value_type = Instant)]
    at: String,
    /// The checkpoint as a JWS signed with the service's key (`/.well-known/jwks.json`). Kept elsewhere, it proves
    /// later what the chain contained.
    checkpoint: String,
}

type Order = Sort<SortBy>;

/// Filters of the list of audit entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only changes to these types of record.
    subject_type: Option<Vec<String>>,
    /// Only changes to this record.
    subject_id: Option<Id>,
    /// Only these actions.
    action: Option<Vec<String>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<Order>,
}

/// List audit entries.
///
/// Auditors see every entry in full; administrators see no scores. Each entry contains the hash of the previous one.
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

/// What to verify.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VerifyQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// A `checkpoint` obtained earlier.
    checkpoint: Option<String>,
}

/// Verify the audit chain.
///
/// Recomputes every hash, which reveals changed, removed, inserted and reordered entries. With `checkpoint`, a JWS
/// obtained earlier, also verifies that the chain continues from it.
#[utoipa::path(get, path = "/v1/audit-entries/verify",
    params(VerifyQuery), responses((status = 200, description = "The result.", body = VerdictView)))]
async fn verify(mut call: Call) -> Reply {
    let VerifyQuery { organization_id, checkpoint } = call.query();
    let known = match checkpoint {
        None => None,
        Some(text) => {
            let refused = || Error::new(Code::InvalidParameter).with("name", "checkpoint");
            Some(call.state().keys.read_checkpoint(&text).ok_or_else(|| call.problem(refused()))?)
        }
    };
    call.check_empty();
    let mut verified = Verified::default();
    let verdict = loop {
        let (known, from) = (known.clone(), verified);
        let slice = call.fetch(move |conn, context| {
            // A checkpoint names its organisation, which takes precedence over the parameter.
            let of = known.as_ref().map(|known| &known.organization_id).or(organization_id.as_ref());
            let point = known.as_ref().map(|known| (known.sequence, known.hash.as_str()));
            audit::verify_slice(conn, context, of, from.clone(), point)
        });
        match slice.await? {
            Slice::Last(verdict) => break verdict,
            Slice::Intact(further) => verified = further,
        }
        // The thread serves others between the slices.
        tokio::task::yield_now().await;
    };
    let view = VerdictView { ok: verdict.ok, checked: verdict.checked, first_bad_id: verdict.first_bad_id };
    let tag = body_tag(&view).map_err(|error| call.problem(error))?;
    let answer = Answer::ok(&view, tag).map_err(|error| call.problem(error))?;
    Ok(call.respond(answer))
}

/// The organisation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OrganizationQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
}

/// Get a signed checkpoint of the audit chain.
///
/// Kept elsewhere, a checkpoint reveals later rewriting: without the key of the service it cannot be made again.
/// Available only to auditors.
#[utoipa::path(get, path = "/v1/audit-entries/checkpoint",
    params(OrganizationQuery), responses((status = 200, description = "The signed checkpoint.", body = CheckpointView)))]
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
