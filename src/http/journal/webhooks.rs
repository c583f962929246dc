//! Webhook endpoints and their deliveries: `/v1/webhook-endpoints`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::journal::event::EventType;
use crate::domain::journal::webhook::{Attempt, Delivery, DeliveryStatus, Endpoint, Failure};
use crate::error::Code;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::journal::events::SubjectView;
use crate::http::json::AnyObject;
use crate::http::operation::{Operation, acts, changes, creates, deletes, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::patch::present;
use crate::http::time::Instant;
use crate::service::journal::webhooks::{self, EndpointChange, NewEndpoint};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `webhook_endpoints` and `webhook_deliveries`.
pub fn operations() -> Vec<Operation> {
    let mut all = operations![Webhooks, "webhook_endpoints";
        list: lists(Action::ReadWebhook),
        create: creates(Action::WriteWebhook).answers_secret().refuses(CREATE_REFUSALS),
        get: reads(Action::ReadWebhook),
        change: changes(Action::WriteWebhook).refuses(CHANGE_REFUSALS),
        remove: deletes(Action::WriteWebhook),
        rotate: acts(Action::WriteWebhook).answers_secret(),
        test: creates(Action::WriteWebhook),
    ];
    all.extend(operations![Webhooks, "webhook_deliveries";
        deliveries: lists(Action::ReadWebhook),
        delivery: reads(Action::ReadWebhook),
        replay: creates(Action::WriteWebhook),
    ]);
    all
}

const CREATE_REFUSALS: &[Code] =
    &[Code::OrganizationRequired, Code::UrlInvalid, Code::UrlNotAllowed, Code::QuotaExceeded];
const CHANGE_REFUSALS: &[Code] = &[Code::UrlInvalid, Code::UrlNotAllowed];

/// A webhook endpoint, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
struct EndpointView {
    /// Id of the endpoint.
    id: Id,
    /// The organisation that the endpoint belongs to.
    organization_id: Id,
    /// The member whose rights determine which events are sent.
    member_id: Id,
    /// Address that messages are sent to.
    #[schema(example = "https://egov.example.vn/thidua")]
    url: String,
    /// Types of event to send; empty for every type that the member may see.
    event_types: Vec<EventType>,
    /// Whether messages are sent.
    active: bool,
    /// Until when messages are also signed with the previous secret; null if there is none.
    previous_secret_until: Option<Instant>,
    /// Version of the endpoint; it increases with every change.
    version: i64,
    /// When the endpoint was created.
    created_at: Instant,
    /// When the endpoint was last changed.
    updated_at: Instant,
}

impl From<&Endpoint> for EndpointView {
    fn from(endpoint: &Endpoint) -> Self {
        EndpointView {
            id: endpoint.id,
            organization_id: endpoint.organization_id,
            member_id: endpoint.member_id,
            url: endpoint.url.clone(),
            event_types: endpoint.event_types.clone(),
            active: endpoint.active,
            previous_secret_until: endpoint.previous_secret.as_ref().map(|(_, until)| Instant(*until)),
            version: endpoint.version,
            created_at: Instant(endpoint.created_at),
            updated_at: Instant(endpoint.updated_at),
        }
    }
}

/// A webhook endpoint with its secret, which is shown only once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpointSecret)]
struct SecretView {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// The signing secret, shown only once: `whsec_` and base64, as Standard Webhooks libraries expect it.
    secret: String,
}

impl From<&Endpoint> for SecretView {
    fn from(endpoint: &Endpoint) -> Self {
        SecretView { endpoint: endpoint.into(), secret: endpoint.secret.0.clone() }
    }
}

/// A new webhook endpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateWebhookEndpoint, example = json!({"url": "https://egov.example.vn/thidua", "event_types": ["submission.submitted", "deadline.due_soon"]}))]
struct NewBody {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Address to send messages to: `https` and public, unless the installation allows others.
    url: String,
    /// Types of event to send; defaults to every type that the caller may see.
    #[serde(default)]
    event_types: Vec<EventType>,
    /// Whether messages are sent; defaults to `true`.
    #[serde(default = "yes")]
    active: bool,
}

const fn yes() -> bool {
    true
}

/// Changes to a webhook endpoint. Omitted fields remain unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookEndpointChange, example = json!({"active": false}))]
struct ChangeBody {
    /// Address that messages are sent to.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    url: Option<String>,
    /// Types of event to send; empty for every type that the member may see.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    event_types: Option<Vec<EventType>>,
    /// Whether messages are sent.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// A message to a webhook endpoint, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryHead)]
struct DeliveryHeadView {
    /// Id of the message.
    id: Id,
    /// The endpoint that it is sent to.
    endpoint_id: Id,
    /// The event that it reports; null for a test message.
    event_id: Option<Id>,
    /// Type of the event.
    #[schema(example = "submission.submitted")]
    event_type: String,
    /// State of the delivery.
    status: DeliveryStatus,
    /// Number of attempts so far.
    attempts: i32,
    /// When the next attempt is made; null once it is delivered or parked.
    next_attempt_at: Option<Instant>,
    /// HTTP status of the last response; null if there was none.
    last_status: Option<i32>,
    /// Why the last attempt failed; null if it did not.
    last_error: Option<Failure>,
    /// When it was delivered; null until then.
    delivered_at: Option<Instant>,
    /// The message that it repeats; null if it repeats none.
    replay_of_id: Option<Id>,
    /// When the message was created.
    created_at: Instant,
}

impl From<&Delivery> for DeliveryHeadView {
    fn from(delivery: &Delivery) -> Self {
        DeliveryHeadView {
            id: delivery.id,
            endpoint_id: delivery.endpoint_id,
            event_id: delivery.event_id,
            event_type: delivery.event_type.clone(),
            status: delivery.status,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(Instant),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            delivered_at: delivery.delivered_at.map(Instant),
            replay_of_id: delivery.replay_of_id,
            created_at: Instant(delivery.created_at),
        }
    }
}

/// A webhook message: a CloudEvents 1.0 event in JSON.
#[derive(ToSchema)]
#[schema(as = CloudEvent)]
#[expect(dead_code, reason = "the shape of the message for the document")]
pub struct CloudEventView {
    /// Version of CloudEvents, always `1.0`.
    #[schema(example = "1.0")]
    specversion: String,
    /// Id of the event; the same if a message is sent more than once.
    id: Id,
    /// The organisation that the event belongs to.
    #[schema(example = "/v1/organizations/018b88d6-5f80-7000-8000-000000000001")]
    source: String,
    /// Type of the event, or `webhook_endpoint.test`.
    #[schema(rename = "type", example = "submission.submitted")]
    kind: String,
    /// The record that the event is about.
    #[schema(example = "submission/018b88d6-5f80-7000-8000-000000000001")]
    subject: String,
    /// When the event occurred.
    time: Instant,
    /// Media type of `data`, always `application/json`.
    #[schema(example = "application/json")]
    datacontenttype: String,
    /// The event.
    data: CloudEventDataView,
}

/// The event in a webhook message. A test message names only the organisation.
#[derive(ToSchema)]
#[schema(as = CloudEventData)]
#[expect(dead_code, reason = "the shape of the message for the document")]
struct CloudEventDataView {
    /// The organisation that the event belongs to.
    organization_id: Id,
    /// The record that the event is about.
    subject: SubjectView,
    /// Details, as in `GET /v1/events`.
    data: AnyObject,
}

/// An attempt to deliver a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
struct AttemptView {
    /// When the attempt was made.
    at: Instant,
    /// HTTP status of the response; null if there was none.
    status: Option<i32>,
    /// Why the attempt failed; null if it did not.
    error: Option<Failure>,
    /// Duration in milliseconds.
    duration_ms: i64,
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        AttemptView {
            at: Instant(attempt.at),
            status: attempt.status,
            error: attempt.error,
            duration_ms: attempt.duration_ms,
        }
    }
}

/// A message with its delivery attempts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
struct DeliveryView {
    #[serde(flatten)]
    head: DeliveryHeadView,
    /// The attempts, the first one first.
    log: Vec<AttemptView>,
}

fn place(endpoint: &Endpoint) -> String {
    format!("/v1/webhook-endpoints/{}", endpoint.id)
}

fn details_answer(endpoint: &Details<Endpoint>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&EndpointView::from(&endpoint.value), endpoint.tag.header())?)
}

