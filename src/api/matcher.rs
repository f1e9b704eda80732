//! Which servers a filter takes: for the registry, which has them all, and for its clients, which
//! may have them all too.

use super::ServerFilter;
use crate::domain::server::{Server, ServerState};

/// A [`ServerFilter`], ready to be asked.
#[derive(Debug)]
pub struct Matcher<'a> {
    filter: &'a ServerFilter,
    state: Option<ServerState>,
    all_states: bool,
    labels: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Matcher<'a> {
    /// Reads the filter; its page and its wait are left out.
    ///
    /// # Errors
    /// A state that does not exist.
    pub fn new(filter: &'a ServerFilter) -> Result<Matcher<'a>, String> {
        let (state, all_states) = match filter.state.as_deref() {
            None => (None, false),
            Some("all") => (None, true),
            Some("loading") => (Some(ServerState::Loading), false),
            Some("ready") => (Some(ServerState::Ready), false),
            Some("draining") => (Some(ServerState::Draining), false),
            Some("lost") => (Some(ServerState::Lost), false),
            Some(other) => return Err(format!("there is no state {other:?}")),
        };
        let labels = filter.label.as_deref().unwrap_or_default();
        let labels = labels.split(',').filter(|part| !part.is_empty()).map(|part| {
            part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value)))
        });
        Ok(Matcher { filter, state, all_states, labels: labels.collect() })
    }

    /// Whether a server is one of those.
    pub fn passes(&self, server: &Server) -> bool {
        let info = &server.info;
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == value)
        };
        let state = match self.state {
            Some(state) => server.state == state,
            None => self.all_states || server.state != ServerState::Lost,
        };
        let wanted = self.filter.model.as_ref();
        let model = wanted.is_none_or(|wanted| server.names().answers_to(wanted));
        let labels = self.labels.iter().all(|(key, wanted)| {
            let value = info.labels.get(*key);
            value.is_some_and(|value| wanted.is_none_or(|wanted| wanted == value))
        });
        state
            && model
            && labels
            && is(&self.filter.owner, &info.owner)
            && is(&self.filter.cluster, &info.job.cluster)
    }
}
