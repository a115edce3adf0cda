//! Numbers as the contract's `Int`.

/// A count as an `Int`; one that is too large becomes the largest, because no client shows more digits than that.
pub fn int(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
