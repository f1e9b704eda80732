//! `llamactl registry token`

use jiff::{SignedDuration, Timestamp};

use super::serve::database;
use crate::api::tokens::{TokenCreate, TokenCreated};
use crate::cli::{TokenCommand, TokenCreateArgs};
use crate::client::ClientError;
use crate::commands::{Context, identity, lease};
use crate::domain::token::{self, Scope, Token};
use crate::exit::{Exit, Failure};
use crate::output::{Cell, Tone, printable, span, table_of, terminal};
use crate::registry::service::tokens::Direct;

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, command: TokenCommand) -> anyhow::Result<Exit> {
    match command {
        TokenCommand::Create(args) => create(context, args).await,
        TokenCommand::Ls { database, all } => ls(context, database, all).await,
        TokenCommand::Revoke { id, database, force } => revoke(context, id, database, force).await,
    }
}

async fn create(context: &Context, args: TokenCreateArgs) -> anyhow::Result<Exit> {
    let wanted = wanted(&args, Timestamp::now())?;
    let created = match args.database {
        Some(url) => direct(url, move |db| db.create(wanted, &actor())).await?,
        None => lease::client(context)?.create_token(&wanted).await.map_err(lease::refused)?,
    };
    if !context.printer.json(&created)? {
        // The token alone, so that it can go into a file.
        context.printer.line(created.secret.expose())?;
        tell(context, &created);
    }
    Ok(Exit::OK)
}

fn tell(context: &Context, created: &TokenCreated) {
    let token = &created.token;
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    context.printer.note(format!(
        "token {} of {} for {}; it is shown this one time. Its holder keeps it in a file:\n  \
         (umask 077; cat > ~/.config/llamactl/token)\nand names the file in \
         ~/.config/llamactl/config.yaml:\n  registry: {{ token_file: ~/.config/llamactl/token }}\n\
         other programs send it as `Authorization: Bearer TOKEN`",
        token.id,
        printable(&token.owner),
        scopes.join(", "),
    ));
}

async fn ls(context: &Context, database: Option<String>, all: bool) -> anyhow::Result<Exit> {
    let mut tokens = match database {
        Some(url) => direct(url, |db| Ok(db.tokens())).await?,
        None => lease::client(context)?.tokens().await.map_err(lease::refused)?,
    };
    let now = Timestamp::now();
    tokens.retain(|token| all || token.is_valid(now));
    if !context.printer.json(&tokens)? {
        context.printer.line(render(&tokens, now))?;
    }
    Ok(Exit::OK)
}

async fn revoke(
    context: &Context,
    id: String,
    database: Option<String>,
    force: bool,
) -> anyhow::Result<Exit> {
    let token = match database {
        Some(url) => {
            let id = id.clone();
            direct(url, move |db| db.revoke(&id, force, &actor())).await?
        }
        None => match lease::client(context)?.revoke_token(&id, force).await {
            Ok(token) => token,
            Err(ClientError::Superseded(why)) => {
                return Err(Failure::new(format!("not revoked: {why}"))
                    .hint("make another one first, or say --force")
                    .into());
            }
            Err(ClientError::Unknown(why)) => {
                return Err(Failure::with_exit(Exit::GONE, why)
                    .hint("`llamactl registry token ls` lists them")
                    .into());
            }
            Err(error) => return Err(lease::refused(error).into()),
        },
    };
    if !context.printer.json(&token)? {
        let owner = printable(&token.owner);
        context.printer.note(format!("token {} of {owner} counts for nothing now", token.id));
    }
    Ok(Exit::OK)
}

/// Opens the database itself, as its operator may on its host, also while the registry runs.
async fn direct<T: Send + 'static>(
    url: String,
    act: impl FnOnce(&mut Direct) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let database = database(Some(url))?;
    let act = move || act(&mut Direct::open(&database)?);
    tokio::task::spawn_blocking(act).await?
}

/// Who the audit names where no token was shown.
fn actor() -> String {
    format!("{} (on the host)", identity::user())
}

