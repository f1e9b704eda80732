//! A number by chance, to spread in time what would otherwise happen everywhere at once.

/// From 0 to 1. One half where the operating system has no random numbers: those who wait then
/// come back together, which does little harm. No secret may hang on it.
pub fn fraction() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}
