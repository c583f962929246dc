//! Scopes as clients write them: units by code.

use std::collections::HashMap;

use crate::domain::Id;
use crate::domain::access::Scopes;
use crate::error::{Code, Error};
use crate::store::{self, Conn};

/// Reads the scopes of a token or an account of an organisation.
///
/// # Errors
/// `invalid_scope` for an unknown word, for a code that no unit of the organisation has, and for no word at all.
pub fn read(conn: &mut Conn, organization_id: Option<&Id>, words: &[&str]) -> Result<Scopes, Error> {
    // No code has it, and PostgreSQL takes no text that does.
    if words.iter().any(|word| word.contains('\0')) {
        return Err(Error::new(Code::InvalidScope));
    }
    let codes = Scopes::unit_codes(words.iter().copied());
    let units = match organization_id {
        Some(organization_id) if !codes.is_empty() => store::units::keys_by_code(conn, organization_id, &codes)?,
        Some(_) | None => Vec::new(),
    };
    let unit_of = |code: &str| units.iter().find(|unit| unit.code == code).map(|unit| unit.id);
    Scopes::read(words.iter().copied(), unit_of).ok_or_else(|| Error::new(Code::InvalidScope))
}

/// Returns the words of scopes, with the codes that the units have now; `None` if they narrow nothing.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn words(conn: &mut Conn, scopes: &Scopes) -> Result<Option<Vec<String>>, Error> {
    Ok(words_of_all(conn, &[scopes])?.pop().flatten())
}

/// Returns the words of several scopes, in order.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn words_of_all(conn: &mut Conn, all: &[&Scopes]) -> Result<Vec<Option<Vec<String>>>, Error> {
    let units: Vec<Id> = all.iter().filter_map(|scopes| scopes.units()).flatten().collect();
    let codes = match units.as_slice() {
        [] => HashMap::new(),
        units => store::units::codes_by_id(conn, &units.iter().collect::<Vec<_>>())?,
    };
    let name_of = |unit: &Id| codes.get(unit).cloned().unwrap_or_else(|| unit.to_string());
    Ok(all.iter().map(|scopes| scopes.words(name_of)).collect())
}
