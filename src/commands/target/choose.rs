//! What was typed and what is known → the one that is meant. Pure.

use super::{Known, State};
use crate::exit::{Exit, Failure};

/// What the server is wanted for decides which of several is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// To work with it: a ready one rather than another, one's own rather than another's.
    Using,
    /// To look at or to stop it: one's own. Two of one's own are never told apart by state,
    /// so that `stop` does not end another one tomorrow.
    Managing,
}

/// Finds the one of `known` that `query` means, for the user `me`.
///
/// A job id beats a name, a name beats a model, all of them beat the beginning of one.
///
/// # Errors
/// Exit 2 and the candidates when several fit; exit 4 and near names when none does.
pub fn choose<'a>(
    query: &str,
    known: &'a [Known],
    me: &str,
    purpose: For,
) -> Result<&'a Known, Failure> {
    let candidates = matching(query, known);
    let narrowed = narrow(candidates, me, purpose);
    match narrowed[..] {
        [] => Err(nobody(query, known)),
        [one] => Ok(one),
        _ => Err(ambiguous(query, &narrowed)),
    }
}

fn matching<'a>(query: &str, known: &'a [Known]) -> Vec<&'a Known> {
    let lower = query.to_lowercase();
    let same = |text: &str| text.to_lowercase() == lower;
    let begins = |text: &str| text.to_lowercase().starts_with(&lower);
    let id = |one: &Known| {
        let job = one.id();
        // The id of an array means all its tasks.
        job == query
            || job.split_once('_').is_some_and(|(array, _)| array == query)
            || one.server.as_ref().is_some_and(|server| {
                server.info.job.to_string() == query || server.info.id.to_string() == query
            })
    };
    let tiers: [&dyn Fn(&Known) -> bool; 5] = [
        &id,
        &|one| one.name() == query,
        &|one| same(one.name()),
        &|one| one.models().into_iter().any(same),
        &|one| begins(one.name()) || one.models().into_iter().any(begins),
    ];
    if query.is_empty() {
        return Vec::new();
    }
    let hits = |fits: &&dyn Fn(&Known) -> bool| -> Vec<&'a Known> {
        known.iter().filter(|one| fits(one)).collect()
    };
    tiers.iter().map(hits).find(|hits| !hits.is_empty()).unwrap_or_default()
}

/// Leaves out what is not meant, one rule after the other; a rule that would leave nothing
/// does not count.
fn narrow<'a>(mut left: Vec<&'a Known>, me: &str, purpose: For) -> Vec<&'a Known> {
    let alive = |one: &Known| one.state().is_alive();
    let ready = |one: &Known| one.state() == State::Ready;
    let own = |one: &Known| one.owner() == Some(me);
    let rules: &[&dyn Fn(&Known) -> bool] = match purpose {
        For::Using => &[&alive, &ready, &own],
        For::Managing => &[&own, &alive],
    };
    for rule in rules {
        let kept: Vec<&Known> = left.iter().copied().filter(|one| rule(one)).collect();
        if !kept.is_empty() {
            left = kept;
        }
    }
    left
}

fn ambiguous(query: &str, candidates: &[&Known]) -> Failure {
    const SHOWN: usize = 10;
    let line = |one: &&Known| {
        let owner = one.owner().unwrap_or("?");
        crate::output::printable(&format!(
            "{}  {}  {}  {owner}",
            one.id(),
            one.name(),
            one.state().as_str()
        ))
    };
    let mut lines: Vec<String> = candidates.iter().take(SHOWN).map(line).collect();
    if candidates.len() > SHOWN {
        lines.push(format!("and {} more", candidates.len() - SHOWN));
    }
    Failure::usage(format!("`{query}` fits {} servers", candidates.len()))
        .hint(format!("name one by its job id:\n  {}", lines.join("\n  ")))
}

