//! A certificate and its key, read anew whenever the files change.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::{SignalKind, signal};
use x509_cert::der::Decode;

use crate::exit::Failure;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Where the certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// PEM file with the certificate, and those that lead to its CA.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// TLS with what the files held when they were last in order.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// Files that can't be read, hold no certificate or key, or do not fit together; a key that
    /// everybody can read.
    pub fn open(files: Files) -> Result<Tls, Failure> {
        let loaded = load(&files)?;
        if let Some(expired) = loaded.expires.and_then(|at| now().checked_sub(at)) {
            let days = expired.as_secs() / 86_400;
            tracing::warn!(
                file = %files.cert.display(),
                days,
                "the certificate has expired: clients refuse it"
            );
        }
        Ok(Tls { files, config: RwLock::new(loaded.config) })
    }

    /// The present certificate, and how TLS is spoken.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Follows the files, and SIGHUP, until the future is dropped. Files that are not in order
    /// change nothing.
    pub async fn follow(self: Arc<Tls>) {
        // Without a handler the files are looked at all the same.
        let mut hangup = signal(SignalKind::hangup()).ok();
        let mut taken = Stamp::of(&self.files);
        let mut failed: Option<(Stamp, bool)> = None;
        loop {
            let asked = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                () = next(&mut hangup) => true,
            };
            let stamp = Stamp::of(&self.files);
            if !asked && (stamp == taken || failed == Some((stamp, true))) {
                continue;
            }
            match load(&self.files) {
                Ok(loaded) => {
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = loaded.config;
                    tracing::info!(file = %self.files.cert.display(), "the certificate was read anew");
                    (taken, failed) = (stamp, None);
                }
                Err(error) => {
                    // Whoever replaces two files needs a moment: only what stays broken is
                    // worth a word, and that one word.
                    let stays = asked || failed.is_some_and(|(before, _)| before == stamp);
                    if stays {
                        tracing::error!(
                            %error,
                            "the new certificate can't be used: the old one stays"
                        );
                    }
                    failed = Some((stamp, stays));
                }
            }
        }
    }
}

async fn next(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// What tells that the files are others than before: inode, time and size of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp([Option<(u64, i64, i64, u64)>; 2]);

impl Stamp {
    fn of(files: &Files) -> Stamp {
        Stamp([&files.cert, &files.key].map(|path| {
            let data = fs::metadata(path).ok()?;
            Some((data.ino(), data.mtime(), data.mtime_nsec(), data.size()))
        }))
    }
}

struct Loaded {
    config: Arc<ServerConfig>,
    /// Since 1970; nothing where the certificate does not say it in a way that we read.
    expires: Option<Duration>,
}

fn load(files: &Files) -> Result<Loaded, Failure> {
    let (cert, key) = (files.cert.display(), files.key.display());
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&read(&files.cert, false)?).collect();
    let chain = chain.unwrap_or_default();
    let Some(first) = chain.first() else {
        return Err(Failure::usage(format!("{cert} holds no certificate"))
            .hint("it must be a PEM file with BEGIN CERTIFICATE, the server's first"));
    };
    let expires = expires(first);
    let private = PrivateKeyDer::from_pem_slice(&read(&files.key, true)?).map_err(|_| {
        Failure::usage(format!("{key} holds no private key"))
            .hint("it must be a PEM file with BEGIN PRIVATE KEY, without a passphrase")
    })?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private);
    let mut config = config.map_err(|error| {
        Failure::usage(format!("the certificate {cert} and the key {key} can't be used: {error}"))
            .hint("does the key belong to the first certificate of the file?")
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Loaded { config: Arc::new(config), expires })
}

fn read(path: &Path, secret: bool) -> Result<Vec<u8>, Failure> {
    let name = path.display();
    let failed = |error: std::io::Error| Failure::usage(format!("can't read {name}: {error}"));
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode();
    // As sshd: a key that everybody knows is none. A group may have it, as Debian's ssl-cert.
    if secret && mode & 0o007 != 0 {
        return Err(Failure::usage(format!("everybody can read the private key {name}"))
            .hint(format!("chmod o= {name}")));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn expires(certificate: &CertificateDer<'_>) -> Option<Duration> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate.validity.not_after.to_unix_duration())
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
