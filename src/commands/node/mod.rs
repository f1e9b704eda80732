//! `llamactl node`

mod agent;
mod heartbeat;
mod ls;
mod maintenance;
mod profile;
mod register;
mod rm;
mod stats;
mod topology;

use serde_json::{Map, Value};

use crate::api::nodes::{NodeFilter, NodeLease, NodeRegister};
use crate::cli::{NodeCommand, NodeFilterFlags, NodeFlags};
use crate::client::{ClientError, RegistryClient};
use crate::commands::{Context, lease};
use crate::config::resolve;
use crate::config::settings::NodeSettings;
use crate::config::token::token;
use crate::domain::node::change::NodeChange;
use crate::domain::node::{Node, NodeCapabilities, identifier};
use crate::exit::{Exit, Failure};
use crate::node::detect::{gpu, host};
use crate::node::keep;

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: NodeCommand) -> anyhow::Result<Exit> {
    match args {
        NodeCommand::Agent(args) => agent::run(context, *args).await,
        NodeCommand::Register(args) => register::run(context, *args).await,
        NodeCommand::Heartbeat(args) => heartbeat::run(context, args).await,
        NodeCommand::Ls(args) => ls::run(context, args).await,
        NodeCommand::Maintenance(args) => maintenance::run(context, args).await,
        NodeCommand::Rm(args) => rm::run(context, args).await,
        NodeCommand::Topology(args) => topology::run(context, args).await,
        NodeCommand::Stats(args) => stats::run(context, args).await,
        NodeCommand::Profile(args) => profile::run(context, args).await,
    }
}

/// The registry that these commands talk to.
fn client(context: &Context) -> anyhow::Result<RegistryClient> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let token = token(settings.registry.token_file.as_deref())?;
    Ok(RegistryClient::new(&lease::registry_url(context)?).token(token))
}

/// A refusal of the registry, with the exit code that scripts look at.
fn refused(error: ClientError) -> Failure {
    match error {
        ClientError::Unknown(error) => {
            Failure::with_exit(Exit::GONE, format!("the registry does not know it: {error}"))
                .hint("`llamactl node ls` shows what it knows")
        }
        ClientError::Superseded(error) => {
            Failure::with_exit(Exit::SUPERSEDED, format!("somebody else has it: {error}")).hint(
                "its agent guards this node: run this on its host as the agent's user, or with \
                 an administrator's token",
            )
        }
        error => lease::refused(error),
    }
}

/// The node that a person names: by id, by name, or by a host name that only one node has.
async fn find(client: &RegistryClient, text: &str) -> Result<Node, Failure> {
    identifier("NODE", text).map_err(Failure::usage)?;
    match client.node(text).await {
        Err(ClientError::Unknown(_)) => {}
        answer => return answer.map_err(refused),
    }
    let nodes = client.all_nodes(&NodeFilter::default()).await.map_err(refused)?;
    if let Some(node) = nodes.iter().find(|node| node.info.name == text) {
        return Ok(node.clone());
    }
    let hosts: Vec<&Node> = nodes.iter().filter(|node| node.info.hostname == text).collect();
    match hosts[..] {
        [node] => Ok(node.clone()),
        [] => {
            let near = nodes.iter().map(|node| node.info.name.as_str());
            let near = near.max_by(|a, b| {
                strsim::jaro_winkler(a, text).total_cmp(&strsim::jaro_winkler(b, text))
            });
            let failure = Failure::with_exit(Exit::GONE, format!("there is no node `{text}`"));
            Err(match near.filter(|near| strsim::jaro_winkler(near, text) > 0.8) {
                Some(near) => {
                    let near = crate::output::printable(near);
                    failure.hint(format!("did you mean `{near}`?"))
                }
                None => failure.hint("`llamactl node ls` shows what there is"),
            })
        }
        _ => Err(Failure::usage(format!("several nodes are on host `{text}`"))
            .hint("name one by its id or its name, from `llamactl node ls --wide`")),
    }
}

/// The lease of a node whose agent runs, or ran, on this host as this user.
fn own_lease(context: &Context, node_id: &str) -> Option<NodeLease> {
    let settings = resolve::settings(context.global.registry.as_deref()).ok()?;
    let kept = keep::peek(settings.node.id_file.as_deref(), &host::hostname())?;
    let secret = kept.secret.filter(|_| kept.generation > 0)?;
    let is_it = kept.node_id.as_deref() == Some(node_id);
    is_it.then_some(NodeLease { generation: kept.generation, secret })
}

fn filter(flags: &NodeFilterFlags) -> NodeFilter {
    NodeFilter {
        role: flags.role.clone(),
        label: (!flags.labels.is_empty()).then(|| flags.labels.join(",")),
        group: flags.group.clone(),
        location: flags.location.clone(),
        status: flags.status.clone(),
        ..NodeFilter::default()
    }
}

