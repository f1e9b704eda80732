//! Who is told: from flags, environment and configuration to addresses.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::rules::{EventName, Rule};
use super::settings::Settings;
use super::spec::NotifySpec;
use super::{topic, units};
use crate::domain::target::{NTFY, PLUGIN, Target};
use crate::exit::Failure;
use crate::secret::Secret;
use crate::{env, paths};

/// Most targets of one server.
pub const MAX_TARGETS: usize = 16;

/// Topic where only a server is given (contract 1).
pub const DEFAULT_TOPIC: &str = "llama-servers";

/// What the flags ask for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// `--email`: `Some("")` is the flag without a value.
    pub email: Option<String>,
    /// `--ntfy-topic`: `Some("")` is the flag without a value.
    pub ntfy_topic: Option<String>,
    /// `--ntfy-server`
    pub ntfy_server: Option<String>,
    /// `--notify`, each time: a target, or `none` for nobody of the configuration.
    pub to: Vec<String>,
    /// `--notify-on`
    pub events: Vec<EventName>,
}

/// Who is told, from the flags over `settings`, in which the environment is already merged.
///
/// - A flag with a value: that value. `none`: nobody.
/// - `--email` without one: the environment's or the configuration's; without any, a usage error.
/// - `--ntfy-topic` without one: the same, and without any a topic that nobody can guess, which
///   is made once and kept.
/// - No flag: the environment's or the configuration's, if there is one.
/// - An ntfy server from a flag or the environment without any topic: topic `llama-servers`.
///
/// # Errors
/// An address, topic or URL that is none, or a flag without a value that nothing gives one to.
pub fn resolve(settings: &Settings, asked: &Asked) -> Result<NotifySpec, Failure> {
    decide(settings, asked, env::NTFY_SERVER.get().is_some(), topic::own)
}

fn decide(
    settings: &Settings,
    asked: &Asked,
    server_in_environment: bool,
    own_topic: impl FnOnce() -> Result<String, Failure>,
) -> Result<NotifySpec, Failure> {
    let notify = &settings.notify;
    let email = pick(asked.email.as_deref(), notify.email.as_deref(), || {
        Err(Failure::usage("--email has no address")
            .hint("write --email ADDRESS, set NOTIFY_EMAIL, or `notify.email` in config.yaml"))
    })?;
    let server = asked.ntfy_server.as_deref();
    let server_given = server.is_some() || server_in_environment;
    let server = server.or(notify.ntfy_server.as_deref()).filter(|url| *url != "none");
    let usual = notify.ntfy_topic.as_deref();
    let with_server = server.filter(|_| server_given);
    let usual = usual.or(with_server.map(|_| DEFAULT_TOPIC));
    let topic = pick(asked.ntfy_topic.as_deref(), usual, own_topic)?;
    let server = server.map(|server| server.trim_end_matches('/'));
    for (value, rule) in [
        (email.as_deref(), units::email as fn(&str) -> Result<(), String>),
        (topic.as_deref(), units::topic),
        (server, units::url),
    ] {
        value.map_or(Ok(()), rule).map_err(Failure::usage)?;
    }
    let mut to: Vec<String> = Vec::new();
    let named = match asked.to.as_slice() {
        [] => notify.to.clone().unwrap_or_default(),
        asked => asked.to_vec(),
    };
    let short = [email.map(|email| Target::mail(&email)), topic.map(|t| Target::ntfy(&t, None))];
    for target in named.into_iter().filter(|text| text != "none").chain(short.into_iter().flatten())
    {
        Target::parse(&target).map_err(|why| {
            Failure::usage(why).hint("see `llamactl notify channels` for all kinds of targets")
        })?;
        if !to.contains(&target) {
            to.push(target);
        }
    }
    if to.len() > MAX_TARGETS {
        return Err(Failure::usage(format!("at most {MAX_TARGETS} can be told")));
    }
    let events = match asked.events.as_slice() {
        [] => notify.events.as_deref(),
        events => Some(events),
    };
    Ok(NotifySpec {
        to,
        events: events.map(EventName::kinds),
        rules: rules(settings, asked)?,
        ntfy_server: server.map(str::to_owned),
        ..how(settings)
    })
}

/// The rules of the configuration, unless the flags say `--notify none`.
fn rules(settings: &Settings, asked: &Asked) -> Result<Vec<Rule>, Failure> {
    if asked.to.iter().any(|target| target == "none") {
        return Ok(Vec::new());
    }
    for target in settings.notify.rules.iter().flat_map(|rule| &rule.notify) {
        Target::parse(target).map_err(|why| Failure::usage(format!("notify.rules: {why}")))?;
    }
    Ok(settings.notify.rules.clone())
}

