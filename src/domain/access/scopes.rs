//! What a token is narrowed to.

use std::collections::BTreeSet;

use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};

use crate::domain::Id;

/// A kind of act that a scope names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, IntoStaticStr, VariantArray)]
pub enum ScopeKind {
    /// Reading.
    #[serde(rename = "read")]
    #[strum(serialize = "read")]
    Read,
    /// Changing.
    #[serde(rename = "write")]
    #[strum(serialize = "write")]
    Write,
    /// Running deadline checks.
    #[serde(rename = "deadlines:check")]
    #[strum(serialize = "deadlines:check")]
    CheckDeadlines,
}

impl ScopeKind {
    /// Returns the word that stands for it in a scope.
    pub fn word(self) -> &'static str {
        self.into()
    }

    fn parse(word: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|kind| kind.word() == word)
    }
}

/// What precedes a unit in a scope.
const UNIT: &str = "unit:";

/// What narrows the rights of a token: kinds of acts and units, each of them all where none is named. Neither set is ever
/// empty, so a value that allows nothing does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes {
    kinds: Option<BTreeSet<ScopeKind>>,
    units: Option<BTreeSet<Id>>,
}

impl Scopes {
    /// Reads scopes as a client writes them, units by code. Returns `None` if a word is unknown or there is none;
    /// `unit_of` finds the unit that has a code.
    pub fn read<'a>(words: impl IntoIterator<Item = &'a str>, unit_of: impl Fn(&str) -> Option<Id>) -> Option<Self> {
        let mut scopes = Scopes::default();
        for word in words {
            match (ScopeKind::parse(word), word.strip_prefix(UNIT)) {
                (Some(kind), _) => {
                    scopes.kinds.get_or_insert_default().insert(kind);
                }
                (None, Some(code)) => {
                    scopes.units.get_or_insert_default().insert(unit_of(code)?);
                }
                (None, None) => return None,
            }
        }
        Some(scopes).filter(|scopes| *scopes != Scopes::default())
    }

    /// Returns the codes of the units that words name.
    pub fn unit_codes<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        words.into_iter().filter_map(|word| word.strip_prefix(UNIT).map(str::to_owned)).collect()
    }

    /// Parses the stored form, which names units by id. `None` narrows nothing; a word that means nothing here names a
    /// unit that does not exist, so that it never widens.
    pub fn parse(text: Option<&str>) -> Self {
        let Some(text) = text else {
            return Scopes::default();
        };
        let mut scopes = Scopes::default();
        for word in text.split(' ') {
            if let Some(kind) = ScopeKind::parse(word) {
                scopes.kinds.get_or_insert_default().insert(kind);
            } else {
                let unit = word.strip_prefix(UNIT).and_then(Id::parse).unwrap_or(Id::NIL);
                scopes.units.get_or_insert_default().insert(unit);
            }
        }
        scopes
    }

    /// Returns the form in which tokens and tables keep them: words separated by spaces, units by id.
    pub fn text(&self) -> Option<String> {
        self.words(Id::to_string).map(|words| words.join(" "))
    }

    /// Returns the words of a client, with the units as `name_of` names them; `None` if nothing is narrowed.
    pub fn words(&self, name_of: impl Fn(&Id) -> String) -> Option<Vec<String>> {
        let kinds = self.kinds.iter().flatten().map(|kind| kind.word().to_owned());
        let units = self.units.iter().flatten().map(|unit| format!("{UNIT}{}", name_of(unit)));
        let narrowed = self.kinds.is_some() || self.units.is_some();
        narrowed.then(|| kinds.chain(units).collect())
    }

    /// Returns the scopes that are within both, kinds and units each; `None` if they have nothing in common.
    pub fn intersection(&self, other: &Scopes) -> Option<Scopes> {
        Some(Scopes { kinds: common(&self.kinds, &other.kinds)?, units: common(&self.units, &other.units)? })
    }

    /// Whether a kind of act is within them.
    pub fn allow(&self, kind: ScopeKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Returns the units that they name; `None` if they name none, which stands for all.
    pub fn units(&self) -> Option<Vec<Id>> {
        self.units.as_ref().map(|units| units.iter().copied().collect())
    }

    /// Whether they name a unit.
    pub fn names_unit(&self, unit: &Id) -> bool {
        self.units.as_ref().is_some_and(|units| units.contains(unit))
    }

    /// Whether a unit is outside of the units that they name.
    pub fn exclude_unit(&self, unit: &Id) -> bool {
        self.units.as_ref().is_some_and(|units| !units.contains(unit))
    }
}

