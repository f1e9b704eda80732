//! Files as people name them in YAML.

use std::path::{Path, PathBuf};

use crate::paths;
use crate::secret::{self, Secret};

/// As [`secret::read_private`], of a path as people write it into YAML.
pub fn private_file(path: &Path) -> Result<Secret, String> {
    secret::read_private(&at_home(path))
}

/// `path` with a leading `~` replaced by the home folder, as people write it into YAML.
pub fn at_home(path: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => paths::expand("~/").map_or_else(|_| path.to_owned(), |home| home.join(rest)),
        Err(_) => path.to_owned(),
    }
}
