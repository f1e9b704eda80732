//! The registry: in which everybody finds the servers that run.
//!
//! Six wings, each of which knows only those below it:
//!
//! | wing | what it does |
//! |---|---|
//! | [`work`] | what happens by itself: leases end, `/health` is looked at, people are told |
//! | [`http`] | the routes; a handler decodes, asks the service, and encodes |
//! | [`service`] | the rules: what a request means |
//! | [`edge`] | who comes in, and how much of it |
//! | [`store`] | one operation, one transaction, its event row in it; SQL only here |
//! | [`seen`] | what readers get to see, in memory, as of the last commit |
//!
//! Below them are [`may`] (who may change what) and [`error`] (what can go wrong); above them
//! is [`serve`], which starts it all. axum is used only in the registry.

pub mod edge;
pub mod error;
pub mod http;
pub mod may;
pub mod seen;
pub mod serve;
pub mod service;
pub mod store;
pub mod work;
