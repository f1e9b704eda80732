//! Which GPU to ask for: a model's variants against what the cluster has. Pure.

use crate::config::variant;

/// One GPU type that the cluster has.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct GpuType {
    /// Its name in GRES, as the cluster spells it; nothing where GPUs have no type.
    pub name: Option<String>,
    /// Most GPUs of it on one node.
    pub per_node: u32,
    /// Its nodes, as SLURM writes them (`n[1-2]`).
    pub nodes: Vec<String>,
    /// The partitions that have it.
    pub partitions: Vec<String>,
    /// Whether one of the nodes takes jobs.
    pub up: bool,
}

/// What to ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The model's variant, as the model spells it; nothing: its own values.
    pub variant: Option<String>,
    /// The type for `--gres`, as the cluster spells it; nothing: any GPU.
    pub gres_type: Option<String>,
}

/// Why nothing can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGpu {
    /// The cluster lacks the wanted type.
    #[error("the cluster has no {wanted} GPU; it has {offered}")]
    Lacks {
        /// `--gpu-type`
        wanted: String,
        /// What it has.
        offered: String,
    },
    /// The cluster has none of the types that the model has variants for.
    #[error("the model has variants for {variants}; the cluster has {offered}")]
    NoVariant {
        /// The model's.
        variants: String,
        /// What it has.
        offered: String,
    },
    /// The cluster's GPUs have no types, so it takes a person to say what they are.
    #[error("the cluster does not tell the types of its GPUs")]
    Untyped {
        /// The model's variants.
        variants: String,
    },
}

/// Chooses for a model with these `variants` (in its order of preference) and a `wanted` type
/// on a cluster that has `offered`.
///
/// # Errors
/// [`NoGpu`]
pub fn choose(
    variants: &[String],
    wanted: Option<&str>,
    offered: &[GpuType],
) -> Result<Choice, NoGpu> {
    let untyped_only = !offered.is_empty() && offered.iter().all(|gpu| gpu.name.is_none());
    if let Some(wanted) = wanted {
        let variant = variant::of(variants, wanted);
        if untyped_only {
            return Ok(Choice { variant, gres_type: None });
        }
        let gres_type = spelling(wanted, offered).ok_or_else(|| NoGpu::Lacks {
            wanted: wanted.to_owned(),
            offered: describe(offered),
        })?;
        let variant = variant.or_else(|| variant::of(variants, &gres_type));
        return Ok(Choice { variant, gres_type: Some(gres_type) });
    }
    if untyped_only {
        return Err(NoGpu::Untyped { variants: variants.join(", ") });
    }
    let up: Vec<GpuType> = offered.iter().filter(|gpu| gpu.up).cloned().collect();
    let first = |offered: &[GpuType]| {
        variants.iter().find_map(|variant| Some((variant.clone(), spelling(variant, offered)?)))
    };
    let (variant, gres_type) = first(&up).or_else(|| first(offered)).ok_or_else(|| {
        NoGpu::NoVariant { variants: variants.join(", "), offered: describe(offered) }
    })?;
    Ok(Choice { variant: Some(variant), gres_type: Some(gres_type) })
}

/// What the cluster has, for a message: `h100 (n[1-2]), a100 (a1; down)`.
pub fn describe(offered: &[GpuType]) -> String {
    if offered.is_empty() {
        return "none".to_owned();
    }
    let one = |gpu: &GpuType| {
        let down = if gpu.up { "" } else { "; down" };
        let name = gpu.name.as_deref().unwrap_or("GPUs without a type");
        format!("{name} ({}{down})", gpu.nodes.join(","))
    };
    offered.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How the cluster spells `wanted`: exactly so if it can be, else the first that means it,
/// those that are up before those that are not.
fn spelling(wanted: &str, offered: &[GpuType]) -> Option<String> {
    let names = |up: bool| offered.iter().filter(move |gpu| gpu.up == up).filter_map(name);
    fn name(gpu: &GpuType) -> Option<&String> {
        gpu.name.as_ref()
    }
    let all = || names(true).chain(names(false));
    all()
        .find(|name| *name == wanted)
        .or_else(|| all().find(|name| name.eq_ignore_ascii_case(wanted)))
        .or_else(|| all().find(|name| variant::means(wanted, name)))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(name: &str, up: bool) -> GpuType {
        let name = (!name.is_empty()).then(|| name.to_owned());
        GpuType { name, per_node: 2, nodes: vec!["n1".into()], partitions: vec![], up }
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn choice(variant: Option<&str>, gres_type: Option<&str>) -> Choice {
        Choice { variant: variant.map(Into::into), gres_type: gres_type.map(Into::into) }
    }

    #[test]
    fn the_first_variant_that_is_up_wins() {
        let variants = texts(&["a100", "v100", "p40"]);
        let offered = [gpu("a100", false), gpu("tesla_p40", true), gpu("v100", true)];
        assert_eq!(choose(&variants, None, &offered), Ok(choice(Some("v100"), Some("v100"))));
        let offered = [gpu("a100", false)];
        assert_eq!(choose(&variants, None, &offered), Ok(choice(Some("a100"), Some("a100"))));
    }

    #[test]
    fn a_wanted_type_gets_the_clusters_spelling_and_the_models_variant() {
        let variants = texts(&["a100", "h100"]);
        let offered = [gpu("nvidia_h100_80gb_hbm3", true)];
        let expected = Ok(choice(Some("h100"), Some("nvidia_h100_80gb_hbm3")));
        assert_eq!(choose(&variants, Some("H100"), &offered), expected);
        assert_eq!(choose(&variants, Some("nvidia_h100_80gb_hbm3"), &offered), expected);
        let offered = [gpu("l40s", true)];
        assert_eq!(choose(&variants, Some("l40s"), &offered), Ok(choice(None, Some("l40s"))));
    }

    #[test]
    fn what_the_cluster_lacks_is_said_with_what_it_has() {
        let variants = texts(&["a100"]);
        let offered = [gpu("h100", true), gpu("", false)];
        let error = choose(&variants, Some("v100"), &offered).unwrap_err().to_string();
        assert_eq!(
            error,
            "the cluster has no v100 GPU; it has h100 (n1), GPUs without a type (n1; down)"
        );
        let error = choose(&variants, None, &offered).unwrap_err().to_string();
        assert!(error.contains("variants for a100; the cluster has h100"), "{error}");
        let error = choose(&variants, None, &[]).unwrap_err().to_string();
        assert!(error.ends_with("the cluster has none"), "{error}");
    }

    #[test]
    fn untyped_gpus_need_a_person_who_knows_them() {
        let variants = texts(&["a100", "v100"]);
        let offered = [gpu("", true)];
        assert_eq!(choose(&variants, Some("v100"), &offered), Ok(choice(Some("v100"), None)));
        assert!(matches!(choose(&variants, None, &offered), Err(NoGpu::Untyped { .. })));
    }
}