/// Returns the answer for a message that was just created.
fn created_answer(delivery: &Delivery) -> Result<Answer, Interrupt> {
    let view = DeliveryHeadView::from(delivery);
    let place = format!("/v1/webhook-endpoints/{}/deliveries/{}", delivery.endpoint_id, delivery.id);
    Ok(Answer::created(&view, body_tag(&view)?, place)?)
}

/// Filters of the list of webhook endpoints.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the webhook endpoints.
///
/// An integration sees only its own.
#[utoipa::path(get, path = "/v1/webhook-endpoints", params(ListQuery), responses((status = 200, description = "A page of endpoints.", body = ListView<EndpointView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = webhooks::list(conn, context, organization_id.as_ref(), &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| EndpointView::from(&row))?)
    })
    .await
}

/// Create a webhook endpoint.
///
/// It receives every later event that the caller may see, as a CloudEvents 1.0 message (`application/cloudevents+json`)
/// signed according to Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), at least once and in
/// any order. A 2xx response within ten seconds acknowledges the message; otherwise it is retried for a day at growing
/// intervals and then parked. The secret is shown only once.
#[utoipa::path(post, path = "/v1/webhook-endpoints", request_body = NewBody, responses((status = 201, description = "Created.", body = SecretView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| NewEndpoint {
        organization_id: body.organization_id,
        url: body.url,
        event_types: body.event_types,
        active: body.active,
    });
    call.with_secret()
        .write(move |conn, context| {
            let new = webhooks::create(conn, context, &input)?;
            Ok(Answer::created(&SecretView::from(&new.value), new.tag.header(), place(&new.value))?)
        })
        .await
}

