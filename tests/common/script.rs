//! Scripts, and what goes into a job's.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use llamactl::config::model::ServerConfig;
use llamactl::config::resolve::Resolved;
use llamactl::config::spec::{NotifySpec, Spec};

/// Writes an executable shell script.
pub fn write_script(path: &Path, body: &str) {
    // Written under another name and renamed, so that no parallel test's fork holds it open
    // for writing when it is run.
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, format!("#!/bin/bash\n{body}")).unwrap();
    std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&temporary, path).unwrap();
}

/// A specification with nothing special in it.
pub fn spec() -> Spec {
    Spec {
        name: "tiny".into(),
        model: Some("/models/tiny.gguf".into()),
        hf: None,
        server: ServerConfig { context: Some(4096), ..ServerConfig::default() },
        gpus: None,
        labels: Default::default(),
        registry: None,
        registry_ca: None,
        registry_token_file: None,
        notify: NotifySpec::default(),
        ssh_via: None,
        slurm_bin: None,
        drain_seconds: 120,
        connection_dir: Some("/home/me/dir".into()),
    }
}

/// A resolved configuration around a specification.
pub fn resolved(spec: Spec) -> Resolved {
    Resolved {
        spec,
        slurm: Default::default(),
        hooks: Vec::new(),
        description: None,
        variant: None,
        settings: Default::default(),
        origins: Default::default(),
        drain: Default::default(),
    }
}
