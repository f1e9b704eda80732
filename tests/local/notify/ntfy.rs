//! A real ntfy server that lets nobody in who has no business there, and every way in.
//! ntfy itself refuses to live below a path of a host (`base-url must not have a path`), so a
//! target has a host and a topic and nothing between them.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use serde_json::Value;

use crate::common::services::{Ntfy, TOPIC};
use crate::common::{Sandbox, assert_ok, text, tool};

/// The password of every user here.
const PASSWORD: &str = "hunter2 + %/?";

/// An ntfy server with access control.
struct Guarded {
    sandbox: Sandbox,
    ntfy: Ntfy,
}

impl Guarded {
    /// Nobody may do anything unless `default` says so; `root` may do all.
    fn new(default: &str) -> Guarded {
        let mut sandbox = Sandbox::new();
        sandbox.set("LLAMACTL_LOG", "info");
        let config = sandbox.write("config.yaml", "{}\n");
        sandbox.set("LLAMACTL_CONFIG", config.display());
        sandbox.set("NTFY_AUTH_FILE", sandbox.path("auth.db").display());
        sandbox.set("NTFY_AUTH_DEFAULT_ACCESS", default);
        let ntfy = Ntfy::start(&mut sandbox);
        sandbox.unset("NTFY_TOPIC");
        sandbox.unset("NTFY_SERVER");
        let guarded = Guarded { sandbox, ntfy };
        guarded.admin(&["user", "add", "--role=admin", "root"]);
        guarded
    }

    /// Adds a user who may do `access` with [`TOPIC`].
    fn user(&self, name: &str, access: &str) {
        self.admin(&["user", "add", name]);
        self.admin(&["access", name, TOPIC, access]);
    }

    fn token(&self, user: &str) -> String {
        let made = self.admin(&["token", "add", user]);
        made.split_whitespace().find(|word| word.starts_with("tk_")).expect("a token").to_owned()
    }

    fn admin(&self, args: &[&str]) -> String {
        let mut command = self.sandbox.command(tool("ntfy"));
        command.env("NTFY_PASSWORD", PASSWORD).arg(args[0]).arg("--config");
        let output = command.arg(self.sandbox.path("ntfy.yml")).args(&args[1..]).output().unwrap();
        assert_ok(args, &output);
        text(&output.stdout) + &text(&output.stderr)
    }

    /// The target `ntfy+http://WHO@…/TOPIC`.
    fn target(&self, who: &str) -> String {
        let host = self.ntfy.url().replace("http://", "");
        let at = if who.is_empty() { "" } else { "@" };
        format!("ntfy+http://{who}{at}{host}/{TOPIC}")
    }

    fn tell(&self, target: &str) -> Output {
        let args = ["notify", "--event", "ready", "--model", "tiny", "--port", "1", "--json"];
        let mut command = self.sandbox.llamactl(&args);
        command.args(["--notify", target]).output().unwrap()
    }

    /// Tells `target`; it must arrive.
    #[track_caller]
    fn arrives(&self, target: &str) {
        let before = self.messages();
        let output = self.tell(target);
        assert_ok(&["notify"], &output);
        assert_eq!(self.messages(), before + 1);
        self.shows_no_secret(&output);
    }

    /// Tells `target`; the server must refuse, and is asked once.
    #[track_caller]
    fn refused(&self, target: &str, status: &str) {
        let before = self.messages();
        let output = self.tell(target);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let deliveries: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(deliveries[0]["attempts"], 1, "{deliveries}");
        assert!(deliveries[0]["error"].as_str().unwrap().contains(status), "{deliveries}");
        assert_eq!(self.messages(), before);
        self.shows_no_secret(&output);
    }

