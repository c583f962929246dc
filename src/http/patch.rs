//! Merge patches (RFC 7396), which distinguish an absent field, null and a value.

use serde::{Deserialize, Deserializer};

/// Deserialises a field that can be cleared: absent is `None`, null is `Some(None)`.
///
/// # Errors
/// The errors of the value.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Deserialises a field that cannot be cleared: absent is `None`, null is rejected.
///
/// # Errors
/// The errors of the value.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
