//! The `llamactl` program: parse, dispatch, map the result to an exit code.

/// A request's memory is taken on one thread and given back on another, which costs glibc's
/// allocator a tenth of what the registry does. Elsewhere it stays: jemalloc is built for one size
/// of pages, and aarch64 has several.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    llamactl::commands::main()
}
