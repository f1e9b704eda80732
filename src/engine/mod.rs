//! What an engine is like: its arguments and its environment, how to ask it, and what its answers
//! and its log mean. The only engine so far is llama-server; nothing outside knows its flags.

pub mod ask;
pub mod llama;
