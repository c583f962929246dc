//! Telling subscribers of events: their endpoints, and the log of what was sent.

pub mod address;
pub mod courier;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::clock::{machine_now, random_bytes};
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::journal::event::EventType;
use crate::domain::journal::webhook::{Attempt, Delivery, DeliveryStatus, Endpoint, Secret, TEST};
use crate::domain::text::Check;
use crate::error::{Code, Error};
use crate::service::tag::Tag;
use crate::service::{Change, Context, Input, Interrupt, record};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// The most endpoints of an organisation.
const MAX_ENDPOINTS: i64 = 100;

/// A new endpoint.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Where; none for the caller's only organisation.
    pub organization_id: Option<Id>,
    /// Where to.
    pub url: String,
    /// Which types; empty for all.
    pub event_types: Vec<EventType>,
    /// Whether it is told anything.
    pub active: bool,
}

/// A change of an endpoint; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// Where to.
    pub url: Option<String>,
    /// Which types.
    pub event_types: Option<Vec<EventType>>,
    /// Whether it is told anything.
    pub active: Option<bool>,
}

/// The tag of an endpoint.
pub fn tag(endpoint: &Endpoint) -> Tag {
    Tag::of(&[(&endpoint.id, endpoint.version)], &Offers::default())
}

fn new_secret() -> Result<Secret, Error> {
    let bytes = random_bytes::<32>().map_err(Error::internal)?;
    Ok(Secret(format!("whsec_{}", STANDARD.encode(bytes))))
}

/// An endpoint of an organisation, as far as rights ask: whose it is.
fn about<'a>(organization_id: &'a Id, owner: Option<&'a Id>) -> Facts<'a> {
    Facts { owner, ..Facts::of(organization_id) }
}

/// Finds an endpoint that the caller may read.
fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Endpoint, Error> {
    let endpoint = store::webhooks::find(conn, id)?.ok_or(Code::NotFound)?;
    let about = about(&endpoint.organization_id, Some(&endpoint.member_id));
    access::require(&context.actor, Action::ReadWebhook, &about)?;
    Ok(endpoint)
}

/// The way into every change of an endpoint, but for its tag: held first.
fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &'i Input<T>,
) -> Result<(Endpoint, &'i T), Interrupt> {
    store::webhooks::hold(conn, id, true)?;
    let endpoint = find(conn, context, id)?;
    let about = about(&endpoint.organization_id, Some(&endpoint.member_id));
    access::require(&context.actor, Action::WriteWebhook, &about)?;
    let command = context.accept(input)?;
    Ok((endpoint, command))
}

/// One endpoint.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Endpoint, Interrupt> {
    let endpoint = find(conn, context, id)?;
    context.accept_read()?;
    Ok(endpoint)
}

/// The endpoints of an organisation; a machine sees its own.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Endpoint>, Interrupt> {
    let organization_id = context.organization(organization_id)?;
    let member_id = context.member_id(&organization_id)?;
    access::require_collection(&context.actor, Action::ReadWebhook, &about(&organization_id, Some(&member_id)))?;
    context.accept_read()?;
    let sees_all = access::require(&context.actor, Action::ReadWebhook, &about(&organization_id, None)).is_ok();
    let only = (!sees_all).then_some(&member_id);
    Ok(store::webhooks::list(conn, &organization_id, only, page)?)
}

/// Adds an endpoint: told of every event from now on that its maker may see.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewEndpoint>) -> Result<Endpoint, Interrupt> {
    let given = input.as_ref().ok().and_then(|new| new.organization_id.as_ref());
    let organization_id = context.organization(given)?;
    let member_id = context.member_id(&organization_id)?;
    let own = about(&organization_id, Some(&member_id));
    access::require_collection(&context.actor, Action::WriteWebhook, &own)?;
    // What an endpoint is told is read with the maker's rights.
    access::require_collection(&context.actor, Action::ReadOffice, &own)?;
    let new = context.accept(input)?;
    let mut check = Check::default();
    let url = context.app.courier.check(&new.url, &mut check);
    Error::unless_valid(check.faults)?;
    if store::webhooks::count(conn, &organization_id)? >= MAX_ENDPOINTS {
        return Err(Error::new(Code::QuotaExceeded).into());
    }
    let endpoint = Endpoint {
        id: context.new_id(),
        member_id,
        scopes: context.actor.scopes.text(),
        client_id: context.client_id().map(str::to_owned),
        url,
        event_types: sorted(&new.event_types),
        active: new.active,
        secret: new_secret()?,
        previous_secret: None,
        sequence: store::journals::find(conn, organization_id.as_str())?.event_sequence,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
        organization_id,
    };
    store::webhooks::insert(conn, &endpoint)?;
    record(conn, context, change_of(&endpoint, "webhook_endpoint.create", None))?;
    Ok(endpoint)
}

