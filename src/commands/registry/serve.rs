//! `llamactl registry serve`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use crate::cli::{AnonymousArg, AuthArg, ServeArgs};
use crate::commands::{Context, identity};
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::config::spec::NotifySpec;
use crate::config::targets;
use crate::connection::write_private;
use crate::domain::node::NodeLimits;
use crate::domain::token::Scope;
use crate::exit::{Exit, Failure};
use crate::http::guard::Exception;
use crate::proxy::tls::Files;
use crate::registry::edge::identity::Policy;
use crate::registry::edge::limits;
use crate::registry::seen::snippets::check_login;
use crate::registry::serve::{Config, Registry};
use crate::registry::service::Channels;
use crate::registry::store::Database;
use crate::registry::work::bus::Bus;
use crate::secret::Secret;
use crate::shutdown::Signals;
use crate::{env, notify, paths};

/// Leases that live shorter can't be renewed in time on a busy node.
const MIN_TTL: Duration = Duration::from_secs(1);
/// Leases that live longer hide for too long that a server is gone.
const MAX_TTL: Duration = Duration::from_secs(3600);

/// Nodes that are given up sooner can't beat in time.
const MIN_SILENCE: Duration = Duration::from_secs(1);
/// Nodes that are given up later hide for too long that they are gone.
const MAX_SILENCE: Duration = Duration::from_secs(24 * 3600);

/// Events that are gone sooner tell nobody what happened.
const MIN_RETAIN: Duration = Duration::from_secs(3600);

/// Looks that follow each other faster say nothing more.
const MIN_PROBE: Duration = Duration::from_millis(100);

/// Runs the registry until a signal ends it.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: ServeArgs) -> anyhow::Result<Exit> {
    let policy = policy(&args)?;
    let wants_tokens = policy.anonymous.is_some();
    let ttl = parse_ttl(&args.ttl)?;
    let retain = parse_retain(&args.retain)?;
    let probe = parse_probe(&args.probe)?;
    let node_limits = node_limits(&args.node_warning_after, &args.node_offline_after)?;
    let database = database(args.database)?;
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let login_host = login_host(args.login_host.as_deref(), settings.ssh.via.as_deref())?;
    let event_bus = event_bus(args.event_bus, &args.event_bus_prefix)?;
    let address = SocketAddr::new(args.host, args.port);
    let listener = TcpListener::bind(address).await.map_err(|e| cannot_listen(address, &e))?;
    let mut signals = Signals::catch()?;
    let scheme = if args.tls_cert.is_some() { "https" } else { "http" };
    let url = url(scheme, listener.local_addr()?);
    let channels = channels(&settings, &url)?;
    let config = Config {
        outbox: outbox(&database),
        database,
        ttl,
        retain,
        probe,
        node_limits,
        login_host,
        channels,
        allowed_hosts: args.allowed_hosts,
        policy,
        tls: args.tls_cert.zip(args.tls_key).map(|(cert, key)| Files { cert, key }),
        max_connections: args.max_connections.map(|most| most as usize),
        event_bus,
    };
    let registry = Registry::open(&config)?;
    let first = match wants_tokens {
        true => first_token(&registry, args.first_token_file.as_deref()).await?,
        false => None,
    };
    announce(context, &url, first.as_ref())?;
    context.printer.note(format!(
        "registry at {url} (database {}, leases of {}s)",
        config.database,
        ttl.as_secs_f64()
    ));
    context.printer.note(match config.channels.names().join(" and ") {
        none if none.is_empty() => "nobody can be told of what happens: set notify.ntfy_server \
             or notify.smtp in the configuration"
            .to_owned(),
        some => format!("people are told of what happens by {some}"),
    });
    if !args.host.is_loopback() && !wants_tokens {
        context.printer.warn("no authentication: whoever reaches this port may read and register");
    }
    let shutdown = async move {
        signals.next().await;
        tracing::info!("the registry ends");
    };
    registry.serve(listener, shutdown).await?;
    Ok(Exit::OK)
}

/// What is asked of those who use the registry.
fn policy(args: &ServeArgs) -> Result<Policy, Failure> {
    let is_open = !args.host.is_loopback();
    let auth = args.auth.unwrap_or(if is_open { AuthArg::Token } else { AuthArg::None });
    let anonymous = match (auth, args.anonymous) {
        (AuthArg::None, AnonymousArg::None) => None,
        (AuthArg::None, _) => {
            return Err(Failure::usage("--anonymous means nothing without --auth token")
                .hint("with --auth none everybody may do everything"));
        }
        (AuthArg::Token, AnonymousArg::None) => Some(Vec::new()),
        (AuthArg::Token, AnonymousArg::Read) => Some(vec![Scope::Read]),
        (AuthArg::Token, AnonymousArg::Register) => Some(vec![Scope::Read, Scope::Register]),
    };
    let rate = match args.rate_limit.as_deref() {
        None => is_open.then_some(limits::DEFAULT_RATE),
        Some("off") => None,
        Some(text) => Some(text.parse().map_err(|why| {
            Failure::usage(format!("--rate-limit: {why}")).hint("give it as 200/s, or off")
        })?),
    };
    Ok(Policy { anonymous, rate })
}

