//! Calendar feeds, for applications that cannot send an access token.

use chrono::{DateTime, Utc};

use crate::domain::Id;

/// A calendar feed token, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedToken {
    /// Id of the token.
    pub id: Id,
    /// Issuer that identifies the person whose deadlines it shows.
    pub issuer: String,
    /// The person's name at the issuer.
    pub subject: String,
    /// Scopes that restrict it.
    pub scopes: Option<String>,
    /// The service account that created it. The token stops working when it is deleted.
    pub client_id: Option<String>,
    /// SHA-256 of the token, in hexadecimal.
    pub token_sha256: String,
    /// When the token was created.
    pub created_at: DateTime<Utc>,
}
