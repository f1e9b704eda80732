//! Sessions of browsers: a token in two halves.
//!
//! The cookie has the token masked with a key of the same length (a one-time pad), and the page
//! keeps the key and sends it as a header. A browser gives a cookie to every port of a host,
//! and so to whatever else listens on it; half a token is of no use there. Nothing is kept
//! here: a session lives over a restart, and another replica takes it too.

use http::uri::Authority;
use http::{HeaderMap, Method, header};
use jiff::{SignedDuration, Timestamp};

use crate::registry::edge::auth::same_origin;
use crate::registry::error::ApiError;
use crate::secret::{Secret, TOKEN_PREFIX, hex};

/// Longest token that is looked up, in bytes.
pub const MAX_TOKEN: usize = 128;
/// The header with the page's half.
pub const KEY_HEADER: &str = "llamactl-session";
/// What the cookie's name begins with.
const COOKIE: &str = "llamactl-session";
/// Longest life of a session.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Both halves of a token.
#[derive(Debug)]
pub struct Halves {
    /// The page's.
    pub key: Secret,
    /// The cookie's.
    pub masked: Secret,
}

impl Halves {
    /// Splits a token.
    ///
    /// # Panics
    /// When the operating system has no random numbers, which it always has.
    pub fn of(token: &Secret) -> Halves {
        let token = token.expose().as_bytes();
        let mut key = vec![0u8; token.len()];
        getrandom::fill(&mut key).expect("the operating system gives random numbers");
        let masked = hex(&xor(token, &key));
        Halves { key: Secret::new(hex(&key)), masked: Secret::new(masked) }
    }
}

