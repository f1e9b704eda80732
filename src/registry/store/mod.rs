//! The operations that change the registry, and the database that carries them out.
//!
//! Each operation is one transaction of its own, with its event row in it, and is answered
//! only after the commit. SQL is written once, for SQLite and PostgreSQL: what they say
//! differently is in [`sqlite`] and [`postgres`].

pub mod address;
pub mod audit;
pub mod core;
pub mod database;
pub mod dump;
pub mod follow;
pub mod import;
pub mod listen;
pub mod node_ops;
pub mod op;
pub mod operations;
pub mod place;
pub mod postgres;
pub mod rows;
pub mod schema;
pub mod sequence;
pub mod sql;
pub mod sqlite;
pub mod table;
pub mod watch_op;
mod writer;

pub use self::core::Lifetimes;
pub use self::database::Database;
pub use self::node_ops::NodeOp;
pub use self::op::{Done, Due, MAX_ENTRIES, NewToken, Now, Op, Registration};
pub use self::watch_op::WatchOp;
pub use self::writer::Store;
