//! Lists: which part of them, and how a query says so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use utoipa::ToSchema;

use super::json::read_day;
use crate::domain::Id;
use crate::error::{Code, Error};
use crate::service::{Answer, tag};
use crate::store::page::Page;

/// The rows of a page where none are asked for.
const DEFAULT_LIMIT: i64 = 50;
/// The most rows of a page.
const MAX_LIMIT: i64 = 200;

/// The words of a query, read by name; what nobody read is unknown.
#[derive(Debug, Default)]
pub struct Query {
    words: Vec<(String, String)>,
    asked: Vec<(String, String)>,
    fault: Option<Error>,
}

/// A page as it was asked for, with the name of its order.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which rows.
    pub page: Page,
    /// By which key: `id` or `code`.
    pub sort: &'static str,
    query: Vec<(String, String)>,
}

/// A cursor that names a record.
pub fn cursor_of(id: &Id) -> String {
    URL_SAFE_NO_PAD.encode(id.as_str())
}

fn read_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    let deserializer: value::StringDeserializer<value::Error> = word.to_owned().into_deserializer();
    T::deserialize(deserializer).ok()
}

impl Query {
    /// Reads a query string. A word given twice is kept twice, and the second is unknown.
    pub fn parse(text: &str) -> Self {
        match serde_urlencoded::from_str::<Vec<(String, String)>>(text) {
            Ok(words) => Query { asked: words.clone(), words, fault: None },
            Err(_) => Query { fault: Some(Error::new(Code::InvalidParameter).with("name", "?")), ..Query::default() },
        }
    }

    /// Takes a word out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.words.iter().position(|(word, _)| word == name)?;
        Some(self.words.remove(at).1)
    }

    fn refuse(&mut self, name: &str) {
        self.fault.get_or_insert_with(|| Error::new(Code::InvalidParameter).with("name", name));
    }

    /// A word that must be there.
    pub fn required<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let value = self.take(name).and_then(|text| text.parse().ok());
        if value.is_none() {
            self.refuse(name);
        }
        value
    }

    /// A day that may be left out.
    pub fn day(&mut self, name: &str) -> Option<NaiveDate> {
        let text = self.take(name)?;
        let day = read_day(&text);
        if day.is_none() {
            self.refuse(name);
        }
        day
    }

    /// A day that must be there.
    pub fn required_day(&mut self, name: &str) -> Option<NaiveDate> {
        let day = self.take(name).and_then(|text| read_day(&text));
        if day.is_none() {
            self.refuse(name);
        }
        day
    }

    /// A word that may be left out.
    pub fn optional<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let text = self.take(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.refuse(name);
        }
        value
    }

    /// An id.
    pub fn id(&mut self, name: &str) -> Option<Id> {
        let text = self.take(name)?;
        let id = Id::parse(&text);
        if id.is_none() {
            self.refuse(name);
        }
        id
    }

    /// Several ids, separated by commas.
    pub fn ids(&mut self, name: &str) -> Option<Vec<Id>> {
        let text = self.take(name)?;
        let ids: Option<Vec<Id>> = text.split(',').map(Id::parse).collect();
        if ids.is_none() {
            self.refuse(name);
        }
        ids
    }

    /// Several words, separated by commas.
    pub fn words(&mut self, name: &str) -> Option<Vec<String>> {
        Some(self.take(name)?.split(',').map(str::to_owned).collect())
    }

    /// One of a few words.
    pub fn word<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let text = self.take(name)?;
        let word = read_word(&text);
        if word.is_none() {
            self.refuse(name);
        }
        word
    }

    /// Several states or kinds, separated by commas.
    pub fn states<T: DeserializeOwned>(&mut self, name: &str) -> Option<Vec<T>> {
        let text = self.take(name)?;
        let states: Option<Vec<T>> = text.split(',').map(read_word).collect();
        if states.is_none() {
            self.refuse(name);
        }
        states
    }

    /// Several numbers, separated by commas.
    pub fn numbers(&mut self, name: &str) -> Option<Vec<i32>> {
        let text = self.take(name)?;
        let numbers: Option<Vec<i32>> = text.split(',').map(|word| word.parse().ok()).collect();
        if numbers.is_none() {
            self.refuse(name);
        }
        numbers
    }

    /// A cursor that names a record.
    pub fn cursor(&mut self) -> Option<Id> {
        let cursor = self.take("cursor")?;
        let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let id = text.as_deref().and_then(Id::parse);
        if id.is_none() {
            self.fault.get_or_insert_with(|| Error::new(Code::InvalidCursor));
        }
        id
    }

    /// A number within a range that may be left out.
    pub fn optional_within(&mut self, name: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = self.optional::<i64>(name)?;
        if !range.contains(&number) {
            self.refuse(name);
        }
        Some(number)
    }

    /// A number within a range, and which it is where none is given.
    pub fn number_within(&mut self, name: &str, range: std::ops::RangeInclusive<i64>, default: i64) -> i64 {
        self.optional_within(name, range).unwrap_or(default)
    }

    /// `limit`, `cursor` and `sort`, of which only the named orders are known; the first is the default.
    pub fn page(&mut self, orders: &[&'static str]) -> Asked {
        let limit = self.limit();
        let given = self.take("sort").unwrap_or_default();
        let (descending, name) = given.strip_prefix('-').map_or((false, given.as_str()), |name| (true, name));
        let default = orders.first().copied().unwrap_or("id");
        let known = orders.iter().copied().find(|order| *order == name);
        let sort = known.unwrap_or(default);
        if known.is_none() && !name.is_empty() {
            self.refuse("sort");
        }
        let after = self.take("cursor").and_then(|cursor| self.after(&cursor, sort, descending));
        let query = self.asked.iter().filter(|(name, _)| name != "cursor").cloned().collect();
        Asked { page: Page { after, descending, limit }, sort, query }
    }

    /// How many rows.
    pub fn limit(&mut self) -> i64 {
        self.number_within("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)
    }

    fn after(&mut self, cursor: &str, sort: &str, descending: bool) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let order = mark(sort, descending);
        let after =
            text.and_then(|text| text.strip_prefix(&order).map(str::to_owned)).filter(|after| !after.contains('\0'));
        if after.is_none() {
            self.fault.get_or_insert_with(|| Error::new(Code::InvalidCursor));
        }
        after
    }

    /// What is wrong with the query, once every known word was read.
    pub fn leftover(&mut self) -> Option<Error> {
        let unknown =
            self.words.first().map(|(name, _)| Error::new(Code::UnknownParameter).with("name", name.as_str()));
        unknown.or_else(|| self.fault.take())
    }
}

