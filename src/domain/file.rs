//! A file that somebody attached.

use chrono::{DateTime, Utc};

/// A file as it was attached; its bytes lie under their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// The name it was sent under.
    pub name: String,
    /// Its type, told from its bytes.
    pub media_type: String,
    /// In bytes.
    pub size: i64,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// When it was attached.
    pub attached_at: DateTime<Utc>,
}
