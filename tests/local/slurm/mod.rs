//! What SLURM reads of us, and what we read of it, without a cluster.

mod parse;
mod script;