/// A cursor belongs to one order of the list.
fn mark(sort: &str, descending: bool) -> String {
    format!("{}{sort}:", if descending { "-" } else { "" })
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListView<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

impl Asked {
    /// The same page of a list whose key is a number.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn numbered(&self) -> Result<Page<i64>, Error> {
        let Page { after, descending, limit } = self.page.clone();
        let after = after.map(|after| after.parse().map_err(|_| Error::new(Code::InvalidCursor))).transpose()?;
        Ok(Page { after, descending, limit })
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
        let next_cursor =
            last.map(|last| URL_SAFE_NO_PAD.encode(format!("{}{last}", mark(self.sort, self.page.descending))));
        let next = next_cursor.as_ref().map(|cursor| {
            let with_cursor = self.query.iter().cloned().chain([("cursor".to_owned(), cursor.clone())]);
            serde_urlencoded::to_string(with_cursor.collect::<Vec<_>>())
        });
        let next = next.transpose().map_err(Error::internal)?;
        let items = rows.into_iter().map(view).collect();
        let body = serde_json::to_string(&ListView { items, next_cursor }).map_err(Error::internal)?;
        Ok(Answer { status: 200, location: None, etag: Some(tag::of_body(&body)), next, body, replayed: false })
    }
}

/// Answers a list that has no pages.
///
/// # Errors
/// When the rows are no JSON.
pub fn whole<V: Serialize>(items: Vec<V>) -> Result<Answer, Error> {
    let body = serde_json::to_string(&ListView { items, next_cursor: None }).map_err(Error::internal)?;
    Ok(Answer { status: 200, location: None, etag: Some(tag::of_body(&body)), next: None, body, replayed: false })
}
