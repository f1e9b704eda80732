//! The node's own mail programs, for nodes that have no SMTP server configured.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::message::one_line;
use super::retry::Fault;
use crate::exec::{ExecError, Outcome, Run};

/// How long one program may take: sendmail may deliver before it returns.
const TRY: Duration = Duration::from_secs(30);
/// Where they are beside PATH: a user's PATH often lacks the `sbin` folders.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/lib", "/sbin"];

/// A mail program, and how it wants to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Takes a whole message; every mail server for Unix brings one.
    Sendmail(PathBuf),
    /// `mail` or `mailx`: takes subject and text.
    Mail(PathBuf),
    /// Takes subject and text.
    Mutt(PathBuf),
}

/// What they are given.
pub struct Letter<'a> {
    /// A checked address: it begins with a letter, a digit or `_`.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// The text alone.
    pub text: &'a str,
    /// The whole message with its headers.
    pub message: Vec<u8>,
}

/// The best program of this node.
///
/// # Errors
/// When there is none.
pub fn find() -> Result<Program, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    find_in(&std::env::join_paths(folders).unwrap_or(path))
}

/// The same in `folders`, with `:` between them.
fn find_in(folders: &OsStr) -> Result<Program, String> {
    let search = |name| which::which_in_global(name, Some(folders)).ok()?.next();
    search("sendmail")
        .map(Program::Sendmail)
        .or_else(|| search("mail").map(Program::Mail))
        .or_else(|| search("mailx").map(Program::Mail))
        .or_else(|| search("mutt").map(Program::Mutt))
        .ok_or_else(|| {
            "there is no sendmail, mail or mutt here; set notify.smtp in the configuration"
                .to_owned()
        })
}

/// Hands the letter to the program.
///
/// # Errors
/// Why it was not taken, and whether trying again may help. `mail` often hands on to sendmail
/// in the background and never hears of a failure.
pub async fn send(program: &Program, letter: &Letter<'_>) -> Result<(), Fault> {
    match command(program, letter).output().await {
        Ok(outcome) if outcome.ok() => Ok(()),
        Ok(outcome) => Err(fault(program.path(), &outcome)),
        Err(error @ ExecError::NotFound(_)) => Err(Fault::Permanent(error.to_string())),
        Err(error) => Err(Fault::transient(error.to_string())),
    }
}

impl Program {
    fn path(&self) -> &Path {
        let (Program::Sendmail(path) | Program::Mail(path) | Program::Mutt(path)) = self;
        path
    }
}

fn command(program: &Program, letter: &Letter<'_>) -> Run {
    let run = Run::new(program.path()).timeout(TRY);
    match program {
        // -i: a line with a single dot does not end the message.
        Program::Sendmail(_) => run.args(["-i", "--", letter.to]).stdin(letter.message.clone()),
        // Not every mail knows `--`; a checked address can't be taken for an option.
        Program::Mail(_) => run.args(["-s", letter.subject, letter.to]).stdin(inert(letter.text)),
        // Without a copy in the user's folder of sent mail.
        Program::Mutt(_) => run
            .args(["-e", "set copy=no", "-s", letter.subject, "--", letter.to])
            .stdin(inert(letter.text)),
    }
}

