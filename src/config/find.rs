//! TEMP

/// TEMP
pub struct Found {
    /// TEMP
    pub name: String,
    /// TEMP
    pub path: Option<std::path::PathBuf>,
}

/// TEMP
pub fn list() -> Vec<Found> {
    Vec::new()
}
