//! No files import each other in a circle: each can be read after those that it stands on.

use std::collections::{BTreeMap, BTreeSet};

use super::files::arrows;

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut from: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut places: BTreeMap<(String, String), String> = BTreeMap::new();
    for arrow in arrows() {
        places.entry((arrow.from.clone(), arrow.to.clone())).or_insert(arrow.place);
        from.entry(arrow.to.clone()).or_default();
        from.entry(arrow.from).or_default().insert(arrow.to);
    }
    assert!(places.len() > 500, "the imports are not read: {}", places.len());
    let circle = in_circles(from);
    let inside = |place: &((String, String), String)| {
        circle.contains(&place.0.0) && circle.contains(&place.0.1)
    };
    let shown: Vec<_> = places
        .into_iter()
        .filter(inside)
        .map(|((from, to), place)| format!("{place}: {from} imports {to}"))
        .collect();
    assert!(shown.is_empty(), "move what both need below both\n{}", shown.join("\n"));
}

/// What is left when all are taken away that import nothing that is left, or that nothing
/// imports: circles, and what lies between two of them.
fn in_circles(mut from: BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    loop {
        let imported: BTreeSet<String> = from.values().flatten().cloned().collect();
        let left: BTreeSet<String> = from
            .iter()
            .filter(|(file, imports)| !imports.is_empty() && imported.contains(*file))
            .map(|(file, _)| file.clone())
            .collect();
        if left.len() == from.len() {
            return left;
        }
        from.retain(|file, _| left.contains(file));
        from.values_mut().for_each(|imports| imports.retain(|file| left.contains(file)));
    }
}

#[test]
fn circles_are_found_whatever_hangs_on_them() {
    let graph = |arrows: &[(&str, &str)]| {
        let mut from: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (a, b) in arrows {
            from.entry((*b).to_owned()).or_default();
            from.entry((*a).to_owned()).or_default().insert((*b).to_owned());
        }
        in_circles(from).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(graph(&[("a", "b"), ("b", "c"), ("a", "c")]), "");
    assert_eq!(graph(&[("x", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "y")]), "a b c");
}
