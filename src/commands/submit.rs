//! `llamactl submit`: flags and files → job script → `sbatch`.

mod checks;
mod gpu;
mod ring;
mod wait;

use serde::Serialize;

use crate::cli::{ConfigsCommand, SubmitArgs};
use crate::commands::notify::Pending;
use crate::commands::{Context, configs};
use crate::config::model::{GpuLayers, GpuLayersWord, ServerConfig, SlurmConfig, StringOrNumber};
use crate::config::resolve::{self, Request, Resolved};
use crate::config::spec::NotifySpec;
use crate::config::{targets, units};
use crate::domain::gpu::Gpus;
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::paths;
use crate::slurm::Slurm;
use crate::slurm::sbatch::{Submission, SubmitError, Submitted};
use crate::slurm::script::{self, Frame};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gpus: Option<Gpus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// With `--dry-run`: what would have been submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    /// With `--wait`: `ready`, `gone` or `interrupted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// With `--wait`, when ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// Everything decided, nothing done.
struct Plan {
    resolved: Resolved,
    submission: Submission,
    script: String,
}

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: SubmitArgs) -> anyhow::Result<Exit> {
    if args.list_configs {
        return configs::run(context, ConfigsCommand::Ls);
    }
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let slurm = Slurm::from_settings(&settings);
    if !args.dry_run && slurm.find("sbatch").is_none() {
        return Err(missing("sbatch").into());
    }
    let plan = plan(context, &args, &slurm).await?;
    let mut report = Report::new(&plan.resolved);
    if args.dry_run {
        report.script = Some(plan.script);
        if !context.printer.json(&report)? {
            context.printer.line(report.script.unwrap_or_default().trim_end())?;
        }
        return Ok(Exit::OK);
    }
    checks::shell(&plan).await?;
    let registry = plan.resolved.settings.registry.clone();
    let registry = tokio::spawn(async move {
        checks::registry(registry.url.as_deref(), registry.token_file.as_deref()).await
    });
    let submitted = slurm.submit(&plan.script, &plan.submission).await.map_err(failure)?;
    announce(context, &plan.resolved, &submitted, &mut report)?;
    super::notify::show_topic(context.printer, &plan.resolved.spec.notify)?;
    if let Ok(Some(warning)) = registry.await {
        context.printer.warn(warning);
    }
    let exit = match args.wait {
        true => {
            let (resolved, report) = (&plan.resolved, &mut report);
            wait::until_ready(context, &slurm, resolved, &submitted, report, args.ring).await?
        }
        false => {
            let pending = Pending::new(&plan.resolved.spec, &submitted.id);
            if let Err(error) = super::notify::leave_behind(&pending) {
                context.printer.warn(format!("nobody will tell if the job waits long: {error:#}"));
            }
            Exit::OK
        }
    };
    context.printer.json(&report)?;
    Ok(exit)
}

/// Decides everything, and refuses what can be known to be wrong before it waits in a queue.
async fn plan(context: &Context, args: &SubmitArgs, slurm: &Slurm) -> anyhow::Result<Plan> {
    let printer = context.printer;
    let request = request(context, args)?;
    let mut resolved = gpu::resolve(printer, slurm, &request).await?;
    crate::notify::check(&resolved.spec.notify).map_err(Failure::usage)?;
    let mut sbatch_args = resolved.slurm.args.iter().flatten();
    if args.wait && sbatch_args.any(|arg| arg.starts_with("--array") || arg.starts_with("-a")) {
        return Err(Failure::usage("--wait can't follow the tasks of an array")
            .hint("submit without --wait; `llamactl ls` shows each task")
            .into());
    }
    gpu::limit_time(printer, slurm, &mut resolved, args.dry_run).await;
    if let Some(warning) = checks::model_file(&resolved, args.dry_run)? {
        printer.warn(warning);
    }
    if let Some(warning) = checks::secrets(&resolved) {
        printer.warn(warning);
    }
    let spec = &mut resolved.spec;
    spec.drain_seconds = script::drain_seconds(&resolved.slurm, spec.drain_seconds);
    spec.slurm_bin.clone_from(&slurm.bin);
    spec.connection_dir = Some(std::env::current_dir()?);
    put_away(&mut spec.notify, args.dry_run)?;
    let llamactl = match &resolved.settings.paths.llamactl {
        Some(path) => path.clone(),
        None => std::env::current_exe()?,
    };
    let nonce = uuid::Uuid::now_v7().simple().to_string();
    let frame = Frame { nonce: &nonce, llamactl: &llamactl.to_string_lossy() };
    let script = script::render(&resolved, frame).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("`llamactl configs show` tells where a value is from")
    })?;
    let submission = Submission {
        mark: script::mark(&nonce),
        name: resolved.name.clone(),
        cluster: resolved.slurm.cluster.clone(),
    };
    Ok(Plan { resolved, submission, script })
}

