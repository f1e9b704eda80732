//! GPUs of any maker.

use serde_json::{Value, json};

use super::program::{Found, Reading};
use super::{nvidia, rocm};
use crate::domain::node::{Gpu, MAX_LIST};

/// Asks nvidia-smi and rocm-smi, as far as they are here.
pub async fn look() -> Found {
    let (nvidia, rocm) = tokio::join!(nvidia::look(), rocm::look());
    join(nvidia, rocm)
}

fn join(mut first: Found, second: Found) -> Found {
    let offset = first.readings.len() as u32;
    first.readings.extend(second.readings.into_iter().map(|mut reading| {
        // An index names one GPU of the node.
        reading.gpu.index += offset;
        reading
    }));
    first.readings.truncate(MAX_LIST);
    first.trouble = match (first.trouble, second.trouble) {
        (Some(one), Some(other)) => Some(format!("{one}; {other}")),
        (one, other) => one.or(other),
    };
    first.hung |= second.hung;
    first
}

/// What the GPUs do, for a heartbeat.
pub fn metrics(readings: &[Reading]) -> Vec<Value> {
    let one = |reading: &Reading| {
        json!({
            "index": reading.gpu.index,
            "use_percent": reading.use_percent,
            "vram_used_mb": reading.used_mb,
        })
    };
    readings.iter().map(one).collect()
}

/// The GPU's type in short: its maker and the maker's family names are left out.
pub fn short_name(name: &str) -> String {
    const MAKERS: [&str; 10] = [
        "nvidia", "amd", "advanced", "micro", "devices,", "inc.", "geforce", "tesla", "radeon",
        "instinct",
    ];
    let mut words: Vec<&str> = name.split_whitespace().collect();
    while words.len() > 1 && MAKERS.contains(&words[0].to_lowercase().as_str()) {
        words.remove(0);
    }
    words.join(" ")
}

/// How many there are of each type, in the order of the GPUs.
pub fn counted(gpus: &[Gpu]) -> Vec<(usize, String)> {
    let mut counted: Vec<(usize, String)> = Vec::new();
    for gpu in gpus {
        let name = short_name(&gpu.name);
        match counted.iter_mut().find(|(_, known)| *known == name) {
            Some((count, _)) => *count += 1,
            None => counted.push((1, name)),
        }
    }
    counted
}

/// The types of the GPUs, as `RTX 4090`; several with commas.
pub fn types(gpus: &[Gpu]) -> Option<String> {
    let names: Vec<String> = counted(gpus).into_iter().map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_short() {
        for (name, short) in [
            ("NVIDIA GeForce RTX 4090", "RTX 4090"),
            ("NVIDIA A100-SXM4-80GB", "A100-SXM4-80GB"),
            ("Tesla P40", "P40"),
            ("AMD Instinct MI250X", "MI250X"),
            ("Radeon RX 7900 XT", "RX 7900 XT"),
            ("NVIDIA", "NVIDIA"),
        ] {
            assert_eq!(short_name(name), short);
        }
    }

    #[test]
    fn gpus_of_two_makers_have_one_numbering() {
        let one = |index, name: &str| Reading {
            gpu: Gpu { index, name: name.to_owned(), vram_mb: None },
            ..Reading::default()
        };
        let nvidia = Found { readings: vec![one(0, "Tesla P40")], ..Found::default() };
        let amd = Found {
            readings: vec![one(0, "Radeon RX 7900 XT")],
            trouble: Some("x".to_owned()),
            hung: true,
        };
        let all = join(nvidia, amd);
        let gpus: Vec<Gpu> = all.readings.iter().map(|reading| reading.gpu.clone()).collect();
        assert_eq!(gpus.iter().map(|gpu| gpu.index).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(types(&gpus).as_deref(), Some("P40, RX 7900 XT"));
        assert!(all.hung && all.trouble.is_some());
    }
}
