//! Who else is told of an event: rules of the site and of the user.

use crate::config::rules::Rule;
use crate::config::spec::NotifySpec;
use crate::domain::notice::Notice;

/// Everybody whom rules tell of this, each once, in the order of the rules.
pub fn pick(rules: &[Rule], notice: &Notice) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for target in rules.iter().filter(|rule| rule.takes(notice)).flat_map(|rule| &rule.notify) {
        if !told.contains(target) {
            told.push(target.clone());
        }
    }
    told
}

/// Everybody who is told of this, each once: those of `to`, and those whom rules pick.
pub fn whom(how: &NotifySpec, notice: &Notice) -> Vec<String> {
    let mut told = if how.tells(notice.kind) { how.to.clone() } else { Vec::new() };
    for target in pick(&how.rules, notice) {
        if !told.contains(&target) {
            told.push(target);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::Kind;

    #[test]
    fn everybody_is_told_once() {
        let rules: Vec<Rule> = serde_yaml::from_str(
            "[{notify: ['ntfy://a', 'ntfy://b']}, {owner: ann, notify: ['ntfy://b', 'ntfy://c']},
              {owner: bob, notify: ['ntfy://d']}]",
        )
        .unwrap();
        let notice = Notice { kind: Kind::Lost, owner: "ann".into(), ..Notice::default() };
        assert_eq!(pick(&rules, &notice), ["ntfy://a", "ntfy://b", "ntfy://c"]);
        assert!(pick(&rules, &Notice { kind: Kind::Ended, ..notice }).is_empty());
    }
}
