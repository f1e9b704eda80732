//! What integration tests stand on: the real programs, a folder and an environment of their own
//! for each test, services on free ports that end with the test, and the clusters that
//! `make lab-up` (or `make test`) started.
//!
//! A part that is missing is a panic that says which `make` target brings it; no test skips
//! itself. Nothing here sleeps for a fixed time: everything waits for a condition with a
//! deadline ([`wait_until`]).

#![allow(dead_code, reason = "each test binary uses its own part of the harness")]

pub mod cluster;
pub mod http;
pub mod lab;
pub mod login;
pub mod mail;
pub mod partition;
pub mod registry;
pub mod script;
pub mod server;
pub mod services;
pub mod wait;

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

pub use wait::*;

/// The program under test.
pub const LLAMACTL: &str = env!("CARGO_BIN_EXE_llamactl");

/// The project's folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the lab keeps what it downloads and makes: `LLAMACTL_LAB`, else below `~/.cache`.
pub fn lab_home() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(lab) = var("LLAMACTL_LAB") {
        return PathBuf::from(lab);
    }
    let cache = var("XDG_CACHE_HOME").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(var("HOME").expect("HOME is not set, and neither is LLAMACTL_LAB"))
            .join(".cache")
    });
    cache.join("llamactl/lab")
}

/// One of the real programs that `make test-tools` unpacks.
pub fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("LLAMACTL_TEST_TOOLS")
        .map_or_else(|| lab_home().join("tools/bin"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: run `make test-tools`", path.display());
    path
}

/// The model that answers one sentence, whatever it is asked.
pub fn tiny_model() -> PathBuf {
    model("tiny.gguf", &[])
}

/// The model that talks nonsense without end, about 150 tokens a second on one core.
pub fn slow_model() -> PathBuf {
    model("slow.gguf", &["--slow"])
}

/// What the tiny model always says begins with this.
pub const TINY_ANSWER: &str = "Hello! I am a tiny llama model";

fn model(name: &str, args: &[&str]) -> PathBuf {
    let script = project().join("scripts/lab/tiny-model.py");
    let folder = lab_home();
    fs::create_dir_all(&folder).unwrap_or_else(|e| panic!("can't make {}: {e}", folder.display()));
    let lock = fs::File::create(folder.join("models.lock")).expect("the models' lock");
    lock.lock().expect("the models' lock");
    let path = folder.join(name);
    let modified = |path: &Path| fs::metadata(path).and_then(|m| m.modified());
    let fresh = modified(&path).is_ok_and(|made| made > modified(&script).expect("tiny-model.py"));
    if !fresh {
        let mut command = Command::new("python3");
        command.arg(&script).arg(&path).args(args);
        let output = command.output().expect("python3 is missing: run scripts/lab/deps.sh");
        assert!(output.status.success(), "tiny-model.py: {}", text(&output.stderr));
    }
    path
}

/// Sets a file's mode.
pub fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// A port on 127.0.0.1 that nobody listens on. It lies below the range from which the kernel
/// gives ports to clients, so that it stays free until a service takes it.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes that start together begin at different places.
    let start = (std::process::id() as u16).wrapping_mul(97) % 11_000;
    for _ in 0..11_000 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 21_000 + start.wrapping_add(step) % 11_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between 21000 and 32000");
}

/// A test's own folder, and the environment in which its programs see nothing else of this
/// machine's configuration. When the test fails, the ends of all logs in it are printed.
#[derive(Debug)]
pub struct Sandbox {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Sandbox {
    /// A folder in which commands run, and no environment at all.
    pub fn bare() -> Sandbox {
        let folder = tempfile::Builder::new().prefix("llamactl-test-").tempdir().expect("tempdir");
        let sandbox = Sandbox { folder, env: Vec::new() };
        sandbox.make_dir("work");
        sandbox
    }

    /// An empty home, PATH, and the real llama-server.
    pub fn new() -> Sandbox {
        let mut sandbox = Sandbox::bare();
        let home = sandbox.make_dir("home");
        let path = std::env::var("PATH").unwrap_or_default();
        sandbox.set("PATH", format!("{path}:/usr/sbin:/sbin"));
        sandbox.set("HOME", home.display());
        sandbox.set("XDG_RUNTIME_DIR", sandbox.make_dir("runtime").display());
        // What is killed can't tidy up after itself: the sandbox does.
        sandbox.set("TMPDIR", sandbox.make_dir("tmp").display());
        sandbox.set("LLAMACTL_SITE_CONFIG", sandbox.path("site.yaml").display());
        fs::write(sandbox.path("site.yaml"), "{}\n").expect("site.yaml");
        sandbox.set("LLAMACTL_LLAMA_SERVER", tool("llama-server").display());
        sandbox.set("LLAMACTL_LOG", "debug");
        sandbox.set("NO_COLOR", "1");
        for name in ["USER", "LOGNAME", "LANG"] {
            if let Ok(value) = std::env::var(name) {
                sandbox.set(name, value);
            }
        }
        sandbox
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir().join(name)
    }

