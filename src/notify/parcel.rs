//! One message to one target, ready to go: the notice in words, the target with its secrets, and
//! the way it takes.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::{Value, json};

use super::channel::Channel;
use super::email::{self, Mail, Words};
use super::files::{at_home, private_file};
use super::helpers::{Escape, cut};
use super::message::{Message, one_line, worst};
use super::retry::Fault;
use super::template::Templates;
use super::{http, plugin};
use crate::config::spec::NotifySpec;
use crate::domain::notice::{Kind, Level, Notice};
use crate::domain::target::{EMAIL, Elsewhere, NTFY, PLUGIN, Target};
use crate::paths;

/// The ntfy server where none is named.
pub const DEFAULT_NTFY: &str = "https://ntfy.sh";

/// One message to one target.
pub struct Parcel {
    way: Way,
}

enum Way {
    Mail(Box<Mail>),
    Http(Box<http::Call>),
    Plugin(plugin::Call),
}

/// What a message would be, for people to look at.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// The channel.
    pub channel: String,
    /// Title or subject.
    pub title: String,
    /// What goes over the wire, in words, without the secrets of the target.
    pub sent: String,
    /// The HTML part of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// Everything that is needed to write a message.
struct Draft {
    templates: Templates,
    target: Target,
    /// Nothing for mail and plugins.
    channel: Option<Channel>,
    message: Message,
    title: String,
    text: String,
    vars: Value,
}

impl Parcel {
    /// Writes the message about `notices` (a digest, where there are several) to `target`. `key`
    /// is the same for every try. This reads files.
    ///
    /// # Errors
    /// What is wrong with target, settings or templates.
    pub fn new(
        how: &NotifySpec,
        target: &str,
        notices: &[Notice],
        key: &str,
    ) -> Result<Parcel, String> {
        let draft = Draft::new(how, target, notices, key)?;
        let way = match (&draft.channel, draft.target.address()) {
            (Some(channel), _) => {
                Way::Http(Box::new(http::Call::new(&draft.templates, channel, &draft.vars)?))
            }
            (None, Some(address)) => {
                let words = draft.words(notices, key)?;
                Way::Mail(Box::new(Mail::new(how.smtp.as_ref(), address, &words)?))
            }
            (None, None) => Way::Plugin(draft.plugin(how, notices, key)?),
        };
        Ok(Parcel { way })
    }

    /// Tries once to send it; what goes by HTTP, with `client`.
    ///
    /// # Errors
    /// Why it failed, and whether trying again may help.
    pub async fn send(&self, client: &Client) -> Result<(), Fault> {
        match &self.way {
            Way::Mail(mail) => mail.send().await,
            Way::Http(call) => call.send(client).await,
            Way::Plugin(call) => call.send().await,
        }
    }
}

/// What would be sent, without sending it.
///
/// # Errors
/// As [`Parcel::new`].
pub fn preview(
    how: &NotifySpec,
    target: &str,
    notices: &[Notice],
    key: &str,
) -> Result<Preview, String> {
    let draft = Draft::new(how, target, notices, key)?;
    let (channel, title) = (draft.target.channel().to_owned(), draft.title.clone());
    let hide = |text: String| draft.without_secrets(text);
    let (sent, html) = match (&draft.channel, draft.target.address()) {
        (Some(channel), _) => {
            let call = http::Call::new(&draft.templates, channel, &draft.vars)?;
            (hide(in_words(&call)), None)
        }
        (None, Some(address)) => {
            let words = draft.words(notices, key)?;
            email::address(address)?;
            (
                format!("To: {address}\nSubject: {}\n\n{}", words.subject, words.text),
                Some(words.html),
            )
        }
        (None, None) => {
            let event = draft.event(notices, key);
            (serde_json::to_string_pretty(&event).unwrap_or_default(), None)
        }
    };
    Ok(Preview { channel, title, sent, html })
}

