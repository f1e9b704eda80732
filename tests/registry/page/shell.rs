//! What is copied does what it says in a real shell and a real Python, whatever clients said.

use std::collections::HashMap;
use std::process::Command;

use llamactl::api::dashboard::{Place, Snippet};
use llamactl::domain::server::Server;
use llamactl::presets::NO_KEY;
use llamactl::registry::seen::snippets::{Key, check_login, snippets};
use llamactl::secret::Secret;
use serde_json::json;

/// What clients may say: quotes, dollars, backslashes, and nothing of it may be carried out.
const HOSTILE: &str = "a'b\"c $(touch /tmp/x) `id` \\ ;!& *é </script>";

fn server(extra: serde_json::Value) -> Server {
    let mut record = json!({
        "id": "01890000-0000-7000-8000-000000000001", "cluster": "lab", "job_id": "4711",
        "name": "qwen", "model": {"name": "qwen", "file": "q.gguf", "context": 8192},
        "owner": "ann", "host": "n1", "port": 8080, "started": "2026-01-01T00:00:00Z",
        "state": "ready", "first_seen": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-01T00:00:00Z",
    });
    record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(record).unwrap()
}

fn made(server: &Server, key: &Key, place: Place) -> HashMap<String, Snippet> {
    let all = snippets(server, key, place, Some("ann@login.example.org")).unwrap();
    all.into_iter().map(|snippet| (snippet.id.clone(), snippet)).collect()
}

/// What bash has in its environment after it was given `text`.
fn environment(text: &str, key: Option<&str>) -> HashMap<String, String> {
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-uec", &format!("{text}\nenv -0")]).env_clear();
    bash.env("PATH", "/usr/bin:/bin").env("ANTHROPIC_API_KEY", "old").env("no_proxy", "a,b");
    if let Some(key) = key {
        bash.env("LLAMA_API_KEY", key);
    }
    let output = bash.output().unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn a_shell_gets_every_value_as_it_is_whatever_clients_said() {
    let hostile = json!({"name": HOSTILE, "model": {"name": HOSTILE, "file": HOSTILE},
        "models": [HOSTILE], "job_id": HOSTILE, "owner": HOSTILE});
    let server = server(hostile);
    for key in [Key::Known(Secret::new("k'\"$x")), Key::None, Key::Hidden] {
        let all = made(&server, &key, Place::Cluster);
        let set = environment(&all["claude"].text, Some("from the owner's file"));
        assert_eq!(set["ANTHROPIC_BASE_URL"], "http://n1:8080");
        assert_eq!(set["ANTHROPIC_MODEL"], HOSTILE);
        assert_eq!(set["LLAMA_JOB_ID"], HOSTILE);
        assert_eq!(set["no_proxy"], "a,b,n1");
        assert_eq!(set["NO_PROXY"], "n1");
        assert!(!set.contains_key("ANTHROPIC_API_KEY"));
        let expected = match &key {
            Key::Known(_) => "k'\"$x",
            Key::None => NO_KEY,
            Key::Hidden => "from the owner's file",
        };
        assert_eq!(set["ANTHROPIC_AUTH_TOKEN"], expected);
        assert_eq!(all["claude"].secret, matches!(key, Key::Known(_)));
        // Without the line that starts it.
        let opencode = all["opencode"].text.rsplit_once('\n').unwrap();
        assert_eq!(opencode.1, "opencode");
        let set = environment(opencode.0, Some("key"));
        let content: serde_json::Value =
            serde_json::from_str(&set["OPENCODE_CONFIG_CONTENT"]).unwrap();
        assert_eq!(content["model"], format!("llamactl/{HOSTILE}"));
        let set = environment(&all["environment"].text, Some("key"));
        assert_eq!(set["OPENAI_BASE_URL"], "http://n1:8080/v1");
        let words = shlex::split(&all["connect"].text).unwrap();
        assert_eq!(words, ["llamactl", "connect", HOSTILE]);
    }
}

#[test]
fn whoever_does_not_get_the_key_learns_whom_to_ask() {
    let all = made(&server(json!({})), &Key::Hidden, Place::Cluster);
    for id in ["claude", "curl", "python", "codex", "environment"] {
        assert!(all[id].about.contains("ask ann"), "{}", all[id].about);
        assert!(!all[id].secret);
    }
    assert!(!all["connect"].about.contains("ask ann"));
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-ec", &all["claude"].text]).env_remove("LLAMA_API_KEY");
    let output = bash.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("put the key"), "{output:?}");
}