/// Secrets of targets go into files that the job reads: its script can be read by others.
fn put_away(notify: &mut NotifySpec, dry: bool) -> Result<(), Failure> {
    let folder = paths::state_dir().map(|folder| folder.join("targets"));
    let Some(folder) = folder else { return Ok(()) };
    let of_rules = notify.rules.iter_mut().map(|rule| &mut rule.notify);
    for to in of_rules.chain([&mut notify.to]) {
        *to = targets::put_away(to, &folder, dry).map_err(|error| {
            Failure::new(format!("{}: {error}", folder.display()))
                .hint("a target's secret goes into a file there, which the job reads")
        })?;
    }
    Ok(())
}

/// The flags as a request to the configuration.
fn request(context: &Context, args: &SubmitArgs) -> Result<Request, Failure> {
    let time = match args.no_time_limit {
        true => Some("none".to_owned()),
        false => args.time.clone(),
    };
    Ok(Request {
        config: args.config.clone(),
        model: args.model.clone(),
        name: args.name.clone(),
        labels: args.labels.clone(),
        set: args.set.clone(),
        server: ServerConfig {
            context: args.context,
            gpu_layers: args.gpu_layers.as_deref().map(gpu_layers).transpose()?,
            args: args.extra_args.as_deref().map(words).transpose()?,
            ..ServerConfig::default()
        },
        slurm: SlurmConfig {
            gpus: args.gpus,
            gpu_type: args.gpu_type.clone(),
            cpus: args.cpus,
            mem: args.mem.clone().map(StringOrNumber::String),
            time: time.map(StringOrNumber::String),
            partition: args.partition.clone(),
            qos: args.qos.clone(),
            account: args.account.clone(),
            constraint: args.constraint.clone(),
            nodelist: args.nodelist.clone(),
            exclude: args.exclude.clone(),
            reservation: args.reservation.clone(),
            cluster: args.cluster.clone(),
            args: (!args.sbatch_args.is_empty()).then(|| args.sbatch_args.clone()),
            ..SlurmConfig::default()
        },
        registry: context.global.registry.clone(),
        notify: super::notify::asked(&args.notify)?,
    })
}

/// `--gpu-layers`: `all`, `auto` or a number. Older scripts say 99 or -1 for all.
///
/// # Errors
/// A usage error that names the flag.
pub fn gpu_layers(text: &str) -> Result<GpuLayers, Failure> {
    match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => Ok(GpuLayers::Word(GpuLayersWord::All)),
        "auto" => Ok(GpuLayers::Word(GpuLayersWord::Auto)),
        number => number.parse().map(GpuLayers::Count).map_err(|_| {
            Failure::usage(format!("--gpu-layers: `{text}` is not all, auto or a number"))
        }),
    }
}