fn nobody(query: &str, known: &[Known]) -> Failure {
    let mut near: Vec<(f64, &str)> = known
        .iter()
        .flat_map(|one| [one.name(), one.model()])
        .filter(|name| !name.is_empty())
        .map(|name| (strsim::jaro_winkler(&query.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut names: Vec<String> = Vec::new();
    for (_, name) in near {
        let name = format!("`{}`", crate::output::printable(name));
        if names.len() < 3 && !names.contains(&name) {
            names.push(name);
        }
    }
    let hint = if names.is_empty() {
        "`llamactl ls` lists what there is".to_owned()
    } else {
        format!("did you mean {}? `llamactl ls` lists all", names.join(" or "))
    };
    Failure::with_exit(Exit::GONE, format!("there is no server or job `{query}`")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{job, server};
    use super::*;
    use crate::domain::job::JobState;
    use crate::domain::server::ServerState::{self, Loading, Lost, Ready};

    fn listed(id: &str, name: &str, owner: &str, state: ServerState) -> Known {
        Known { server: Some(server(id, name, owner, state)), ..Known::default() }
    }

    fn id_of(query: &str, known: &[Known], purpose: For) -> Result<String, u8> {
        choose(query, known, "anna", purpose).map(Known::id).map_err(|failure| failure.exit.0)
    }

    #[test]
    fn a_job_id_beats_a_name_and_a_name_beats_a_model() {
        let known = [listed("1", "chat", "bob", Ready), listed("2", "1", "anna", Ready)];
        assert_eq!(id_of("1", &known, For::Using), Ok("1".into()));
        assert_eq!(id_of("chat", &known, For::Using), Ok("1".into()));
        assert_eq!(id_of("1-Q4", &known, For::Using), Ok("2".into()));
        assert_eq!(id_of("CHAT-Q4.GGUF", &known, For::Using), Ok("1".into()));
        assert_eq!(id_of("lab/2", &known, For::Using), Ok("2".into()));
    }

    #[test]
    fn a_model_goes_by_what_it_lists_and_by_its_file_without_the_quantisation() {
        let mut one = server("1", "small", "bob", Ready);
        one.models = vec!["gpt-4".into()];
        one.info.model.file = Some("Qwen3-4B-Q4_K_M.gguf".into());
        let known = [Known { server: Some(one), ..Known::default() }];
        for query in ["gpt-4", "qwen3-4b", "qwen3-4b-q4_k_m"] {
            assert_eq!(id_of(query, &known, For::Using), Ok("1".into()), "{query}");
        }
    }

    #[test]
    fn the_beginning_of_a_name_is_enough_where_it_is_the_only_one() {
        let known =
            [listed("1", "qwen3-30b", "bob", Ready), listed("2", "qwen3-80b", "bob", Ready)];
        assert_eq!(id_of("qwen3-3", &known, For::Using), Ok("1".into()));
        assert_eq!(id_of("qwen3", &known, For::Using), Err(2));
        assert_eq!(id_of("", &known, For::Using), Err(4));
    }

    #[test]
    fn to_use_one_a_ready_one_and_then_ones_own_is_meant() {
        let known = [
            listed("1", "q", "bob", Lost),
            listed("2", "q", "bob", Ready),
            listed("3", "q", "anna", Loading),
        ];
        assert_eq!(id_of("q", &known, For::Using), Ok("2".into()));
        assert_eq!(id_of("q", &known, For::Managing), Ok("3".into()));
        let known = [listed("2", "q", "bob", Ready), listed("3", "q", "anna", Ready)];
        assert_eq!(id_of("q", &known, For::Using), Ok("3".into()));
    }

    #[test]
    fn two_of_ones_own_are_not_told_apart_for_stop() {
        let pending = Known { job: Some(job("4", "q", JobState::Pending)), ..Known::default() };
        let known = [listed("3", "q", "anna", Ready), pending];
        assert_eq!(id_of("q", &known, For::Managing), Err(2));
        assert_eq!(id_of("q", &known, For::Using), Ok("3".into()));
        let failure = choose("q", &known, "anna", For::Managing).unwrap_err();
        let hint = failure.hint.unwrap();
        assert!(hint.contains("3  q  ready  anna") && hint.contains("4  q  pending"), "{hint}");
    }

    #[test]
    fn the_id_of_an_array_means_all_its_tasks() {
        let task =
            |id: &str| Known { job: Some(job(id, "q", JobState::Running)), ..Known::default() };
        let known = [task("4_1"), task("4_2"), task("5_1")];
        assert_eq!(id_of("4_2", &known, For::Managing), Ok("4_2".into()));
        assert_eq!(id_of("5", &known, For::Managing), Ok("5_1".into()));
        assert_eq!(id_of("4", &known, For::Managing), Err(2));
    }

    #[test]
    fn a_near_name_is_suggested() {
        let known = [listed("1", "qwen3-30b", "bob", Ready)];
        let failure = choose("qwne3-30b", &known, "anna", For::Using).unwrap_err();
        assert_eq!(failure.exit, Exit::GONE);
        assert!(failure.hint.unwrap().contains("`qwen3-30b`"));
    }
}