/// Indents lines that `mail` could take for a command: some versions run what follows a tilde
/// even when nobody types (CVE-2021-32749), and end the text at a single dot.
fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.starts_with('~') || line.trim_end() == "." {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

/// Reads the exit code by sysexits.h, which mail programs keep to.
fn fault(program: &Path, outcome: &Outcome) -> Fault {
    let reason = format!("{}: {}", program.display(), one_line(&outcome.complaint()));
    match outcome.code {
        // Usage, data, no such user, no such host, protocol, no permission, configuration.
        Some(64 | 65 | 67 | 68 | 76 | 77 | 78) => Fault::Permanent(reason),
        _ => Fault::transient(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command_to_mail() {
        assert_eq!(inert("a\n~!id\n.\n~\nb ~ .\n"), "a\n ~!id\n .\n ~\nb ~ .\n");
        assert_eq!(inert("."), " .");
    }

    #[test]
    fn exit_codes_are_read_by_sysexits() {
        let heals = |code| {
            let outcome = Outcome { code, stdout: String::new(), stderr: "no\n".into() };
            matches!(fault(Path::new("sendmail"), &outcome), Fault::Transient { .. })
        };
        assert!([Some(1), Some(69), Some(75), None].into_iter().all(heals));
        assert!(![Some(64), Some(67), Some(78)].into_iter().any(heals));
    }

    /// A real SMTP server that keeps mails in `folder`, and a home in which msmtp uses it.
    async fn sink(folder: &Path) -> tokio::task::JoinHandle<Result<Outcome, ExecError>> {
        use std::os::unix::fs::PermissionsExt;
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let account = format!("account default\nhost 127.0.0.1\nport {port}\nfrom me@n1.test\n");
        let config = folder.join(".msmtprc");
        std::fs::write(&config, account).unwrap();
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();
        let sink = Run::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/smtp-sink.py"))
            .args(["--port", &port.to_string(), "--dir"])
            .arg(folder.join("mail"))
            .timeout(Duration::from_secs(120))
            .output();
        let sink = tokio::spawn(sink);
        poll("the sink listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await;
        sink
    }

    async fn poll<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
        let end = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(value) = check() {
                return value;
            }
            assert!(tokio::time::Instant::now() < end, "waited in vain: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn installed(path: &str) -> PathBuf {
        assert!(Path::new(path).exists(), "{path} is missing: run `make test-tools`");
        PathBuf::from(path)
    }

    #[tokio::test]
    async fn real_programs_deliver_the_letter_and_take_nothing_in_it_for_a_command() {
        let home = tempfile::tempdir().unwrap();
        let sink = sink(home.path()).await;
        let text = "How to connect\n~!touch pwned\n.\nthe end\n";
        let programs = [
            Program::Sendmail(installed("/usr/sbin/sendmail")),
            Program::Mail(installed("/usr/bin/bsd-mailx")),
            Program::Mutt(installed("/usr/bin/mutt")),
        ];
        // Found one after the other, the best first.
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let names = ["sendmail", "mail", "mutt"];
        for (name, program) in names.iter().zip(&programs) {
            std::os::unix::fs::symlink(program.path(), bin.join(name)).unwrap();
        }
        for (n, wanted) in programs.iter().enumerate() {
            let program = &find_in(bin.as_os_str()).unwrap();
            assert_eq!(std::mem::discriminant(program), std::mem::discriminant(wanted));
            let letter = Letter {
                to: "alice@example.test",
                subject: "Llama Server Ready - Job 4711",
                text,
                message: format!("Subject: Llama Server Ready - Job 4711\n\n{text}").into(),
            };
            let run = command(program, &letter).env("HOME", home.path()).env_remove("MAILRC");
            let outcome = run.output().await.unwrap();
            assert!(outcome.ok(), "{program:?}: {outcome:?}");
            let file = home.path().join(format!("mail/{:04}.eml", n + 1));
            let mail = poll("the mail", || std::fs::read_to_string(&file).ok()).await;
            assert!(mail.contains("X-Envelope-To: alice@example.test\r\n"), "{mail}");
            assert!(mail.contains("\nSubject: Llama Server Ready - Job 4711\r\n"), "{mail}");
            assert!(mail.contains("~!touch pwned\r\n"), "{mail}");
            assert!(mail.trim_end().ends_with("the end"), "{mail}");
            std::fs::remove_file(bin.join(names[n])).unwrap();
        }
        assert!(find_in(bin.as_os_str()).unwrap_err().contains("notify.smtp"));
        assert!(!home.path().join("sent").exists());
        assert!(!Path::new("pwned").exists());
        sink.abort();
    }
}
