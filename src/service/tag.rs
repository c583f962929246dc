//! Entity tags: the state that a caller saw, and the actions open to it then.

use sha2::{Digest, Sha256};

use super::hex;
use crate::domain::Id;
use crate::domain::access::Offers;
use crate::error::{Code, Error};

/// The tag of a resource: a state that `If-Match` compares, and a phase that only caches compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Hash of the ids and versions of the parts that the caller sees.
    pub state: String,
    phase: String,
}

impl Tag {
    /// Computes the tag of a resource made of `parts`, on which `offers` are open now.
    pub fn of(parts: &[(Id, i64)], offers: &Offers) -> Self {
        let mut phase = Sha256::new();
        for (action, until) in &offers.allowed {
            phase.update(format!("+{action:?}{until:?}"));
        }
        for (action, error) in &offers.blocked {
            phase.update(format!("-{action:?}{:?}", error.code));
        }
        Tag { state: Tag::state_of(parts), phase: short(&phase.finalize()) }
    }

    /// Computes the state alone, which `If-Match` is compared with.
    pub fn state_of(parts: &[(Id, i64)]) -> String {
        let mut state = Sha256::new();
        for (id, version) in parts {
            state.update(id.as_str());
            state.update(version.to_be_bytes());
        }
        short(&state.finalize())
    }

    /// Mixes into the phase whatever the clock alone has changed; the state stays, so a pending change remains valid.
    #[must_use]
    pub fn in_phase(mut self, marker: &str) -> Self {
        self.phase = short(&Sha256::digest(format!("{}{marker}", self.phase)));
        self
    }

    /// Returns the value of the `ETag` header.
    pub fn header(&self) -> String {
        format!("\"{}-{}\"", self.state, self.phase)
    }
}

/// The tag of a response without versions: the hash of its body.
pub fn of_body(body: impl AsRef<[u8]>) -> String {
    format!("\"{}-0\"", short(&Sha256::digest(body)))
}

fn short(digest: &[u8]) -> String {
    hex(digest.get(..8).unwrap_or(digest))
}

/// Rejects a missing tag, and one that names none of the states.
///
/// # Errors
/// `precondition_required`, `version_mismatch`.
pub fn require(given: Option<&str>, states: &[&str]) -> Result<(), Error> {
    match given {
        None => Err(Error::new(Code::PreconditionRequired)),
        Some(given) if states.iter().any(|state| matches(given, state)) => Ok(()),
        Some(_) => Err(Error::new(Code::VersionMismatch)),
    }
}

/// Whether an `If-Match` header names the state. A compressing proxy may have weakened the tag
/// or added a suffix; the state inside is still exact.
pub fn matches(header: &str, state: &str) -> bool {
    header.split(',').map(str::trim).any(|candidate| {
        let candidate = candidate.strip_prefix("W/").unwrap_or(candidate).trim_matches('"');
        candidate == "*" || candidate.split_once('-').map_or(candidate, |(state, _)| state) == state
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::action::Action;

    #[test]
    fn a_gate_that_closes_changes_the_phase_and_not_the_state() {
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001");
        let open = Offers { allowed: vec![(Action::Submit, None)], blocked: vec![] };
        let closed = Offers { allowed: vec![], blocked: vec![(Action::Submit, Error::new(Code::DeadlinePassed))] };
        let (before, after) = (Tag::of(&[(id, 1)], &open), Tag::of(&[(id, 1)], &closed));
        assert_ne!(before.header(), after.header());
        assert!(matches(&before.header(), &after.state));
        assert!(!matches(&before.header(), &Tag::of(&[(id, 2)], &open).state));
    }

    #[test]
    fn lists_weak_tags_and_wildcards_match() {
        for (header, expected) in [
            ("\"ab-1\"", true),
            ("W/\"ab-1\"", true),
            ("\"x-1\", \"ab-2\"", true),
            ("*", true),
            ("\"ab-1-gzip\"", true),
            ("\"abc-1\"", false),
            ("", false),
        ] {
            assert_eq!(matches(header, "ab"), expected, "{header}");
        }
    }
}
