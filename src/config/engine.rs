//! What llamactl keeps for itself of llama-server's options. A configuration that has one of them
//! is refused by `submit`, before the job waits, and by `run`, whoever wrote its specification;
//! and none comes in by the user's environment.
//!
//! Names are those of llama.cpp's server 0.7.0 (build 11669), `llama-server --help`.

/// An option that is not for `server.args`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// Its names.
    pub options: &'static [&'static str],
    /// The variable that says the same.
    pub variable: &'static str,
    /// What to write in its place.
    pub instead: &'static str,
}

const fn option(
    options: &'static [&'static str],
    variable: &'static str,
    instead: &'static str,
) -> Reserved {
    Reserved { options, variable, instead }
}

const KEY: &str = "arguments are readable by every user; llamactl makes a key of its own, and \
                   `server.access` says who gets it";
const TLS: &str = "put a proxy that speaks TLS in front";

/// The one table of them.
pub const RESERVED: &[Reserved] = &[
    option(&["--host"], "LLAMA_ARG_HOST", "use `server.host`"),
    option(&["--port"], "LLAMA_ARG_PORT", "use `server.port`"),
    option(&["--reuse-port"], "LLAMA_ARG_REUSE_PORT", "llamactl owns the port"),
    option(&["--api-key"], "LLAMA_API_KEY", KEY),
    option(&["--api-key-file"], "LLAMA_ARG_API_KEY_FILE", KEY),
    option(&["--api-prefix"], "LLAMA_ARG_API_PREFIX", "llamactl serves at the root of the port"),
    option(&["--ssl-key-file"], "LLAMA_ARG_SSL_KEY_FILE", TLS),
    option(&["--ssl-cert-file"], "LLAMA_ARG_SSL_CERT_FILE", TLS),
    option(&["-m", "--model"], "LLAMA_ARG_MODEL", "use `model`"),
    option(&["-hf", "-hfr", "--hf-repo"], "LLAMA_ARG_HF_REPO", "use `hf`"),
];

/// The reserved option that this argument is: `--port`, `--port=80`.
pub fn reserved(argument: &str) -> Option<&'static Reserved> {
    let name = argument.split('=').next().unwrap_or(argument);
    RESERVED.iter().find(|reserved| reserved.options.contains(&name))
}

/// Variables by which a reserved option could come in.
pub fn reserved_variables() -> impl Iterator<Item = &'static str> {
    RESERVED.iter().map(|reserved| reserved.variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_with_and_without_a_value() {
        for name in RESERVED.iter().flat_map(|reserved| reserved.options) {
            assert!(reserved(name).is_some(), "{name}");
            assert!(reserved(&format!("{name}=x")).is_some(), "{name}");
        }
        assert_eq!(reserved("--temp"), None);
        assert_eq!(reserved("--ports"), None);
    }
}
