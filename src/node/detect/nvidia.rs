//! NVIDIA's GPUs, by nvidia-smi(1).

use super::program::{self, Found, Reading};
use crate::domain::node::Gpu;
use crate::exec::Run;

/// What is asked for, in the order in which [`parse`] reads it.
const QUERY: &str = "--query-gpu=index,name,memory.total,memory.used,utilization.gpu";

/// Asks nvidia-smi.
pub async fn look() -> Found {
    program::ask("nvidia-smi", &[QUERY, "--format=csv,noheader,nounits"], parse).await
}

/// The version of CUDA that the driver supports; nothing where nvidia-smi does not tell.
pub async fn cuda_version() -> Option<String> {
    let outcome = Run::new("nvidia-smi").timeout(program::LIMIT).output().await.ok()?;
    version(&outcome.stdout)
}

/// Reads one line for each GPU: index, name, memory in MiB, memory in use, utilisation in
/// percent. A value that a GPU does not have is `[N/A]` or `[Not Supported]`; a GPU that fell
/// off the bus has `[GPU is lost]` or `[Unknown Error]` for all of them.
pub fn parse(text: &str) -> Found {
    let mut found = Found::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match reading(line) {
            Some(reading) => found.readings.push(reading),
            None if line.contains(',') => {
                let index = line.split(',').next().unwrap_or_default().trim();
                let trouble = format!("nvidia-smi: GPU {index} is lost");
                found.trouble = Some(trouble.chars().filter(|c| !c.is_control()).collect());
            }
            // "No devices were found"
            None => {}
        }
    }
    found
}

fn reading(line: &str) -> Option<Reading> {
    // From the right: a name could have a comma.
    let mut parts = line.rsplitn(4, ',').map(str::trim);
    let (percent, used, total) = (parts.next()?, parts.next()?, parts.next()?);
    let (index, name) = parts.next()?.split_once(',')?;
    let name = name.trim();
    if name.is_empty() || name.starts_with('[') || name.chars().any(char::is_control) {
        return None;
    }
    Some(Reading {
        gpu: Gpu {
            index: index.trim().parse().ok()?,
            name: name.to_owned(),
            vram_mb: total.parse().ok(),
        },
        used_mb: used.parse().ok(),
        use_percent: percent.parse().ok(),
    })
}

/// `CUDA Version: 12.4` in the head of nvidia-smi's table; newer drivers write
/// `CUDA UMD Version: 13.1`.
fn version(text: &str) -> Option<String> {
    let after = ["CUDA Version", "CUDA UMD Version"]
        .iter()
        .find_map(|mark| text.split_once(mark).map(|(_, after)| after))?;
    let after = after.trim_start().strip_prefix(':')?.trim_start();
    let version: String =
        after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(16).collect();
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_read() {
        let found = parse(
            "0, NVIDIA A100-SXM4-80GB, 81920, 1024, 37\n1, NVIDIA A100-SXM4-80GB, 81920, 0, 0\n",
        );
        assert_eq!(found.readings.len(), 2);
        let first = &found.readings[0];
        assert_eq!((first.gpu.index, first.gpu.vram_mb), (0, Some(81_920)));
        assert_eq!((first.used_mb, first.use_percent), (Some(1024), Some(37.0)));
        assert_eq!(found.trouble, None);
    }

    #[test]
    fn values_that_a_gpu_does_not_have_are_left_out() {
        let found = parse("0, NVIDIA GB10, [N/A], [N/A], [Not Supported]\n");
        let reading = &found.readings[0];
        assert_eq!((reading.gpu.vram_mb, reading.used_mb, reading.use_percent), (None, None, None));
    }

    #[test]
    fn a_lost_gpu_is_told_and_the_others_stay() {
        let found = parse(
            "0, Tesla P40, 24576, 0, 0\n\
             1, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]\n",
        );
        assert_eq!(found.readings.len(), 1);
        assert_eq!(found.trouble.as_deref(), Some("nvidia-smi: GPU 1 is lost"));
    }

    #[test]
    fn nothing_and_nonsense_are_no_gpus() {
        for text in ["", "No devices were found\n", "a, b\n", "0, , 1, 2, 3", "\u{0},\u{1}"] {
            assert_eq!(parse(text).readings, [], "{text:?}");
        }
    }

    #[test]
    fn the_version_of_cuda_is_found_in_every_form() {
        let table = "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4 |";
        assert_eq!(version(table).as_deref(), Some("12.4"));
        assert_eq!(version("CUDA Version        : 12.4\n").as_deref(), Some("12.4"));
        assert_eq!(version("CUDA UMD Version: 13.1 |").as_deref(), Some("13.1"));
        assert_eq!(version("CUDA Version: N/A"), None);
        assert_eq!(version("no such thing"), None);
    }
}
