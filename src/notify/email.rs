//! Mail: by SMTP where a server is configured, else by the node's own mail program.

use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::files::private_file;
use super::helpers::cut;
use super::message::one_line;
use super::programs::{self, Program};
use super::retry::Fault;
use crate::config::settings::{Smtp, SmtpSecurity};
use crate::domain::server::host;
use crate::http::cause;

/// How long one step of an SMTP conversation may take (RFC 5321, 4.5.3.2 allows minutes; the
/// job's own end does not).
const STEP: Duration = Duration::from_secs(20);
/// Longest subject, in characters: nobody's list of mails shows more.
const MAX_SUBJECT: usize = 250;
/// Longest address (RFC 5321, 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// A mail, ready to go, and the way it goes.
pub struct Mail {
    to: Address,
    subject: String,
    text: String,
    message: lettre::Message,
    way: Way,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Program(Program),
}

/// What a mail says.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// Who runs the server: the sender, where the configuration names none.
    pub owner: String,
    /// The same for every try, so that a mail that was sent twice by mistake is shown once.
    pub key: String,
    /// The same for all mails about a job: mail programs show them together.
    pub thread: String,
}

impl Mail {
    /// Writes the mail and finds the way.
    ///
    /// # Errors
    /// A wrong address, wrong SMTP settings, or no way at all.
    pub fn new(smtp: Option<&Smtp>, to: &str, words: &Words) -> Result<Mail, String> {
        let to = address(to)?;
        let subject = cut(&one_line(&words.subject), MAX_SUBJECT);
        let from = sender(smtp, &words.owner)?;
        let way = match smtp {
            Some(smtp) => Way::Smtp(Box::new(transport(smtp)?)),
            None => Way::Program(programs::find()?),
        };
        let message = builder(from, to.clone(), &subject, words)
            .multipart(MultiPart::alternative_plain_html(words.text.clone(), words.html.clone()))
            .map_err(|error| format!("the mail can't be written: {error}"))?;
        Ok(Mail { to, subject, text: words.text.clone(), message, way })
    }

    /// Tries once to send it.
    ///
    /// # Errors
    /// Why it failed, and whether trying again may help.
    pub async fn send(&self) -> Result<(), Fault> {
        match &self.way {
            Way::Smtp(transport) => match transport.send(self.message.clone()).await {
                Ok(_) => Ok(()),
                Err(error) => Err(smtp_fault(&error)),
            },
            Way::Program(program) => {
                let letter = programs::Letter {
                    to: self.to.as_ref(),
                    subject: &self.subject,
                    text: &self.text,
                    message: self.message.formatted(),
                };
                programs::send(program, &letter).await
            }
        }
    }
}

/// Checks a mail address before it reaches a header, an SMTP command or a program's arguments.
/// Narrower than the standard: quoted local parts, and characters that mail programs take for
/// a pipe, a folder or an option, are refused.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str) -> Result<Address, String> {
    let wrong = |why: &str| Err(format!("`{}` is no mail address: {why}", one_line(text)));
    if text.len() > MAX_ADDRESS {
        return wrong("too long");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return wrong("it has spaces or control characters");
    }
    let Some((user, _)) = text.rsplit_once('@') else {
        return wrong("it has no `@`");
    };
    let allowed = |c: char| c.is_alphanumeric() || "._+-=~#%&'".contains(c);
    let first = |c: char| c.is_alphanumeric() || c == '_';
    if !user.starts_with(first) || !user.chars().all(allowed) {
        return wrong("only letters, digits and ._+-=~#%&' may stand before the `@`");
    }
    match text.parse::<Address>() {
        Ok(address) => Ok(address),
        Err(error) => wrong(&error.to_string().to_lowercase()),
    }
}

/// `smtp.from`, else the owner at this host.
fn sender(smtp: Option<&Smtp>, owner: &str) -> Result<Address, String> {
    if let Some(from) = smtp.and_then(|smtp| smtp.from.as_deref()) {
        return address(from).map_err(|error| format!("smtp.from: {error}"));
    }
    let here = here();
    [format!("{owner}@{here}"), format!("llamactl@{here}"), "llamactl@localhost".to_owned()]
        .iter()
        .find_map(|text| address(text).ok())
        .ok_or_else(|| "there is no sender; set smtp.from".to_owned())
}

/// This host's name, where it is one that can stand in an address.
fn here() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| host(name).is_ok()).unwrap_or_else(|| "localhost".to_owned())
}

fn builder(from: Address, to: Address, subject: &str, words: &Words) -> MessageBuilder {
    // RFC 3834: no out-of-office answer to this, please.
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let here = from.domain().to_owned();
    // All mails about a job answer one that was never sent: that makes them a thread, whichever
    // comes first.
    let root = format!("<{}.llamactl@{here}>", atom(&words.thread));
    lettre::Message::builder()
        .from(Mailbox::new(Some("llamactl".to_owned()), from))
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date_now()
        .message_id(Some(format!("<{}@{here}>", atom(&words.key))))
        .in_reply_to(root.clone())
        .references(root)
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
}

