//! Holds the rules of ARCHITECTURE.md: who may import whom, what stands in one place only, and
//! how long files and functions may be. Each violation names its file and line.

mod floors;
mod imports;
mod places;
mod reader;
mod sizes;
