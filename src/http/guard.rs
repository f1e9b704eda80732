//! Where a program may connect to for somebody else: to the internet, and inside only to what
//! its operator named.
//!
//! Whoever may choose a URL that another machine opens can reach what that machine reaches:
//! other services of its host, the cluster's network, a cloud's metadata at 169.254.169.254.
//! So it is the address that is looked at, the one to which the connection is really made, and
//! not the name, which may stand for another address a moment later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Proxy, Url};

use super::{builder, cause, roots, with_roots};

/// What a connection is told that must not be made.
pub const REFUSED: &str = "it has no public address, and the operator lists it not in relay.hosts";
/// A name that never exists (RFC 6761): what leads there is not connected.
const NOWHERE: &str = "http://refused.invalid/";

/// One exception from the rule that inner addresses are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exception {
    /// A host by its name, or with `*.` all hosts below a domain: wherever it leads.
    Host(String),
    /// An address, or a network: `10.1.0.0/16`.
    Network(IpAddr, u8),
}

impl Exception {
    /// A name, `*.DOMAIN`, an address, or a network as `ADDRESS/BITS`.
    ///
    /// # Errors
    /// What is none of them.
    pub fn parse(text: &str) -> Result<Exception, String> {
        let wrong = |why: &str| Err(format!("`{}`: {why}", text.escape_debug()));
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        if let Ok(address) = address.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse);
            return match bits.ok().filter(|bits| *bits <= most) {
                Some(bits) => Ok(Exception::Network(address, bits)),
                None => wrong(&format!("a network ends in a number from 0 to {most}")),
            };
        }
        let name = text.strip_prefix("*.").unwrap_or(text);
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.len() > 253 || !name.chars().all(letters) {
            return wrong("neither a host name nor an address nor a network as 10.1.0.0/16");
        }
        Ok(Exception::Host(text.trim_end_matches('.').to_ascii_lowercase()))
    }

    fn is_host(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        match self {
            Exception::Host(host) => match host.strip_prefix("*.") {
                Some(domain) => name.strip_suffix(domain).is_some_and(|head| head.ends_with('.')),
                None => name == *host,
            },
            Exception::Network(..) => false,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        let Exception::Network(network, bits) = self else { return false };
        let bits = u32::from(*bits);
        match (network.to_canonical(), address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// Where a client may connect to that opens URLs which others have chosen.
pub trait Admits: std::fmt::Debug + Send + Sync + 'static {
    /// What a connection is told that must not be made.
    const REFUSAL: &'static str;

    /// Whether it may connect to an address.
    fn admits(&self, address: IpAddr) -> bool;

    /// Whether it may connect to a host, wherever its name leads.
    fn names(&self, _name: &str) -> bool {
        false
    }
}

/// A client that connects only to what `admits` says: to addresses as they are when it connects,
/// not to names. It follows no redirect, goes past every proxy and keeps no connection.
///
/// # Errors
/// When TLS can't be set up.
pub fn client<A: Admits>(admits: A) -> Result<reqwest::Client, reqwest::Error> {
    let guard = Arc::new(Guard(Arc::new(admits)));
    let guarded = || {
        let literal = Arc::clone(&guard);
        // A URL with an address in place of a name is never resolved. Its way is asked for, and
        // that of what must not be reached leads to a name that never resolves.
        let way = Proxy::custom(move |url| (!may_ask(&*literal.0, url)).then_some(NOWHERE));
        let client = builder().no_proxy().proxy(way).pool_max_idle_per_host(0);
        client.dns_resolver(Arc::clone(&guard))
    };
    guarded().build().or_else(|_| guarded().tls_backend_preconfigured(with_roots(roots())).build())
}

/// A client for what others want told: it connects to public addresses, and to the exceptions.
///
/// # Errors
/// When TLS can't be set up: the reason as a text.
pub fn guarded_client(exceptions: &[Exception]) -> Result<reqwest::Client, String> {
    client(Outside(exceptions.to_vec())).map_err(|error| cause(&error))
}

/// Whether a client of [`guarded_client`] would connect to this host, as far as it can be told
/// without asking for its address: the reason, where it would not.
///
/// # Errors
/// An inner address, in any of the forms that a URL knows for it.
pub fn check_host(host: &str, exceptions: &[Exception]) -> Result<(), String> {
    // An IPv6 address may stand without its brackets.
    let address = host.parse().map(|address| SocketAddr::new(address, 80).to_string());
    let place = address.unwrap_or_else(|_| host.to_owned());
    let url = Url::parse(&format!("http://{place}/")).map_err(|_| "this is no host".to_owned())?;
    let outside = Outside(exceptions.to_vec());
    let local = |name: &str| name == "localhost" || name.ends_with(".localhost");
    let is_local = url.host_str().is_some_and(|name| local(name.trim_end_matches('.')));
    let named = url.host_str().is_some_and(|name| outside.names(name));
    match may_ask(&outside, &url) && (!is_local || named) {
        true => Ok(()),
        false => Err(REFUSED.to_owned()),
    }
}

/// Whether an address is one of the internet: none of this host, of a private network, of the
/// link, of many, and none that is kept for documents or for later.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// RFC 6890 and its successors: the registry of special addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 => true,
        100 => b & 0xc0 == 64,
        169 => b == 254,
        172 => b & 0xf0 == 16,
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        198 => b & 0xfe == 18 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => a >= 224,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let inner = |high: u16, low: u16| {
        is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
    };
    match a {
        // NAT64: an IPv4 address, behind a translator (RFC 6052).
        0x64 if (b, c, d, e, f) == (0xff9b, 0, 0, 0, 0) => inner(g, h),
        // Teredo and other protocols' own (2001::/23), and documents.
        0x2001 => b >= 0x200 && b != 0xdb8,
        // 6to4: an IPv4 address follows.
        0x2002 => inner(b, c),
        0x3fff => b >= 0x1000,
        _ => a & 0xe000 == 0x2000,
    }
}

/// The internet, and what the operator named.
#[derive(Debug)]
struct Outside(Vec<Exception>);

impl Admits for Outside {
    const REFUSAL: &'static str = REFUSED;

    fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.0.iter().any(|exception| exception.has(address))
    }

    fn names(&self, name: &str) -> bool {
        self.0.iter().any(|exception| exception.is_host(name))
    }
}

