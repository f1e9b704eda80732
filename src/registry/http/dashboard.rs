//! The files of the dashboard: in the binary, or in debug builds on disk, so that a change of
//! them needs no build.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::Embed;

use crate::secret::hex;

/// How the registry is reached.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Whether everybody who reaches the port may register, and others than this host's users
    /// reach it.
    pub exposed: bool,
    /// Whether it speaks https.
    pub tls: bool,
}

/// What is shown first.
pub const INDEX: &str = "index.html";
/// The service worker: its scope is the whole registry, although it lies in a folder.
const WORKER: &str = "sw.js";
/// What is smaller is not worth compressing.
const MIN_COMPRESSED: usize = 256;
/// Nothing inline, and nothing from elsewhere. Styles that scripts set are allowed by it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The viewer of the OpenAPI document has routes of its own.
#[derive(Embed)]
#[folder = "dashboard/"]
#[exclude = "vendor/swagger-ui/*"]
#[exclude = "docs/*"]
struct Files;

/// A file as it is sent.
#[derive(Debug)]
struct Asset {
    hash: [u8; 32],
    kind: &'static str,
    plain: Bytes,
    /// Compressed, where that is less.
    gzip: Option<Bytes>,
}

/// The answer to a request for the file at `path`; nothing where there is none.
pub fn file(path: &str, asked: &HeaderMap) -> Option<Response> {
    let asset = find(path)?;
    let gzip = asset.gzip.as_ref().filter(|_| takes_gzip(asked));
    let etag = format!("\"{}{}\"", hex(&asset.hash[..16]), gzip.map_or("", |_| "-gzip"));
    let known = is_known(asked, &etag);
    let etag = HeaderValue::from_str(&etag).ok()?;
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(gzip.unwrap_or(&asset.plain).clone()).into_response(),
    };
    let headers = response.headers_mut();
    if !known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
        if gzip.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    if path == WORKER {
        headers.insert("service-worker-allowed", HeaderValue::from_static("/"));
    }
    Some(response)
}

/// Reads a file, and compresses it once.
fn find(path: &str) -> Option<Arc<Asset>> {
    static MADE: OnceLock<Mutex<HashMap<String, Arc<Asset>>>> = OnceLock::new();
    if !is_plain(path) {
        return None;
    }
    let found = Files::get(path)?;
    let hash = found.metadata.sha256_hash();
    // No more than there are files: only what was found is kept.
    let made = || MADE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(asset) = made().get(path).filter(|asset| asset.hash == hash) {
        return Some(Arc::clone(asset));
    }
    let plain = match found.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let gzip = compressed(&plain).filter(|gzip| gzip.len() < plain.len());
    let asset = Arc::new(Asset { hash, kind: kind(path), plain, gzip });
    made().insert(path.to_owned(), Arc::clone(&asset));
    Some(asset)
}

/// Whether it is the path of a file as the folder has it: no way out, nothing hidden.
fn is_plain(path: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.');
    path.split('/').all(part) && !path.contains(['\\', '\0'])
}

fn compressed(plain: &[u8]) -> Option<Bytes> {
    if plain.len() < MIN_COMPRESSED {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        // Licences and other texts.
        "md" | "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether a client takes gzip: names it, or everything, and does not refuse it (RFC 9110,
/// section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut any = false;
    for part in accepted.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')) {
        let mut words = part.split(';').map(str::trim);
        let name = words.next().unwrap_or_default();
        let weight = words.find_map(|word| word.strip_prefix("q="));
        let takes = weight.is_none_or(|q| q.parse::<f32>().is_ok_and(|q| q > 0.0));
        match name {
            name if name.eq_ignore_ascii_case("gzip") => return takes,
            "*" => any = takes,
            _ => {}
        }
    }
    any
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|v| v.to_str().ok()).flat_map(|text| text.split(','));
    known.any(|one| {
        let one = one.trim();
        one.strip_prefix("W/").unwrap_or(one) == etag || one == "*"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (accepts, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&headers("accept-encoding", accepts)), takes, "{accepts:?}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn no_path_leads_out_of_the_folder_or_to_what_is_hidden() {
        for path in [
            "",
            "/",
            "../Cargo.toml",
            "js/../../Cargo.toml",
            "/etc/passwd",
            "js//main.js",
            "./index.html",
            ".gitignore",
            "js/.hidden",
            "..\\Cargo.toml",
            "index.html\0",
            "js",
            "docs/index.html",
            "vendor/swagger-ui/swagger-ui.css.gz",
        ] {
            assert!(file(path, &HeaderMap::new()).is_none(), "{path:?}");
        }
        assert!(file(INDEX, &HeaderMap::new()).is_some());
    }
}
