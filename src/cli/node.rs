//! Nodes: what runs on them, and what people ask about them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `llamactl node`
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Example:\n  llamactl node ls")]
pub enum NodeCommand {
    /// Register this machine and beat for it until TERM
    Agent(Box<AgentArgs>),
    /// Register a node once
    Register(Box<NodeRegisterArgs>),
    /// Tell once that a node lives
    Heartbeat(NodeHeartbeatArgs),
    /// List nodes
    #[command(visible_alias = "list")]
    Ls(NodeLsArgs),
    /// Take a node out of use, or give it back
    Maintenance(MaintenanceArgs),
    /// Take nodes out of the registry
    Rm(NodeRmArgs),
    /// Show how the nodes belong together
    Topology(TopologyArgs),
    /// Show numbers about the nodes
    Stats(StatsArgs),
    /// Settings that the nodes of a role start from
    #[command(subcommand)]
    Profile(ProfileCommand),
}

/// What a person says about a node.
#[derive(Debug, Clone, Default, Args)]
pub struct NodeFlags {
    /// What it is for, as compute or lead [env: LLAMACTL_NODE_ROLE]
    #[arg(long)]
    pub role: Option<String>,
    /// Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]
    #[arg(long, visible_alias = "label", value_name = "LABEL,…", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// Group that it is in; may be repeated [env: LLAMACTL_NODE_GROUPS]
    #[arg(long = "group", value_name = "GROUP", value_delimiter = ',')]
    pub groups: Vec<String>,
    /// Where it stands, as paris/room-2/rack-7 [env: LLAMACTL_NODE_LOCATION]
    #[arg(long)]
    pub location: Option<String>,
    /// The name that people use [default: the host's] [env: LLAMACTL_NODE_NAME]
    #[arg(long)]
    pub name: Option<String>,
    /// Address at which others reach it [default: the one towards the registry] [env:
    /// LLAMACTL_NODE_IP]
    #[arg(long)]
    pub ip: Option<String>,
    /// Address in the virtual private network
    #[arg(long)]
    pub vpn_ip: Option<String>,
    /// Address on the internet
    #[arg(long)]
    pub public_ip: Option<String>,
    /// URL of the node's own service
    #[arg(long, value_name = "URL")]
    pub address: Option<String>,
    /// Anything else to keep with it; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub metadata: Vec<String>,
}

/// `llamactl node agent`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl node agent --role compute --labels gpu,a100 --location paris/room-2
  llamactl node agent --once
In config.yaml: node: { role: compute, labels: [gpu, a100] }")]
pub struct AgentArgs {
    /// What a person says about it.
    #[command(flatten)]
    pub node: NodeFlags,
    /// Register, beat once, print the node's id, and end
    #[arg(long)]
    pub once: bool,
    /// Where its id and the secret of its lease are kept [default: /etc/llamactl/node_id, or
    /// the user's configuration folder] [env: LLAMACTL_NODE_ID_FILE]
    #[arg(long, value_name = "FILE")]
    pub id_file: Option<PathBuf>,
    /// How often to look anew what the machine has [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub detect_every: Option<String>,
}

/// `llamactl node register`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl node register --role compute --labels gpu
  llamactl node register --hostname nas --ip 10.0.0.9 --role storage
  llamactl node register --hostname gpu-9 --role compute --gpus 2 --gpu-type 'RTX 4090' --vram 48G")]
pub struct NodeRegisterArgs {
    /// What a person says about it.
    #[command(flatten)]
    pub node: NodeFlags,
    /// Host name of another machine; nothing is found out then [default: this machine]
    #[arg(long)]
    pub hostname: Option<String>,
    /// The id that it has already
    #[arg(long)]
    pub node_id: Option<String>,
    /// Number of GPUs
    #[arg(long)]
    pub gpus: Option<u32>,
    /// Type of the GPUs
    #[arg(long)]
    pub gpu_type: Option<String>,
    /// Memory of all GPUs, as 48G
    #[arg(long, value_name = "SIZE")]
    pub vram: Option<String>,
    /// Version of CUDA
    #[arg(long, value_name = "VERSION")]
    pub cuda_version: Option<String>,
    /// Logical CPUs
    #[arg(long)]
    pub cpus: Option<u32>,
    /// Main memory, as 256G
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<String>,
    /// Local disks together, as 2T
    #[arg(long, value_name = "SIZE")]
    pub disk: Option<String>,
    /// Operating system
    #[arg(long)]
    pub os: Option<String>,
    /// Id of the machine
    #[arg(long)]
    pub machine_id: Option<String>,
    /// SLURM's name for it
    #[arg(long)]
    pub slurm_node: Option<String>,
}

