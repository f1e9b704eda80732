//! The registry's HTTP face: one table of routes, one handler file for each resource, the older
//! formats as translations of the same records.

pub mod dashboard;
pub mod dialects;
pub mod extract;
pub mod handlers;
pub mod metrics;
pub mod openapi;
pub mod router;
pub mod routes;
pub mod stream;
