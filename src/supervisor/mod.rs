//! The story of `llamactl run`.
