//! `llamactl submit`: flags → [`launch::plan`] → `sbatch`, and what people are told of it.

mod ring;
mod wait;

use serde::Serialize;

use crate::cli::{ConfigsCommand, SubmitArgs};
use crate::commands::notify::Pending;
use crate::commands::{Context, configs};
use crate::config::layers::Request;
use crate::config::model::{GpuLayers, ServerConfig, SlurmConfig, StringOrNumber};
use crate::config::resolve::{self, Resolved};
use crate::config::units;
use crate::domain::gpu::Gpus;
use crate::exit::{Exit, Failure};
use crate::launch::{self, Plan, Warning};
use crate::output::{Printer, printable};
use crate::slurm::Slurm;
use crate::slurm::sbatch::{SubmitError, Submitted};

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
    let request = request(context, &args)?;
    let mut plan = launch::plan(&slurm, &request, std::env::current_dir()?).await?;
    say(context.printer, &plan.warnings, args.dry_run);
    if args.wait && plan.is_array() {
        return Err(Failure::usage("--wait can't follow the tasks of an array")
            .hint("submit without --wait; `llamactl ls` shows each task")
            .into());
    }
    match plan.obstacle.take() {
        Some(failure) if args.dry_run => context.printer.warn(failure.message),
        Some(failure) => return Err(failure.into()),
        None => {}
    }
    match args.dry_run {
        true => show(context, plan),
        false => submit(context, &slurm, &args, &plan).await,
    }
}

/// Says what is worth to be said before anything is done.
fn say(printer: Printer, warnings: &[Warning], dry_run: bool) {
    for warning in warnings {
        match warning {
            Warning::TimeLimited(_) => printer.note(warning.to_string()),
            // A script can be shown where there is no SLURM.
            Warning::TimeUnknown(_) if dry_run => {}
            warning => printer.warn(warning.to_string()),
        }
    }
}

/// `--dry-run`: the script, and nothing is submitted.
fn show(context: &Context, plan: Plan) -> anyhow::Result<Exit> {
    let mut report = Report::new(&plan.resolved);
    report.script = Some(plan.script);
    if !context.printer.json(&report)? {
        context.printer.line(report.script.unwrap_or_default().trim_end())?;
    }
    Ok(Exit::OK)
}

/// Submits, says so, and waits where that is wanted.
async fn submit(
    context: &Context,
    slurm: &Slurm,
    args: &SubmitArgs,
    plan: &Plan,
) -> anyhow::Result<Exit> {
    let resolved = &plan.resolved;
    plan.check_script().await?;
    plan.put_away()?;
    let registry = resolved.settings.registry.clone();
    let registry = tokio::spawn(async move {
        launch::registry(registry.url.as_deref(), registry.token_file.as_deref()).await
    });
    let submitted = slurm.submit(&plan.script, &plan.submission).await.map_err(failure)?;
    let mut report = Report::new(resolved);
    announce(context, resolved, &submitted, &mut report)?;
    super::notify::show_topic(context.printer, &resolved.spec.notify)?;
    if let Ok(Some(warning)) = registry.await {
        context.printer.warn(warning.to_string());
    }
    let exit = match args.wait {
        true => {
            let report = &mut report;
            wait::until_ready(context, slurm, resolved, &submitted, report, args.ring).await?
        }
        false => {
            let pending = Pending::new(&resolved.spec, &submitted.id);
            if let Err(error) = super::notify::leave_behind(&pending) {
                context.printer.warn(format!("nobody will tell if the job waits long: {error:#}"));
            }
            Exit::OK
        }
    };
    context.printer.json(&report)?;
    Ok(exit)
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

/// `--gpu-layers`
///
/// # Errors
/// A usage error that names the flag.
pub fn gpu_layers(text: &str) -> Result<GpuLayers, Failure> {
    text.parse().map_err(|why| Failure::usage(format!("--gpu-layers: {why}")))
}

/// `--extra-args`
///
/// # Errors
/// A usage error that names the flag.
pub fn words(text: &str) -> Result<Vec<String>, Failure> {
    units::words(text).map_err(|why| {
        Failure::usage(format!("--extra-args: {why}"))
            .hint(r#"as in --extra-args "--temp 0.7 --chat-template-kwargs '{\"a\": 1}'""#)
    })
}

impl Report {
    fn new(resolved: &Resolved) -> Report {
        Report {
            job_id: None,
            cluster: None,
            name: resolved.spec.name.clone(),
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
    let mut about = vec![resolved.spec.name.clone()];
    if let Some(gpus) = &resolved.spec.gpus {
        about[0] = format!("{} on {gpus}", resolved.spec.name);
    }
    about.extend(match resolved.slurm.is_unlimited() {
        true => Some("no time limit".to_owned()),
        false => resolved.slurm.walltime().map(|t| humantime::format_duration(t).to_string()),
    });
    let printer = context.printer;
    printer.line(format!("Submitted job {id} ({})", printable(&about.join(", "))))?;
    printer.note(format!("  state    llamactl status {id}"));
    printer.note(match &log {
        Some(log) => format!("  log      {}", printable(&log.display().to_string())),
        None => format!("  log      llamactl logs -f {id}"),
    });
    printer.note(format!("  use it   llamactl connect {}", printable(&shell(&resolved.spec.name))));
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
