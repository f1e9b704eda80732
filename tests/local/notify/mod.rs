//! `llamactl notify` and the library behind it, against a real ntfy server, a real SMTP
//! conversation and real mail programs. Stubs stand only where a fault is wanted.

mod channels;
mod mail;
mod ntfy;
mod outbox;
mod plugins;
mod push;
mod retries;
mod smtp;
mod words;

use crate::common::services::SmtpSink;
use crate::common::{Sandbox, mode};

const READY: [&str; 9] = [
    "notify",
    "--event",
    "ready",
    "--model",
    "/models/Qwen3.gguf",
    "--host",
    "gpu-05",
    "--port",
    "52677",
];

/// A sandbox with no word of mail or push in its environment.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMACTL_LOG", "info");
    settings(&mut sandbox, "{}\n");
    sandbox
}

fn settings(sandbox: &mut Sandbox, yaml: &str) {
    let path = sandbox.write("config.yaml", yaml);
    sandbox.set("LLAMACTL_CONFIG", path.display());
}

fn smtp(sandbox: &mut Sandbox, sink: &SmtpSink, more: &str) {
    let yaml = format!("notify: {{ smtp: {{ host: 127.0.0.1, port: {}, {more} }} }}\n", sink.port);
    settings(sandbox, &yaml);
}

/// A sendmail, first on PATH, that keeps its arguments and its input.
fn stub_sendmail(sandbox: &mut Sandbox) {
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{0}/argv'\ncat > '{0}/stdin'\n",
        sandbox.dir().display()
    );
    mode(&sandbox.write("bin/sendmail", script), 0o755);
    let path = sandbox.var("PATH").unwrap().to_owned();
    sandbox.set("PATH", format!("{}:{path}", sandbox.path("bin").display()));
}