/// Makes the operator's token where there is none for administrators: into the file where one
/// is named, else it is given back, to be shown this one time.
async fn first_token(registry: &Registry, file: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    let service = registry.service();
    if service.has_admin() {
        return Ok(None);
    }
    let token = Secret::token();
    if let Some(path) = file {
        // Before it counts: nobody would know it, otherwise.
        write_private(path, format!("{}\n", token.expose()).as_bytes()).map_err(|error| {
            Failure::new(format!("the first token can't be written to {}: {error}", path.display()))
                .hint("give another place with --first-token-file")
        })?;
    }
    let made = service.first_token(token.clone(), identity::user()).await?;
    match file {
        Some(path) if made => tracing::info!("the first token is in {}", path.display()),
        // Another replica was faster.
        Some(path) => std::fs::remove_file(path)?,
        None => {}
    }
    Ok(Some(token).filter(|_| made && file.is_none()))
}

fn announce(context: &Context, url: &str, first: Option<&Secret>) -> anyhow::Result<()> {
    let mut report = json!({ "url": url });
    if let Some(token) = first {
        report["token"] = json!(token.expose());
        context.printer.note(format!(
            "the first token, for you as administrator; it is shown this one time:\n\n  {}\n\n\
             keep it in a file (chmod 600) that registry.token_file names, and make others with\n\
             `llamactl registry token create --owner NAME`",
            token.expose()
        ));
    }
    context.printer.json(&report)?;
    Ok(())
}

/// How people are told, and whom others may have told: only what the configuration names.
fn channels(settings: &Settings, url: &str) -> Result<Channels, Failure> {
    let how = targets::how(settings);
    let relay = &settings.notify.relay;
    let hosts: Result<_, String> = relay.hosts.iter().map(|host| Exception::parse(host)).collect();
    let hosts = hosts.map_err(|why| {
        Failure::usage(format!("notify.relay.hosts: {why}"))
            .hint("as hooks.example.org, *.example.org, 10.1.2.3 or 10.1.0.0/16")
    })?;
    let channels = Channels {
        registry: settings.registry.url.clone().unwrap_or_else(|| url.to_owned()),
        rules: settings.notify.rules.clone(),
        channels: relay.channels.clone(),
        plugins: relay.plugins.clone(),
        mail_domains: relay.mail_domains.clone(),
        hosts,
        how,
    };
    let rules = channels.rules.iter().flat_map(|rule| &rule.notify);
    let probe = channels.ntfy().then(|| "ntfy://probe".to_owned());
    let to = rules.cloned().chain(probe).collect();
    notify::check(&NotifySpec { to, ..channels.how.clone() }).map_err(|why| {
        Failure::usage(why).hint("see notify.ntfy_server and notify.rules in the configuration")
    })?;
    Ok(channels)
}

/// Where messages wait to be sent: beside the database's file, else in the state folder.
fn outbox(database: &Database) -> PathBuf {
    match database {
        Database::Sqlite(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.with_file_name(format!("{name}.outbox"))
        }
        Database::Postgres(..) => {
            let folder = paths::state_dir().unwrap_or_else(std::env::temp_dir);
            folder.join("registry-outbox")
        }
    }
}

/// The login host to suggest: the flag's, or that of the configuration without its user, who is
/// the operator.
fn login_host(flag: Option<&str>, via: Option<&str>) -> Result<Option<String>, Failure> {
    if let Some(login) = flag {
        check_login(login).map_err(|why| Failure::usage(format!("--login-host {login}: {why}")))?;
    }
    let host = via.map(|via| via.rsplit('@').next().unwrap_or(via));
    let host = host.filter(|host| check_login(host).is_ok());
    Ok(flag.or(host).map(str::to_owned))
}

fn parse_ttl(text: &str) -> Result<Duration, Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("--ttl {text}: {why}")).hint("give a time such as 30s or 2m")
    };
    let ttl: Duration = humantime::parse_duration(text).map_err(|_| wrong("this is no time"))?;
    if !(MIN_TTL..=MAX_TTL).contains(&ttl) {
        return Err(wrong("it must be between 1s and 1h"));
    }
    Ok(ttl)
}

fn parse_probe(text: &str) -> Result<Option<Duration>, Failure> {
    if text == "off" {
        return Ok(None);
    }
    let wrong = |why: &str| {
        Failure::usage(format!("--probe {text}: {why}")).hint("give off, or a time such as 15s")
    };
    let interval = humantime::parse_duration(text).map_err(|_| wrong("this is no time"))?;
    if !(MIN_PROBE..=MAX_TTL).contains(&interval) {
        return Err(wrong("it must be between 100ms and 1h"));
    }
    Ok(Some(interval))
}