fn wanted(args: &TokenCreateArgs, now: Timestamp) -> Result<TokenCreate, Failure> {
    let scopes: Result<Vec<Scope>, String> =
        args.scopes.iter().map(|scope| scope.trim().parse()).collect();
    let scopes = scopes.map_err(|why| Failure::usage(format!("--scope: {why}")))?;
    let expires = args.expires.as_deref().map(|text| ends(text, now)).transpose()?;
    token::check(&args.owner, &scopes, args.note.as_deref()).map_err(Failure::usage)?;
    Ok(TokenCreate { owner: args.owner.clone(), scopes, note: args.note.clone(), expires })
}

fn ends(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let wrong = || {
        Failure::usage(format!("--expires {text}: this is no time to come"))
            .hint("give a time such as 90d or 12h; leave it out for a token that never ends")
    };
    let span = humantime::parse_duration(text).map_err(|_| wrong())?;
    let span = SignedDuration::try_from(span).ok().filter(|span| !span.is_zero());
    span.and_then(|span| now.checked_add(span).ok()).ok_or_else(wrong)
}

fn render(tokens: &[Token], now: Timestamp) -> String {
    let row = |token: &Token| {
        let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
        vec![
            Cell::from(token.id.clone()),
            token.owner.clone().into(),
            scopes.join(",").into(),
            format!("{} ago", span(now.duration_since(token.created).as_secs())).into(),
            until(token, now),
            token.note.clone().unwrap_or_else(|| "-".to_owned()).into(),
        ]
    };
    let header = ["ID", "OWNER", "SCOPES", "MADE", "ENDS", "NOTE"];
    table_of(&header, tokens.iter().map(row).collect(), terminal().map(|(width, _)| width))
}

fn until(token: &Token, now: Timestamp) -> Cell {
    match (token.revoked, token.expires) {
        (Some(_), _) => Cell::new("revoked", Tone::Bad),
        (None, None) => Cell::from("never".to_owned()),
        (None, Some(end)) if end <= now => Cell::new("ended", Tone::Bad),
        (None, Some(end)) => {
            let left = end.duration_since(now).as_secs();
            let tone = if left < 7 * 86_400 { Tone::Busy } else { Tone::Plain };
            Cell::new(format!("in {}", span(left)), tone)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(scopes: &[&str], expires: Option<&str>) -> TokenCreateArgs {
        TokenCreateArgs {
            owner: "alice".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires: expires.map(str::to_owned),
            note: None,
            database: None,
        }
    }

    #[test]
    fn flags_become_a_token_or_a_usage_error() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let made = wanted(&args(&["read", "admin"], Some("90d")), now).unwrap();
        assert_eq!(made.scopes, [Scope::Read, Scope::Admin]);
        assert_eq!(made.expires.unwrap().as_second(), 1_700_000_000 + 90 * 86_400);
        assert_eq!(wanted(&args(&["read"], None), now).unwrap().expires, None);
        for (scopes, expires) in
            [(&["root"][..], None), (&[], None), (&["read"], Some("0s")), (&["read"], Some("soon"))]
        {
            let failure = wanted(&args(scopes, expires), now).unwrap_err();
            assert_eq!(failure.exit, Exit::USAGE, "{scopes:?} {expires:?}");
        }
    }

    #[test]
    fn the_list_says_when_tokens_end_and_shows_hostile_names_as_text() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let token = |owner: &str, expires: Option<i64>| Token {
            id: "3f9a0c77d1e2".to_owned(),
            owner: owner.to_owned(),
            scopes: vec![Scope::Read],
            note: Some("a\u{1b}[2Jb".to_owned()),
            created: now,
            expires: expires.map(|at| Timestamp::from_second(at).unwrap()),
            revoked: None,
        };
        let text = render(&[token("ann", Some(1_700_086_400)), token("bob", None)], now);
        let text = anstream::adapter::strip_str(&text).to_string();
        for word in ["3f9a0c77d1e2", "ann", "in 1d", "never"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }
}
