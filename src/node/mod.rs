//! What runs on a node: it finds out what the machine has, registers it and beats for it.
//!
//! [`NodeRegistration`] is for programs of one's own that speak contract 3; [`agent`] is what
//! `llamactl node agent` runs.

pub mod agent;
pub mod detect;
pub mod keep;
mod registration;

pub use registration::{
    NodeCapabilities, NodeRegistration, NodeRegistrationConfig, PoolStatus, RegistrationError,
};