fn node_limits(warning: &str, offline: &str) -> Result<NodeLimits, Failure> {
    let read = |flag: &str, text: &str| {
        let time = humantime::parse_duration(text).ok();
        time.filter(|time| (MIN_SILENCE..=MAX_SILENCE).contains(time)).ok_or_else(|| {
            Failure::usage(format!("--{flag} {text}: it must be between 1s and 24h"))
                .hint("give a time such as 2m")
        })
    };
    let warning = read("node-warning-after", warning)?;
    let offline = read("node-offline-after", offline)?;
    if offline <= warning {
        return Err(Failure::usage(
            "--node-offline-after must be longer than --node-warning-after",
        )
        .hint("nodes are in warning first, and then offline"));
    }
    Ok(NodeLimits { warning, offline })
}

fn parse_retain(text: &str) -> Result<Duration, Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("--retain {text}: {why}")).hint("give a time such as 30d or 12h")
    };
    let retain = humantime::parse_duration(text).map_err(|_| wrong("this is no time"))?;
    if retain < MIN_RETAIN {
        return Err(wrong("it must be 1h or more"));
    }
    Ok(retain)
}

/// The database that a flag, the environment or the default names.
///
/// # Errors
/// A URL that is none, as a usage error.
pub fn database(flag: Option<String>) -> Result<Database, Failure> {
    match flag.or_else(|| env::LLAMACTL_DATABASE_URL.get()) {
        Some(url) => Database::parse(&url),
        None => Database::default_file(),
    }
}

fn event_bus(flag: Option<String>, prefix: &str) -> Result<Option<Bus>, Failure> {
    let url = flag.or_else(|| env::LLAMACTL_EVENT_BUS.get()).map(Secret::new);
    url.map(|url| Bus::new(&url, prefix)).transpose()
}

fn url(scheme: &str, address: SocketAddr) -> String {
    if !address.ip().is_unspecified() {
        return format!("{scheme}://{address}");
    }
    // Clients can't use 0.0.0.0: they need the host's name.
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    format!("{scheme}://{}:{}", name.as_deref().unwrap_or("localhost"), address.port())
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Failure {
    let failure = Failure::new(format!("can't listen on {address}: {error}"));
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            let holder = port_holder(address.port());
            let who = holder.map(|user| format!("a program of user {user} has the port; "));
            failure.hint(format!(
                "{}`ss -ltnp 'sport = :{}'` shows it; give another one with --port",
                who.unwrap_or_default(),
                address.port()
            ))
        }
        std::io::ErrorKind::PermissionDenied => {
            failure.hint("ports below 1024 are for root: give another one with --port")
        }
        std::io::ErrorKind::AddrNotAvailable => {
            failure.hint("this host does not have that address; 0.0.0.0 is all that it has")
        }
        _ => failure,
    }
}

/// Who listens on a port of this host.
fn port_holder(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let tables = tables.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    let uid = tables.into_iter().find_map(|table| listener_uid(&table, port))?;
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)).ok().flatten();
    Some(user.map_or_else(|| uid.to_string(), |user| user.name))
}

/// The user of the socket that listens on `port`, from proc_net_tcp: columns are the local
/// address as HEX:HEX (1), the state (3; 0A is LISTEN) and the user (7).
fn listener_uid(table: &str, port: u16) -> Option<u32> {
    let wanted = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listens = words.get(1)?.ends_with(&wanted) && *words.get(3)? == "0A";
        listens.then(|| words.get(7)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live_are_read_and_bounded() {
        assert_eq!(parse_ttl("30s").unwrap(), Duration::from_secs(30));
        assert_eq!(parse_ttl("2m").unwrap(), Duration::from_secs(120));
        for bad in ["", "30", "soon", "-5s", "0s", "2h", "500ms"] {
            assert_eq!(parse_ttl(bad).unwrap_err().exit, Exit::USAGE, "{bad}");
        }
    }

    #[test]
    fn times_to_keep_events_are_read_and_bounded() {
        assert_eq!(parse_retain("30d").unwrap(), Duration::from_secs(30 * 86_400));
        for bad in ["", "30", "for ever", "10m"] {
            assert_eq!(parse_retain(bad).unwrap_err().exit, Exit::USAGE, "{bad}");
        }
    }

    #[test]
    fn limits_of_silence_are_read_and_in_order() {
        let limits = node_limits("2m", "5m").unwrap();
        assert_eq!((limits.warning.as_secs(), limits.offline.as_secs()), (120, 300));
        for (warning, offline) in [("5m", "2m"), ("2m", "2m"), ("0s", "5m"), ("2m", "never")] {
            assert_eq!(node_limits(warning, offline).unwrap_err().exit, Exit::USAGE);
        }
    }

    #[test]
    fn whoever_holds_a_port_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let me = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name;
        assert_eq!(port_holder(port), Some(me));
    }
}
