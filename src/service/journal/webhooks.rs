//! Webhooks: subscribers' endpoints and the log of deliveries.

pub mod address;
pub mod dispatcher;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clock::{machine_now, random_bytes};
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::change::Change;
use crate::domain::journal::event::EventType;
use crate::domain::journal::webhook::{Attempt, Delivery, DeliveryStatus, Endpoint, Secret, TEST};
use crate::domain::office::member::client_id;
use crate::domain::text::checked;
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::service::{Context, Details, Identity, Input, Result, Subject};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// Largest number of endpoints of an organisation.
const MAX_ENDPOINTS: i64 = 100;

/// A new endpoint.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// The organisation; none for the caller's only one.
    pub organization_id: Option<Id>,
    /// Target URL.
    pub url: String,
    /// Event types to send; empty for all.
    pub event_types: Vec<EventType>,
    /// Whether events are sent to it.
    pub active: bool,
}

/// A patch of an endpoint; absent fields stay unchanged.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// Target URL.
    pub url: Option<String>,
    /// Event types to send.
    pub event_types: Option<Vec<EventType>>,
    /// Whether events are sent to it.
    pub active: Option<bool>,
}

impl Subject for Endpoint {
    type Visible = ();
    const TYPE: &'static str = "webhook_endpoint";

    fn identity(&self) -> Identity {
        Identity { id: self.id, organization_id: Some(self.organization_id), version: self.version }
    }

    fn facts(&self) -> Facts<'_> {
        facts(&self.organization_id, Some(&self.member_id))
    }

    fn read_action(&self) -> Action {
        Action::ReadWebhook
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        Ok(store::webhooks::find(conn, id)?.ok_or(Code::NotFound)?)
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        store::webhooks::lock_for_update(conn, id, true)?;
        Self::find(conn, context, id)
    }

    fn audit(&self) -> Value {
        json!({
            "url": self.url, "event_types": self.event_types, "active": self.active, "member_id": self.member_id,
            // The audit keeps that the secret changed, not its value.
            "secret_valid_until": self.previous_secret.as_ref().map(|(_, until)| instant(*until)),
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        store::webhooks::update(conn, self)
    }
}

fn new_secret() -> Result<Secret, Error> {
    let bytes = random_bytes::<32>().map_err(Error::internal)?;
    Ok(Secret(format!("whsec_{}", STANDARD.encode(bytes))))
}

/// Facts for authorisation on an endpoint: its organisation and owner.
fn facts<'a>(organization_id: &Id, owner: Option<&'a Id>) -> Facts<'a> {
    Facts { owner, ..Facts::of(organization_id) }
}

/// Lists the endpoints of an organisation; integrations see only their own.
pub fn list(conn: &mut Conn, context: &Context, organization_id: Option<&Id>, page: &Page) -> Result<Vec<Endpoint>> {
    let organization_id = context.organization(organization_id)?;
    let member_id = context.member_id(&organization_id)?;
    access::require_collection(&context.actor, Action::ReadWebhook, &facts(&organization_id, Some(&member_id)))?;
    context.accept_read()?;
    let sees_all = access::require(&context.actor, Action::ReadWebhook, &facts(&organization_id, None)).is_ok();
    let only = (!sees_all).then_some(&member_id);
    Ok(store::webhooks::list(conn, &organization_id, only, page)?)
}

/// Creates an endpoint, which receives events from now on that its owner may see.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewEndpoint>) -> Result<Details<Endpoint>> {
    let named = input.as_ref().ok().and_then(|new| new.organization_id.as_ref());
    let organization_id = context.organization(named)?;
    let member_id = context.member_id(&organization_id)?;
    let own = facts(&organization_id, Some(&member_id));
    access::require_collection(&context.actor, Action::WriteWebhook, &own)?;
    // Events are sent with the owner's rights, so reading is required.
    access::require_collection(&context.actor, Action::ReadOffice, &own)?;
    let new = context.accept(input)?;
    let url = checked(|check| context.app.dispatcher.check(&new.url, check))?;
    if store::webhooks::count(conn, &organization_id)? >= MAX_ENDPOINTS {
        return Err(Error::new(Code::QuotaExceeded).into());
    }
    let endpoint = Endpoint {
        id: context.new_id(),
        member_id,
        scopes: context.actor.scopes.clone(),
        client_id: context.service_account_id().as_ref().map(client_id),
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
    context.record_created(conn, "webhook_endpoint.create", &endpoint, None)?;
    Ok(context.details(conn, endpoint)?)
}

