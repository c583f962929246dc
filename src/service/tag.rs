//! Tags: what a caller saw, and what it could do then.

use sha2::{Digest, Sha256};

use super::hex;
use crate::domain::Id;
use crate::domain::access::Offers;

/// A resource's tag: the state that a change must start from, and the phase that only a cache compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Hash of the ids and versions of the parts that the caller sees.
    pub state: String,
    phase: String,
}

impl Tag {
    /// The tag of a resource made of `parts`, with what may be done with it now.
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

    /// The state alone: what `If-Match` is compared with.
    pub fn state_of(parts: &[(Id, i64)]) -> String {
        let mut state = Sha256::new();
        for (id, version) in parts {
            state.update(id.as_str());
            state.update(version.to_be_bytes());
        }
        short(&state.finalize())
    }

    /// The same in a phase that the clock alone has begun: the state that a change starts from stays.
    #[must_use]
    pub fn in_phase(mut self, marker: &str) -> Self {
        self.phase = short(&Sha256::digest(format!("{}{marker}", self.phase)));
        self
    }

    /// As the `ETag` header carries it.
    pub fn header(&self) -> String {
        format!("\"{}-{}\"", self.state, self.phase)
    }
}

/// The tag of an answer that has no versions: the hash of its body.
pub fn of_body(body: impl AsRef<[u8]>) -> String {
    format!("\"{}-0\"", short(&Sha256::digest(body)))
}

fn short(digest: &[u8]) -> String {
    hex(digest.get(..8).unwrap_or(digest))
}

/// Whether an `If-Match` header names the state. A proxy that compresses may have marked the tag as weak
/// or added a suffix of its own; the state inside is still exact.
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
    use crate::error::{Code, Error};

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
