//! The service layer: one act is one function and one transaction, which loads, asks the domain, saves and records.

pub mod assessment;
pub mod award;
pub mod criteria;
pub mod journal;
pub mod office;
pub mod schedule;

pub mod answer;
pub mod app;
pub mod context;
pub mod files;
pub mod health;
pub mod interrupt;
pub mod run;
pub mod sandbox;
pub mod subject;
pub mod tag;

use sha2::{Digest, Sha256};

pub use crate::domain::text::hex;
pub use crate::store::Conn;
pub use answer::Answer;
pub use app::{App, EventSignal};
pub use context::{Caller, Conditions, Context, Identified, IdentifiedCell, Input, Request};
pub use interrupt::{Interrupt, PendingLapse, Result};
pub use journal::recording::{
    AuditDraft, AuditState, Author, Entries, EventDraft, publish, record, record_all, record_as,
};
pub use run::{act, read};
pub use subject::{Details, Identity, Related, Subject};

/// Returns the SHA-256 of `bytes` in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
