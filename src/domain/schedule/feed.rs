//! Calendar feeds, for applications that cannot send an access token.

use chrono::{DateTime, Utc};

use crate::domain::Id;
use crate::domain::access::{Principal, Scopes};

/// A calendar feed token, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedToken {
    /// Id of the token.
    pub id: Id,
    /// Whose deadlines it shows. It does not outlive the account.
    pub owner: Principal,
    /// Scopes that restrict it.
    pub scopes: Scopes,
    /// SHA-256 of the token, in hexadecimal.
    pub token_sha256: String,
    /// When the token was created.
    pub created_at: DateTime<Utc>,
}
