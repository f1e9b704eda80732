//! GPUs as people and SLURM write them: `2 x h100`, `4 GPUs`, `gpu:a100:2(S:0-1)`. Every form is
//! read, one is written.
//!
//! Records and events keep the text that was sent, and who needs a number reads it here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The GPUs of a server, a job or a node: at least one.
///
/// A slice of a GPU (MIG) counts as one, as it does for SLURM; its profile is its kind:
/// `1g.5gb`, `a100_1g.5gb`, `nvidia_a100_80gb_pcie_1g.10gb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpus(Vec<GpuGroup>);

/// GPUs of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuGroup {
    /// How many; never 0.
    pub count: u32,
    /// Their type, as whoever wrote it spells it; nothing where it is not told.
    pub kind: Option<String>,
}

impl Gpus {
    /// So many of one kind; nothing for 0.
    pub fn new(count: u32, kind: Option<&str>) -> Option<Gpus> {
        Some(Gpus(vec![group(count, kind.unwrap_or_default())?]))
    }

    /// The GPUs among SLURM's generic resources; nothing where there are none among them.
    ///
    /// They are written as `gpu:h100:2(S:0-1),nvme:1` by sinfo, `gres:gpu:2` or `gres/gpu:2` by
    /// squeue, `gpu:(null):2(IDX:0-1)` by scontrol, and `cpu=8,gres/gpu=4,gres/gpu:h100=4` by
    /// sacct, where the first number is that of all kinds together (AccountingStorageTRES in
    /// slurm.conf(5)). A type without a number is one GPU.
    pub fn from_gres(text: &str) -> Option<Gpus> {
        let text = text.replace("(null)", "");
        let mut found: Vec<GpuGroup> = items(&text).into_iter().filter_map(resource).collect();
        if text.contains("gres/gpu=") {
            let typed = sum(found.iter().filter(|one| one.kind.is_some()));
            for one in found.iter_mut().filter(|one| one.kind.is_none()) {
                one.count = one.count.saturating_sub(typed);
            }
            found.retain(|one| one.count > 0);
        }
        (!found.is_empty()).then_some(Gpus(found))
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        sum(self.0.iter())
    }

    /// Those of each kind, in the order in which they were written.
    pub fn groups(&self) -> &[GpuGroup] {
        &self.0
    }
}

/// How many GPUs a text tells of, in any of the forms; 0 for none.
pub fn count(text: &str) -> u32 {
    text.parse::<Gpus>().map_or(0, |gpus| gpus.count())
}

impl FromStr for Gpus {
    type Err = String;

    /// A text about GPUs: SLURM's resources as in [`Gpus::from_gres`], or `2 x h100`, `4 GPUs`,
    /// `h100:2`, `h100`, `2`; several with commas.
    fn from_str(text: &str) -> Result<Gpus, String> {
        let words = || {
            let found: Vec<GpuGroup> = items(text).into_iter().filter_map(words).collect();
            (!found.is_empty()).then_some(Gpus(found))
        };
        Gpus::from_gres(text)
            .or_else(words)
            .ok_or_else(|| format!("`{}` tells of no GPUs", text.escape_debug()))
    }
}

impl fmt::Display for Gpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, one) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { ", " };
            write!(f, "{gap}{one}")?;
        }
        Ok(())
    }
}

impl fmt::Display for GpuGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count, &self.kind) {
            (count, Some(kind)) => write!(f, "{count} x {kind}"),
            (1, None) => f.write_str("1 GPU"),
            (count, None) => write!(f, "{count} GPUs"),
        }
    }
}

impl Serialize for Gpus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gpus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Gpus, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

fn sum<'a>(groups: impl Iterator<Item = &'a GpuGroup>) -> u32 {
    groups.fold(0, |sum, one| sum.saturating_add(one.count))
}

/// A kind that only says that it is a GPU is none.
fn group(count: u32, kind: &str) -> Option<GpuGroup> {
    let nothing = ["", "gpu", "gpus", "n/a", "none"];
    let kind = kind.trim();
    let told = !nothing.iter().any(|nothing| kind.eq_ignore_ascii_case(nothing));
    (count > 0).then(|| GpuGroup { count, kind: told.then(|| kind.to_owned()) })
}

/// One of SLURM's generic resources, if it is GPUs: `gpu:h100:2(S:0-1)`.
fn resource(item: &str) -> Option<GpuGroup> {
    let item = item.strip_prefix("gres:").or_else(|| item.strip_prefix("gres/")).unwrap_or(item);
    let mut words = plain(item).split([':', '=']).map(str::trim).filter(|word| !word.is_empty());
    if words.next()? != "gpu" {
        return None;
    }
    match (words.next(), words.next()) {
        (None, _) => group(1, ""),
        (Some(first), None) => match first.parse() {
            Ok(count) => group(count, ""),
            Err(_) => group(1, first),
        },
        (Some(kind), Some(count)) => group(count.parse().unwrap_or(1), kind),
    }
}

