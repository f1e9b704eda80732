//! A real mail server, and mails as a mail program reads them.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::lab::Service;
use super::{Sandbox, assert_ok, free_port, project, text, wait_until};

/// Who may log in at [`Exim`].
pub const USER: &str = "me";

/// Debian's exim: STARTTLS on one port, TLS from the first byte on another, AUTH under both.
/// It takes mail for `open.test` from anybody, refuses `nobody@`, and wants a login for the rest
/// of the world (`scripts/lab/exim.conf`).
#[derive(Debug)]
pub struct Exim {
    service: Service,
    tls_port: u16,
}

impl Exim {
    /// Starts one with an empty mailbox.
    #[track_caller]
    pub fn start() -> Exim {
        let tls_port = free_port();
        let mut service = Service::new("exim", &[&tls_port.to_string()]);
        service.start(|port| {
            [port, tls_port].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        Exim { service, tls_port }
    }

    /// Its port with STARTTLS.
    pub fn port(&self) -> u16 {
        self.service.port
    }

    /// Its port with TLS from the first byte.
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The certificate of the authority that signed its own.
    pub fn ca(&self) -> PathBuf {
        self.path("tls/ca.pem")
    }

    /// The password of [`USER`].
    pub fn password(&self) -> String {
        fs::read_to_string(self.path("password")).expect("exim's password")
    }

    /// A folder with its `sendmail`, for PATH.
    pub fn bin(&self) -> PathBuf {
        self.path("bin")
    }

    /// The lines of its log that have this in them.
    pub fn log(&self, part: &str) -> Vec<String> {
        let log = fs::read(self.path("logs/mainlog")).unwrap_or_default();
        text(&log).lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }

    /// The files of all mails so far, oldest first.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("mail/new")).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
        let age = |path: &PathBuf| fs::metadata(path).and_then(|meta| meta.modified()).ok();
        files.sort_by_key(|path| (age(path), path.clone()));
        files
    }

    /// Waits for so many mails, and reads all that there are.
    #[track_caller]
    pub fn mails(&self, count: usize) -> Vec<Mail> {
        let files = wait_until(&format!("{count} mails"), Duration::from_secs(45), || {
            Some(self.files()).filter(|files| files.len() >= count)
        });
        let mails = read(&files);
        assert_eq!(mails.len(), count, "{mails:#?}");
        mails
    }

    /// Waits until a mail's subject has this in it.
    #[track_caller]
    pub fn mail_about(&self, subject: &str, deadline: Duration) -> Mail {
        let about = |mail: &Mail| mail.header("Subject").contains(subject);
        wait_until(&format!("a mail about {subject:?}"), deadline, || {
            read(&self.files()).into_iter().find(about)
        })
    }

    /// How many mails there are.
    pub fn count(&self) -> usize {
        self.files().len()
    }

    /// Makes it the sandbox's mail server; `more` are further keys of `notify.smtp`.
    pub fn configure(&self, sandbox: &mut Sandbox, security: &str, more: &str) {
        let port = if security == "tls" { self.tls_port() } else { self.port() };
        let yaml = format!(
            "notify: {{ smtp: {{ host: localhost, port: {port}, security: {security}, {more} }} }}\n"
        );
        let path = sandbox.write("config.yaml", yaml);
        sandbox.set("LLAMACTL_CONFIG", path.display());
        sandbox.set("SSL_CERT_FILE", self.ca().display());
    }

    /// The keys of `notify.smtp` with which [`USER`] logs in.
    pub fn login(&self, sandbox: &Sandbox) -> String {
        let file = sandbox.write("smtp-password", self.password());
        private(&file);
        format!("username: {USER}, password_file: {}", file.display())
    }

    /// Lets the sandbox's msmtp, Debian's small `sendmail`, hand on to it, with a login.
    pub fn behind_msmtp(&self, sandbox: &Sandbox) {
        let account = format!(
            "account default\nhost localhost\nport {}\nfrom me@n1.test\ntls on\ntls_starttls on\n\
             tls_trust_file {}\nauth on\nuser {USER}\npassword {}\n",
            self.port(),
            self.ca().display(),
            self.password()
        );
        private(&sandbox.write("home/.msmtprc", account));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.service.folder.path().join(name)
    }
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// A mail as a mail program reads it: decoded.
#[derive(Debug, Deserialize)]
pub struct Mail {
    /// Every header in its order.
    pub headers: Vec<(String, String)>,
    /// What the body is, as `multipart/alternative`.
    pub kind: String,
    /// Kind and content of each part that has one.
    pub parts: Vec<(String, String)>,
    /// What the reader had to put up with.
    pub defects: Vec<String>,
}

impl Mail {
    /// The one header of this name.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.all(name);
        let [value] = found[..] else { panic!("{name}: {found:?} in {self:#?}") };
        value
    }

    /// Every header of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The one part of this kind, with `\n` at the ends of lines.
    #[track_caller]
    pub fn part(&self, kind: &str) -> String {
        let found: Vec<_> = self.parts.iter().filter(|(other, _)| other == kind).collect();
        let [(_, content)] = found[..] else { panic!("{kind}: {self:#?}") };
        content.replace("\r\n", "\n")
    }
}

/// Reads mails from files, by Python's own `email`.
#[track_caller]
pub fn read(files: &[PathBuf]) -> Vec<Mail> {
    let mut python = Command::new("python3");
    python.arg(project().join("tests/common/mail.py")).args(files).env("PYTHONUTF8", "1");
    let output = python.output().expect("python3");
    assert_ok(&["mail.py"], &output);
    let lines = text(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).expect("a mail")).collect()
}