/// The elements of two sets, each of which is everything where it is `None`; `None` if there is no common element.
#[expect(clippy::ref_option, reason = "the two fields as they are")]
fn common<T: Ord + Copy>(one: &Option<BTreeSet<T>>, other: &Option<BTreeSet<T>>) -> Option<Option<BTreeSet<T>>> {
    match (one, other) {
        (None, None) => Some(None),
        (None, Some(named)) | (Some(named), None) => Some(Some(named.clone())),
        (Some(one), Some(other)) => {
            let both: BTreeSet<T> = one.intersection(other).copied().collect();
            (!both.is_empty()).then_some(Some(both))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: u8 = 4;

    fn unit(at: u8) -> Id {
        Id::from_uuid_text(format!("018b88d6-5f80-7000-8000-0000000000{at:02x}"))
    }

    fn unit_of(code: &str) -> Option<Id> {
        (0..UNITS).find(|at| format!("U{at}") == code).map(unit)
    }

    fn set<T: Clone + Ord + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = Option<BTreeSet<T>>> {
        let some = 1..=all.len();
        proptest::option::of(proptest::sample::subsequence(all, some).prop_map(|named| named.into_iter().collect()))
    }

    fn scopes() -> impl Strategy<Value = Scopes> {
        let kinds = set(ScopeKind::VARIANTS.to_vec());
        (kinds, set((0..UNITS).map(unit).collect())).prop_map(|(kinds, units)| Scopes { kinds, units })
    }

    /// Everything that they let through, as pairs of a kind and a unit.
    fn allowed(scopes: &Scopes) -> Vec<(ScopeKind, u8)> {
        let pairs = ScopeKind::VARIANTS.iter().flat_map(|kind| (0..UNITS).map(move |at| (*kind, at)));
        pairs.filter(|(kind, at)| scopes.allow(*kind) && !scopes.exclude_unit(&unit(*at))).collect()
    }

    proptest! {
        #[test]
        fn an_intersection_is_exactly_what_both_allow(one in scopes(), other in scopes()) {
            let (of_one, of_other) = (allowed(&one), allowed(&other));
            let both: Vec<_> = of_one.iter().copied().filter(|pair| of_other.contains(pair)).collect();
            let found = one.intersection(&other);
            prop_assert_eq!(&found, &other.intersection(&one));
            prop_assert_eq!(found.as_ref().map(allowed).unwrap_or_default(), both);
            // A unit that is named stays named: what an integration may write needs a name.
            if let Some(found) = found {
                for at in 0..UNITS {
                    prop_assert!(!found.names_unit(&unit(at)) || one.names_unit(&unit(at)) || other.names_unit(&unit(at)));
                }
            }
        }

        #[test]
        fn narrowing_twice_narrows_as_once(one in scopes(), other in scopes(), third in scopes()) {
            let left = one.intersection(&other).and_then(|both| both.intersection(&third));
            let right = other.intersection(&third).and_then(|both| one.intersection(&both));
            prop_assert_eq!(left, right);
            prop_assert_eq!(one.intersection(&one), Some(one.clone()));
            prop_assert_eq!(one.intersection(&Scopes::default()), Some(one));
        }

        #[test]
        fn the_stored_form_reads_back_as_the_same(one in scopes()) {
            prop_assert_eq!(Scopes::parse(one.text().as_deref()), one);
        }
    }

    #[test]
    fn a_client_names_units_by_code() {
        let read = |text: &str| Scopes::read(text.split(' '), unit_of);
        let named = read("unit:U1 read").unwrap();
        assert_eq!(named.text().unwrap(), format!("read unit:{}", unit(1)));
        assert_eq!(named.words(|_| "U1".to_owned()), Some(vec!["read".to_owned(), "unit:U1".to_owned()]));
        for bad in ["", "admin", "READ", "read  write", "unit:", "unit:U9", "read unit:U9"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_stored_word_that_means_nothing_never_widens() {
        let old = Scopes::parse(Some("unit:GONE"));
        assert!(allowed(&old).is_empty());
        assert!(allowed(&Scopes::parse(Some(""))).is_empty());
    }
}