/// Get a webhook endpoint.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}", responses((status = 200, description = "The endpoint.", body = EndpointView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Change a webhook endpoint.
///
/// An endpoint that is activated again receives only later events.
#[utoipa::path(patch, path = "/v1/webhook-endpoints/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = EndpointView)))]
async fn change(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<ChangeBody>().map(|body| EndpointChange {
        url: body.url,
        event_types: body.event_types,
        active: body.active,
    });
    call.write(move |conn, context| details_answer(&webhooks::change(conn, context, &id, &input)?)).await
}

/// Delete a webhook endpoint and its deliveries.
#[utoipa::path(delete, path = "/v1/webhook-endpoints/{id}", operation_id = "delete", responses((status = 204, description = "Deleted.")))]
async fn remove(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        webhooks::remove(conn, context, &id)?;
        Ok(Answer::nothing())
    })
    .await
}

/// Replace the secret of a webhook endpoint.
///
/// For a day each message carries two signatures, made with the new and with the previous secret. The secret is shown
/// only once.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/rotate-secret", operation_id = "rotate_secret", responses((status = 200, description = "The endpoint with its new secret.", body = SecretView)))]
async fn rotate(call: Call) -> Reply {
    let id = call.id("id")?;
    call.with_secret()
        .act(move |conn, context| {
            let endpoint = webhooks::rotate(conn, context, &id)?;
            Ok(Answer::ok(&SecretView::from(&endpoint.value), endpoint.tag.header())?)
        })
        .await
}

/// Send a test message.
///
/// The message has the type `webhook_endpoint.test`, whatever types the endpoint is configured for. Its delivery shows
/// the result.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/test", responses((status = 201, description = "The message.", body = DeliveryHeadView)))]
async fn test(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| created_answer(&webhooks::test(conn, context, &id)?)).await
}

/// Filters of the list of deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// Only messages in these states.
    status: Option<Vec<DeliveryStatus>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the messages to a webhook endpoint, sent and pending.
///
/// Kept for thirty days.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}/deliveries", operation_id = "list", params(DeliveriesQuery), responses((status = 200, description = "A page of messages.", body = ListView<DeliveryHeadView>)))]
async fn deliveries(mut call: Call) -> Reply {
    let id = call.id("id")?;
    let DeliveriesQuery { status, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = webhooks::deliveries(conn, context, &id, status.as_deref(), &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| DeliveryHeadView::from(&row))?)
    })
    .await
}

/// Get a message with its delivery attempts.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}/deliveries/{delivery_id}", operation_id = "get", responses((status = 200, description = "The message.", body = DeliveryView)))]
async fn delivery(call: Call) -> Reply {
    let (id, delivery_id) = (call.id("id")?, call.id("delivery_id")?);
    call.read(move |conn, context| {
        let (delivery, attempts) = webhooks::delivery(conn, context, &id, &delivery_id)?;
        let view = DeliveryView { head: (&delivery).into(), log: attempts.iter().map(AttemptView::from).collect() };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// Send a message again.
///
/// Creates a new message, whatever became of the first. For an event it has the same `webhook-id`; a test message has a
/// new one.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/deliveries/{delivery_id}/replay", responses((status = 201, description = "The new message.", body = DeliveryHeadView)))]
async fn replay(call: Call) -> Reply {
    let (id, delivery_id) = (call.id("id")?, call.id("delivery_id")?);
    call.act(move |conn, context| created_answer(&webhooks::replay(conn, context, &id, &delivery_id)?)).await
}