/// One group of GPUs in people's words: `2 x h100`, `4 GPUs`, `h100:2`, `h100`, `2`.
fn words(item: &str) -> Option<GpuGroup> {
    let item = plain(item).trim();
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = item.split_at(digits);
    let rest = rest.trim_start();
    if let Ok(count) = number.parse() {
        let times = rest.strip_prefix(['x', '×']).map(str::trim).filter(|kind| !kind.is_empty());
        // Anything else is the name of a kind: `1g.5gb`.
        match times {
            Some(kind) => return group(count, kind),
            None if ["", "gpu", "gpus"].iter().any(|word| rest.eq_ignore_ascii_case(word)) => {
                return group(count, "");
            }
            None => {}
        }
    }
    if ["", "n/a", "none"].iter().any(|nothing| item.eq_ignore_ascii_case(nothing)) {
        return None;
    }
    match item.rsplit_once([':', '=']).map(|(kind, count)| (kind, count.trim().parse())) {
        Some((kind, Ok(count))) => group(count, kind),
        _ => group(1, item),
    }
}

/// Without what SLURM says in brackets of sockets and indices.
fn plain(item: &str) -> &str {
    item.split('(').next().unwrap_or_default()
}

/// Splits at commas, but not inside `(S:0,2)`.
fn items(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_one_is_written() {
        for (text, count, written) in [
            // Ours.
            ("2 x h100", 2, "2 x h100"),
            ("4 GPUs", 4, "4 GPUs"),
            ("1 GPU", 1, "1 GPU"),
            ("2 x h100, 1 x v100", 3, "2 x h100, 1 x v100"),
            // Ours, of older versions.
            ("2 x GPU", 2, "2 GPUs"),
            ("1 x gpu", 1, "1 GPU"),
            // SLURM's.
            ("gpu:a100:2(S:0-1)", 2, "2 x a100"),
            ("gpu:v100:4(S:0,2),nvme:1", 4, "4 x v100"),
            ("gpu:h100:2(S:0-1),gpu:a100_3g.20gb:2,shard:8", 4, "2 x h100, 2 x a100_3g.20gb"),
            ("gres/gpu:h100:4", 4, "4 x h100"),
            ("gres:gpu:2", 2, "2 GPUs"),
            ("gpu:2", 2, "2 GPUs"),
            ("gpu", 1, "1 GPU"),
            ("gpu:v100", 1, "1 x v100"),
            ("gres/gpu=4", 4, "4 GPUs"),
            ("cpu=8,mem=32G,gres/gpu=4,gres/gpu:h100=4", 4, "4 x h100"),
            ("gres/gpu=3,gres/gpu:h100=2", 3, "1 GPU, 2 x h100"),
            ("gpu:(null):2(IDX:0-1)", 2, "2 GPUs"),
            // What people write.
            ("a100:2", 2, "2 x a100"),
            ("a100:2(S:0-1),v100:1", 3, "2 x a100, 1 x v100"),
            ("h100", 1, "1 x h100"),
            ("RTX 4090", 1, "1 x RTX 4090"),
            ("2xA100", 2, "2 x A100"),
            ("3", 3, "3 GPUs"),
            // Slices.
            ("1g.5gb", 1, "1 x 1g.5gb"),
            ("7 x 1g.5gb", 7, "7 x 1g.5gb"),
            ("a100_1g.5gb", 1, "1 x a100_1g.5gb"),
            ("gpu:1g.5gb:7", 7, "7 x 1g.5gb"),
            ("gpu:nvidia_a100_80gb_pcie_1g.10gb:3", 3, "3 x nvidia_a100_80gb_pcie_1g.10gb"),
        ] {
            let gpus: Gpus = text.parse().expect(text);
            assert_eq!((gpus.count(), gpus.to_string().as_str()), (count, written), "{text}");
            assert_eq!(written.parse(), Ok(gpus), "what is written reads the same: {text}");
        }
    }

    #[test]
    fn where_there_are_none_there_are_none() {
        for text in ["", " ", "(null)", "N/A", "none", "0", "0 x h100", "gpu:0", "gpu:a100:0"] {
            assert!(text.parse::<Gpus>().is_err(), "{text}");
            assert_eq!(count(text), 0, "{text}");
        }
        for text in ["nvme:1", "license:x", "shard:8", "cpu=8,mem=32G", "(null)", "gpumem:4"] {
            assert_eq!(Gpus::from_gres(text), None, "{text}");
        }
        assert_eq!((Gpus::new(0, Some("h100")), count("4294967295 x a, 2 x b")), (None, u32::MAX));
    }

    #[test]
    fn on_the_wire_they_are_their_text() {
        let gpus = Gpus::new(2, Some("h100")).unwrap();
        assert_eq!(serde_json::to_value(&gpus).unwrap(), "2 x h100");
        assert_eq!(serde_json::from_str::<Gpus>(r#""gpu:h100:2""#).unwrap(), gpus);
        assert!(serde_json::from_str::<Gpus>(r#""""#).unwrap_err().to_string().contains("no GPUs"));
    }
}