/// What a person says about a node: flags over the configuration.
fn declared(flags: &NodeFlags, settings: &NodeSettings) -> Result<NodeRegister, Failure> {
    let either = |flag: &Option<String>, key: &Option<String>| {
        flag.clone().or_else(|| key.clone()).filter(|text| !text.is_empty())
    };
    let words = |flags: &[String], key: &Option<Vec<String>>| {
        let words = if flags.is_empty() { key.as_deref().unwrap_or_default() } else { flags };
        let mut words: Vec<String> = words.iter().map(|word| word.trim().to_owned()).collect();
        words.retain(|word| !word.is_empty());
        words
    };
    let Some(role) = either(&flags.role, &settings.role) else {
        return Err(Failure::usage("the node has no role").hint(
            "say what it is for: --role compute, LLAMACTL_NODE_ROLE, or node.role in \
             ~/.config/llamactl/config.yaml",
        ));
    };
    let name = either(&flags.name, &settings.name);
    identifier("role", &role).map_err(Failure::usage)?;
    name.as_ref().map_or(Ok(()), |name| identifier("name", name)).map_err(Failure::usage)?;
    let told = NodeChange {
        name,
        ip: either(&flags.ip, &settings.ip),
        vpn_ip: either(&flags.vpn_ip, &settings.vpn_ip),
        public_ip: either(&flags.public_ip, &settings.public_ip),
        address: either(&flags.address, &settings.address),
        // None at all is told too: labels are the agent's.
        labels: Some(words(&flags.labels, &settings.labels)),
        groups: Some(words(&flags.groups, &settings.groups)).filter(|groups| !groups.is_empty()),
        location: either(&flags.location, &settings.location),
        metadata: Some(pairs("--metadata", &flags.metadata)?),
        ..NodeChange::default()
    };
    Ok(NodeRegister { role, told, ..NodeRegister::default() })
}

/// `KEY=VALUE` several times, as an object. A value that is a number or another JSON literal is
/// taken as that.
fn pairs(flag: &str, pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let pair = |text: &String| {
        let (key, value) = text
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| Failure::usage(format!("{flag} {text} is not KEY=VALUE")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok((key.to_owned(), value))
    };
    pairs.iter().map(pair).collect()
}

/// `2x RTX 4090`; several types with commas; `-` without GPUs.
fn gpus(capabilities: &NodeCapabilities) -> String {
    let counted = gpu::counted(&capabilities.gpus);
    if !counted.is_empty() {
        let each = counted.iter().map(|(count, name)| format!("{count}x {name}"));
        return each.collect::<Vec<_>>().join(", ");
    }
    match (capabilities.gpu_count, &capabilities.gpu_type) {
        (Some(0), _) | (None, None) if capabilities.gpu != Some(true) => "-".to_owned(),
        (count, Some(kind)) => format!("{}x {kind}", count.unwrap_or(1)),
        (count, None) => format!("{}x GPU", count.unwrap_or(1)),
    }
}

/// The address that tells people most: the one at which others reach the node.
fn address(node: &Node) -> String {
    let info = &node.info;
    let first = || info.addresses.first().cloned();
    let known = info.ip.clone().or_else(|| info.vpn_ip.clone()).or_else(|| info.public_ip.clone());
    known.or_else(first).or_else(|| info.address.clone()).unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_counted_by_type() {
        let json = |text: &str| gpus(&serde_json::from_str(text).unwrap());
        assert_eq!(json(r#"{"gpu": true, "gpu_count": 2, "gpu_type": "RTX 4090"}"#), "2x RTX 4090");
        assert_eq!(json(r#"{"gpu": false}"#), "-");
        assert_eq!(json("{}"), "-");
        assert_eq!(json(r#"{"gpu_count": 0, "gpu_type": "x"}"#), "-");
        assert_eq!(json(r#"{"gpu_count": 4}"#), "4x GPU");
        assert_eq!(json(r#"{"gpu": true}"#), "1x GPU");
        let two = r#"{"gpus": [{"index": 0, "name": "Tesla P40"}, {"index": 1, "name": "Tesla P40"},
            {"index": 2, "name": "NVIDIA GeForce RTX 4090"}]}"#;
        assert_eq!(json(two), "2x P40, 1x RTX 4090");
    }

    #[test]
    fn flags_are_stronger_than_the_configuration() {
        let settings = NodeSettings {
            role: Some("compute".to_owned()),
            labels: Some(vec!["a".to_owned()]),
            ..NodeSettings::default()
        };
        let flags = NodeFlags { labels: vec![" b".to_owned()], ..NodeFlags::default() };
        let node = declared(&flags, &settings).unwrap();
        assert_eq!((node.role.as_str(), node.told.labels), ("compute", Some(vec!["b".to_owned()])));
        let none = declared(&flags, &NodeSettings::default()).unwrap_err();
        assert_eq!(none.exit, Exit::USAGE);
    }

    #[test]
    fn pairs_keep_numbers() {
        let good = pairs("--metric", &["load1=3.5".to_owned(), "a=b=c".to_owned()]).unwrap();
        assert_eq!((good["load1"].as_f64(), good["a"].as_str()), (Some(3.5), Some("b=c")));
        assert!(pairs("--metric", &["x".to_owned()]).is_err());
    }
}
