//! Which variant and which GPUs a job gets, with the cluster asked where it must be.

use super::warning::Warning;
use crate::config::layers::Request;
use crate::config::resolve::{self, Resolved};
use crate::domain::gpu::Gpus;
use crate::exit::Failure;
use crate::slurm::gpu::{self, Choice, NoGpu};
use crate::slurm::{Slurm, SlurmError};

/// Chooses the variant and resolves everything.
///
/// The cluster is asked when there is something to choose or to spell: a model without
/// variants and without a GPU type takes any GPU, and one without GPUs takes none.
///
/// # Errors
/// What is wrong with the configuration, or why no GPU fits.
pub async fn resolve(
    slurm: &Slurm,
    request: &Request,
    warnings: &mut Vec<Warning>,
) -> Result<Resolved, Failure> {
    let draft = resolve::load(request)?;
    let variants = draft.variants();
    let wanted = draft.gpu_type();
    // What holds without a variant: a model may be complete only with one, which is no error.
    let base = draft.clone().resolve(None).ok().map(|base| base.slurm);
    let base = base.unwrap_or_else(|| request.slurm.clone());
    if base.gpus == Some(0) || (variants.is_empty() && wanted.is_none()) {
        let mut resolved = draft.resolve(None)?;
        describe(&mut resolved, None);
        return Ok(resolved);
    }
    let partition = base.partition;
    let asked = slurm.gpu_types(partition.as_deref(), base.cluster.as_deref()).await;
    let choice = match (asked, &wanted) {
        (Ok(offered), _) => gpu::choose(&variants, wanted.as_deref(), &offered)
            .map_err(|error| no_gpu(error, partition.as_deref()))?,
        (Err(error), Some(wanted)) => {
            warnings.push(Warning::TypeUnasked { error, wanted: wanted.clone() });
            Choice { variant: draft.variant(None), gres_type: Some(wanted.clone()) }
        }
        (Err(error), None) => return Err(not_asked(&error, &variants)),
    };
    let Choice { variant, gres_type } = choice;
    if let (Some(wanted), None, false) = (wanted, &variant, variants.is_empty()) {
        warnings.push(Warning::NoVariant { wanted, variants });
    }
    let mut resolved = draft.resolve(variant.as_deref())?;
    describe(&mut resolved, gres_type);
    Ok(resolved)
}

/// Where no limit is wanted, asks for the most that the partition allows: SLURM would let a
/// job that asks for more wait for ever.
///
/// # Errors
/// When that is shorter than the time to drain that somebody wrote.
pub async fn limit_time(
    slurm: &Slurm,
    resolved: &mut Resolved,
    warnings: &mut Vec<Warning>,
) -> Result<(), Failure> {
    if !resolved.slurm.is_unlimited() {
        return Ok(());
    }
    let partition = resolved.slurm.partition.as_deref();
    match slurm.max_time(partition, resolved.slurm.cluster.as_deref()).await {
        Ok(Some(limit)) => {
            resolved.limit_time(limit.clone())?;
            warnings.push(Warning::TimeLimited(limit));
        }
        Ok(None) => {}
        Err(error) => warnings.push(Warning::TimeUnknown(error)),
    }
    Ok(())
}

/// Puts the cluster's spelling into the request to SLURM, and into what the job tells.
fn describe(resolved: &mut Resolved, gres_type: Option<String>) {
    resolved.slurm.gpu_type = gres_type;
    let name = resolved.slurm.gpu_type.as_deref().or(resolved.variant.as_deref());
    resolved.spec.gpus = Gpus::new(resolved.slurm.gpus.unwrap_or_default(), name);
}

fn no_gpu(error: NoGpu, partition: Option<&str>) -> Failure {
    let place = partition.map(|name| format!(" (in partition {name})")).unwrap_or_default();
    let failure = Failure::usage(format!("{error}{place}"));
    match error {
        NoGpu::Lacks { .. } => failure.hint("pass one of these to --gpu-type"),
        NoGpu::NoVariant { .. } => failure.hint(
            "pass one of the cluster's types to --gpu-type to take the values without a \
             variant, or --gpus 0 for none",
        ),
        NoGpu::Untyped { variants } => {
            failure.hint(format!("say what they are like with --gpu-type: one of {variants}"))
        }
    }
}

fn not_asked(error: &SlurmError, variants: &[String]) -> Failure {
    Failure::new(format!("the cluster's GPU types are unknown: {error}"))
        .hint(format!("choose a variant with --gpu-type: one of {}", variants.join(", ")))
}