/// `text` as the left side of a message id (RFC 5322, dot-atom): anything else becomes `-`.
fn atom(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    text.chars().take(100).map(plain).collect()
}

fn transport(smtp: &Smtp) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    host(&smtp.host).map_err(|error| format!("smtp.host: {error}"))?;
    let (tls, port) = match smtp.security {
        SmtpSecurity::Starttls => (Tls::Required(tls(&smtp.host)?), 587),
        SmtpSecurity::Tls => (Tls::Wrapper(tls(&smtp.host)?), 465),
        SmtpSecurity::None => (Tls::None, 25),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .tls(tls)
        .port(smtp.port.unwrap_or(port))
        .hello_name(ClientId::Domain(here()))
        .timeout(Some(STEP));
    match (&smtp.username, &smtp.password_file) {
        (Some(user), Some(file)) => {
            if smtp.security == SmtpSecurity::None && !is_loopback(&smtp.host) {
                return Err("smtp.security: none would show the password to the network; \
                            use starttls or tls"
                    .to_owned());
            }
            let password = private_file(file)?;
            let password = password.expose().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        (None, None) => {}
        (Some(_), None) => return Err("smtp.username wants smtp.password_file".to_owned()),
        (None, Some(_)) => return Err("smtp.password_file wants smtp.username".to_owned()),
    }
    Ok(builder.build())
}

/// The system's CA files, else the roots that are bundled with llamactl.
fn tls(host: &str) -> Result<TlsParameters, String> {
    TlsParameters::new(host.to_owned())
        .or_else(|_| {
            TlsParameters::builder(host.to_owned())
                .certificate_store(CertificateStore::WebpkiRoots)
                .build()
        })
        .map_err(|error| format!("smtp: {}", cause(&error)))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn smtp_fault(error: &smtp::Error) -> Fault {
    let reason = match error.status() {
        Some(code) => format!("the mail server says {code}: {}", cause(error)),
        None => cause(error),
    };
    if is_untrusted(error) {
        return Fault::Permanent(format!(
            "{reason} (SSL_CERT_FILE names a file with further roots to trust)"
        ));
    }
    // `client` is what the two sides can't agree on: no STARTTLS, no common way to log in.
    if error.is_permanent() || error.is_client() {
        return Fault::Permanent(reason);
    }
    if is_unreachable(error) {
        return Fault::unreachable(reason);
    }
    Fault::transient(reason)
}

/// Whether the server's certificate was refused.
fn is_untrusted(error: &smtp::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        let tls = error.downcast_ref::<rustls::Error>().or_else(|| {
            let io = error.downcast_ref::<std::io::Error>()?;
            io.get_ref()?.downcast_ref::<rustls::Error>()
        });
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Whether there was no way to the server at all.
fn is_unreachable(error: &smtp::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            let kinds = [ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut];
            return kinds.contains(&io.kind());
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_break_a_header_or_a_command_line_are_refused() {
        for good in ["a@b.org", "jane.doe+llm@n1", "j\u{f6}rg@example.org", "x@[127.0.0.1]"] {
            assert!(address(good).is_ok(), "{good}");
        }
        let long = format!("{}@b.org", "x".repeat(300));
        for bad in [
            "",
            "alice",
            "@b",
            "a@",
            "a@b\r\nBcc: x@y",
            "a@b\nBcc: x@y",
            "a b@c",
            "-oQ/tmp@b",
            "|id@b",
            "+inbox@b",
            "/etc/x@b",
            "\"a\"@b",
            "a@b,c@d",
            "a@-b",
            "<a@b>",
            "a\0@b",
            "a@b\u{2028}c",
            "`id`@b",
            "$(id)@b",
            "a!b@c",
            "a@b@c",
            &long,
        ] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_sender_is_valid_whoever_the_owner_is() {
        for owner in ["alice", "DOM\\alice", "", "-x", "a b\r\nBcc: x@y"] {
            let from = sender(None, owner).unwrap();
            assert!(address(from.as_ref()).is_ok(), "{from}");
        }
        let smtp = Smtp { from: Some("x@y\r\nBcc: z@w".into()), ..Smtp::default() };
        assert!(sender(Some(&smtp), "alice").unwrap_err().starts_with("smtp.from: "));
    }

    #[test]
    fn a_password_never_goes_over_an_open_network() {
        let smtp = |host: &str| Smtp {
            host: host.into(),
            security: SmtpSecurity::None,
            username: Some("me".into()),
            password_file: Some("/no/such/file".into()),
            ..Smtp::default()
        };
        let error = transport(&smtp("mail.example.org")).unwrap_err();
        assert!(error.contains("starttls"), "{error}");
        let error = transport(&smtp("127.0.0.1")).unwrap_err();
        assert!(error.starts_with("/no/such/file: "), "{error}");
    }
}