/// Checks a target without telling anybody anything.
///
/// # Errors
/// What is wrong with it, as a lowercase fragment.
pub fn check(how: &NotifySpec, target: &str) -> Result<(), String> {
    let draft = Draft::new(how, target, &[Notice::default()], "check")?;
    match (&draft.channel, draft.target.address()) {
        (Some(channel), _) => {
            http::Call::new(&draft.templates, channel, &draft.vars)?;
        }
        (None, Some(address)) => {
            email::address(address)?;
        }
        (None, None) => {
            plugin::find(how, &draft.target.host())?;
        }
    }
    Ok(())
}

/// The folders of the user's and the site's templates, the strongest first.
pub fn templates(how: &NotifySpec) -> Templates {
    let named = how.templates.as_deref().map(at_home);
    let user = paths::config_dir().map(|folder| folder.join("templates"));
    let site = paths::site_dir().join("templates");
    Templates::new(named.into_iter().chain(user).chain([site]).collect::<Vec<PathBuf>>())
}

/// The target itself, where `target` says that it stands in a file or a variable.
///
/// # Errors
/// When it can't be read there.
pub fn resolve(target: &str) -> Result<Target, String> {
    let target = Target::parse(target)?;
    let text = match target.elsewhere() {
        None => return Ok(target),
        Some(Elsewhere::File(path)) => private_file(&path)?.expose().to_owned(),
        Some(Elsewhere::Env(name)) => std::env::var(&name)
            .ok()
            .filter(|value| !value.trim().is_empty())
            .ok_or_else(|| format!("{target}: {name} is not set"))?,
    };
    Target::of_service(target.channel(), &text).map_err(|why| format!("{target}: {why}"))
}

impl Draft {
    fn new(how: &NotifySpec, target: &str, notices: &[Notice], key: &str) -> Result<Draft, String> {
        let templates = templates(how);
        let target = resolve(target)?;
        let channel = match target.channel() {
            EMAIL | PLUGIN => None,
            name => Some(Channel::find(&templates, name)?),
        };
        if let Some(channel) = &channel {
            channel.check(&target)?;
        }
        let place = Place::of(how, &target)?;
        let public = channel.as_ref().is_some_and(|channel| channel.is_public(&place.host));
        let message = Message::new(notices, &TimeZone::system(), public && !how.share_address);
        let name = match notices {
            [one] => one.kind.name(),
            _ => "digest",
        };
        let filled = templates.render(&format!("events/{name}.hbs"), Escape::None, &message)?;
        let (title, text) = filled.split_once('\n').unwrap_or((&filled, ""));
        let limits = channel.as_ref().map(|channel| channel.limits).unwrap_or_default();
        let title = cut(&one_line(title), limits.title.unwrap_or(usize::MAX));
        let text = cut(text.trim(), limits.text.unwrap_or(usize::MAX));
        let text = cut_bytes(&text, limits.text_bytes.unwrap_or(usize::MAX));
        let vars = vars(&message, &target, place, &title, &text, key);
        Ok(Draft { templates, target, channel, message, title, text, vars })
    }

    fn words(&self, notices: &[Notice], key: &str) -> Result<Words, String> {
        let first = worst(notices);
        Ok(Words {
            subject: self.title.clone(),
            text: self.templates.render("mail.txt.hbs", Escape::None, &self.vars)?,
            html: self.templates.render("mail.html.hbs", Escape::Html, &self.vars)?,
            owner: first.map(|notice| notice.owner.clone()).unwrap_or_default(),
            key: key.to_owned(),
            thread: first.map(Notice::thread).unwrap_or_default(),
        })
    }

    fn plugin(
        &self,
        how: &NotifySpec,
        notices: &[Notice],
        key: &str,
    ) -> Result<plugin::Call, String> {
        plugin::Call::new(how, &self.target, &self.event(notices, key))
    }

