//! https: certificates made by the real openssl, spoken to by curl, openssl and llamactl.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::certificates::{Certificate, make};
use crate::common::registry::{Registry, llamactl, run, serve};
use crate::common::{signal, until};

const SOON: Duration = Duration::from_secs(20);

fn start(dir: &Path, certificate: &Certificate) -> (Registry, PathBuf) {
    let args = certificate.args();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let log = dir.join("registry.log");
    let mut command = serve(dir, &args);
    command.env("LLAMACTL_LOG", "info").stderr(File::create(&log).expect("a log"));
    let registry = Registry::spawn(command);
    assert!(registry.url.starts_with("https://127.0.0.1:"), "{}", registry.url);
    (registry, log)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn curl(args: &[&str]) -> Output {
    Command::new("curl").args(["-sS", "--max-time", "20"]).args(args).output().expect("curl")
}

/// What `openssl s_client` says of the connection.
fn s_client(registry: &Registry) -> String {
    let address = registry.url.trim_start_matches("https://");
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", address, "-alpn", "h2,http/1.1"]);
    text(&command.stdin(Stdio::null()).output().expect("openssl").stdout)
}

#[test]
fn curl_openssl_and_llamactl_use_it_with_the_ca_and_not_without() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = make(dir.path(), "one", &[]);
    let (registry, _) = start(dir.path(), &certificate);
    let health = registry.at("/health");
    let ca = certificate.ca.to_str().unwrap();
    let known = curl(&["--cacert", ca, &health]);
    assert!(text(&known.stdout).contains("\"status\":\"ok\""), "{}", text(&known.stderr));
    assert!(!curl(&[&health]).status.success(), "curl trusts a CA that it does not know");
    let session = s_client(&registry);
    assert!(session.contains("ALPN protocol: http/1.1"), "{session}");

    let ask = |ca: Option<&str>, config: Option<&Path>| {
        let mut command = llamactl();
        command.args(["registry", "events", "--json", "--registry", &registry.url]);
        command
            .env_remove("LLAMACTL_CA_FILE")
            .env("HOME", "/nonexistent")
            .env_remove("XDG_CONFIG_HOME");
        ca.map(|ca| command.env("LLAMACTL_CA_FILE", ca));
        config.map(|config| command.env("LLAMACTL_CONFIG", config));
        run(command)
    };
    let known = ask(Some(ca), None);
    assert_eq!(known.status.code(), Some(0), "{}", text(&known.stderr));
    let unknown = ask(None, None);
    assert_eq!(unknown.status.code(), Some(1));
    let error = text(&unknown.stderr);
    assert!(error.contains("UnknownIssuer") && error.contains("LLAMACTL_CA_FILE"), "{error}");
    // A path in a file is seen from the file's folder.
    let config = dir.path().join("config.yaml");
    fs::write(&config, "registry: { ca_file: one-ca.crt }\n").unwrap();
    let configured = ask(None, Some(&config));
    assert_eq!(configured.status.code(), Some(0), "{}", text(&configured.stderr));
    let wrong = ask(Some("/nowhere/ca.crt"), None);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("the CA file /nowhere/ca.crt can't be read"));
    let other = make(dir.path(), "other", &[]);
    assert_eq!(ask(other.ca.to_str(), None).status.code(), Some(1), "it is another CA");
}

#[test]
fn plain_http_gets_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let (registry, _) = start(dir.path(), &make(dir.path(), "one", &[]));
    let url = registry.at("/health").replace("https", "http");
    let answer = curl(&["-i", &url]);
    let answer = text(&answer.stdout);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("this port speaks https"), "{answer}");
}

#[tokio::test]
async fn a_new_certificate_is_taken_and_a_broken_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second, third] =
        ["first", "second", "third"].map(|name| make(dir.path(), name, &[]));
    let used = Certificate {
        ca: first.ca.clone(),
        cert: dir.path().join("used.crt"),
        key: dir.path().join("used.key"),
    };
    let put = |from: &Certificate| {
        // As certbot and careful people do: a file of its own, then one step.
        for (from, to) in [(&from.cert, &used.cert), (&from.key, &used.key)] {
            let new = to.with_extension("new");
            fs::copy(from, &new).unwrap();
            fs::rename(&new, to).unwrap();
        }
    };
    put(&first);
    let (registry, log) = start(dir.path(), &used);
    let takes = |who: &Certificate| {
        let (http, url) = (who.client(), registry.at("/health"));
        async move { http.get(url).send().await.is_ok().then_some(()) }
    };
    until(SOON, || takes(&first)).await;
    put(&second);
    until(SOON, || takes(&second)).await;
    assert!(takes(&first).await.is_none(), "the old certificate is gone");

    fs::write(&used.cert, "no certificate").unwrap();
    let complaints = || text(&fs::read(&log).unwrap()).matches("can't be used").count();
    let said = || async { (complaints() > 0).then_some(()) };
    until(SOON, said).await;
    assert!(takes(&second).await.is_some(), "the one before stays");
    // Two further looks at the same files bring nothing new.
    let begin = Instant::now();
    until(SOON, || async {
        assert_eq!(complaints(), 1, "{}", text(&fs::read(&log).unwrap()));
        (begin.elapsed() > Duration::from_secs(5)).then_some(())
    })
    .await;

    put(&third);
    signal(registry.pid(), "HUP");
    until(SOON, || takes(&third)).await;
    assert_eq!(registry.stop(), Some(0));
}

#[test]
fn what_can_be_no_certificate_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| make(dir.path(), name, &[]));
    let refused = |cert: &Path, key: &Path| {
        let mut command = serve(dir.path(), &[]);
        command.arg("--tls-cert").arg(cert).arg("--tls-key").arg(key);
        let output = run(command);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let error = refused(&one.cert, &other.key);
    assert!(error.contains("does the key belong"), "{error}");
    let error = refused(&one.key, &one.key);
    assert!(error.contains("holds no certificate"), "{error}");
    let error = refused(&one.cert, &one.cert);
    assert!(error.contains("holds no private key") || error.contains("everybody"), "{error}");
    let error = refused(&dir.path().join("none.crt"), &one.key);
    assert!(error.contains("can't read"), "{error}");
    fs::set_permissions(&one.key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = refused(&one.cert, &one.key);
    assert!(error.contains("everybody can read the private key"), "{error}");
    assert!(error.contains("chmod o= "), "{error}");
    let mut alone = serve(dir.path(), &[]);
    alone.arg("--tls-cert").arg(&one.cert);
    let output = run(alone);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--tls-key"), "{}", text(&output.stderr));
}

#[test]
fn an_expired_certificate_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = make(dir.path(), "old", &["-days", "0"]);
    let (registry, log) = start(dir.path(), &certificate);
    drop(registry);
    let log = text(&fs::read(&log).unwrap());
    assert!(log.contains("the certificate has expired"), "{log}");
}