    #[track_caller]
    fn shows_no_secret(&self, output: &Output) {
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains("hunter2") && !said.contains("tk_"), "{said}");
        assert!(!said.contains(TOPIC), "{said}");
    }

    /// How many messages `root` sees.
    fn messages(&self) -> usize {
        let mut curl = self.sandbox.command("curl");
        let url = format!("{}/{TOPIC}/json?poll=1", self.ntfy.url());
        let output = curl.args(["-sfu", &format!("root:{PASSWORD}"), &url]).output().unwrap();
        assert_ok(&["curl"], &output);
        text(&output.stdout).lines().count()
    }
}

/// The password as it stands in a URL.
fn password() -> String {
    "hunter2%20+%20%25%2F%3F".to_owned()
}

#[test]
fn a_token_opens_a_server_that_denies_all() {
    let ntfy = Guarded::new("deny-all");
    ntfy.user("llama", "read-write");
    let token = ntfy.token("llama");
    ntfy.refused(&ntfy.target(""), "403");
    ntfy.arrives(&ntfy.target(&token));
    ntfy.refused(&ntfy.target("tk_00000000000000000000000000000"), "401");
}

#[test]
fn so_do_a_name_and_a_password_whatever_is_in_it() {
    let ntfy = Guarded::new("deny-all");
    ntfy.user("llama", "read-write");
    ntfy.arrives(&ntfy.target(&format!("llama:{}", password())));
    ntfy.refused(&ntfy.target("llama:hunter3"), "401");
    ntfy.refused(&ntfy.target(&format!("nobody:{}", password())), "401");
}

#[test]
fn to_be_allowed_to_write_is_enough_and_to_read_is_not() {
    let ntfy = Guarded::new("deny-all");
    ntfy.user("writer", "write-only");
    ntfy.user("reader", "read-only");
    ntfy.user("other", "deny");
    let as_user = |name: &str| ntfy.target(&format!("{name}:{}", password()));
    ntfy.arrives(&as_user("writer"));
    ntfy.refused(&as_user("reader"), "403");
    ntfy.refused(&as_user("other"), "403");
    ntfy.arrives(&ntfy.target(&ntfy.token("writer")));
    ntfy.refused(&ntfy.target(&ntfy.token("reader")), "403");
}

#[test]
fn everybody_may_write_where_the_server_says_so() {
    let ntfy = Guarded::new("write-only");
    ntfy.arrives(&ntfy.target(""));
    let ntfy = Guarded::new("deny-all");
    ntfy.admin(&["access", "everyone", "llamactl-*", "write-only"]);
    ntfy.arrives(&ntfy.target(""));
    let elsewhere = ntfy.target("").replace(TOPIC, "other-topic");
    ntfy.refused(&elsewhere, "403");
}

#[test]
fn the_target_may_be_in_a_file_or_in_the_environment() {
    let mut ntfy = Guarded::new("deny-all");
    ntfy.user("llama", "write-only");
    let target = ntfy.target(&ntfy.token("llama"));
    let file = ntfy.sandbox.write("phone", format!("{target}\n"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    ntfy.arrives(&format!("ntfy://?file={}", file.display()));
    ntfy.sandbox.set("MY_PHONE", &target);
    ntfy.arrives("ntfy://?env=MY_PHONE");
}

#[test]
fn the_configured_server_takes_its_token_from_a_file() {
    let ntfy = Guarded::new("deny-all");
    ntfy.user("llama", "write-only");
    let token = ntfy.sandbox.write("token", ntfy.token("llama"));
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let url = ntfy.ntfy.url();
    let yaml =
        format!("notify: {{ ntfy_server: '{url}', ntfy_token_file: {} }}\n", token.display());
    ntfy.sandbox.write("config.yaml", yaml);
    ntfy.arrives(&format!("ntfy://{TOPIC}"));
    // The token is that server's alone: another one, that lets everybody in, would refuse it.
    let other = Guarded::new("read-write");
    let output = ntfy.tell(&other.target(""));
    assert_ok(&["notify"], &output);
    assert_eq!(other.messages(), 1);
}