fn sorted(types: &[EventType]) -> Vec<EventType> {
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    types
}

fn change_of<'a>(endpoint: &'a Endpoint, action: &'a str, before: Option<&Endpoint>) -> Change<'a> {
    let shown = |endpoint: &Endpoint| json!({"url": endpoint.url, "event_types": endpoint.event_types, "active": endpoint.active, "member_id": endpoint.member_id});
    Change {
        organization_id: Some(&endpoint.organization_id),
        action,
        subject_type: "webhook_endpoint",
        subject_id: &endpoint.id,
        before: before.map(|endpoint| shown(endpoint).into()),
        after: Some(shown(endpoint).into()),
        news: None,
    }
}

/// Changes an endpoint. One that is told again is told of what happens from then on.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<EndpointChange>,
) -> Result<Endpoint, Interrupt> {
    let (before, change) = enter(conn, context, id, input)?;
    context.check_precondition(&tag(&before).state)?;
    let mut check = Check::default();
    let url = match &change.url {
        Some(url) => context.app.courier.check(url, &mut check),
        None => before.url.clone(),
    };
    Error::unless_valid(check.faults)?;
    let active = change.active.unwrap_or(before.active);
    let sequence = match (before.active, active) {
        (false, true) => store::journals::find(conn, before.organization_id.as_str())?.event_sequence,
        _ => before.sequence,
    };
    let event_types = change.event_types.as_ref().map_or_else(|| before.event_types.clone(), |types| sorted(types));
    let after = Endpoint { url, event_types, active, sequence, updated_at: context.now, ..before.clone() };
    let endpoint = store::webhooks::update(conn, after)?;
    record(conn, context, change_of(&endpoint, "webhook_endpoint.change", Some(&before)))?;
    Ok(endpoint)
}

/// Gives an endpoint a new secret; the one before signs as well for a day.
pub fn rotate(conn: &mut Conn, context: &Context, id: &Id) -> Result<Endpoint, Interrupt> {
    let (before, ()) = enter(conn, context, id, &Ok(()))?;
    context.check_precondition(&tag(&before).state)?;
    // Messages are signed by the machine's time, whatever the sandbox's clock says.
    let rotated = before.clone().rotated(new_secret()?, machine_now());
    let endpoint = store::webhooks::update(conn, Endpoint { updated_at: context.now, ..rotated })?;
    record(conn, context, change_of(&endpoint, "webhook_endpoint.rotate_secret", Some(&before)))?;
    Ok(endpoint)
}

/// Takes an endpoint away with its log.
pub fn remove(conn: &mut Conn, context: &Context, id: &Id) -> Result<(), Interrupt> {
    let (endpoint, ()) = enter(conn, context, id, &Ok(()))?;
    context.check_precondition(&tag(&endpoint).state)?;
    store::webhooks::delete(conn, &endpoint)?;
    let change = change_of(&endpoint, "webhook_endpoint.remove", Some(&endpoint));
    Ok(record(conn, context, Change { after: None, ..change })?)
}

/// Sends an endpoint a message that is no event.
pub fn test(conn: &mut Conn, context: &Context, id: &Id) -> Result<Delivery, Interrupt> {
    let (endpoint, ()) = enter(conn, context, id, &Ok(()))?;
    let delivery = Delivery::new(context.new_id(), endpoint.id, None, TEST.to_owned(), machine_now());
    store::webhooks::insert_deliveries(conn, std::slice::from_ref(&delivery))?;
    Ok(delivery)
}

/// What was sent to an endpoint, and what waits.
pub fn deliveries(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    statuses: Option<&[DeliveryStatus]>,
    page: &Page,
) -> Result<Vec<Delivery>, Interrupt> {
    find(conn, context, id)?;
    context.accept_read()?;
    Ok(store::webhooks::list_deliveries(conn, id, statuses, page)?)
}

/// One message with every attempt at it.
pub fn delivery(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    delivery_id: &Id,
) -> Result<(Delivery, Vec<Attempt>), Interrupt> {
    find(conn, context, id)?;
    context.accept_read()?;
    let delivery = store::webhooks::find_delivery(conn, id, delivery_id)?.ok_or(Code::NotFound)?;
    let attempts = store::webhooks::attempts(conn, delivery_id)?;
    Ok((delivery, attempts))
}

/// Sends a message once more, whatever became of it.
pub fn replay(conn: &mut Conn, context: &Context, id: &Id, delivery_id: &Id) -> Result<Delivery, Interrupt> {
    let (endpoint, ()) = enter(conn, context, id, &Ok(()))?;
    let before = store::webhooks::find_delivery(conn, &endpoint.id, delivery_id)?.ok_or(Code::NotFound)?;
    let again = before.replayed(context.new_id(), machine_now());
    store::webhooks::insert_deliveries(conn, std::slice::from_ref(&again))?;
    Ok(again)
}