/// `llamactl node heartbeat`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl node heartbeat gpu-9
  llamactl node heartbeat gpu-9 --status degraded --metric load1=3.5")]
pub struct NodeHeartbeatArgs {
    /// Id or name of the node
    pub node: String,
    /// How it is
    #[arg(long, value_enum, default_value = "online")]
    pub status: NodeStatusArg,
    /// Something that was measured; may be repeated
    #[arg(long = "metric", value_name = "KEY=VALUE")]
    pub metrics: Vec<String>,
}

/// What a node says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NodeStatusArg {
    /// All is well
    Online,
    /// It works, but not as it should
    Degraded,
    /// It finishes what it has
    Draining,
    /// It says goodbye
    Offline,
}

/// Which nodes.
#[derive(Debug, Clone, Default, Args)]
pub struct NodeFilterFlags {
    /// Only those of this role
    #[arg(long)]
    pub role: Option<String>,
    /// Only those with this label; may be repeated
    #[arg(long = "label", value_name = "LABEL")]
    pub labels: Vec<String>,
    /// Only those in this group
    #[arg(long)]
    pub group: Option<String>,
    /// Only those that stand there; paris takes paris/room-2 in
    #[arg(long)]
    pub location: Option<String>,
    /// Only those in this state: online, warning, offline, maintenance or draining
    #[arg(long)]
    pub status: Option<String>,
}

/// `llamactl node ls`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl node ls
  llamactl node ls --role compute --label gpu --wide
  llamactl node ls --status online --json | jq -r '.[].ip'")]
pub struct NodeLsArgs {
    /// Which nodes.
    #[command(flatten)]
    pub filter: NodeFilterFlags,
    /// Show more columns
    #[arg(long, short = 'l', visible_short_alias = 'w')]
    pub wide: bool,
}

/// `llamactl node maintenance`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl node maintenance on gpu-9 --reason 'new fan'
  llamactl node maintenance off gpu-9")]
pub struct MaintenanceArgs {
    /// Whether it is taken out of use, or given back
    #[arg(value_enum)]
    pub switch: Switch,
    /// Id or name of the node
    pub node: String,
    /// Why, for people
    #[arg(long)]
    pub reason: Option<String>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Out of use
    On,
    /// In use again
    Off,
}

/// `llamactl node rm`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  llamactl node rm gpu-9")]
pub struct NodeRmArgs {
    /// Ids or names of the nodes
    #[arg(required = true, value_name = "NODE")]
    pub nodes: Vec<String>,
}

/// `llamactl node topology`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl node topology
  llamactl node topology --by location
  llamactl node topology --dot | dot -Tsvg > nodes.svg")]
pub struct TopologyArgs {
    /// Which nodes.
    #[command(flatten)]
    pub filter: NodeFilterFlags,
    /// What the branches are
    #[arg(long, value_enum, default_value = "role", conflicts_with = "dot")]
    pub by: Branches,
    /// Print nodes and connections for Graphviz
    #[arg(long)]
    pub dot: bool,
}

/// What the branches of a tree are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Branches {
    /// What nodes are for
    Role,
    /// Where they stand
    Location,
    /// The groups that they are in
    Group,
}

/// `llamactl node stats`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl node stats
  llamactl node stats --since 7d --json")]
pub struct StatsArgs {
    /// Also what happened since then, as 7d or 12h
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
}

/// `llamactl node profile`
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Example:\n  llamactl node profile get compute")]
pub enum ProfileCommand {
    /// List the roles that have a profile
    #[command(visible_alias = "list", after_help = "Example:\n  llamactl node profile ls")]
    Ls,
    /// Print a role's profile as JSON
    #[command(after_help = "Example:\n  llamactl node profile get compute | jq .models")]
    Get {
        /// The role
        role: String,
    },
    /// Write a role's profile
    #[command(after_help = "Examples:
  llamactl node profile set compute profile.yaml
  echo '{\"models\": [\"qwen3-30b\"]}' | llamactl node profile set compute -")]
    Set {
        /// The role
        role: String,
        /// JSON or YAML; - reads stdin
        file: PathBuf,
    },
    /// Remove a role's profile
    #[command(after_help = "Example:\n  llamactl node profile rm compute")]
    Rm {
        /// The role
        role: String,
    },
}
