//! What is reached over the network: registry, mail, push.

use super::{Check, LIMIT};
use crate::api::tokens::WhoAmI;
use crate::client::{ClientError, RegistryClient};
use crate::config::settings::{Settings, SmtpSecurity};
use crate::config::targets::{self, Asked};
use crate::config::token::token;
use crate::http::{cause, http};
use crate::notify::{self, post};
use crate::output::printable;

/// Whether the registry answers.
pub async fn registry(settings: &Settings) -> Check {
    const NAME: &str = "registry";
    let Some(url) = &settings.registry.url else {
        return Check::absent(
            NAME,
            "none is configured",
            "set registry.url or REGISTRY_URL; `llamactl registry serve` runs one; without it, \
             `ls` shows your own jobs only",
        );
    };
    let token = match token(settings.registry.token_file.as_deref()) {
        Ok(token) => token,
        Err(failure) => {
            return Check::missing(NAME, failure.message, failure.hint.unwrap_or_default());
        }
    };
    let client = RegistryClient::new(url).timeout(LIMIT).token(token);
    match client.health().await {
        Ok(health) => known(url, &client, health.servers).await,
        Err(error) => Check::missing(
            NAME,
            error.to_string(),
            "is it running? `llamactl registry serve` starts one; registry.url or REGISTRY_URL \
             says where it is",
        ),
    }
}

/// Whether a registry that answers lets us in.
async fn known(url: &str, client: &RegistryClient, servers: usize) -> Check {
    const NAME: &str = "registry";
    let answers = format!("{url} answers; servers: {servers}");
    match client.whoami().await {
        Ok(WhoAmI { owner: Some(owner), scopes, expires, .. }) => {
            let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
            let ends = expires.map(|end| format!(", until {end:.0}")).unwrap_or_default();
            let owner = printable(&owner);
            let token = format!("the token is {owner}'s, for {}{ends}", scopes.join(" and "));
            Check::ok(NAME, format!("{answers}; {token}"))
        }
        // It asks for none, or is older; or the token is one that may not read.
        Ok(_) | Err(ClientError::Unknown(_)) => Check::ok(NAME, answers),
        Err(ClientError::Refused { status: 403, .. }) => {
            Check::ok(NAME, format!("{answers}; the token may not read"))
        }
        Err(error) => {
            let mend = error.hint().unwrap_or("look at its log").to_owned();
            Check::missing(NAME, error.to_string(), mend)
        }
    }
}

/// The SMTP server, as far as its first line; else a mail program of this machine.
pub async fn mail(settings: &Settings) -> Check {
    const NAME: &str = "mail";
    let Some(smtp) = &settings.notify.smtp else { return mail_program() };
    let port = smtp.port.unwrap_or(match smtp.security {
        SmtpSecurity::Starttls => 587,
        SmtpSecurity::Tls => 465,
        SmtpSecurity::None => 25,
    });
    let place = format!("{}:{port}", smtp.host);
    match tokio::net::TcpStream::connect((smtp.host.as_str(), port)).await {
        Ok(_) => Check::ok(NAME, format!("the SMTP server at {place} answers")),
        Err(error) => Check::missing(
            NAME,
            format!("the SMTP server at {place} can't be reached: {error}"),
            "correct notify.smtp, or leave it out to use sendmail, mail or mutt",
        ),
    }
}

fn mail_program() -> Check {
    const NAME: &str = "mail";
    // Where mail programs are beside PATH: a user's PATH often lacks the `sbin` folders.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/usr/lib", "/sbin"].map(std::path::PathBuf::from);
    let folders = std::env::join_paths(std::env::split_paths(&path).chain(extra)).unwrap_or(path);
    let programs = ["sendmail", "mail", "mailx", "mutt"];
    let found = programs
        .into_iter()
        .find_map(|program| which::which_in_global(program, Some(&folders)).ok()?.next());
    match found {
        Some(path) => {
            Check::ok(NAME, format!("{} (on compute nodes it may differ)", path.display()))
        }
        None => Check::absent(
            NAME,
            "there is no sendmail, mail or mutt here",
            "set notify.smtp to use --email",
        ),
    }
}

/// Whether the ntfy server says that it is well; nothing is published.
pub async fn ntfy(settings: &Settings) -> Check {
    const NAME: &str = "ntfy";
    let notify = &settings.notify;
    if notify.ntfy_topic.is_none() && notify.ntfy_server.is_none() {
        return Check::absent(
            NAME,
            "no topic is configured",
            "set notify.ntfy_topic or NTFY_TOPIC to use --ntfy-topic",
        );
    }
    let server = notify.ntfy_server.as_deref().unwrap_or("https://ntfy.sh").trim_end_matches('/');
    let mend = "correct notify.ntfy_server or NTFY_SERVER; compute nodes must reach it too";
    let url = format!("{server}/v1/health");
    let answer = match http() {
        Ok(http) => http.get(&url).timeout(LIMIT).send().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(response) if response.status().is_success() => {
            Check::ok(NAME, format!("{server} answers"))
        }
        Ok(response) => Check::missing(NAME, format!("{url} says {}", response.status()), mend),
        Err(error) => {
            Check::missing(NAME, format!("{server} can't be reached: {}", cause(&error)), mend)
        }
    }
}

/// Whether every target of the configuration is one, and whether messages wait.
pub async fn notifications(settings: &Settings) -> Check {
    const NAME: &str = "notify";
    let how = match targets::resolve(settings, &Asked::default()) {
        Ok(how) => how,
        Err(error) => return Check::missing(NAME, error.message, "correct notify.to"),
    };
    if how.is_empty() {
        let mend = "set notify.to; `llamactl notify channels` lists what there is";
        return Check::absent(NAME, "nobody is told by itself", mend);
    }
    let looked = tokio::task::spawn_blocking(move || {
        let wrong = notify::check(&how).err();
        (wrong, how.to.len(), post::outbox(&how).waiting().map_or(0, |waiting| waiting.len()))
    });
    match looked.await {
        Ok((Some(wrong), ..)) => {
            Check::missing(NAME, wrong, "correct notify.to; `llamactl notify test` tries it")
        }
        Ok((None, count, 0)) => {
            let text = format!("{count} configured; `llamactl notify test` tries them");
            Check::ok(NAME, text)
        }
        Ok((None, _, waiting)) => Check::missing(
            NAME,
            format!("{waiting} messages wait to be sent"),
            "`llamactl notify outbox ls` says why, `llamactl notify outbox flush` sends them",
        ),
        Err(error) => Check::missing(NAME, error.to_string(), "try again"),
    }
}
