//! What people copy to use a server: lines for a shell, and a program in Python. Pure.
//!
//! Whatever a client of the registry said of a server is quoted: by shlex for a shell, as JSON
//! for Python, whose texts are written alike.

use crate::api::dashboard::{Place, Snippet};
use crate::domain::server::{self, Server};
use crate::presets::ssh::Route;
use crate::presets::{self, Environment, NO_KEY, Presets, Values};
use crate::registry::error::ApiError;
use crate::secret::Secret;

/// Programs whose environment is shown, with how they are called.
const PROGRAMS: &[(&str, &str)] =
    &[("codex", "Codex CLI"), ("opencode", "opencode"), ("aider", "aider")];
/// The variable that holds a key which the registry may not tell.
const KEY: &str = "LLAMA_API_KEY";
/// Local ports below this one are for root.
const FIRST_PORT: u16 = 1024;

/// The key of a server, as far as whoever asks may have it.
#[derive(Debug, Clone)]
pub enum Key {
    /// This one.
    Known(Secret),
    /// There is none, or none is known.
    None,
    /// Whoever asks does not get it from here.
    Hidden,
}

/// What to copy to use `server` from `place`; `login` is the login host for a tunnel.
///
/// # Errors
/// 400 for a login host that is none, or for none from outside.
pub fn snippets(
    server: &Server,
    key: &Key,
    place: Place,
    login: Option<&str>,
) -> Result<Vec<Snippet>, ApiError> {
    let way = Way::to(server, place, login)?;
    let made = Maker { server, key, mark: Secret::random().expose().to_owned(), way };
    // Only a text with a NUL byte can't be quoted, and no field of a server has one.
    made.all().map_err(|_| ApiError::internal())
}

/// Checks a login host as ssh takes it: `host` or `user@host`.
///
/// # Errors
/// What is wrong with it.
pub fn check_login(login: &str) -> Result<(), String> {
    let (user, host) = login.rsplit_once('@').map_or((None, login), |(u, h)| (Some(u), h));
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_user = |user: &str| {
        !user.is_empty() && user.len() <= 64 && !user.starts_with('-') && user.chars().all(name)
    };
    if user.is_some_and(|user| !is_user(user)) || server::host(host).is_err() {
        return Err("it must be a login host as ssh takes it: you@login.example.org".to_owned());
    }
    Ok(())
}

/// How the server is reached.
struct Way<'a> {
    host: String,
    port: u16,
    url: String,
    route: Option<Route<'a>>,
}

impl<'a> Way<'a> {
    fn to(server: &'a Server, place: Place, login: Option<&'a str>) -> Result<Way<'a>, ApiError> {
        let info = &server.info;
        let Place::Outside = place else {
            let (host, port) = (info.host.clone(), info.port);
            return Ok(Way { host, port, url: server.url(), route: None });
        };
        let via = login.ok_or_else(|| {
            ApiError::bad_request("login is missing: from outside a login host is needed")
                .hint("give it as login=you@login.example.org")
        })?;
        check_login(via).map_err(|why| ApiError::bad_request(format!("login: {why}")))?;
        let port = if info.port < FIRST_PORT { 10_000 + info.port } else { info.port };
        Ok(Way {
            host: "127.0.0.1".to_owned(),
            port,
            url: format!("{}://127.0.0.1:{port}", info.scheme),
            route: Some(Route { via, host: &info.host, port: info.port }),
        })
    }
}

struct Maker<'a> {
    server: &'a Server,
    key: &'a Key,
    /// Stands for the key in templates where it is not told: nobody can guess it, so that no
    /// name of a server can hold it.
    mark: String,
    way: Way<'a>,
}

type Made<T> = Result<T, anyhow::Error>;