fn sorted(types: &[EventType]) -> Vec<EventType> {
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    types
}

/// Changes an endpoint. A reactivated endpoint receives events from then on.
pub fn change(conn: &mut Conn, context: &Context, id: &Id, input: &Input<EndpointChange>) -> Result<Details<Endpoint>> {
    let (before, change): (Endpoint, _) = context.enter(conn, id, Action::WriteWebhook, input)?;
    let url = match &change.url {
        Some(url) => checked(|check| context.app.dispatcher.check(url, check))?,
        None => before.url.clone(),
    };
    let active = change.active.unwrap_or(before.active);
    let sequence = match (before.active, active) {
        (false, true) => store::journals::find(conn, before.organization_id.as_str())?.event_sequence,
        (true, _) | (false, false) => before.sequence,
    };
    let event_types = change.event_types.as_ref().map_or_else(|| before.event_types.clone(), |types| sorted(types));
    let after = Endpoint { url, event_types, active, sequence, updated_at: context.now, ..before.clone() };
    context.commit(conn, "webhook_endpoint.change", &before, Change::silent(after))
}

/// Rotates an endpoint's secret; the previous one also signs for another day.
pub fn rotate(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<Endpoint>> {
    let (before, ()): (Endpoint, _) = context.enter(conn, id, Action::WriteWebhook, &Ok(()))?;
    // Signatures use the machine's clock even in the sandbox.
    let rotated = before.clone().rotated(new_secret()?, machine_now());
    let after = Endpoint { updated_at: context.now, ..rotated };
    context.commit(conn, "webhook_endpoint.rotate_secret", &before, Change::silent(after))
}

/// Deletes an endpoint with its delivery log.
pub fn remove(conn: &mut Conn, context: &Context, id: &Id) -> Result<()> {
    let (endpoint, ()): (Endpoint, _) = context.enter(conn, id, Action::WriteWebhook, &Ok(()))?;
    store::webhooks::delete(conn, &endpoint)?;
    Ok(context.record_removed(conn, "webhook_endpoint.remove", &endpoint)?)
}

/// Queues a test message, which is not an event.
pub fn test(conn: &mut Conn, context: &Context, id: &Id) -> Result<Delivery> {
    let (endpoint, ()): (Endpoint, _) = context.enter_to_add(conn, id, Action::WriteWebhook, &Ok(()))?;
    let delivery = Delivery::new(context.new_id(), endpoint.id, None, TEST.to_owned(), machine_now());
    store::webhooks::insert_deliveries(conn, std::slice::from_ref(&delivery))?;
    Ok(delivery)
}

/// Lists the deliveries to an endpoint, sent and pending.
pub fn deliveries(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    statuses: Option<&[DeliveryStatus]>,
    page: &Page,
) -> Result<Vec<Delivery>> {
    context.find::<Endpoint>(conn, id)?;
    context.accept_read()?;
    Ok(store::webhooks::list_deliveries(conn, id, statuses, page)?)
}

/// Returns a delivery with its attempts.
pub fn delivery(conn: &mut Conn, context: &Context, id: &Id, delivery_id: &Id) -> Result<(Delivery, Vec<Attempt>)> {
    context.find::<Endpoint>(conn, id)?;
    context.accept_read()?;
    let delivery = store::webhooks::find_delivery(conn, id, delivery_id)?.ok_or(Code::NotFound)?;
    let attempts = store::webhooks::attempts(conn, delivery_id)?;
    Ok((delivery, attempts))
}

/// Queues a delivery again, whatever its outcome was.
pub fn replay(conn: &mut Conn, context: &Context, id: &Id, delivery_id: &Id) -> Result<Delivery> {
    let (endpoint, ()): (Endpoint, _) = context.enter_to_add(conn, id, Action::WriteWebhook, &Ok(()))?;
    let before = store::webhooks::find_delivery(conn, &endpoint.id, delivery_id)?.ok_or(Code::NotFound)?;
    let again = before.replayed(context.new_id(), machine_now());
    store::webhooks::insert_deliveries(conn, std::slice::from_ref(&again))?;
    Ok(again)
}