/// How people are told by `settings`, and nobody in particular.
pub fn how(settings: &Settings) -> NotifySpec {
    let notify = &settings.notify;
    let seconds = |text: &Option<String>| {
        text.as_deref().and_then(|text| units::duration(text).ok()).map(|time| time.as_secs())
    };
    NotifySpec {
        to: Vec::new(),
        events: None,
        rules: Vec::new(),
        ntfy_server: notify.ntfy_server.clone().filter(|server| server != "none"),
        ntfy_token_file: notify.ntfy_token_file.clone(),
        smtp: notify.smtp.clone(),
        templates: notify.templates.clone(),
        plugins: notify.plugins.clone(),
        via: notify.via.unwrap_or_default(),
        expiring_before: seconds(&notify.expiring_before),
        pending_after: seconds(&notify.pending_after),
        share_address: notify.share_address.unwrap_or_default(),
        digest: seconds(&notify.digest),
        a_minute: notify.a_minute,
    }
}

/// A target with a secret, and the file (0600) that it goes into.
#[derive(Debug, Clone)]
pub struct SecretFile {
    path: PathBuf,
    target: Secret,
}

impl SecretFile {
    /// Writes the file, in a folder (0700) that is made where there is none.
    ///
    /// # Errors
    /// When it can't be written, with its path.
    pub fn write(&self) -> Result<(), Failure> {
        let write = || {
            if let Some(folder) = self.path.parent() {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            paths::write_private(&self.path, self.target.expose().as_bytes())
        };
        write().map_err(|error: std::io::Error| {
            Failure::new(format!("{}: {error}", self.path.display()))
                .hint("a target's secret goes into this file, which the job reads")
        })
    }
}

/// `how` with every target that holds a secret replaced by one that names a file in `folder`,
/// and those files: job scripts are kept where others can read them.
pub fn put_away(how: &NotifySpec, folder: &Path) -> (NotifySpec, Vec<SecretFile>) {
    let (mut how, mut files) = (how.clone(), Vec::new());
    let of_rules = how.rules.iter_mut().flat_map(|rule| &mut rule.notify);
    for to in of_rules.chain(&mut how.to) {
        let target = match Target::parse(to) {
            Ok(target) if holds_a_secret(&target) => target,
            _ => continue,
        };
        let secret = Secret::new(to.as_str());
        let name = secret.hash();
        let path = folder.join(format!("{}-{}", target.channel(), &name[..16]));
        let shown = path.to_string_lossy();
        let shown = percent_encoding::utf8_percent_encode(&shown, IN_QUERY);
        *to = format!("{}://?file={shown}", target.channel());
        files.push(SecretFile { path, target: secret });
    }
    (how, files)
}

/// What a path must not hold within a query.
const IN_QUERY: &percent_encoding::AsciiSet =
    &percent_encoding::CONTROLS.add(b' ').add(b'#').add(b'%').add(b'&').add(b'+').add(b'?');

fn holds_a_secret(target: &Target) -> bool {
    let open = target.address().is_some()
        || target.elsewhere().is_some()
        || target.channel() == NTFY && target.user().is_empty()
        || target.channel() == PLUGIN && target.query().is_empty();
    !open
}

fn pick(
    flag: Option<&str>,
    usual: Option<&str>,
    missing: impl FnOnce() -> Result<String, Failure>,
) -> Result<Option<String>, Failure> {
    let usual = usual.filter(|value| *value != "none");
    match flag {
        Some("none") => Ok(None),
        Some("") => usual.map_or_else(missing, |value| Ok(value.to_owned())).map(Some),
        Some(value) => Ok(Some(value.to_owned())),
        None => Ok(usual.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::Kind;
    use crate::domain::target::Elsewhere;

    fn settings(yaml: &str) -> Settings {
        serde_yaml::from_str(yaml).unwrap()
    }

    /// Targets and ntfy server that the flags `[email, topic, server]` give over `settings`.
    fn told(
        yaml: &str,
        flags: [Option<&str>; 3],
        env: bool,
    ) -> Result<(Vec<String>, Option<String>), String> {
        let [email, ntfy_topic, ntfy_server] = flags.map(|flag| flag.map(str::to_owned));
        let asked = Asked { email, ntfy_topic, ntfy_server, ..Asked::default() };
        let own = || Ok("own-topic".to_owned());
        let spec = decide(&settings(yaml), &asked, env, own).map_err(|failure| {
            format!("{failure} / {}", failure.hint.as_deref().unwrap_or_default())
        })?;
        Ok((spec.to, spec.ntfy_server))
    }

    fn all(to: &[&str], server: Option<&str>) -> Result<(Vec<String>, Option<String>), String> {
        Ok((to.iter().map(|to| (*to).to_owned()).collect(), server.map(str::to_owned)))
    }

    const BOTH: &str = "notify: {email: a@b, ntfy_topic: t, ntfy_server: 'http://n:1/'}";

    #[test]
    fn nobody_is_told_when_nothing_says_so() {
        assert_eq!(told("{}", [None; 3], false), all(&[], None));
        // A server alone, in a file, asks for nothing: it only says where.
        let server = "notify: {ntfy_server: 'http://n:1'}";
        assert_eq!(told(server, [None; 3], false), all(&[], Some("http://n:1")));
    }

    #[test]
    fn configuration_and_environment_are_enough_and_flags_are_stronger() {
        let usual = all(&["mailto:a@b", "ntfy://t"], Some("http://n:1"));
        assert_eq!(told(BOTH, [None; 3], false), usual);
        assert_eq!(told(BOTH, [Some(""), Some(""), None], false), usual);
        assert_eq!(
            told(BOTH, [Some("c@d"), Some("u"), Some("https://m")], false),
            all(&["mailto:c@d", "ntfy://u"], Some("https://m"))
        );
        let none = told(BOTH, [Some("none"), Some("none"), None], false);
        assert_eq!(none, all(&[], Some("http://n:1")));
    }

    #[test]
    fn only_a_server_means_the_older_scripts_topic() {
        let topic = |server: &str| all(&["ntfy://llama-servers"], Some(server));
        assert_eq!(told("{}", [None, None, Some("http://n:1")], false), topic("http://n:1"));
        let file = "notify: {ntfy_server: 'http://n:1'}";
        assert_eq!(told(file, [None; 3], true), topic("http://n:1"));
    }

    #[test]
    fn a_topic_that_nothing_names_is_our_own() {
        let own = all(&["ntfy://own-topic"], None);
        assert_eq!(told("{}", [None, Some(""), None], false), own);
        let file = "notify: {ntfy_server: 'http://n:1'}";
        let own = all(&["ntfy://own-topic"], Some("http://n:1"));
        assert_eq!(told(file, [None, Some(""), None], false), own);
    }

    #[test]
    fn a_flag_without_any_value_names_what_would_give_it_one() {
        let error = told("{}", [Some(""), None, None], false).unwrap_err();
        assert!(error.contains("NOTIFY_EMAIL") && error.contains("notify.email"), "{error}");
        assert!(told("{}", [Some("a b"), None, None], false).is_err());
        assert!(told("{}", [None, Some("a/b"), None], false).is_err());
        assert!(told("{}", [None, Some("t"), Some("n:1")], false).is_err());
    }

    #[test]
    fn targets_of_flags_take_the_place_of_the_configurations_and_none_is_told_twice() {
        let yaml = "notify: {to: ['slack://?env=S', 'mailto:a@b'], email: a@b, events: [lost]}";
        let decide = |asked: Asked| decide(&settings(yaml), &asked, false, || unreachable!());
        let spec = decide(Asked::default()).unwrap();
        assert_eq!(spec.to, ["slack://?env=S", "mailto:a@b"]);
        assert!(spec.tells(Kind::Lost) && !spec.tells(Kind::Ready));
        let (to, events) = (vec!["plugin://x".to_owned()], vec![EventName::All]);
        let spec = decide(Asked { to, events, ..Asked::default() }).unwrap();
        assert_eq!(spec.to, ["plugin://x", "mailto:a@b"]);
        assert!(spec.tells(Kind::Ended));
        let none =
            Asked { to: vec!["none".into()], email: Some("none".into()), ..Asked::default() };
        assert!(decide(none).unwrap().is_empty());
        let wrong = Asked { to: vec!["a@b".into()], ..Asked::default() };
        assert!(decide(wrong).unwrap_err().message.contains("mailto:"));
    }

    #[test]
    fn secrets_are_put_into_files() {
        let folder = tempfile::tempdir().unwrap();
        let to = ["mailto:a@b", "ntfy://topic", "slack://?env=X", "slack://h/services/SECRET"];
        let to: Vec<String> = to.map(str::to_owned).to_vec();
        let how = NotifySpec { to: to.clone(), ..NotifySpec::default() };
        let (away, files) = put_away(&how, &folder.path().join("a b"));
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is done yet");
        files.iter().for_each(|file| file.write().unwrap());
        let away = away.to;
        assert_eq!(away[..3], to[..3]);
        assert!(!away[3].contains("SECRET"), "{}", away[3]);
        let target = Target::parse(&away[3]).unwrap();
        let Some(Elsewhere::File(path)) = target.elsewhere() else { panic!("{target}") };
        assert_eq!(std::fs::read_to_string(path).unwrap(), to[3]);
    }
}
