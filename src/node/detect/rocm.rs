//! AMD's GPUs, by rocm-smi.

use serde_json::{Map, Value};

use super::program::{self, Found, Reading};
use crate::domain::node::Gpu;

/// Bytes in a MiB.
const MIB: u64 = 1024 * 1024;

/// Asks rocm-smi.
pub async fn look() -> Found {
    let args = ["--showproductname", "--showmeminfo", "vram", "--showuse", "--json"];
    program::ask("rocm-smi", &args, parse).await
}

/// Reads the object that has one member `cardN` for each GPU, all of whose values are texts.
/// Releases of ROCm write the keys in different cases (`Card series`, `Card Series`), and put
/// warnings before the object.
pub fn parse(text: &str) -> Found {
    let Some(start) = text.find('{') else { return Found::default() };
    // Only the first value: warnings may follow it too.
    let value = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>().next();
    let Some(Ok(Value::Object(cards))) = value else {
        let trouble = Some("rocm-smi: what it prints is no JSON".to_owned());
        return Found { trouble, ..Found::default() };
    };
    let mut readings: Vec<Reading> =
        cards.iter().filter_map(|(name, card)| reading(name, card)).collect();
    readings.sort_by_key(|reading| reading.gpu.index);
    Found { readings, ..Found::default() }
}

fn reading(name: &str, card: &Value) -> Option<Reading> {
    let index = name.strip_prefix("card")?.parse().ok()?;
    let card = card.as_object()?;
    // Older releases have a marketing name as the series, some only as the model.
    let named = |key| get(card, key).filter(|name| !name.starts_with("0x") && *name != "N/A");
    let name =
        named("card series").or_else(|| named("card model")).or_else(|| named("device name"));
    let bytes = |key| get(card, key).and_then(|text| text.parse::<u64>().ok());
    Some(Reading {
        gpu: Gpu {
            index,
            name: name.unwrap_or("AMD GPU").chars().filter(|c| !c.is_control()).collect(),
            vram_mb: bytes("vram total memory (b)").map(|bytes| bytes / MIB),
        },
        used_mb: bytes("vram total used memory (b)").map(|bytes| bytes / MIB),
        use_percent: get(card, "gpu use (%)").and_then(|text| text.parse().ok()),
    })
}

fn get<'a>(card: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    let (_, value) = card.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_read_in_both_spellings() {
        let found = parse(
            r#"WARNING: AMD GPU device(s) is/are in a low-power state.
            {"card1": {"GPU use (%)": "12", "VRAM Total Memory (B)": "68702699520",
                "VRAM Total Used Memory (B)": "11616256", "Card series": "AMD Instinct MI250X",
                "Card model": "0x0b0c"},
             "card0": {"GPU use (%)": "0", "VRAM Total Memory (B)": "21458059264",
                "VRAM Total Used Memory (B)": "27856896", "Card Series": "Radeon RX 7900 XT",
                "Card Model": "0x744c", "GFX Version": "gfx1100"},
             "system": {"Driver version": "6.2.4"}}
            "#,
        );
        let names: Vec<_> = found.readings.iter().map(|one| one.gpu.name.as_str()).collect();
        assert_eq!(names, ["Radeon RX 7900 XT", "AMD Instinct MI250X"]);
        let first = &found.readings[0];
        assert_eq!((first.gpu.vram_mb, first.used_mb), (Some(20_464), Some(26)));
        assert_eq!(found.readings[1].use_percent, Some(12.0));
    }

    #[test]
    fn a_card_that_tells_little_is_still_a_card() {
        let found = parse(r#"{"card0": {"Card Series": "N/A", "GPU use (%)": "N/A"}}"#);
        assert_eq!(found.readings[0].gpu.name, "AMD GPU");
        assert_eq!(found.readings[0].use_percent, None);
    }

    #[test]
    fn no_cards_and_nonsense() {
        assert_eq!(parse(""), Found::default());
        assert_eq!(parse("{}"), Found::default());
        assert!(parse("{broken").trouble.is_some());
    }
}
