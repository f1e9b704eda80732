//! What people type for a server (name, model or job id) → the server.
