//! Attached files.

use chrono::{DateTime, Utc};

/// An attached file. Its content is stored under its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// File name, as uploaded.
    pub name: String,
    /// Media type, determined from the content.
    pub media_type: String,
    /// Size in bytes.
    pub size: i64,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
    /// When the file was attached.
    pub attached_at: DateTime<Utc>,
}
