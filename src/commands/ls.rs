//! `llamactl ls`

mod table;
mod watch;

use serde_json::Value;

use crate::api::ServerFilter;
use crate::cli::LsArgs;
use crate::commands::Context;
use crate::commands::target::sources::{Answer, Finder};
use crate::commands::target::{Known, State};
use crate::domain::server::Server;
use crate::exit::{Exit, Failure};

/// Words that `--state` takes.
const STATES: [&str; 6] = ["loading", "ready", "draining", "pending", "lost", "all"];

/// Runs the command.
///
/// # Errors
/// A state that does not exist (exit 2). A registry that does not answer is no error: what
/// SLURM and the connection files know is shown instead.
pub async fn run(context: &Context, args: LsArgs) -> anyhow::Result<Exit> {
    if let Some(state) = args.state.as_deref().filter(|state| !STATES.contains(state)) {
        let states = STATES.join(", ");
        return Err(Failure::usage(format!("there is no state `{state}`"))
            .hint(format!("one of {states}"))
            .into());
    }
    let finder = Finder::new(context)?;
    if args.watch {
        return watch::run(context, &finder, &args).await;
    }
    let list = list(&finder, &args).await;
    if let Some(note) = &list.note {
        context.printer.note(note);
    }
    if !context.printer.json(&list.records())? {
        if list.known.is_empty() {
            empty(context, &finder, &args, &list);
        } else {
            let now = jiff::Timestamp::now();
            context.printer.line(table::render(&list.known, now, crate::output::terminal()))?;
        }
    }
    Ok(Exit::OK)
}

/// What `ls` shows.
#[derive(Debug)]
struct List {
    known: Vec<Known>,
    /// Where it comes from, when not from the registry.
    note: Option<String>,
}

impl List {
    fn records(&self) -> Vec<Value> {
        self.known.iter().map(Known::record).collect()
    }
}

/// Asks the registry, and only it, as long as it answers and what it says can be all: jobs
/// that wait are SLURM's, so for one's own servers SLURM is asked too.
async fn list(finder: &Finder, args: &LsArgs) -> List {
    if args.state.as_deref() == Some("pending") {
        return local(finder, args, None).await;
    }
    match finder.servers(&filter(finder, args)).await {
        Ok(servers) => listed(finder, args, servers).await,
        Err(answer) => local(finder, args, Some(answer)).await,
    }
}

/// The registry's servers that fit, and what SLURM alone knows.
async fn listed(finder: &Finder, args: &LsArgs, servers: Vec<Server>) -> List {
    let known =
        servers.into_iter().map(|server| Known { server: Some(server), ..Known::default() });
    let mut list = List { known: known.collect(), note: None };
    if args.mine || list.known.is_empty() {
        add_own_jobs(finder, args, &mut list).await;
    }
    sort(&mut list.known);
    list
}

/// Adds the user's own jobs that the registry does not have, yet or any more.
async fn add_own_jobs(finder: &Finder, args: &LsArgs, list: &mut List) {
    let wants_jobs = matches!(args.state.as_deref(), None | Some("all" | "loading"));
    if !wants_jobs || !args.labels.is_empty() {
        return;
    }
    let listed: Vec<String> = list.known.iter().map(Known::id).collect();
    let local = finder.local().await;
    let new = |one: &Known| one.job.is_some() && !listed.contains(&one.id());
    list.known.extend(local.known.into_iter().filter(|one| new(one) && passes(one, finder, args)));
}

/// What SLURM and the connection files know, in place of the registry, which gave `answer`.
async fn local(finder: &Finder, args: &LsArgs, answer: Option<Answer>) -> List {
    let view = finder.local().await;
    let mut known: Vec<Known> =
        view.known.into_iter().filter(|one| passes(one, finder, args)).collect();
    sort(&mut known);
    let shown = match &view.slurm {
        Answer::Yes => "your own jobs, from SLURM and connection files".to_owned(),
        Answer::Absent(reason) => format!("connection files in this folder ({reason})"),
        Answer::Failed(reason) => {
            format!("connection files in this folder (SLURM did not answer: {reason})")
        }
    };
    let note = match answer.as_ref().and_then(Answer::reason) {
        Some(reason) => Some(format!("{reason}: showing {shown}")),
        None if view.slurm == Answer::Yes => None,
        None => Some(format!("showing {shown}")),
    };
    List { known, note }
}

fn filter(finder: &Finder, args: &LsArgs) -> ServerFilter {
    ServerFilter {
        owner: if args.mine { Some(finder.me.clone()) } else { args.owner.clone() },
        model: args.model.clone(),
        state: args.state.clone(),
        label: (!args.labels.is_empty()).then(|| args.labels.join(",")),
        ..ServerFilter::default()
    }
}

/// The filters, for what does not come from the registry. Labels are known to it alone.
fn passes(one: &Known, finder: &Finder, args: &LsArgs) -> bool {
    let owner = if args.mine { Some(finder.me.as_str()) } else { args.owner.as_deref() };
    let state = match args.state.as_deref() {
        Some("all") => true,
        Some(state) => one.state().as_str() == state,
        None => one.state() != State::Lost,
    };
    let model = args.model.as_deref().is_none_or(|wanted| {
        let wanted = wanted.to_lowercase();
        let mut names = one.models();
        // Without a registry, the job's name is the best guess at its model.
        names.push(one.name());
        names.iter().any(|name| name.to_lowercase() == wanted)
    });
    // A connection file is one's own.
    let owned = owner.is_none_or(|owner| one.owner().unwrap_or(&finder.me) == owner);
    state && model && owned && args.labels.is_empty()
}

fn sort(known: &mut [Known]) {
    known.sort_by_cached_key(|one| (one.name().to_owned(), one.id()));
}

/// Says that there is nothing, and what to do next.
fn empty(context: &Context, finder: &Finder, args: &LsArgs, list: &List) {
    let filtered = *args != LsArgs { watch: args.watch, ..LsArgs::default() };
    let place = match list.note {
        Some(_) => String::new(),
        None => format!(" in the registry at {}", finder.registry.url()),
    };
    if filtered {
        context.printer.note(format!("no server{place} fits"));
        context.printer.hint("`llamactl ls --state all` shows every one");
    } else {
        context.printer.note(format!("no servers{place}"));
        context.printer.hint(
            "`llamactl submit --config NAME` starts one, `llamactl configs ls` lists the models",
        );
    }
}