    /// The folder in which commands run: where connection files and job logs land.
    pub fn work(&self) -> PathBuf {
        self.path("work")
    }

    fn make_dir(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("a folder in the sandbox");
        path
    }

    /// Writes a file below the folder, and gives its path.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder in the sandbox");
        fs::write(&path, content).expect("a file in the sandbox");
        path
    }

    /// Sets a variable for all commands from now on.
    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.unset(name);
        self.env.push((name.to_owned(), value.to_string()));
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) {
        self.env.retain(|(other, _)| other != name);
    }

    /// The value of a variable that was set.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Any program in this environment, in [`Sandbox::work`].
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.work()).stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// llamactl in this environment.
    pub fn llamactl(&self, args: &[&str]) -> Command {
        let mut command = self.command(LLAMACTL);
        command.args(args);
        command
    }

    /// Runs llamactl to its end; it must end with 0.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.llamactl(args).output().expect("llamactl");
        assert_ok(args, &output);
        text(&output.stdout)
    }

    /// Runs llamactl to its end; it must end with 0 and print JSON.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let stdout = self.ok(args);
        serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{args:?}: {e}: {stdout}"))
    }

    /// Runs llamactl to its end: exit code, stdout, stderr.
    pub fn outcome(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.llamactl(args).output().expect("llamactl");
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// Writes a program of this name into a folder at the front of PATH.
    pub fn program(&mut self, name: &str, script: &str) -> PathBuf {
        let path = self.write(format!("bin/{name}"), script);
        mode(&path, 0o755);
        let bin = self.path("bin").display().to_string();
        let before = self.var("PATH").expect("PATH").to_owned();
        if !before.starts_with(&bin) {
            self.set("PATH", format!("{bin}:{before}"));
        }
        path
    }

    /// The processes, alive, whose environment names this sandbox's folder: whatever it started,
    /// on a cluster or off it.
    pub fn processes(&self) -> Vec<Process> {
        let mark = self.dir().as_os_str().as_encoded_bytes();
        processes().filter(|process| process.environment_has(mark)).collect()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("──── {}", self.dir().display());
            for process in self.processes() {
                eprintln!("──── process {} {}", process.pid, process.command());
            }
            print_logs(self.dir());
        }
    }
}

/// Prints the last lines of every log below `dir`.
pub fn print_logs(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            print_logs(&path);
        } else if path.extension().is_some_and(|e| e == "log" || e == "out") {
            let content = text(&fs::read(&path).unwrap_or_default());
            let lines: Vec<_> = content.lines().collect();
            eprintln!("──── {} ({} lines)", path.display(), lines.len());
            for line in &lines[lines.len().saturating_sub(60)..] {
                eprintln!("{line}");
            }
        }
    }
}

/// One process of this machine.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its id.
    pub pid: u32,
}

impl Process {
    /// Its arguments with spaces between them.
    pub fn command(&self) -> String {
        text(&self.read("cmdline")).replace('\0', " ")
    }

    /// The name of its program.
    pub fn program(&self) -> String {
        let command = text(&self.read("cmdline"));
        command.split('\0').next().unwrap_or_default().rsplit('/').next().unwrap().to_owned()
    }

    /// Whether it still runs; a zombie does not.
    pub fn alive(&self) -> bool {
        let status = text(&self.read("status"));
        let state = status.lines().find_map(|line| line.strip_prefix("State:"));
        state.is_some_and(|state| !state.trim_start().starts_with(['Z', 'X']))
    }

    fn environment_has(&self, text: &[u8]) -> bool {
        self.read("environ").windows(text.len()).any(|window| window == text)
    }

    fn read(&self, file: &str) -> Vec<u8> {
        fs::read(format!("/proc/{}/{file}", self.pid)).unwrap_or_default()
    }

    /// Sends a signal, as `TERM` or `KILL`.
    pub fn signal(&self, name: &str) {
        signal(self.pid, name);
    }
}

/// Sends a signal to one process.
pub fn signal(pid: u32, name: &str) {
    let signal: nix::sys::signal::Signal = format!("SIG{name}").parse().expect("a signal's name");
    // It may have ended a moment ago.
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), signal);
}

/// The processes that `pid` started and that run.
pub fn children(pid: u32) -> Vec<Process> {
    let parent = format!("PPid:\t{pid}");
    let is_child = |process: &Process| text(&process.read("status")).lines().any(|l| l == parent);
    processes().filter(is_child).collect()
}

fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").expect("/proc");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .map(|pid| Process { pid })
        .filter(Process::alive)
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Panics with all that a program said when it did not end with 0.
#[track_caller]
pub fn assert_ok(args: &[impl AsRef<OsStr>], output: &Output) {
    let args: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
    assert!(
        output.status.success(),
        "{} ended with {}\n{}{}",
        args.join(" "),
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
}
