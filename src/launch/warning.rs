//! What somebody who launches may want to know: data, which a command prints.

use std::path::PathBuf;

use crate::slurm::SlurmError;

/// Something that keeps no job from being submitted.
#[derive(Debug, thiserror::Error)]
pub enum Warning {
    /// SLURM did not tell which GPUs there are.
    #[error("{error}; taking the GPU type {wanted} as it is")]
    TypeUnasked {
        /// Why.
        error: SlurmError,
        /// The type that is asked for.
        wanted: String,
    },
    /// The model has variants, but none for the wanted GPU.
    #[error(
        "there is no variant for {wanted}, only for {}: taking the values without a variant",
        variants.join(", ")
    )]
    NoVariant {
        /// The type that is asked for.
        wanted: String,
        /// The model's variants.
        variants: Vec<String>,
    },
    /// No limit is wanted, and the partition has one.
    #[error("the partition allows {0} at most: asking for that")]
    TimeLimited(String),
    /// No limit is wanted, and SLURM did not tell whether the partition has one.
    #[error("the partition's time limit is unknown: {0}")]
    TimeUnknown(SlurmError),
    /// The model's file is not on this machine, which may be right.
    #[error("{} is not on this machine, nor is its folder: it must be on the compute node", .0.display())]
    ModelElsewhere(PathBuf),
    /// A token that llama-server would download a model with does not reach the job.
    #[error(
        "HF_TOKEN is not handed to the job, since secrets in a job's environment leak; for a \
         gated model, read it from a file in hooks.before"
    )]
    NoHfToken,
    /// The registry is an address that means another machine on each.
    #[error(
        "the registry is at {0}: a job on another machine than this one can't reach it; give the \
         host's name instead"
    )]
    RegistryIsLocal(String),
    /// The job will not have the token for the registry.
    #[error(
        "LLAMACTL_TOKEN is not handed to the job, since secrets in a job's environment leak, and \
         without a token its server can't register: keep the token in a file (chmod 600) that \
         registry.token_file in ~/.config/llamactl/config.yaml names"
    )]
    TokenStays,
    /// The registry does not answer, or not as it should.
    #[error("{0}")]
    Registry(String),
}
