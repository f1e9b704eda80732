//! What happens by itself: leases end, nodes fall silent, `/health` is looked at, people are told,
//! programs hear of it by Redis.

pub mod bus;
pub mod probe;
pub mod teller;
pub mod ticker;