/// The `Set-Cookie` of a session. `expires`: when the token ends.
pub fn cookie(
    headers: &HeaderMap,
    masked: &Secret,
    expires: Option<Timestamp>,
    now: Timestamp,
    secure: bool,
) -> String {
    let left = expires.map_or(MAX_AGE, |expires| expires.duration_since(now).min(MAX_AGE));
    let age = left.as_secs().max(0);
    let secure = if secure || is_https(headers) { "; Secure" } else { "" };
    let (name, masked) = (cookie_name(headers), masked.expose());
    format!("{name}={masked}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

/// The `Set-Cookie` that ends a session.
pub fn no_cookie(headers: &HeaderMap) -> String {
    format!("{}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict", cookie_name(headers))
}

/// Whether the page came by https although this registry does not speak it: a proxy before it
/// does.
fn is_https(headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

/// The token that a session's two halves make. Nothing where one of them is missing: half a
/// token is none. `Some(None)` where they do not belong together.
///
/// # Errors
/// 403 where the request does not come from the registry's own page.
pub fn token(method: &Method, headers: &HeaderMap) -> Result<Option<Option<Secret>>, ApiError> {
    let Some(key) = headers.get(KEY_HEADER) else { return Ok(None) };
    let name = cookie_name(headers);
    let mut cookies = cookies(headers, &name).peekable();
    if cookies.peek().is_none() {
        return Ok(None);
    }
    check_origin(method, headers)?;
    let Some(key) = key.to_str().ok().and_then(bytes) else { return Ok(Some(None)) };
    // Another program of the host can leave a cookie of this name beside ours, and does not
    // know the key: only ours becomes a token.
    let token = |text: &str| {
        let masked = bytes(text).filter(|masked| masked.len() == key.len())?;
        let token = String::from_utf8(xor(&masked, &key)).ok()?;
        token.starts_with(TOKEN_PREFIX).then(|| Secret::new(token))
    };
    Ok(Some(cookies.find_map(token)))
}

/// Refuses what a page of another origin may have sent. A browser says where a request comes
/// from; what changes something must come with such a word, and a read must not contradict it.
fn check_origin(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let host = host(headers);
    let origin = headers
        .get(header::ORIGIN)
        .map(|origin| host.as_ref().is_some_and(|host| same_origin(origin.as_bytes(), host)));
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes() == b"same-origin");
    let said: Vec<bool> = [origin, site].into_iter().flatten().collect();
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        && !headers.contains_key(header::UPGRADE);
    match said.iter().all(|same| *same) && (reads || !said.is_empty()) {
        true => Ok(()),
        false => Err(ApiError::forbidden("only the registry's own page may use this session")
            .hint("programs send `Authorization: Bearer TOKEN`")),
    }
}

/// The cookie's name: cookies are those of a host, and a host may have several registries.
fn cookie_name(headers: &HeaderMap) -> String {
    match host(headers).and_then(|host| host.port_u16()) {
        Some(port) => format!("{COOKIE}-{port}"),
        None => COOKIE.to_owned(),
    }
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    headers.get(header::HOST)?.to_str().ok()?.parse().ok()
}

fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.filter(move |(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}

/// The bytes of hexadecimal digits, of a token's length at most.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.is_empty() || hex.len() > 2 * MAX_TOKEN || !hex.len().is_multiple_of(2) {
        return None;
    }
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    hex.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue, StatusCode};

    const HOST: (&str, &str) = ("host", "login1:5000");

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    fn found(method: Method, pairs: &[(&str, &str)]) -> Result<Option<Option<String>>, u16> {
        let found = token(&method, &headers(pairs));
        found
            .map(|token| token.map(|token| token.map(|token| token.expose().to_owned())))
            .map_err(|error| error.status.as_u16())
    }

    #[test]
    fn two_halves_make_the_token_and_one_makes_nothing() {
        let secret = Secret::token();
        let halves = Halves::of(&secret);
        let (key, masked) = (halves.key.expose(), halves.masked.expose());
        assert!(
            !key.contains(&secret.expose()[9..20]) && !masked.contains(&secret.expose()[9..20])
        );
        assert_ne!(Halves::of(&secret).key.expose(), key, "a key of its own each time");
        let whole = Ok(Some(Some(secret.expose().to_owned())));
        let cookie = format!("a=b; llamactl-session-5000={masked}");
        let (key, cookie) = (("llamactl-session", key), ("cookie", cookie.as_str()));
        assert_eq!(found(Method::GET, &[HOST, key, cookie]), whole);
        assert_eq!(found(Method::GET, &[HOST, key]), Ok(None));
        assert_eq!(found(Method::GET, &[HOST, cookie]), Ok(None));
        assert_eq!(found(Method::GET, &[("host", "login1:5001"), key, cookie]), Ok(None));
        let foreign = Halves::of(&Secret::token());
        let stale = ("llamactl-session", foreign.key.expose());
        assert_eq!(found(Method::GET, &[HOST, stale, cookie]), Ok(Some(None)));
        for wrong in ["", "zz", "0", "00"] {
            let wrong = ("llamactl-session", wrong);
            assert_eq!(found(Method::GET, &[HOST, wrong, cookie]), Ok(Some(None)));
        }
        let foreign = format!("llamactl-session-5000={}", foreign.masked.expose());
        assert_eq!(found(Method::GET, &[HOST, key, ("cookie", &foreign), cookie]), whole);
    }

    #[test]
    fn only_the_page_itself_uses_a_session() {
        let halves = Halves::of(&Secret::token());
        let cookie = format!("llamactl-session-5000={}", halves.masked.expose());
        let with = |method: Method, more: &[(&'static str, &'static str)]| {
            let mut pairs =
                vec![HOST, ("llamactl-session", halves.key.expose()), ("cookie", &cookie)];
            pairs.extend(more);
            found(method, &pairs).map(|token| token.flatten().is_some())
        };
        let forbidden = Err(StatusCode::FORBIDDEN.as_u16());
        let ours = ("origin", "http://login1:5000");
        let same = ("sec-fetch-site", "same-origin");
        for (more, reads, changes) in [
            (&[][..], Ok(true), forbidden),
            (&[ours], Ok(true), Ok(true)),
            (&[same], Ok(true), Ok(true)),
            (&[ours, same], Ok(true), Ok(true)),
            (&[("origin", "http://login1:5001")], forbidden, forbidden),
            (&[("origin", "null")], forbidden, forbidden),
            (&[("sec-fetch-site", "same-site")], forbidden, forbidden),
            (&[("sec-fetch-site", "none")], forbidden, forbidden),
            (&[ours, ("sec-fetch-site", "cross-site")], forbidden, forbidden),
        ] {
            assert_eq!(with(Method::GET, more), reads, "{more:?}");
            assert_eq!(with(Method::DELETE, more), changes, "{more:?}");
            let upgrade = [more, &[("upgrade", "websocket")]].concat();
            assert_eq!(with(Method::GET, &upgrade), changes, "{more:?}");
        }
    }

    #[test]
    fn a_cookie_lives_as_long_as_its_token_and_not_over_thirty_days() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let made = |pairs: &[(&str, &str)], seconds: Option<i64>, secure| {
            let expires = seconds.map(|seconds| now + SignedDuration::from_secs(seconds));
            cookie(&headers(pairs), &Secret::new("00ff"), expires, now, secure)
        };
        assert_eq!(
            made(&[HOST], None, false),
            "llamactl-session-5000=00ff; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict"
        );
        assert!(made(&[HOST], Some(60), true).contains("Max-Age=60;"));
        assert!(made(&[HOST], Some(60), true).ends_with("; Secure"));
        assert!(made(&[HOST], Some(9_000_000), false).contains("Max-Age=2592000;"));
        let proxied = [("host", "reg.example.org"), ("origin", "https://reg.example.org")];
        assert!(made(&proxied, None, false).starts_with("llamactl-session=00ff;"));
        assert!(made(&proxied, None, false).ends_with("; Secure"));
        assert!(no_cookie(&headers(&[HOST])).starts_with("llamactl-session-5000=; Max-Age=0;"));
    }
}