impl Maker<'_> {
    fn all(&self) -> Made<Vec<Snippet>> {
        let mut all = vec![self.connect()?];
        if let Some(route) = &self.way.route {
            let text = route.command_line(self.way.port)?;
            let about = "Keep it open in a terminal of its own while you use the server; Ctrl-C \
                         ends it.";
            all.push(self.snippet("tunnel", "ssh tunnel", about, text));
        }
        let about = "Paste it into a shell, and start claude there.";
        all.push(self.program("claude", "Claude Code", about)?);
        all.push(self.curl()?);
        all.push(self.python()?);
        for (id, title) in PROGRAMS {
            let about = format!("Paste it into a shell: it starts {id} there.");
            all.push(self.program(id, title, &about)?);
        }
        let about = "Paste it into a shell: programs for OpenAI or Anthropic find the server.";
        all.push(self.program("environment", "Any other program", about)?);
        Ok(all)
    }

    /// A snippet for a shell.
    fn snippet(&self, id: &str, title: &str, about: &str, text: String) -> Snippet {
        let has_key = !matches!(id, "connect" | "tunnel");
        let secret = has_key && matches!(self.key, Key::Known(_));
        let mut about = about.to_owned();
        if has_key && matches!(self.key, Key::Hidden) {
            about.push_str(&format!(" {}", self.ask()));
        }
        Snippet {
            id: id.to_owned(),
            title: title.to_owned(),
            about,
            text,
            language: "bash".to_owned(),
            secret,
        }
    }

    /// Whom to ask for the key.
    fn ask(&self) -> String {
        let owner = &self.server.info.owner;
        format!(
            "The key is not told here: ask {owner}, whose connection file has it, and put it into \
             {KEY}."
        )
    }

    fn connect(&self) -> Made<Snippet> {
        let job = self.server.info.job.job();
        let mut words = vec!["llamactl".to_owned(), "connect".to_owned()];
        if let Some(route) = &self.way.route {
            words.extend(["--via".to_owned(), route.via.to_owned()]);
        }
        // A job that looks like an option would be taken for one.
        let target = if job.starts_with('-') { &self.server.info.name } else { &job };
        words.push(target.clone());
        let text = shlex::try_join(words.iter().map(String::as_str))?;
        let about = "Opens a shell in which programs find the server; add `-- claude` to start \
                     one at once.";
        Ok(self.snippet("connect", "llamactl", about, text))
    }

    fn values(&self) -> Values {
        let info = &self.server.info;
        let key = match self.key {
            Key::Known(key) => key.expose(),
            Key::None => NO_KEY,
            Key::Hidden => &self.mark,
        };
        Values {
            url: self.way.url.clone(),
            host: self.way.host.clone(),
            port: self.way.port,
            key: key.to_owned(),
            model: self.model(),
            name: info.name.clone(),
            model_file: info.model.file.clone().unwrap_or_default(),
            job: info.job.job(),
            context: info.model.context,
            output: presets::output(info.model.context),
        }
    }

    fn model(&self) -> String {
        self.server.names().for_requests().unwrap_or(&self.server.info.name).to_owned()
    }

    /// A program's environment, and the program where it wants arguments too.
    fn program(&self, id: &str, title: &str, about: &str) -> Made<Snippet> {
        let all = Presets::built_in()?;
        let wanted = (id != "environment").then_some(id);
        let environment = presets::render(&all.choose(wanted, None)?, &self.values())?;
        let mut lines = self.wanted_key();
        lines.extend(environment.lines(|value| self.quoted(value))?);
        lines.push(self.past_proxies());
        if PROGRAMS.iter().any(|(program, _)| *program == id) {
            lines.push(self.start(id, &environment)?);
        }
        Ok(self.snippet(id, title, about, lines.join("\n")))
    }

    fn start(&self, program: &str, environment: &Environment) -> Made<String> {
        let words: Result<Vec<String>, _> =
            environment.args.iter().map(|word| self.quoted(word)).collect();
        Ok([vec![program.to_owned()], words?].concat().join(" "))
    }

    /// Says what is missing where the key is not told.
    fn wanted_key(&self) -> Vec<String> {
        let hidden = matches!(self.key, Key::Hidden);
        hidden
            .then(|| format!(": \"${{{KEY}:?put the key of the server into it}}\""))
            .into_iter()
            .collect()
    }

    /// One word of a shell, in which a hidden key is the variable's.
    fn quoted(&self, text: &str) -> Made<String> {
        if !text.contains(&self.mark) {
            return Ok(shlex::try_quote(text)?.into_owned());
        }
        let quoted = |part: &str| match part {
            "" => Ok(String::new()),
            part => shlex::try_quote(part).map(|part| part.into_owned()),
        };
        let parts: Result<Vec<String>, _> = text.split(&self.mark).map(quoted).collect();
        Ok(parts?.join(&format!("\"${KEY}\"")))
    }

    /// Where a site sets an HTTP proxy for the world outside, the way to the server goes past it.
    fn past_proxies(&self) -> String {
        // It is a host name or an address: nothing of a shell can be in it.
        let host = &self.way.host;
        let add = |name: &str| format!("{name}=\"${{{name}:+${name},}}{host}\"");
        format!("export {} {}", add("no_proxy"), add("NO_PROXY"))
    }

    /// The key goes to curl by its standard input: other users see its arguments.
    fn curl(&self) -> Made<Snippet> {
        let question = serde_json::json!({
            "model": self.model(),
            "messages": [{"role": "user", "content": "Say hello."}],
        })
        .to_string();
        let url = format!("{}/v1/chat/completions", self.way.url);
        let call = |config: &str| -> Made<String> {
            Ok(format!(
                "curl -sS --noproxy '*' {config}{} \\\n  -H 'Content-Type: application/json' \\\n  \
                 -d {}",
                shlex::try_quote(&url)?,
                shlex::try_quote(&question)?
            ))
        };
        let with_key = |key: &str| -> Made<String> {
            let header = "printf 'header = \"Authorization: Bearer %s\"\\n'";
            Ok(format!("{header} {key} |\n  {}", call("-K - ")?))
        };
        let text = match self.key {
            Key::None => call("")?,
            Key::Known(key) => {
                // As curl reads a text in quotes.
                let key = key.expose().replace('\\', "\\\\").replace('"', "\\\"");
                with_key(&shlex::try_quote(&key)?)?
            }
            Key::Hidden => {
                let mut lines = self.wanted_key();
                lines.push(with_key(&format!("\"${KEY}\""))?);
                lines.join("\n")
            }
        };
        let about = "Paste it into a shell: one question, and the answer as JSON.";
        Ok(self.snippet("curl", "curl", about, text))
    }

    fn python(&self) -> Made<Snippet> {
        let text = |text: &str| serde_json::to_string(text);
        let key = match self.key {
            Key::Known(key) => text(key.expose())?,
            Key::None => text(NO_KEY)?,
            Key::Hidden => format!("os.environ[{}]", text(KEY)?),
        };
        let import = if matches!(self.key, Key::Hidden) { "import os\n" } else { "" };
        let (url, model) = (text(&format!("{}/v1", self.way.url))?, text(&self.model())?);
        let code = format!(
            "{import}from openai import DefaultHttpxClient, OpenAI\n\
             client = OpenAI(\n    base_url={url},\n    api_key={key},\n    \
             http_client=DefaultHttpxClient(trust_env=False),  # past a proxy, if one is set\n)\n\
             answer = client.chat.completions.create(\n    model={model},\n    \
             messages=[{{\"role\": \"user\", \"content\": \"Say hello.\"}}],\n)\n\
             print(answer.choices[0].message.content)"
        );
        let about = "Paste it into python3 or a notebook; it needs `pip install openai`.";
        let mut snippet = self.snippet("python", "Python", about, code);
        snippet.language = "python".to_owned();
        Ok(snippet)
    }
}
