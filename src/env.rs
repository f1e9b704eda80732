//! Every environment variable that llamactl reads, in one place.
//!
//! `docs/configuration.md` has this list too; `tests/local/configs/shipped.rs` holds the two together.

/// One environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Var {
    /// Its name.
    pub name: &'static str,
    /// What it does, as one line for the reference.
    pub help: &'static str,
}

impl Var {
    /// Its value; nothing when it is unset, empty or not UTF-8.
    pub fn get(self) -> Option<String> {
        std::env::var(self.name).ok().filter(|value| !value.is_empty())
    }
}

macro_rules! vars {
    ($($(#[doc = $doc:literal])+ $id:ident = $name:literal;)+) => {
        $(
            $(#[doc = $doc])+
            pub const $id: Var = Var { name: $name, help: concat!($($doc),+) };
        )+
        /// All of them, in the order of the reference.
        pub const ALL: &[Var] = &[$($id),+];
    };
}

vars! {
    /// Registry to use, as `http://HOST:PORT`.
    REGISTRY_URL = "REGISTRY_URL";
    /// Token for the registry, in place of the one in `registry.token_file`.
    LLAMACTL_TOKEN = "LLAMACTL_TOKEN";
    /// PEM file with the CA of the registry's certificate, where it is one of your site's own.
    LLAMACTL_CA_FILE = "LLAMACTL_CA_FILE";
    /// Who is told, each as one URL, with commas.
    LLAMACTL_NOTIFY = "LLAMACTL_NOTIFY";
    /// Mail address for `--email` without a value.
    NOTIFY_EMAIL = "NOTIFY_EMAIL";
    /// ntfy topic for `--ntfy-topic` without a value.
    NTFY_TOPIC = "NTFY_TOPIC";
    /// ntfy server; `https://ntfy.sh` without it.
    NTFY_SERVER = "NTFY_SERVER";
    /// Configuration file in place of `~/.config/llamactl/config.yaml`.
    LLAMACTL_CONFIG = "LLAMACTL_CONFIG";
    /// Site configuration file in place of `/etc/llamactl/config.yaml`.
    LLAMACTL_SITE_CONFIG = "LLAMACTL_SITE_CONFIG";
    /// Folder of model files to search first, before `./configs`.
    LLAMACTL_CONFIGS = "LLAMACTL_CONFIGS";
    /// Database of `registry serve`, as `sqlite:PATH`.
    LLAMACTL_DATABASE_URL = "LLAMACTL_DATABASE_URL";
    /// Redis of the registry's event bus, as `redis://[:PASSWORD@]HOST:PORT/DB`.
    LLAMACTL_EVENT_BUS = "LLAMACTL_EVENT_BUS";
    /// The llama-server program.
    LLAMACTL_LLAMA_SERVER = "LLAMACTL_LLAMA_SERVER";
    /// Folder with sbatch, squeue, sinfo, scancel and scontrol.
    LLAMACTL_SLURM_BIN = "LLAMACTL_SLURM_BIN";
    /// Login host for `connect`, as ssh takes it.
    LLAMACTL_SSH_VIA = "LLAMACTL_SSH_VIA";
    /// Log level of llamactl itself: `error`, `warn`, `info`, `debug`, `trace`.
    LLAMACTL_LOG = "LLAMACTL_LOG";
    /// What this machine is for as a node, as `compute`.
    LLAMACTL_NODE_ROLE = "LLAMACTL_NODE_ROLE";
    /// Words by which this node is found, with commas.
    LLAMACTL_NODE_LABELS = "LLAMACTL_NODE_LABELS";
    /// Groups that this node is in, with commas.
    LLAMACTL_NODE_GROUPS = "LLAMACTL_NODE_GROUPS";
    /// Where this node stands, as `paris/room-2/rack-7`.
    LLAMACTL_NODE_LOCATION = "LLAMACTL_NODE_LOCATION";
    /// The name that people use for this node.
    LLAMACTL_NODE_NAME = "LLAMACTL_NODE_NAME";
    /// Address at which others reach this node.
    LLAMACTL_NODE_IP = "LLAMACTL_NODE_IP";
    /// Where the node agent keeps its id and the secret of its lease.
    LLAMACTL_NODE_ID_FILE = "LLAMACTL_NODE_ID_FILE";
    /// Partition, when no flag names one.
    SBATCH_PARTITION = "SBATCH_PARTITION";
    /// Account, when no flag names one.
    SBATCH_ACCOUNT = "SBATCH_ACCOUNT";
    /// Quality of service, when no flag names one.
    SBATCH_QOS = "SBATCH_QOS";
    /// Walltime, when no flag names one.
    SBATCH_TIMELIMIT = "SBATCH_TIMELIMIT";
    /// Constraint, when no flag names one.
    SBATCH_CONSTRAINT = "SBATCH_CONSTRAINT";
    /// Reservation, when no flag names one.
    SBATCH_RESERVATION = "SBATCH_RESERVATION";
    /// Cluster, when no flag names one.
    SBATCH_CLUSTERS = "SBATCH_CLUSTERS";
    /// Shell that `connect` starts when no program is named.
    SHELL = "SHELL";
    /// No colours on the terminal when it is set (<https://no-color.org>).
    NO_COLOR = "NO_COLOR";
}
