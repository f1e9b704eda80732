//! Who is told: from flags, environment and configuration to addresses.

use super::settings::Settings;
use super::spec::NotifySpec;
use super::units;
use crate::env;
use crate::exit::Failure;

/// Topic where only a server is given (contract 1).
pub const DEFAULT_TOPIC: &str = "llama-servers";
/// Server where only a topic is given (contract 1).
pub const DEFAULT_SERVER: &str = "https://ntfy.sh";

/// Who is told, from the flags `--email`, `--ntfy-topic` and `--ntfy-server` over `settings`,
/// in which the environment is already merged.
///
/// - A flag with a value: that value. `none`: nobody.
/// - A flag without one (`Some("")`): the environment's or the configuration's; without any, a
///   usage error.
/// - No flag: the environment's or the configuration's, if there is one.
/// - An ntfy server from a flag or the environment without any topic: topic `llama-servers`.
///
/// # Errors
/// An address, topic or URL that is none, or a flag without a value that nothing gives one to.
pub fn resolve(
    settings: &Settings,
    email: Option<&str>,
    topic: Option<&str>,
    server: Option<&str>,
) -> Result<NotifySpec, Failure> {
    decide(settings, email, topic, server, env::NTFY_SERVER.get().is_some())
}

fn decide(
    settings: &Settings,
    email: Option<&str>,
    topic: Option<&str>,
    server: Option<&str>,
    server_in_environment: bool,
) -> Result<NotifySpec, Failure> {
    let notify = &settings.notify;
    let email = pick(email, notify.email.as_deref(), || {
        Failure::usage("--email has no address")
            .hint("write --email ADDRESS, set NOTIFY_EMAIL, or `notify.email` in config.yaml")
    })?;
    let server_given = server.is_some() || server_in_environment;
    let server = server.or(notify.ntfy_server.as_deref()).filter(|url| *url != "none");
    let usual = notify.ntfy_topic.as_deref();
    let with_server = server.filter(|_| server_given || topic == Some(""));
    let topic = pick(topic, usual.or(with_server.map(|_| DEFAULT_TOPIC)), || {
        Failure::usage("--ntfy-topic has no topic")
            .hint("write --ntfy-topic TOPIC, set NTFY_TOPIC, or `notify.ntfy_topic` in config.yaml")
    })?;
    let server = topic.as_ref().map(|_| server.unwrap_or(DEFAULT_SERVER).trim_end_matches('/'));
    for (value, rule) in [
        (email.as_deref(), units::email as fn(&str) -> Result<(), String>),
        (topic.as_deref(), units::topic),
        (server, units::url),
    ] {
        value.map_or(Ok(()), rule).map_err(Failure::usage)?;
    }
    Ok(NotifySpec {
        email,
        ntfy_topic: topic,
        ntfy_server: server.map(str::to_owned),
        ntfy_token_file: notify.ntfy_token_file.clone(),
        smtp: notify.smtp.clone(),
        templates: notify.templates.clone(),
    })
}

fn pick(
    flag: Option<&str>,
    usual: Option<&str>,
    missing: impl FnOnce() -> Failure,
) -> Result<Option<String>, Failure> {
    let usual = usual.filter(|value| *value != "none");
    match flag {
        Some("none") => Ok(None),
        Some("") => usual.map(|value| Some(value.to_owned())).ok_or_else(missing),
        Some(value) => Ok(Some(value.to_owned())),
        None => Ok(usual.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(yaml: &str) -> Settings {
        serde_yaml::from_str(yaml).unwrap()
    }

    /// Address and `topic@server` that the flags give over `settings`.
    fn told(
        yaml: &str,
        flags: [Option<&str>; 3],
        env: bool,
    ) -> Result<[Option<String>; 2], String> {
        let [email, topic, server] = flags;
        let spec = decide(&settings(yaml), email, topic, server, env).map_err(|failure| {
            format!("{failure} / {}", failure.hint.as_deref().unwrap_or_default())
        })?;
        let push = spec.ntfy_topic.map(|topic| format!("{topic}@{}", spec.ntfy_server.unwrap()));
        Ok([spec.email, push])
    }

    fn yes(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    const BOTH: &str = "notify: {email: a@b, ntfy_topic: t, ntfy_server: 'http://n:1/'}";

    #[test]
    fn nobody_is_told_when_nothing_says_so() {
        assert_eq!(told("{}", [None; 3], false), Ok([None, None]));
        // A server alone, in a file, asks for nothing: it only says where.
        assert_eq!(told("notify: {ntfy_server: 'http://n:1'}", [None; 3], false), Ok([None, None]));
    }

    #[test]
    fn configuration_and_environment_are_enough_and_flags_are_stronger() {
        let usual = Ok([yes("a@b"), yes("t@http://n:1")]);
        assert_eq!(told(BOTH, [None; 3], false), usual);
        assert_eq!(told(BOTH, [Some(""), Some(""), None], false), usual);
        assert_eq!(
            told(BOTH, [Some("c@d"), Some("u"), Some("https://m")], false),
            Ok([yes("c@d"), yes("u@https://m")])
        );
        assert_eq!(told(BOTH, [Some("none"), Some("none"), None], false), Ok([None, None]));
    }

    #[test]
    fn only_a_server_means_the_older_scripts_topic() {
        let topic = |server: &str| Ok([None, Some(format!("llama-servers@{server}"))]);
        assert_eq!(told("{}", [None, None, Some("http://n:1")], false), topic("http://n:1"));
        let file = "notify: {ntfy_server: 'http://n:1'}";
        assert_eq!(told(file, [None; 3], true), topic("http://n:1"));
        assert_eq!(told(file, [None, Some(""), None], false), topic("http://n:1"));
    }

    #[test]
    fn a_flag_without_any_value_names_what_would_give_it_one() {
        let error = told("{}", [Some(""), None, None], false).unwrap_err();
        assert!(error.contains("NOTIFY_EMAIL") && error.contains("notify.email"), "{error}");
        let error = told("{}", [None, Some(""), None], false).unwrap_err();
        assert!(error.contains("NTFY_TOPIC") && error.contains("notify.ntfy_topic"), "{error}");
        assert!(told("{}", [Some("a b"), None, None], false).is_err());
        assert!(told("{}", [None, Some("a/b"), None], false).is_err());
        assert!(told("{}", [None, Some("t"), Some("n:1")], false).is_err());
    }
}
