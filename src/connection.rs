//! The connection file: shell `export` lines that tell how to reach one server (contract 1).

use std::path::{Path, PathBuf};

use crate::domain::server::authority;
pub use crate::paths::write_private;
use crate::secret::Secret;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// `LLAMA_SERVER_HOST`
    pub host: String,
    /// `LLAMA_SERVER_PORT`
    pub port: u16,
    /// `LLAMA_JOB_ID`
    pub job: String,
    /// `MODEL_FILE`
    pub model_file: String,
    /// `LLAMA_API_KEY`, unless the server is open.
    pub api_key: Option<Secret>,
    /// `LLAMA_SERVER_NAME`
    pub name: String,
}

/// The name of the file of job `job` in its folder.
pub fn file_name(job: &str) -> String {
    format!("llama_server_connection_{job}.txt")
}

impl Connection {
    /// `http://HOST:PORT`, with brackets around an IPv6 address.
    pub fn url(&self) -> String {
        format!("http://{}", authority(&self.host, self.port))
    }

    /// The file's text. Every value is quoted, so that a shell reads it back unchanged.
    ///
    /// # Errors
    /// A value that has a NUL byte, which no shell can hold.
    pub fn render(&self) -> Result<String, shlex::QuoteError> {
        let port = self.port.to_string();
        let mut lines = vec![
            ("LLAMA_SERVER_HOST", self.host.as_str()),
            ("LLAMA_SERVER_PORT", &port),
            ("LLAMA_JOB_ID", &self.job),
            ("MODEL_FILE", &self.model_file),
            ("LLAMA_SERVER_NAME", &self.name),
        ];
        if let Some(key) = &self.api_key {
            lines.push(("LLAMA_API_KEY", key.expose()));
        }
        let mut text = String::new();
        for (name, value) in lines {
            text.push_str(&format!("export {name}={}\n", shlex::try_quote(value)?));
        }
        Ok(text)
    }

    /// Reads a file's text; nothing when host, port or job is missing.
    pub fn parse(text: &str) -> Option<Connection> {
        let words = shlex::split(text)?;
        let get =
            |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let model_file = get("MODEL_FILE").unwrap_or_default().to_owned();
        Some(Connection {
            host: get("LLAMA_SERVER_HOST")?.to_owned(),
            port: get("LLAMA_SERVER_PORT")?.parse().ok()?,
            job: get("LLAMA_JOB_ID")?.to_owned(),
            api_key: get("LLAMA_API_KEY").map(Secret::new),
            name: get("LLAMA_SERVER_NAME").unwrap_or(&model_file).to_owned(),
            model_file,
        })
    }

    /// Writes the file into `dir`: 0600, whole or not at all.
    ///
    /// # Errors
    /// When the folder can't be written to.
    pub fn write(&self, dir: &Path) -> anyhow::Result<PathBuf> {
        let path = dir.join(file_name(&self.job));
        write_private(&path, self.render()?.as_bytes())?;
        Ok(path)
    }

    /// Reads the file of job `job` in `dir`; nothing when there is none.
    pub fn read(dir: &Path, job: &str) -> Option<Connection> {
        let text = std::fs::read_to_string(dir.join(file_name(job))).ok()?;
        Connection::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_survives_the_round_trip_with_hostile_values() {
        let connection = Connection {
            host: "n1".into(),
            port: 52677,
            job: "108_2".into(),
            model_file: "it's $(id) \"x\"\nback`tick".into(),
            api_key: Some(Secret::new("abc")),
            name: "näme".into(),
        };
        let text = connection.render().unwrap();
        assert_eq!(Connection::parse(&text), Some(connection));
    }

    #[test]
    fn a_file_of_the_older_scripts_is_understood() {
        let text = "export LLAMA_SERVER_HOST=gpu-05\nexport LLAMA_SERVER_PORT=52677\n\
                    export LLAMA_JOB_ID=42\nexport MODEL_FILE=\"/m/a.gguf\"\n";
        let connection = Connection::parse(text).unwrap();
        assert_eq!((connection.port, connection.model_file.as_str()), (52677, "/m/a.gguf"));
    }
    #[test]
    fn the_url_of_an_ipv6_address_has_brackets() {
        let at = |host: &str| {
            let text = format!(
                "export LLAMA_SERVER_HOST={host}\nexport LLAMA_SERVER_PORT=80\n\
                 export LLAMA_JOB_ID=42\n"
            );
            Connection::parse(&text).unwrap().url()
        };
        assert_eq!(at("gpu-05"), "http://gpu-05:80");
        assert_eq!(at("fd00::7"), "http://[fd00::7]:80");
    }
}
