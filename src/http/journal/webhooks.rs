//! `/v1/webhook-endpoints`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::journal::event::EventType;
use crate::domain::journal::webhook::{Attempt, Delivery, DeliveryStatus, Endpoint};
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

/// The operations on `webhook_endpoints` and `webhook_deliveries`.
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

/// Where a subscriber wants to be told, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
struct EndpointView {
    id: Id,
    organization_id: Id,
    /// By which member's rights it is told.
    member_id: Id,
    #[schema(example = "https://egov.example.vn/thidua")]
    url: String,
    /// Which types; empty: every type that the member may see.
    event_types: Vec<EventType>,
    /// Whether it is told anything.
    active: bool,
    /// Until when the secret before signs as well; null where there is none.
    previous_secret_until: Option<Instant>,
    version: i64,
    created_at: Instant,
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

/// An endpoint with the secret that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpointSecret)]
struct SecretView {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// Shown this once. `whsec_` and base64, as Standard Webhooks libraries take it.
    secret: String,
}

impl From<&Endpoint> for SecretView {
    fn from(endpoint: &Endpoint) -> Self {
        SecretView { endpoint: endpoint.into(), secret: endpoint.secret.0.clone() }
    }
}

/// A new endpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateWebhookEndpoint, example = json!({"url": "https://egov.example.vn/thidua", "event_types": ["submission.submitted", "deadline.due_soon"]}))]
struct NewBody {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// `https`, and no private address, unless the installation allows it.
    url: String,
    /// Which types; absent or empty: every type that the caller may see.
    #[serde(default)]
    event_types: Vec<EventType>,
    /// Default `true`.
    #[serde(default = "yes")]
    active: bool,
}

const fn yes() -> bool {
    true
}

/// A change of an endpoint; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookEndpointChange, example = json!({"active": false}))]
struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    event_types: Option<Vec<EventType>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// A message in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryHead)]
struct DeliveryHeadView {
    id: Id,
    endpoint_id: Id,
    /// Of which event; null for a test.
    event_id: Option<Id>,
    #[schema(example = "submission.submitted")]
    event_type: String,
    status: DeliveryStatus,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried next; null once it is delivered or parked.
    next_attempt_at: Option<Instant>,
    /// What the endpoint last answered; null where it did not.
    last_status: Option<i32>,
    /// Why the last attempt failed.
    last_error: Option<String>,
    delivered_at: Option<Instant>,
    /// Which message it repeats.
    replay_of_id: Option<Id>,
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
            last_error: delivery.last_error.clone(),
            delivered_at: delivery.delivered_at.map(Instant),
            replay_of_id: delivery.replay_of_id,
            created_at: Instant(delivery.created_at),
        }
    }
}

/// What an endpoint is sent: CloudEvents 1.0 in JSON. Only for the document; the courier writes it.
#[derive(ToSchema)]
#[schema(as = CloudEvent)]
#[expect(dead_code, reason = "the shape of the message for the document")]
pub struct CloudEventView {
    #[schema(example = "1.0")]
    specversion: String,
    /// The event's id, the same in a message that comes twice.
    id: Id,
    #[schema(example = "/v1/organizations/018b88d6-5f80-7000-8000-000000000001")]
    source: String,
    /// The event's type, or `webhook_endpoint.test`.
    #[schema(rename = "type", example = "submission.submitted")]
    kind: String,
    #[schema(example = "submission/018b88d6-5f80-7000-8000-000000000001")]
    subject: String,
    time: Instant,
    #[schema(example = "application/json")]
    datacontenttype: String,
    data: CloudEventDataView,
}

/// What a message says of its event; a test names the organisation alone.
#[derive(ToSchema)]
#[schema(as = CloudEventData)]
#[expect(dead_code, reason = "the shape of the message for the document")]
struct CloudEventDataView {
    organization_id: Id,
    subject: SubjectView,
    /// As in `GET /v1/events`.
    data: AnyObject,
}

/// An attempt at a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
struct AttemptView {
    at: Instant,
    /// What was answered; null where nothing was.
    status: Option<i32>,
    /// Why it failed; null where it did not.
    error: Option<String>,
    duration_ms: i64,
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        AttemptView {
            at: Instant(attempt.at),
            status: attempt.status,
            error: attempt.error.clone(),
            duration_ms: attempt.duration_ms,
        }
    }
}

/// A message with every attempt at it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
struct DeliveryView {
    #[serde(flatten)]
    head: DeliveryHeadView,
    /// First to last.
    log: Vec<AttemptView>,
}

fn place(endpoint: &Endpoint) -> String {
    format!("/v1/webhook-endpoints/{}", endpoint.id)
}

fn details_answer(endpoint: &Details<Endpoint>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&EndpointView::from(&endpoint.value), endpoint.tag.header())?)
}

/// A message that was made just now.
fn created_answer(delivery: &Delivery) -> Result<Answer, Interrupt> {
    let view = DeliveryHeadView::from(delivery);
    let place = format!("/v1/webhook-endpoints/{}/deliveries/{}", delivery.endpoint_id, delivery.id);
    Ok(Answer::created(&view, body_tag(&view)?, place)?)
}

/// Which endpoints are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the webhook endpoints.
///
/// An integration sees its own.
#[utoipa::path(get, path = "/v1/webhook-endpoints", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<EndpointView>)))]
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
/// Told of every event from now on that its maker may see: each as a CloudEvents 1.0 body (`application/cloudevents+json`), signed by
/// Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), at least once, in any order. An answer of 2xx within ten
/// seconds takes it; otherwise it is tried again for a day, ever more seldom, and then parked. The secret is shown this once.
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

/// Read a webhook endpoint.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}", responses((status = 200, description = "The endpoint.", body = EndpointView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Change a webhook endpoint.
///
/// One that is made active again is told of what happens from then on.
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

/// Take a webhook endpoint away, with its log.
#[utoipa::path(delete, path = "/v1/webhook-endpoints/{id}", operation_id = "delete", responses((status = 204, description = "Taken away.")))]
async fn remove(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        webhooks::remove(conn, context, &id)?;
        Ok(Answer::nothing())
    })
    .await
}

/// Give a webhook endpoint a new secret.
///
/// For a day each message carries two signatures, by the new secret and by the one before. The secret is shown this once.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/rotate-secret", operation_id = "rotate_secret", responses((status = 200, description = "The new secret.", body = SecretView)))]
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
/// Of the type `webhook_endpoint.test`, whatever types the endpoint asks for. Its delivery tells what came of it.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/test", responses((status = 201, description = "The message.", body = DeliveryHeadView)))]
async fn test(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| created_answer(&webhooks::test(conn, context, &id)?)).await
}

/// Which deliveries are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// Only these states.
    status: Option<Vec<DeliveryStatus>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List what was sent to a webhook endpoint, and what waits.
///
/// Kept for thirty days.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}/deliveries", operation_id = "list", params(DeliveriesQuery), responses((status = 200, description = "A page.", body = ListView<DeliveryHeadView>)))]
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

/// Read a message with every attempt at it.
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

/// Send a message once more.
///
/// As a message of its own, whatever became of the first; an event's has the same `webhook-id`, a test is a new one.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/deliveries/{delivery_id}/replay", responses((status = 201, description = "The new message.", body = DeliveryHeadView)))]
async fn replay(call: Call) -> Reply {
    let (id, delivery_id) = (call.id("id")?, call.id("delivery_id")?);
    call.act(move |conn, context| created_answer(&webhooks::replay(conn, context, &id, &delivery_id)?)).await
}
