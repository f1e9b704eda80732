//! Which requests a browser may send here. A page of somebody else's site must not reach the
//! registry of whoever looks at it: neither by a name that it makes point here (DNS rebinding),
//! nor by a form.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode, Uri, header};

use crate::registry::error::ApiError;

/// The names under which the registry may be reached, beside addresses and loopback names.
#[derive(Debug, Clone, Default)]
pub struct Hosts(BTreeSet<String>);

impl Hosts {
    /// This host's names, and those that the operator allows.
    pub fn new(allowed: &[String]) -> Hosts {
        let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let resolver = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        let mut names = host_names(host.as_deref().unwrap_or_default(), &resolver);
        names.extend(allowed.iter().map(|name| normal(name)));
        Hosts(names)
    }

    /// Checks where a request says that it goes to, and where it comes from.
    ///
    /// # Errors
    /// 421 for a name that is not this registry's, 403 for a change that another site asks for.
    pub fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|value| value.to_str().ok());
        let host = host.and_then(|text| text.parse::<Authority>().ok());
        let wrong = || {
            ApiError::new(StatusCode::MISDIRECTED_REQUEST, "this registry has no such host name")
                .hint("its operator can allow one with --allowed-host NAME")
        };
        let Some(host) = host.filter(|_| hosts.next().is_none()) else { return Err(wrong()) };
        let named = std::iter::once(&host).chain(uri.authority());
        if !named.into_iter().all(|authority| self.is_ours(authority.host())) {
            return Err(wrong());
        }
        // A WebSocket begins as a GET, and a browser lets every page open one, with the cookies
        // of whoever looks at it.
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
            && !headers.contains_key(header::UPGRADE);
        match headers.get(header::ORIGIN) {
            Some(origin) if !reads && !same_origin(origin.as_bytes(), &host) => {
                Err(ApiError::new(StatusCode::FORBIDDEN, "a page of another site must not do this"))
            }
            _ => Ok(()),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = normal(host);
        let v6 = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<IpAddr>().is_ok()
            || v6.is_some_and(|v6| v6.parse::<Ipv6Addr>().is_ok())
            || self.0.contains(&name)
    }
}

fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether the `Origin` of a request is the host that it goes to.
pub(super) fn same_origin(origin: &[u8], host: &Authority) -> bool {
    let Ok(origin) = std::str::from_utf8(origin) else { return false };
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host.as_str()))
}

/// The names of a host: as it calls itself, short, and in each domain that its resolver
/// searches (resolv.conf(5)).
fn host_names(host: &str, resolver: &str) -> BTreeSet<String> {
    let host = normal(host);
    let short = host.split('.').next().unwrap_or_default().to_owned();
    if short.is_empty() {
        return BTreeSet::new();
    }
    let domains = resolver.lines().flat_map(|line| {
        let mut words = line.split_whitespace();
        let is_list = matches!(words.next(), Some("search" | "domain"));
        words.filter(move |_| is_list)
    });
    let mut names: BTreeSet<String> =
        domains.map(|domain| format!("{short}.{}", normal(domain))).collect();
    names.extend([short, host]);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, host: &str, origin: Option<&str>) -> Result<(), u16> {
        let hosts = Hosts(BTreeSet::from(["login1".to_owned(), "reg.example.org".to_owned()]));
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let result = hosts.check(&method, &Uri::from_static("/servers"), &headers);
        result.map_err(|error| error.status.as_u16())
    }

    #[test]
    fn names_that_are_not_ours_are_refused() {
        for ours in [
            "localhost:5000",
            "127.0.0.1:5000",
            "[::1]:5000",
            "LOGIN1.",
            "10.1.2.3",
            "reg.example.org:80",
            "localhost",
        ] {
            assert_eq!(check(Method::GET, ours, None), Ok(()), "{ours}");
        }
        for foreign in [
            "evil.example:5000",
            "login1.evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "a b",
            "",
        ] {
            assert_eq!(check(Method::GET, foreign, None), Err(421), "{foreign}");
        }
    }

    #[test]
    fn a_foreign_page_may_not_change_anything() {
        let host = "localhost:5000";
        assert_eq!(check(Method::POST, host, Some("http://localhost:5000")), Ok(()));
        assert_eq!(check(Method::GET, host, Some("http://evil.example")), Ok(()));
        for origin in ["http://evil.example", "null", "http://localhost:5001", "localhost:5000"] {
            assert_eq!(check(Method::DELETE, host, Some(origin)), Err(403), "{origin}");
        }
    }

    #[test]
    fn a_host_is_known_by_its_names_in_the_domains_of_its_resolver() {
        let names = host_names("Login1.cluster.org", "nameserver 1.1.1.1\nsearch hpc.lab a.b\n");
        let expected = ["login1", "login1.a.b", "login1.cluster.org", "login1.hpc.lab"];
        assert_eq!(names, expected.map(str::to_owned).into());
        assert!(host_names("", "search a.b").is_empty());
    }
}