/// Whether a URL has a name, which is looked at when it is resolved, or a good address.
fn may_ask(admits: &impl Admits, url: &Url) -> bool {
    // Decimal, octal and hexadecimal forms are dotted ones in a parsed URL.
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_matches(['[', ']']).parse();
    address.map_or(true, |address| admits.admits(address))
}

/// Resolves names, and leaves out the addresses that are not to be reached: the connection goes
/// to an address that was seen here, whatever the name says a moment later.
#[derive(Debug)]
struct Guard<A>(Arc<A>);

impl<A: Admits> Resolve for Guard<A> {
    fn resolve(&self, name: Name) -> Resolving {
        let admits = Arc::clone(&self.0);
        Box::pin(async move {
            if NOWHERE.contains(&format!("/{}/", name.as_str())) {
                return Err(Box::from(A::REFUSAL));
            }
            let trusted = admits.names(name.as_str());
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good = |address: &SocketAddr| trusted || admits.admits(address.ip());
            let found: Vec<SocketAddr> = found.filter(good).collect();
            if found.is_empty() {
                return Err(Box::from(format!("{}: {}", name.as_str(), A::REFUSAL)));
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exceptions(texts: &[&str]) -> Vec<Exception> {
        texts.iter().map(|text| Exception::parse(text).unwrap()).collect()
    }

    #[test]
    fn inner_addresses_are_known_in_all_their_forms() {
        for public in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inner in [
            "0.0.0.0",
            "10.0.0.7",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:db8::1",
            "2001::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(inner.parse().unwrap()), "{inner}");
        }
    }

    #[test]
    fn a_url_knows_many_forms_of_one_address() {
        for inner in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "017700000001",
            "0177.0.0.1",
            "0",
            "[::1]",
            "::1",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "169.254.169.254",
            "0xa9fea9fe",
            "10.1.2.3",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "\u{ff11}27.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1",
        ] {
            assert!(check_host(inner, &[]).is_err(), "{inner}");
        }
        for fine in ["hooks.slack.com", "8.8.8.8", "2606:4700::1111"] {
            assert_eq!(check_host(fine, &[]), Ok(()), "{fine}");
        }
    }

    #[test]
    fn the_operator_names_exceptions() {
        let some = exceptions(&["10.1.0.0/16", "fd00::/8", "127.0.0.1", "ntfy.lab", "*.hpc.test"]);
        let guard = Outside(some.clone());
        for good in ["10.1.255.1", "::ffff:10.1.0.1", "fd77::1", "127.0.0.1"] {
            assert!(guard.admits(good.parse().unwrap()), "{good}");
        }
        for bad in ["10.2.0.1", "fe80::1", "127.0.0.2", "192.168.0.1"] {
            assert!(!guard.admits(bad.parse().unwrap()), "{bad}");
        }
        assert!(guard.names("NTFY.lab.") && guard.names("a.hpc.test"));
        assert!(
            !guard.names("xntfy.lab") && !guard.names("hpc.test") && !guard.names("x-hpc.test")
        );
        assert_eq!(check_host("10.1.2.3", &some), Ok(()));
        assert!(exceptions(&["0.0.0.0/0"])[0].has("127.0.0.1".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "a b", "10.0.0.0/x", "http://x", "*.", "::/129", "a/8"] {
            assert!(Exception::parse(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_client_connects_to_no_inner_address_by_name_or_number() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = guarded_client(&[]).unwrap();
        for host in
            ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost"]
        {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                let error = client.get(&url).send().await.unwrap_err();
                assert!(cause(&error).contains("relay.hosts"), "{url}: {}", cause(&error));
            }
        }
        let none = listener.accept().unwrap_err();
        assert_eq!(none.kind(), std::io::ErrorKind::WouldBlock, "somebody connected");
    }

    #[tokio::test]
    async fn a_redirect_into_the_house_is_not_followed() {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 1024];
            let read = stream.read(&mut buffer).unwrap();
            let answer = format!(
                "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{port}/inner\r\n\
                 Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&buffer[..read]).into_owned()
        });
        let client = guarded_client(&exceptions(&["127.0.0.1"])).unwrap();
        let answer = client.get(format!("http://127.0.0.1:{port}/")).send().await.unwrap();
        assert_eq!(answer.status(), 307);
        assert!(asked.join().unwrap().starts_with("GET / "));
    }
}
