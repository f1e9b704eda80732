//! One file per resource: decode, authorise, ask the service, encode.

pub mod audit;
pub mod connect;
pub mod dashboard;
pub mod discovery;
pub mod events;
pub mod health;
pub mod history;
pub mod live;
pub mod metrics;
pub mod nodes;
pub mod notifications;
pub mod openapi;
pub mod profiles;
pub mod servers;
pub mod session;
pub mod tokens;
pub mod watches;
