//! What readers get to see: the view in memory, updated after each commit, and everything that is
//! made of it (lists, streams, histories, figures, commands to copy).

pub mod bodies;
pub mod counters;
pub mod delays;
pub mod feed;
pub mod history;
pub mod legacy;
pub mod list;
pub mod live;
pub mod log;
pub mod node_list;
pub mod nodes;
pub mod snippets;
pub mod usage;
pub mod view;
