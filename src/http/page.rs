//! Lists: which part of one is asked for, and how it is answered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, Deserializer, Unexpected};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::query::Query;
use crate::domain::Id;
use crate::domain::page::Page;
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

/// What a list can be sorted by.
pub trait SortKey: Copy + PartialEq + 'static {
    /// Each key with its name; the first is the order where none is asked for.
    const ALL: &'static [(Self, &'static str)];
}

/// The order of most lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ById {
    /// As they were made.
    Id,
}

impl SortKey for ById {
    const ALL: &'static [(Self, &'static str)] = &[(ById::Id, "id")];
}

/// By id, from first to last or from last to first.
pub type IdOrder = Sort<ById>;

/// An order: by a key, from first to last or, with `-`, from last to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<K> {
    key: (K, &'static str),
    descending: bool,
}

impl<'de, K: SortKey> Deserialize<'de> for Sort<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (descending, name) = text.strip_prefix('-').map_or((false, text.as_str()), |name| (true, name));
        let key = K::ALL.iter().copied().find(|(_, known)| *known == name);
        let refused = || de::Error::invalid_value(Unexpected::Str(&text), &"a sort key");
        key.map(|key| Sort { key, descending }).ok_or_else(refused)
    }
}

impl<K: SortKey> PartialSchema for Sort<K> {
    fn schema() -> RefOr<Schema> {
        let orders = K::ALL.iter().flat_map(|(_, name)| [(*name).to_owned(), format!("-{name}")]);
        ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).enum_values(Some(orders)).into()
    }
}

impl<K: SortKey> ToSchema for Sort<K> {}

/// A page as it was asked for.
#[derive(Debug, Clone)]
pub struct Asked<K> {
    /// Which rows.
    pub page: Page,
    /// The key of the order; none where the list has one order only.
    pub key: Option<K>,
    /// The order as a cursor names it.
    order: String,
    /// The words of the query, for the link to the next page.
    words: Vec<(String, String)>,
}

impl<K: SortKey> Asked<K> {
    /// Reads the page of a list that can be sorted. A cursor belongs to one order.
    pub fn sorted(query: &mut Query, sort: Option<Sort<K>>) -> Self {
        let first = K::ALL.first().map(|key| Sort { key: *key, descending: false });
        let sort = sort.or(first);
        let descending = sort.is_some_and(|sort| sort.descending);
        let name = sort.map_or("", |sort| sort.key.1);
        let order = format!("{}{name}:", if descending { "-" } else { "" });
        Asked::ordered(query, sort.map(|sort| sort.key.0), order, descending)
    }
}

impl<K> Asked<K> {
    fn ordered(query: &mut Query, key: Option<K>, order: String, descending: bool) -> Self {
        let page: PageQuery = query.take();
        let named = page.cursor.as_ref().map(|cursor| {
            let text = decoded(cursor)?;
            text.strip_prefix(&order).filter(|after| !after.contains('\0')).map(str::to_owned)
        });
        if named == Some(None) {
            query.fail(Code::InvalidCursor);
        }
        let words = query.asked().iter().filter(|(name, _)| name != "cursor").cloned().collect();
        Asked { page: Page { after: named.flatten(), descending, limit: page.limit() }, key, order, words }
    }

    /// Answers a page: `rows` hold one more than asked where there is a next page; `key` is the order's column.
    ///
    /// # Errors
    /// When the rows are no JSON.
    pub fn answer<R, V: Serialize>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> String,
        view: impl Fn(R) -> V,
    ) -> Result<Answer, Error> {
        let limit = usize::try_from(self.page.limit).map_err(Error::internal)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(&key);
        let next_cursor = last.map(|last| URL_SAFE_NO_PAD.encode(format!("{}{last}", self.order)));
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

/// The one order of a list that is read whole because it is short by its nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InOrder {}

impl Asked<InOrder> {
    /// Reads the page of a list that has one order.
    pub fn in_order(query: &mut Query) -> Self {
        Asked::ordered(query, None, ":".to_owned(), false)
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

impl<K> Asked<K> {
    /// The same page of a list whose key is a number.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn numbered(&self) -> Result<Page<i64>, Error> {
        let Page { after, descending, limit } = self.page.clone();
        let after = after.map(|after| after.parse().map_err(|_| Error::new(Code::InvalidCursor))).transpose()?;
        Ok(Page { after, descending, limit })
    }
}

/// The link to the next page of a list.
pub fn next_link(path: &str, query: &str) -> String {
    format!("<{path}?{query}>; rel=\"next\"")
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListView<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}
