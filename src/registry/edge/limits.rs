//! How often somebody may ask: each token, each address without one, and each address that
//! shows tokens which do not count.

use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Requests a second, where nothing else is said and others reach the registry.
pub const DEFAULT_RATE: Rate = Rate(NonZeroU32::new(200).unwrap());
/// Failed authentications a second of one address.
const FAILURES: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// How often those are forgotten who were not heard of since.
const FORGET: Duration = Duration::from_secs(30);
/// So many are remembered at most before those are forgotten at once.
const MOST: usize = 100_000;

/// Requests a second. Twice as many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub NonZeroU32);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let count = text.strip_suffix("/s").unwrap_or(text);
        let count: u32 = count.parse().map_err(|_| format!("{text:?} is no rate such as 200/s"))?;
        NonZeroU32::new(count)
            .filter(|count| count.get() <= 1_000_000)
            .map(Rate)
            .ok_or_else(|| "the rate must be between 1/s and 1000000/s".to_owned())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Token(String),
    Network(IpAddr),
}

/// The limits of one registry.
#[derive(Debug)]
pub struct RateLimits {
    requests: Option<Keyed<Who>>,
    failures: Keyed<IpAddr>,
}

/// So many seconds after which trying again may help.
pub type Wait = u32;

impl RateLimits {
    /// RateLimits for requests, or none; those for failed authentications are always there.
    pub fn new(rate: Option<Rate>) -> RateLimits {
        let twice = |rate: NonZeroU32| rate.saturating_mul(NonZeroU32::new(2).unwrap_or(rate));
        let requests =
            rate.map(|Rate(rate)| Keyed::new(Quota::per_second(rate).allow_burst(twice(rate))));
        RateLimits { requests, failures: Keyed::new(Quota::per_second(FAILURES)) }
    }

    /// Counts a request: of its token where it shows one, else of its address.
    ///
    /// # Errors
    /// It came too soon.
    pub fn request(&self, token: Option<&str>, address: Option<IpAddr>) -> Result<(), Wait> {
        let Some(requests) = &self.requests else { return Ok(()) };
        match (token, address) {
            (Some(id), _) => requests.count(&Who::Token(id.to_owned())),
            (None, Some(address)) => requests.count(&Who::Network(network(address))),
            (None, None) => Ok(()),
        }
    }

    /// Counts a failed authentication.
    ///
    /// # Errors
    /// As [`RateLimits::request`].
    pub fn failure(&self, address: Option<IpAddr>) -> Result<(), Wait> {
        address.map_or(Ok(()), |address| self.failures.count(&network(address)))
    }
}

/// What one client has: an address, or of IPv6 the whole network of 64 bits that it may choose
/// its addresses from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[derive(Debug)]
struct Keyed<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    forgot: Mutex<Instant>,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(quota: Quota) -> Keyed<K> {
        Keyed { limiter: RateLimiter::keyed(quota), forgot: Mutex::new(Instant::now()) }
    }

    fn count(&self, key: &K) -> Result<(), Wait> {
        self.forget();
        self.limiter.check_key(key).map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            Wait::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(Wait::MAX).max(1)
        })
    }

    /// Whoever was not heard of for a while starts anew, and takes no memory.
    fn forget(&self) {
        // Somebody else is at it.
        let Ok(mut forgot) = self.forgot.try_lock() else { return };
        let age = forgot.elapsed();
        let full = age > Duration::from_secs(1) && self.limiter.len() > MOST;
        if age > FORGET || full {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            *forgot = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(rate: &str) -> RateLimits {
        RateLimits::new(Some(rate.parse().unwrap()))
    }

    #[test]
    fn rates_are_read_and_bounded() {
        assert_eq!("200/s".parse(), Ok(DEFAULT_RATE));
        assert_eq!("5".parse::<Rate>().unwrap().to_string(), "5/s");
        for bad in ["", "0", "-1", "5/m", "many", "1000001"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_token_and_each_address_has_a_share_of_its_own() {
        let limits = limits("5/s");
        let near = Some("10.0.0.1".parse().unwrap());
        let taken = (0..100).take_while(|_| limits.request(Some("a"), near).is_ok()).count();
        assert!((10..20).contains(&taken), "{taken}");
        assert!(limits.request(Some("a"), near).unwrap_err() >= 1);
        assert_eq!(limits.request(Some("b"), near), Ok(()), "another token");
        assert_eq!(limits.request(None, near), Ok(()), "no token, the same address");
        assert_eq!(RateLimits::new(None).request(None, near), Ok(()));
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let limits = limits("1/s");
        let ask = |text: &str| limits.request(None, Some(text.parse().unwrap()));
        let taken = (1..99).take_while(|n| ask(&format!("2001:db8::{n:x}")).is_ok()).count();
        assert!(taken < 9, "{taken}");
        assert_eq!(ask("2001:db8:0:1::1"), Ok(()), "another network");
        let mapped = network("::ffff:10.0.0.1".parse().unwrap());
        assert_eq!(mapped, "10.0.0.1".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn failed_authentications_are_always_limited() {
        let limits = RateLimits::new(None);
        let address = Some("10.0.0.1".parse().unwrap());
        let taken = (0..100).take_while(|_| limits.failure(address).is_ok()).count();
        assert!((10..20).contains(&taken), "{taken}");
    }
}
