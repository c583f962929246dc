//! A person's calendar feed: the way in of a program that can send no header.

use chrono::{DateTime, Utc};

use crate::domain::Id;

/// The token of a feed, without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedToken {
    /// Its id.
    pub id: Id,
    /// Who vouches for whose deadlines it shows.
    pub issuer: String,
    /// Their name there.
    pub subject: String,
    /// What it is narrowed to.
    pub scopes: Option<String>,
    /// The service account that asked for it, which it does not outlive.
    pub client_id: Option<String>,
    /// SHA-256 of the token, in hex.
    pub token_sha256: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}