#[test]
fn python_gets_every_value_as_it_is_too() {
    let server = server(json!({"models": [HOSTILE]}));
    let dir = tempfile::tempdir().unwrap();
    // In place of the library: tells what it was given.
    std::fs::write(
        dir.path().join("openai.py"),
        "import json\n\
         class DefaultHttpxClient:\n    def __init__(self, trust_env): assert trust_env is False\n\
         class OpenAI:\n    def __init__(self, base_url, api_key, http_client):\n        \
         self.told = [base_url, api_key]\n        self.chat = self.completions = self\n    \
         def create(self, model, messages):\n        \
         print(json.dumps(self.told + [model]))\n        raise SystemExit\n",
    )
    .unwrap();
    for (key, expected) in
        [(Key::Known(Secret::new("k'\"\\")), "k'\"\\"), (Key::Hidden, "mine"), (Key::None, NO_KEY)]
    {
        let snippet = &made(&server, &key, Place::Outside)["python"];
        assert_eq!(snippet.language, "python");
        let mut python = Command::new("python3");
        python
            .args(["-c", &snippet.text])
            .env("PYTHONPATH", dir.path())
            .env("LLAMA_API_KEY", "mine");
        let output = python.output().unwrap();
        let told: Vec<String> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}\n{output:?}", snippet.text));
        assert_eq!(told, ["http://127.0.0.1:8080/v1", expected, HOSTILE]);
    }
}

#[test]
fn from_outside_everything_goes_through_the_tunnel() {
    let server = server(json!({"host": "fd00::7"}));
    let all = made(&server, &Key::None, Place::Outside);
    let words = shlex::split(&all["tunnel"].text).unwrap();
    assert_eq!(words[..2], ["ssh", "-N"]);
    assert!(words.contains(&"127.0.0.1:8080:[fd00::7]:8080".to_owned()), "{words:?}");
    assert_eq!(words.last().unwrap(), "ann@login.example.org");
    let words = shlex::split(&all["connect"].text).unwrap();
    assert_eq!(words, ["llamactl", "connect", "--via", "ann@login.example.org", "4711"]);
    let set = environment(&all["claude"].text, None);
    assert_eq!(set["ANTHROPIC_BASE_URL"], "http://127.0.0.1:8080");
    assert!(!made(&server, &Key::None, Place::Cluster).contains_key("tunnel"));
    // A port that is for root alone is another one on this side.
    let low = self::server(json!({"port": 80}));
    let text = &made(&low, &Key::None, Place::Outside)["tunnel"].text;
    assert!(text.contains("127.0.0.1:10080:n1:80"), "{text}");
}

#[test]
fn a_login_host_that_is_none_is_refused() {
    for good in ["login", "ann@login.example.org", "a-b_c.d@10.0.0.7", "ann@::1"] {
        assert_eq!(check_login(good), Ok(()), "{good}");
    }
    for bad in
        ["", "@", "ann@", "@login", "-oProxyCommand=id", "a b@login", "a@b;id", "-a@b", "a@b@c"]
    {
        assert!(check_login(bad).is_err(), "{bad}");
    }
    let server = server(json!({}));
    for login in [None, Some("-oProxyCommand=id")] {
        let refused = snippets(&server, &Key::None, Place::Outside, login).unwrap_err();
        assert_eq!(refused.status.as_u16(), 400);
    }
    assert!(snippets(&server, &Key::None, Place::Cluster, None).is_ok());
}
