//! The HTTP clients of the process.

use std::sync::OnceLock;
use std::time::Duration;

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

/// The innermost cause of an HTTP error: `Connection refused` rather than the URL once more.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn build(builder: fn() -> reqwest::ClientBuilder) -> Result<reqwest::Client, reqwest::Error> {
    builder().build().or_else(|_| builder().tls_backend_preconfigured(bundled_roots()).build())
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("llamactl/", env!("CARGO_PKG_VERSION")))
}

fn bundled_roots() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_make_a_client() {
        assert!(builder().tls_backend_preconfigured(bundled_roots()).build().is_ok());
    }
}
