//! The HTTP clients of the process.

pub mod guard;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Certificate;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::env;

/// The one HTTP client of the process, built at its first use: commands without a network need
/// none, and reading the system's CA files takes a while. It follows no redirect.
///
/// Where the system has no CA files, as on bare compute nodes, the roots that are bundled with
/// llamactl take their place; reqwest would otherwise refuse even plain `http://` URLs.
///
/// # Errors
/// When TLS can't be set up.
pub fn http() -> Result<&'static reqwest::Client, reqwest::Error> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let client = build(builder)?;
    Ok(CLIENT.get_or_init(|| client))
}

/// A second client, for servers inside the cluster: it goes past the HTTP proxy that a site may
/// have for the world outside, which knows no compute node and no tunnel.
///
/// # Errors
/// When TLS can't be set up.
pub fn direct() -> Result<&'static reqwest::Client, reqwest::Error> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let client = build(|| builder().no_proxy())?;
    Ok(CLIENT.get_or_init(|| client))
}

/// The file of [`trust`], until the client is built that needs it.
static REGISTRY_CA: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Names a PEM file with the CA of the registry's certificate, to be trusted besides those that
/// the system knows. It counts for [`registry`], from its first use on; without this call
/// `LLAMACTL_CA_FILE` does.
pub fn trust(ca_file: &Path) {
    let mut known = REGISTRY_CA.lock().unwrap_or_else(PoisonError::into_inner);
    *known = Some(ca_file.to_owned());
}

/// The client for registries: as [`http()`], and it knows the registry's own CA.
///
/// # Errors
/// A CA file that can't be read or holds no certificate, or when TLS can't be set up: the
/// reason as a text.
pub fn registry() -> Result<&'static reqwest::Client, String> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let named = REGISTRY_CA.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let client = match named.or_else(|| env::LLAMACTL_CA_FILE.get().map(PathBuf::from)) {
        None => return http().map_err(|error| cause(&error)),
        Some(path) => knowing(&path)?,
    };
    Ok(CLIENT.get_or_init(|| client))
}

/// A client that knows the CA in a file.
fn knowing(path: &Path) -> Result<reqwest::Client, String> {
    let wrong = |why: String| format!("the CA file {} {why}", path.display());
    let text = std::fs::read(path).map_err(|error| wrong(format!("can't be read: {error}")))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|error| wrong(format!("is no PEM file: {error}")))?;
    if found.is_empty() {
        return Err(wrong("holds no certificate".to_owned()));
    }
    let ours: Result<Vec<_>, _> = found.iter().map(|one| Certificate::from_der(one)).collect();
    let ours = ours.map_err(|error| wrong(format!("holds a wrong one: {}", cause(&error))))?;
    builder().tls_certs_merge(ours).build().or_else(|_| {
        let mut roots = roots();
        for one in found {
            roots.add(one).map_err(|error| wrong(format!("holds a wrong one: {error}")))?;
        }
        let client = builder().tls_backend_preconfigured(with_roots(roots)).build();
        client.map_err(|error| cause(&error))
    })
}

/// The innermost cause of an HTTP error: `Connection refused` rather than the URL once more.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn build(builder: fn() -> reqwest::ClientBuilder) -> Result<reqwest::Client, reqwest::Error> {
    builder().build().or_else(|_| builder().tls_backend_preconfigured(with_roots(roots())).build())
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("llamactl/", env!("CARGO_PKG_VERSION")))
}

fn roots() -> rustls::RootCertStore {
    rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn with_roots(roots: rustls::RootCertStore) -> rustls::ClientConfig {
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_make_a_client() {
        assert!(builder().tls_backend_preconfigured(with_roots(roots())).build().is_ok());
    }
}