    /// What a plugin reads.
    fn event(&self, notices: &[Notice], key: &str) -> plugin::Event {
        let notice = notices.first().cloned().unwrap_or_default();
        plugin::Event {
            version: plugin::VERSION,
            id: key.to_owned(),
            event: notice.kind,
            level: self.message.level(),
            title: self.title.clone(),
            text: self.text.clone(),
            time: notice.time.to_string(),
            thread: notice.thread(),
            count: notices.len(),
            target: plugin::EventTarget { name: self.target.host(), options: self.target.query() },
            notice,
        }
    }

    /// `text` without what makes a target secret.
    fn without_secrets(&self, text: String) -> String {
        let target = &self.target;
        let mut secrets = vec![target.password(), target.user()];
        if target.channel() != NTFY {
            secrets.extend(target.parts());
            secrets.extend(target.query().into_values());
            secrets.push(target.path().to_owned());
        }
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let long = secrets.iter().filter(|secret| secret.len() > 3);
        long.fold(text, |text, secret| text.replace(secret.as_str(), "…"))
    }
}

/// Where a channel is reached.
struct Place {
    base: String,
    host: String,
    user: String,
    parts: Vec<String>,
}

impl Place {
    fn of(how: &NotifySpec, target: &Target) -> Result<Place, String> {
        let place = Place {
            base: target.base(),
            host: target.host(),
            user: target.user(),
            parts: target.parts(),
        };
        if target.channel() == NTFY { Place::ntfy(how, target, place) } else { Ok(place) }
    }

    /// `ntfy://TOPIC` is a topic at the configured server; else the last part of the path is.
    fn ntfy(how: &NotifySpec, target: &Target, mut place: Place) -> Result<Place, String> {
        let topic = match place.parts.pop() {
            Some(topic) => {
                for part in &place.parts {
                    place.base = format!("{}/{part}", place.base);
                }
                topic
            }
            None => {
                let server = server(how)?;
                place.base = server.as_str().trim_end_matches('/').to_owned();
                if let (Some(file), "") = (&how.ntfy_token_file, place.user.as_str()) {
                    place.user = token(file)?;
                }
                std::mem::replace(&mut place.host, server.host_str().unwrap_or("").to_owned())
            }
        };
        crate::config::units::topic(&topic)?;
        if target.is_plain() && target.parts().is_empty() {
            return Err("ntfy+http:// wants a server before the topic".to_owned());
        }
        place.parts = vec![topic];
        Ok(place)
    }
}

/// The ntfy server of topics that name none.
///
/// # Errors
/// What is wrong with it.
pub fn server(how: &NotifySpec) -> Result<Url, String> {
    let text = how.ntfy_server.as_deref().unwrap_or(DEFAULT_NTFY);
    let wrong = |why: &str| format!("ntfy server `{}`: {why}", one_line(text));
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("must be http://HOST[:PORT] or https://HOST[:PORT]"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not shown: it is a secret.
        return Err("ntfy server: put a token into ntfy_token_file, not into the URL".to_owned());
    }
    Ok(url)
}

fn token(path: &std::path::Path) -> Result<String, String> {
    let token = private_file(path)?;
    if token.expose().chars().all(|c| c.is_ascii_graphic()) {
        return Ok(token.expose().to_owned());
    }
    Err(format!("{}: an access token is one line of letters and digits", path.display()))
}

/// The variables of the message, and those of the target.
fn vars(
    message: &Message,
    target: &Target,
    place: Place,
    title: &str,
    text: &str,
    key: &str,
) -> Value {
    let mut vars = serde_json::to_value(message).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let html: Vec<String> = lines.iter().map(|line| handlebars::html_escape(line)).collect();
    let (color, emoji) = match message.level() {
        Level::Good => (0x2e_a0_43_u32, "✅"),
        Level::Info => (0x57_60_6a, "ℹ️"),
        Level::Warning => (0xbf_87_00, "⚠️"),
        Level::Bad => (0xcf_22_2e, "❌"),
    };
    let more = json!({
        "title": title,
        "text": text,
        "lines": lines,
        "html": html.join("<br>"),
        "key": key,
        "color": format!("{color:06x}"),
        "color_number": color,
        "emoji": emoji,
        "base": place.base,
        "user": place.user,
        "password": target.password(),
        "path": target.path(),
        "parts": place.parts,
        "query": target.query(),
    });
    if let (Some(vars), Value::Object(more)) = (vars.as_object_mut(), more) {
        vars.extend(more);
    }
    vars
}

