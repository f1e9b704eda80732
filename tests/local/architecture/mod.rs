//! Holds the rules of ARCHITECTURE.md: who may import whom, that no files import each other in a
//! circle, what stands in one place only, and how long files and functions may be. Each violation names its file and line.

mod circles;
mod dashboard;
mod files;
mod floors;
mod imports;
mod places;
mod reader;
mod sizes;
mod wings;
