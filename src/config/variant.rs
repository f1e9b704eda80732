//! Which of a model's variants is for a GPU, whatever people, vendors and sites call it. Pure.

/// The model's variant for a type: the one of the same name, else one that means the same.
pub fn of(variants: &[String], gpu_type: &str) -> Option<String> {
    let same = |variant: &&String| variant.eq_ignore_ascii_case(gpu_type);
    let means = |variant: &&String| means(variant, gpu_type) || means(gpu_type, variant);
    variants.iter().find(same).or_else(|| variants.iter().find(means)).cloned()
}

/// Whether a cluster's `name` for a GPU (`nvidia_h100_80gb_hbm3`) is what people call `wanted`
/// (`h100`). A slice of a GPU (`a100_3g.20gb`) or another model of a series (`rtx_6000_ada`)
/// is not.
pub fn means(wanted: &str, name: &str) -> bool {
    let wanted_words = words(wanted);
    let words = words(name);
    let joined = wanted_words.concat();
    if joined.is_empty() {
        return false;
    }
    let found = (0..words.len()).any(|from| {
        (from + 1..=words.len()).any(|to| {
            let run = words[from..to].concat();
            run == joined || run.strip_prefix(&joined).is_some_and(is_form_factor)
        })
    });
    found && !words.iter().any(|word| is_other_model(word) && !wanted_words.contains(word))
}

fn words(name: &str) -> Vec<String> {
    let lower = name.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_form_factor(rest: &str) -> bool {
    ["pcie", "sxm", "nvl"].iter().any(|form| {
        rest.strip_prefix(form).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn is_other_model(word: &str) -> bool {
    let mig = word.strip_suffix('g').is_some_and(|n| n.parse::<u8>().is_ok());
    mig || ["ada", "ti", "super", "mig"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_vendors_and_sites_are_understood() {
        for (wanted, name) in [
            ("h100", "nvidia_h100_80gb_hbm3"),
            ("a100", "a100-sxm4-80gb"),
            ("A100", "NVIDIA-A100-PCIE-40GB"),
            ("a100", "a100pcie"),
            ("rtx6000", "quadro_rtx_6000"),
            ("p40", "tesla_p40"),
            ("a100-3g.20gb", "a100_3g.20gb"),
            ("a6000", "rtx_a6000"),
        ] {
            assert!(means(wanted, name), "{wanted} {name}");
        }
        for (wanted, name) in [
            ("a100", "a100_3g.20gb"),
            ("h200", "gh200"),
            ("a10", "a100"),
            ("a100", "rtx_a1000"),
            ("l40", "l40s"),
            ("rtx6000", "rtx_6000_ada"),
            ("", "h100"),
        ] {
            assert!(!means(wanted, name), "{wanted} {name}");
        }
    }

    #[test]
    fn a_variant_of_the_same_name_goes_before_one_that_means_the_same() {
        let variants = ["h100".to_owned(), "NVIDIA_H100".to_owned()];
        assert_eq!(of(&variants, "nvidia_h100").as_deref(), Some("NVIDIA_H100"));
        assert_eq!(of(&variants, "H100").as_deref(), Some("h100"));
        assert_eq!(of(&variants, "h100-pcie").as_deref(), Some("h100"));
        assert_eq!(of(&variants, "a100"), None);
    }
}
