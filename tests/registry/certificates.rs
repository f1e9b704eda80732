//! Certificates made by the real openssl, and clients that know their CA.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A CA with a certificate for localhost.
pub struct Certificate {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Certificate {
    /// `registry serve`'s arguments.
    pub fn args(&self) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        vec!["--tls-cert".into(), path(&self.cert), "--tls-key".into(), path(&self.key)]
    }

    /// A client that knows the CA, and keeps no connection.
    pub fn client(&self) -> reqwest::Client {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let pem = std::fs::read(&self.ca).expect("a CA");
        let ca = reqwest::Certificate::from_pem(&pem).expect("a certificate");
        let builder = reqwest::Client::builder().pool_max_idle_per_host(0);
        builder.tls_certs_only([ca]).build().expect("a client")
    }
}

/// Makes a CA and a certificate for localhost and 127.0.0.1, in files that begin with `name`.
/// `args` go to the signing (`openssl x509`).
pub fn make(dir: &Path, name: &str, args: &[&str]) -> Certificate {
    let file = |end: &str| dir.join(format!("{name}{end}"));
    let made = Certificate { ca: file("-ca.crt"), cert: file(".crt"), key: file(".key") };
    let (ca_key, request, names) = (file("-ca.key"), file(".csr"), file(".ext"));
    let text = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n";
    std::fs::write(&names, text).expect("a file");
    let subject = format!("/CN={name}");
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(|c| {
        c.args(["req", "-x509", "-days", "30", "-subj", &format!("{subject} CA")]).args(key);
        c.arg("-keyout").arg(&ca_key).arg("-out").arg(&made.ca)
    });
    openssl(|c| {
        c.args(["req", "-new", "-subj", &subject]).args(key);
        c.arg("-keyout").arg(&made.key).arg("-out").arg(&request)
    });
    openssl(|c| {
        c.args(["x509", "-req", "-CAcreateserial"]).arg("-in").arg(&request);
        c.arg("-CA").arg(&made.ca).arg("-CAkey").arg(&ca_key).arg("-extfile").arg(&names);
        c.args(if args.is_empty() { &["-days", "30"] } else { args }).arg("-out").arg(&made.cert)
    });
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&made.key, mode).expect("a key");
    made
}

fn openssl(args: impl FnOnce(&mut Command) -> &mut Command) {
    let output = args(&mut Command::new("openssl")).output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
