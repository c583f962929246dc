//! Lists: which part of one is asked for, and how it is answered.

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, Deserializer, Unexpected};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::State;
use super::query::Query;
use crate::domain::Id;
use crate::domain::page::{ById, Direction, Order, Page, SortKey};
use crate::error::{Code, Error};
use crate::service::{Answer, tag};

/// The rows of a page where none are asked for.
const DEFAULT_LIMIT: i64 = 50;
/// The most rows of a page.
const MAX_LIMIT: i64 = 200;

/// What every list takes.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows of a page; 50 where it is left out.
    #[param(inline)]
    limit: Option<Within<1, { MAX_LIMIT }>>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    /// How many rows.
    pub fn limit(&self) -> i64 {
        self.limit.map_or(DEFAULT_LIMIT, |Within(limit)| limit)
    }

    /// The record that the cursor names, where a cursor is a record's id.
    pub fn after_record(&self, query: &mut Query) -> Option<Id> {
        let id = self.cursor.as_ref().map(|cursor| decoded(cursor).as_deref().and_then(Id::parse));
        if id == Some(None) {
            query.fail(Code::InvalidCursor);
        }
        id.flatten()
    }
}

/// A cursor that names a record.
pub fn cursor_of(id: &Id) -> String {
    URL_SAFE_NO_PAD.encode(id.as_str())
}

fn decoded(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Within<const MIN: i64, const MAX: i64>(pub i64);

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Within<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let refused = || de::Error::invalid_value(Unexpected::Signed(number), &"a number within its range");
        (MIN..=MAX).contains(&number).then_some(Within(number)).ok_or_else(refused)
    }
}

impl<const MIN: i64, const MAX: i64> PartialSchema for Within<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        let integer = ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
        let format = SchemaFormat::KnownFormat(KnownFormat::Int32);
        integer.format(Some(format)).minimum(Some(MIN)).maximum(Some(MAX)).into()
    }
}

impl<const MIN: i64, const MAX: i64> ToSchema for Within<MIN, MAX> {}

/// The order of a list as it was asked for: keys separated by commas, each with `-` from last to first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort<K>(Order<K>);

/// By id, from first to last or from last to first.
pub type IdOrder = Sort<ById>;

impl<'de, K: SortKey> Deserialize<'de> for Sort<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keys: Vec<(K, Direction)> = Vec::new();
        for text in Vec::<String>::deserialize(deserializer)? {
            let refused = || de::Error::invalid_value(Unexpected::Str(&text), &"a sort key, once");
            let (key, direction) = parse_key(&text).ok_or_else(refused)?;
            if keys.iter().any(|(known, _)| *known == key) {
                return Err(refused());
            }
            keys.push((key, direction));
        }
        Ok(Sort(Order::by(keys)))
    }
}

fn parse_key<K: SortKey>(text: &str) -> Option<(K, Direction)> {
    let (direction, name) =
        text.strip_prefix('-').map_or((Direction::Ascending, text), |name| (Direction::Descending, name));
    let key = K::VARIANTS.iter().copied().find(|key| Into::<&str>::into(*key) == name)?;
    Some((key, direction))
}

impl<K: SortKey> PartialSchema for Sort<K> {
    fn schema() -> RefOr<Schema> {
        let names = K::VARIANTS.iter().map(|key| Into::<&str>::into(*key));
        let orders = names.flat_map(|name| [name.to_owned(), format!("-{name}")]);
        let key = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).enum_values(Some(orders));
        ArrayBuilder::new().items(key).into()
    }
}

impl<K: SortKey> ToSchema for Sort<K> {}

/// A page as it was asked for.
pub struct Asked<K: SortKey> {
    /// Which rows.
    pub page: Page<K>,
    /// The words of the query, for the link to the next page.
    words: Vec<(String, String)>,
}

impl<K: SortKey> Asked<K> {
    /// Reads the page of a list that can be sorted. A cursor belongs to one order.
    pub fn sorted(query: &mut Query, sort: Option<Sort<K>>) -> Self {
        let order = sort.map(|Sort(order)| order).unwrap_or_default();
        let page: PageQuery = query.take();
        let after = page.cursor.as_ref().map(|cursor| read_position(cursor, &order));
        if let Some(None) = after {
            query.fail(Code::InvalidCursor);
        }
        let words = query.asked().iter().filter(|(name, _)| name != "cursor").cloned().collect();
        Asked { page: Page { order, after: after.flatten(), limit: page.limit() }, words }
    }

    /// Answers a page: `rows` hold one more than asked where there is a next page.
    ///
    /// # Errors
    /// When the rows are no JSON.
    pub fn answer<R, V: Serialize>(
        &self,
        mut rows: Vec<R>,
        position: impl Fn(&R) -> K::Position,
        view: impl Fn(R) -> V,
    ) -> Result<Answer, Error> {
        let limit = usize::try_from(self.page.limit).map_err(Error::internal)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next_cursor = last.map(|last| cursor_after(&position(last), &self.page.order)).transpose()?;
        let next = next_cursor.as_ref().map(|cursor| {
            let with_cursor = self.words.iter().cloned().chain([("cursor".to_owned(), cursor.clone())]);
            serde_urlencoded::to_string(with_cursor.collect::<Vec<_>>())
        });
        let next = next.transpose().map_err(Error::internal)?;
        let items = rows.into_iter().map(view).collect();
        let body = serde_json::to_string(&ListView { items, next_cursor }).map_err(Error::internal)?;
        Ok(Answer { status: 200, location: None, etag: Some(tag::of_body(&body)), next, body, replayed: false })
    }
}

/// Returns the cursor of the rows after a position in an order.
fn cursor_after<K: SortKey>(position: &K::Position, order: &Order<K>) -> Result<String, Error> {
    let text = serde_json::to_string(&(order.to_string(), position)).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(text))
}

/// Reads the position in a cursor; none where the cursor belongs to another order.
fn read_position<K: SortKey>(cursor: &str, order: &Order<K>) -> Option<K::Position> {
    // No row holds a NUL character, and PostgreSQL takes none.
    let text = decoded(cursor).filter(|text| !text.contains("\\u0000"))?;
    let (of, position): (String, K::Position) = serde_json::from_str(&text).ok()?;
    (of == order.to_string()).then_some(position)
}

/// The key of a list that has one order and is read whole because it is short by its nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
pub enum InOrder {
    /// What tells the rows apart.
    Row,
}

impl SortKey for InOrder {
    type Position = String;
    const UNIQUE: Self = InOrder::Row;
}

impl Asked<InOrder> {
    /// Reads the page of a list that has one order.
    pub fn in_order(query: &mut Query) -> Self {
        Asked::sorted(query, None)
    }

    /// Answers a page of all `rows`, told apart by `key`.
    ///
    /// # Errors
    /// `invalid_cursor` where the row that it names is gone.
    pub fn answer_of_all<R, V: Serialize>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> String,
        view: impl Fn(R) -> V,
    ) -> Result<Answer, Error> {
        if let Some(after) = &self.page.after {
            let at = rows.iter().position(|row| key(row) == *after).ok_or(Code::InvalidCursor)?;
            rows.drain(..=at);
        }
        self.answer(rows, key, view)
    }
}

/// The link to the next page of a list.
pub fn next_link(state: &State, request: &HttpRequest, query: &str) -> String {
    format!("<{}{}?{query}>; rel=\"next\"", state.public_path(), request.path())
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListView<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}
