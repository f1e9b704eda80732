//! The registry: in which everybody finds the servers that run.
//!
//! A request goes handler (decode, authorise) → service (rules) → store (one operation, one
//! transaction, its event row in it) → after the commit the view in memory, which serves every
//! read. axum is used only here, SQL only in [`store`].

pub mod auth;
pub mod bodies;
mod bounded;
pub mod bus;
pub mod connections;
pub mod dashboard;
pub mod delays;
pub mod dialects;
pub mod error;
pub mod feed;
pub mod handlers;
pub mod history;
pub mod identity;
pub mod legacy;
pub mod limits;
pub mod list;
pub mod live;
pub mod log;
pub mod metrics;
pub mod node_list;
pub mod node_merge;
pub mod nodes;
pub mod openapi;
pub mod post;
pub mod probe;
pub mod router;
pub mod routes;
pub mod serve;
pub mod service;
pub mod session;
pub mod snippets;
pub mod store;
pub mod teller;
mod ticker;
pub mod tls;
pub mod tokens;
pub mod usage;
pub mod view;
mod watched;
