//! Verification of a chain: every hash computed again.

use super::batch;
use crate::error::Error;
use crate::store::Conn;
use crate::store::journals::{self, FIRST_PREV_HASH};

/// The number of entries that are verified at a time: a few milliseconds' work, for which a thread serves nobody else.
pub(super) const SLICE_ROWS: i64 = 400;

/// The result of verifying a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The number of intact entries before the first altered one.
    pub checked: i64,
    /// The first altered entry; `None` where all are intact or entries are missing at the end.
    pub first_bad_id: Option<String>,
    /// Whether the whole chain is intact.
    pub ok: bool,
}

/// How far a chain is verified: the number and the hash of the last entry that was found intact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    number: i64,
    hash: String,
}

impl Default for Verified {
    fn default() -> Self {
        Verified { number: 0, hash: FIRST_PREV_HASH.to_owned() }
    }
}

/// What verifying a slice of a chain has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slice {
    /// Its entries are intact, and more follow.
    Intact(Verified),
    /// The whole chain is judged.
    Last(Verdict),
}

/// Recomputes the hashes of the next few entries of a chain, so that a long one does not keep anybody waiting. `known` is a
/// checkpoint: the number of an entry and the hash that it had earlier.
pub fn verify_slice(conn: &mut Conn, chain: &str, from: Verified, known: Option<(i64, &str)>) -> Result<Slice, Error> {
    let Verified { mut number, mut hash } = from;
    let entries = batch(conn, chain, number, SLICE_ROWS)?;
    if entries.is_empty() {
        // In one snapshot with the end of the chain, which may have grown meanwhile.
        let journal = journals::find(conn, chain)?;
        let whole = journal.audit_sequence == number && journal.audit_hash == hash;
        let reaches = known.is_none_or(|(at, _)| at <= number);
        return Ok(Slice::Last(Verdict { checked: number, first_bad_id: None, ok: whole && reaches }));
    }
    for entry in entries {
        let in_place = entry.sequence == number + 1 && entry.prev_hash == hash;
        let unaltered =
            in_place && entry.has_valid_states() && entry.compute_hash().is_ok_and(|sealed| sealed == entry.hash);
        let as_known = known.is_none_or(|(at, known)| at != entry.sequence || known == entry.hash);
        if !unaltered || !as_known {
            return Ok(Slice::Last(Verdict { checked: number, first_bad_id: Some(entry.id), ok: false }));
        }
        (number, hash) = (entry.sequence, entry.hash);
    }
    Ok(Slice::Intact(Verified { number, hash }))
}

/// Recomputes every hash of a chain from its first entry, where nobody waits for the thread.
pub fn verify(conn: &mut Conn, chain: &str, known: Option<(i64, &str)>) -> Result<Verdict, Error> {
    let mut verified = Verified::default();
    loop {
        match verify_slice(conn, chain, verified, known)? {
            Slice::Intact(further) => verified = further,
            Slice::Last(verdict) => return Ok(verdict),
        }
    }
}