/// A request as people read it.
fn in_words(call: &http::Call) -> String {
    use std::fmt::Write;
    let mut out = format!("{} {}\n", call.method, call.url);
    for (name, value) in &call.headers {
        let shown = if name == "content-type" { value.to_str().unwrap_or("…") } else { "…" };
        let _ = writeln!(out, "{name}: {shown}");
    }
    let body = match serde_json::from_slice::<Value>(&call.body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(&call.body).into_owned(),
    };
    format!("{out}\n{body}")
}

fn cut_bytes(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = (0..=max.saturating_sub('…'.len_utf8())).rev().find(|&at| text.is_char_boundary(at));
    format!("{}…", &text[..end.unwrap_or(0)])
}

/// A notice with something in every field that its kind has, for tests and previews.
pub fn sample(kind: Kind, registry: Option<&str>) -> Notice {
    let time = jiff::Timestamp::now();
    let hour = jiff::SignedDuration::from_hours(1);
    let is_node = matches!(kind, Kind::Offline | Kind::Online);
    let ended = matches!(kind, Kind::Ended);
    let of = |kinds: &[Kind], text: &str| {
        if kinds.contains(&kind) { text.to_owned() } else { String::new() }
    };
    Notice {
        kind,
        time,
        name: if is_node { "gpu-05" } else { "qwen3-30b" }.to_owned(),
        role: if is_node { "compute" } else { "" }.to_owned(),
        model: "qwen3-30b".to_owned(),
        model_file: "Qwen3-30B-A3B-Instruct-2507-Q4_K_M.gguf".to_owned(),
        job: "4711".to_owned(),
        host: "gpu-05".to_owned(),
        port: if kind == Kind::Pending { 0 } else { 52_677 },
        owner: std::env::var("USER").unwrap_or_else(|_| "alice".to_owned()),
        slurm_node: "gpu-05".to_owned(),
        partition: "gpu".to_owned(),
        gpus: "2 x h100".to_owned(),
        started: time.checked_sub(hour).ok(),
        ends: (!ended).then(|| time.checked_add(hour / 4).ok()).flatten(),
        registry: registry.unwrap_or_default().to_owned(),
        needs_key: true,
        reason: match kind {
            Kind::Failed => "llama-server ended with code 1: out of memory".to_owned(),
            Kind::Pending => "Resources".to_owned(),
            Kind::Unhealthy => "no answer within 5 s".to_owned(),
            _ => String::new(),
        },
        log_tail: match kind {
            Kind::Failed => vec!["ggml_cuda_init: found 2 devices".into(), "out of memory".into()],
            _ => Vec::new(),
        },
        waited: (kind == Kind::Pending).then_some(1_800),
        estimated_start: (kind == Kind::Pending).then(|| time.checked_add(hour).ok()).flatten(),
        ran_for: ended.then_some(3_600),
        silent_for: matches!(kind, Kind::Lost | Kind::Offline).then_some(95),
        requests: ended.then_some(1_204),
        tokens_in: ended.then_some(2_345_678),
        tokens_out: ended.then_some(345_678),
        subject: of(
            &[Kind::Job],
            "Slurm Job_id=4711 Name=qwen3-30b Ended, Run time 01:00:00, COMPLETED, ExitCode 0",
        ),
        state: of(&[Kind::Job], "COMPLETED"),
        ..Notice::default()
    }
}
