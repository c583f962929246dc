//! Calendar feeds of a person's deadlines, by revocable tokens.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde_json::json;

use crate::clock::new_secret;
use crate::domain::Id;
use crate::domain::access::{self, Offers, ScopeKind};
use crate::domain::schedule::feed::FeedToken;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::office::organizations::zone_of;
use crate::service::office::scopes;
use crate::service::schedule::deadlines::{self, DeadlineDetails};
use crate::service::tag::Tag;
use crate::service::{App, AuditDraft, AuditState, Caller, Context, Input, Result, record, sha256_hex};
use crate::store::deadlines::{Filter, SortBy};
use crate::store::page::{Direction, Order, Page};
use crate::store::{self, Conn};

/// Largest number of tokens of a person.
const MAX_TOKENS: usize = 20;
/// How far back a feed reaches, in days.
const BACK_DAYS: u64 = 400;
/// Largest number of deadlines in a feed.
const MAX_DEADLINES: i64 = 5_000;

/// The tag of a token.
pub fn tag(token: &FeedToken) -> Tag {
    Tag::of(&[(token.id, 1)], &Offers::default())
}

/// A token with the words of its scopes.
pub struct ListedToken {
    /// The token.
    pub token: FeedToken,
    /// What narrows it, units by code.
    pub scopes: Option<Vec<String>>,
}

fn with_scopes(conn: &mut Conn, tokens: Vec<FeedToken>) -> Result<Vec<ListedToken>, Error> {
    let words = scopes::words_of_all(conn, &tokens.iter().map(|token| &token.scopes).collect::<Vec<_>>())?;
    Ok(tokens.into_iter().zip(words).map(|(token, scopes)| ListedToken { token, scopes }).collect())
}

/// Creates a token, which is shown only once.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<()>) -> Result<(ListedToken, String)> {
    let first = context.actor.memberships.first().ok_or(Code::RoleRequired)?;
    access::require_scope(&context.actor, ScopeKind::Write)?;
    // The feed is read with the token's scopes, so `read` is required.
    access::require_scope(&context.actor, ScopeKind::Read)?;
    context.accept(input)?;
    let own = store::feeds::of_owner(conn, &context.actor.principal)?;
    if own.len() >= MAX_TOKENS {
        return Err(Code::QuotaExceeded.into());
    }
    let secret = new_secret().map_err(Error::internal)?;
    let token = FeedToken {
        id: context.new_id(),
        owner: context.actor.principal.lasting(),
        scopes: context.actor.scopes.clone(),
        token_sha256: sha256_hex(secret.as_bytes()),
        created_at: context.now,
    };
    store::feeds::insert(conn, &token)?;
    let draft = AuditDraft { after: Some(audit(&token)), ..draft(&token, "feed_token.create", first.organization_id) };
    record(conn, context, draft)?;
    let scopes = scopes::words(conn, &token.scopes)?;
    Ok((ListedToken { token, scopes }, secret))
}

fn draft<'a>(token: &FeedToken, action: &'a str, organization_id: Option<Id>) -> AuditDraft<'a> {
    AuditDraft::about(action, organization_id, ("feed_token", token.id))
}

fn audit(token: &FeedToken) -> AuditState {
    json!({"scopes": token.scopes.text()}).into()
}

/// Lists the caller's tokens.
pub fn list(conn: &mut Conn, context: &Context) -> Result<Vec<ListedToken>> {
    context.accept_read()?;
    let own = store::feeds::of_owner(conn, &context.actor.principal)?;
    Ok(with_scopes(conn, own)?)
}

fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<FeedToken, Error> {
    let own = store::feeds::of_owner(conn, &context.actor.principal)?;
    own.into_iter().find(|token| token.id == *id).ok_or_else(|| Error::new(Code::NotFound))
}

/// Returns one of the caller's tokens.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<ListedToken> {
    let token = find(conn, context, id)?;
    context.accept_read()?;
    let scopes = scopes::words(conn, &token.scopes)?;
    Ok(ListedToken { token, scopes })
}

/// Revokes a token.
pub fn revoke(conn: &mut Conn, context: &Context, id: &Id) -> Result<()> {
    let token = find(conn, context, id)?;
    access::require_scope(&context.actor, ScopeKind::Write)?;
    context.accept(&Ok(()))?;
    context.check_precondition(&tag(&token).state)?;
    store::feeds::delete(conn, id)?;
    let organization_id = context.actor.memberships.first().and_then(|first| first.organization_id);
    let draft = AuditDraft { before: Some(audit(&token)), ..draft(&token, "feed_token.revoke", organization_id) };
    Ok(record(conn, context, draft)?)
}

/// Returns the caller that a token acts for.
///
/// # Errors
/// `token_invalid`.
pub async fn caller(app: &Arc<App>, token: &str) -> Result<Caller, Error> {
    let hashed = sha256_hex(token.as_bytes());
    let found = app.db.read(move |conn| store::feeds::find_by_hash(conn, &hashed)).await?;
    let FeedToken { owner, scopes, .. } = found.ok_or(Code::TokenInvalid)?;
    Ok(Caller { principal: owner, scopes })
}

/// A deadline with the title of its period.
pub struct Entry {
    /// The deadline.
    pub details: DeadlineDetails,
    /// Title of the period.
    pub period_title: String,
}

/// Lists the dated deadlines from all of a person's organisations, beginning [`BACK_DAYS`] ago.
pub fn entries(conn: &mut Conn, context: &Context) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for organization_id in context.actor.organization_ids() {
        let today = date_in(zone_of(conn, &organization_id)?, context.now);
        let due_from = today.checked_sub_days(Days::new(BACK_DAYS)).unwrap_or(NaiveDate::MIN);
        let filter = Filter { due_from: Some(due_from), ..Filter::default() };
        let page = Page::first(Order::by([(SortBy::DueOn, Direction::Ascending)]), MAX_DEADLINES);
        let rows = deadlines::list(conn, context, Some(&organization_id), &filter, &page)?;
        let titles = store::periods::titles(conn, rows.iter().map(|details| &details.deadline.period_id))?;
        entries.extend(rows.into_iter().map(|details| {
            let period_title = titles.get(&details.deadline.period_id).cloned().unwrap_or_default();
            Entry { details, period_title }
        }));
    }
    Ok(entries)
}
