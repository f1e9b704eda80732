//! The `llamactl` program: parse, dispatch, map the result to an exit code.

fn main() -> std::process::ExitCode {
    llamactl::commands::main()
}