/// `--extra-args`: words as a shell reads them, but nothing is expanded.
///
/// # Errors
/// A usage error that names the flag.
pub fn words(text: &str) -> Result<Vec<String>, Failure> {
    shlex::split(text).ok_or_else(|| {
        Failure::usage(format!("--extra-args: a quote is not closed in `{text}`"))
            .hint(r#"as in --extra-args "--temp 0.7 --chat-template-kwargs '{\"a\": 1}'""#)
    })
}

impl Report {
    fn new(resolved: &Resolved) -> Report {
        Report {
            job_id: None,
            cluster: None,
            name: resolved.name.clone(),
            variant: resolved.variant.clone(),
            gpus: resolved.spec.gpus.clone(),
            log: None,
            script: None,
            state: None,
            url: None,
        }
    }
}

/// Says what was submitted and what comes next.
fn announce(
    context: &Context,
    resolved: &Resolved,
    submitted: &Submitted,
    report: &mut Report,
) -> anyhow::Result<()> {
    let id = &submitted.id;
    let cluster = submitted.cluster.clone().or_else(|| resolved.slurm.cluster.clone());
    let log = wait::log_path(resolved, id);
    report.job_id = Some(id.clone());
    report.cluster = cluster;
    report.log = log.as_ref().map(|log| log.display().to_string());
    let mut about = vec![resolved.name.clone()];
    if let Some(gpus) = &resolved.spec.gpus {
        about[0] = format!("{} on {gpus}", resolved.name);
    }
    about.extend(resolved.slurm.time.as_ref().map(|time| match script::plain(time) {
        time if script::is_unlimited(&time) => "no time limit".to_owned(),
        time => match units::walltime(&time) {
            Ok(Some(walltime)) => humantime::format_duration(walltime).to_string(),
            _ => time,
        },
    }));
    let printer = context.printer;
    printer.line(format!("Submitted job {id} ({})", printable(&about.join(", "))))?;
    printer.note(format!("  state    llamactl status {id}"));
    printer.note(match &log {
        Some(log) => format!("  log      {}", printable(&log.display().to_string())),
        None => format!("  log      llamactl logs -f {id}"),
    });
    printer.note(format!("  use it   llamactl connect {}", printable(&shell(&resolved.name))));
    Ok(())
}

fn shell(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), |quoted| quoted.into_owned())
}

fn missing(program: &str) -> Failure {
    Failure::new(format!("{program} was not found: this machine has no SLURM")).hint(
        "on a login node, set paths.slurm_bin or LLAMACTL_SLURM_BIN to the folder of sbatch; \
         without SLURM, `llamactl run` starts the server right here",
    )
}

fn failure(error: SubmitError) -> Failure {
    match &error {
        SubmitError::Missing(program) => missing(program),
        SubmitError::Refused(reason) => {
            let failure = Failure::new(error.to_string());
            match reason.contains("connect failure") {
                true => failure.hint("SLURM's controller is down; nothing was submitted"),
                false => failure.hint("nothing was submitted; --dry-run shows the script"),
            }
        }
        SubmitError::Unknown { look, .. } => Failure::new(error.to_string()).hint(format!(
            "do not submit again before you have looked, or two jobs may run: {look}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpu_layers_are_words_or_numbers() {
        assert_eq!(gpu_layers("ALL").unwrap(), GpuLayers::Word(GpuLayersWord::All));
        assert_eq!(gpu_layers("auto").unwrap(), GpuLayers::Word(GpuLayersWord::Auto));
        assert_eq!(gpu_layers("33").unwrap(), GpuLayers::Count(33));
        assert_eq!(gpu_layers("many").unwrap_err().exit, Exit::USAGE);
    }

    #[test]
    fn extra_arguments_keep_their_commas_and_quotes() {
        let split = words(r#"--temp 0.7 -ts 3,1 --alias 'a b'"#).unwrap();
        assert_eq!(split, ["--temp", "0.7", "-ts", "3,1", "--alias", "a b"]);
        assert_eq!(words("--alias 'a b").unwrap_err().exit, Exit::USAGE);
    }
}
