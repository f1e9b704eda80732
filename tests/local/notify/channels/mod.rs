//! Every HTTP channel against a service on a real socket: what it is sent for every kind of
//! event, with hostile names too, and what is made of its answers.

mod shape;
mod sink;
mod world;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use llamactl::config::settings::Settings;
use llamactl::config::spec::NotifySpec;
use llamactl::domain::target::Target;
use llamactl::notify::{self, Fault, Kind};
use serde_json::{Value, json};
use sink::{Answer, Request, Sink};
use tokio::time::Instant;
use world::{
    KEY, at_sink, channels, deliver, deliver_with, events, example, fails, good, how, notice, send,
    send_to, spoil, told, wants_an_answer,
};

/// Names that break what is careless: JSON, HTML, Handlebars, headers, chats, terminals.
const HOSTILE: &str = "q\"'\\n\u{7}</script>\r\nX-Evil: 1\r\n\r\n{{x}} {{{y}}} <!channel> @everyone @channel @all \
    <b>*_~`[x](http://evil.example)`~_* 🦙 \u{202e}txet\u{2066} \u{2028}& &amp; $(id) %0d%0a";

// ---- what is sent ------------------------------------------------------------------------

#[tokio::test]
async fn every_event_in_every_channel_is_what_the_service_documents() {
    for name in channels() {
        let sink = Sink::start(vec![good(&name)]);
        let mut all = String::new();
        for notices in events() {
            let what = told(&notices);
            send(&name, &sink, &notices)
                .await
                .unwrap_or_else(|why| panic!("{name} {what}: {why:?}"));
            let requests = sink.take();
            assert_eq!(requests.len(), 1, "{name} {what}");
            shape::check(&name, &requests[0]);
            all += &format!("==== {what}\n{}\n", requests[0].shown(sink.port));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d \S+?(\\n|<br>|[\\.,\x22\n])", "TIME$1");
        settings.add_filter(r"webhook-timestamp: \d+", "webhook-timestamp: SECONDS");
        settings.add_filter(r"webhook-signature: v1,\S+", "webhook-signature: v1,SIGNATURE");
        settings.bind(|| insta::assert_snapshot!(name.as_str(), all.trim_end()));
    }
}

#[tokio::test]
async fn hostile_and_endless_names_break_nothing_and_stay_within_the_limits() {
    let endless = [HOSTILE, &"x".repeat(10_000)].concat();
    let repeated = ["🦙", "\"", "*_"].map(|text| text.repeat(10_000));
    let evils: Vec<&str> =
        [HOSTILE, &endless].into_iter().chain(repeated.iter().map(String::as_str)).collect();
    for name in channels() {
        let sink = Sink::start(vec![good(&name)]);
        for (n, evil) in evils.iter().enumerate() {
            for mut notices in events() {
                // The endless ones where a text is long anyhow.
                if n > 0 && !matches!(notices[0].kind, Kind::Failed | Kind::Job) {
                    continue;
                }
                notices.truncate(30);
                // Of a digest the log of one is told.
                let lines = if notices.len() == 1 { 60 } else { 2 };
                notices.iter_mut().for_each(|notice| spoil(notice, evil, lines));
                let what = told(&notices);
                send(&name, &sink, &notices)
                    .await
                    .unwrap_or_else(|why| panic!("{name} {what}: {why:?}"));
                let request = sink.take().remove(0);
                // Panics where JSON, a limit or the markup is broken.
                shape::check(&name, &request);
                assert!(!request.headers.contains_key("x-evil"), "{name}: {:?}", request.headers);
                let body = String::from_utf8_lossy(&request.body);
                assert!(!body.contains(['\u{202e}', '\u{2066}', '\u{7}', '\r']), "{name}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_hostile_name_arrives_as_it_is() {
    let mut notice = notice(Kind::Ready);
    notice.name = "a\"b\\c {{x}} </script>".into();
    for (name, place) in [
        ("ntfy", "/message"),
        ("slack", "/blocks/1/text/text"),
        ("teams", "/attachments/0/content/body/1/inlines/0/text"),
        ("gotify", "/message"),
        ("rocketchat", "/attachments/0/text"),
        ("webhook", "/data/text"),
        ("pagerduty", "/payload/custom_details/text"),
    ] {
        let sink = Sink::start(vec![good(name)]);
        send(name, &sink, std::slice::from_ref(&notice)).await.unwrap();
        let body = sink.take().remove(0).json();
        let text =
            body.pointer(place).and_then(Value::as_str).unwrap_or_else(|| panic!("{body:#}"));
        assert!(text.starts_with("a\"b\\c {{x}} </script> ("), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_public_service_is_not_told_where_the_server_is() {
    for name in channels() {
        for kind in Kind::ALL {
            let target = example(&name);
            let mut how = how(&target);
            let sent = notify::parcel::preview(&how, &target, &[notice(kind)], KEY).unwrap().sent;
            let own = ["mattermost", "rocketchat", "gotify", "webhook"].contains(&name.as_str())
                || target.contains("ntfy.example.org")
                || target.contains("matrix.example.org");
            let tells = sent.contains("gpu-05:52677") || sent.contains("52677");
            assert!(own || !tells && !sent.contains("gpu-05.cluster"), "{name} {kind}: {sent}");
            how.share_address = true;
            let shared = notify::parcel::preview(&how, &target, &[notice(kind)], KEY).unwrap().sent;
            if kind == Kind::Ready && name != "pagerduty" {
                assert!(shared.contains("52677"), "{name}: {shared}");
            }
        }
    }
    for (target, public) in [
        ("ntfy://topic", true),
        ("ntfy://ntfy.sh/topic", true),
        ("ntfy://ntfy.example.org/topic", false),
        ("matrix://TOKEN@matrix.org/!r:matrix.org", true),
        ("matrix://TOKEN@matrix-client.matrix.org/!r:matrix.org", true),
        ("matrix://TOKEN@notmatrix.org/!r:matrix.org", false),
    ] {
        let sent = notify::parcel::preview(&how(target), target, &[notice(Kind::Ready)], KEY)
            .unwrap()
            .sent;
        assert_eq!(!sent.contains("52677"), public, "{target}: {sent}");
    }
}

#[tokio::test]
async fn nothing_of_a_target_gets_into_a_header_but_as_one_value() {
    let sink = Sink::start(vec![Answer::json(200, &json!({"id": 1, "event_id": "x"}))]);
    for target in [
        format!("gotify+http://tok%0d%0aX-Evil:%201@127.0.0.1:{}", sink.port),
        format!("matrix+http://tok%0d%0aX-Evil:%201@127.0.0.1:{}/!r:x", sink.port),
        format!("ntfy+http://tok%0d%0aX-Evil:%201@127.0.0.1:{}/topic", sink.port),
    ] {
        // A refusal is as good as a value on one line.
        let _ = send_to(&target, &[notice(Kind::Ready)]).await;
        for request in sink.take() {
            assert!(!request.headers.contains_key("x-evil"), "{target}: {request:?}");
        }
    }
}

#[tokio::test]
async fn ntfy_takes_a_token_or_a_user_and_neither_where_none_is_named() {
    let sink = Sink::start(vec![good("ntfy")]);
    for (login, wanted) in
        [("tk_1@", Some("Bearer tk_1")), ("me:pw@", Some("Basic bWU6cHc=")), ("", None)]
    {
        let target = format!(
            "ntfy+http://{login}127.0.0.1:{}/topic?priority=5&icon=https://i/x.png",
            sink.port
        );
        send_to(&target, &[notice(Kind::Ready)]).await.unwrap();
        let request = sink.take().remove(0);
        assert_eq!(request.headers.get("authorization").map(String::as_str), wanted);
        let body = request.json();
        assert_eq!((&body["priority"], &body["icon"]), (&json!(5), &json!("https://i/x.png")));
        assert_eq!((&body["topic"], request.path.as_str()), (&json!("topic"), "/"));
    }
}

#[tokio::test]
async fn options_of_a_target_reach_the_service() {
    let sink =
        Sink::start(vec![Answer::json(200, &json!({"ok": true, "status": 1, "success": true}))]);
    let at = |before: &str, after: &str| format!("{before}127.0.0.1:{}{after}", sink.port);
    let sent = async |target: String| -> Request {
        send_to(&target, &[notice(Kind::Failed)]).await.unwrap();
        sink.take().remove(0)
    };
    let it = sent(at("telegram+http://1:s@", "/@channel?topic=7")).await.json();
    assert_eq!((&it["chat_id"], &it["message_thread_id"]), (&json!("@channel"), &json!(7)));
    let it = sent(at("discord+http://", "/api/webhooks/1/s?thread_id=9")).await;
    assert_eq!(it.path, "/api/webhooks/1/s?thread_id=9");
    let it = sent(at("pushover+http://t@", "/u?device=phone&sound=siren")).await.form();
    assert_eq!(
        (it["device"].as_str(), it["sound"].as_str(), it["priority"].as_str()),
        ("phone", "siren", "1")
    );
    let it = sent(at("twilio+http://SK1:s@", "/+15550102?service=MG1&account=AC9")).await;
    assert_eq!(it.path, "/2010-04-01/Accounts/AC9/Messages.json");
    let form = it.form();
    assert_eq!((form["MessagingServiceSid"].as_str(), form["To"].as_str()), ("MG1", "+15550102"));
    assert!(!form.contains_key("From"), "{form:?}");
    let it = sent(at("mattermost+http://", "/hooks/x?channel=town-square")).await;
    assert_eq!((it.path.as_str(), &it.json()["channel"]), ("/hooks/x", &json!("town-square")));
    let it = sent(at("rocketchat+http://", "/hooks/1/x?channel=%23general")).await;
    assert_eq!(it.json()["channel"], "#general");
}

#[tokio::test]
async fn a_webhook_is_signed_so_that_its_receiver_can_check_it() {
    let key = b"0123456789abcdefghijklmn";
    let whsec = format!("whsec_{}", STANDARD.encode(key));
    for (secret, key) in [("pass%2Fword", &b"pass/word"[..]), (&whsec, &key[..])] {
        let sink = Sink::start(vec![Answer::status(204)]);
        let target = format!("webhook+http://:{secret}@127.0.0.1:{}/x?a=1", sink.port);
        send_to(&target, &[notice(Kind::Failed)]).await.unwrap();
        let it = sink.take().remove(0);
        assert_eq!(it.path, "/x?a=1");
        let (id, stamp) = (&it.headers["webhook-id"], &it.headers["webhook-timestamp"]);
        let age = Timestamp::now().as_second() - stamp.parse::<i64>().unwrap();
        assert!((0..60).contains(&age), "{stamp}");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(format!("{id}.{stamp}.").as_bytes());
        mac.update(&it.body);
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(it.headers["webhook-signature"], wanted);
    }
    let sink = Sink::start(vec![Answer::status(204)]);
    send_to(&format!("webhook+http://127.0.0.1:{}/x", sink.port), &[notice(Kind::Ready)])
        .await
        .unwrap();
    assert!(!sink.take()[0].headers.contains_key("webhook-signature"));
}

#[tokio::test]
async fn what_is_bad_opens_an_alert_and_what_is_good_closes_the_same_one() {
    let sink = Sink::start(vec![good("pagerduty")]);
    let mut threads = Vec::new();
    for kind in Kind::ALL {
        send("pagerduty", &sink, &[notice(kind)]).await.unwrap();
        let body = sink.take().remove(0).json();
        let closes = matches!(kind, Kind::Ready | Kind::Recovered | Kind::Online | Kind::Ended);
        assert_eq!(body["event_action"], if closes { "resolve" } else { "trigger" }, "{kind}");
        if !matches!(kind, Kind::Offline | Kind::Online) {
            threads.push(body["dedup_key"].clone());
        }
    }
    assert!(threads.iter().all(|thread| thread == &threads[0]), "{threads:?}");
}

#[tokio::test]
async fn a_message_that_is_tried_again_is_the_same_message() {
    for name in ["matrix", "webhook"] {
        let sink = Sink::start(vec![Answer::status(500), good(name)]);
        let done = deliver(&at_sink(name, &sink), 30).await;
        assert_eq!((done.attempts, done.error), (2, None), "{name}");
        let requests = sink.take();
        assert_eq!((&requests[0].path, &requests[0].body), (&requests[1].path, &requests[1].body));
        let shown = requests[1].path.clone()
            + &requests[1].headers.get("webhook-id").cloned().unwrap_or_default();
        assert!(shown.contains(KEY), "{name}: {shown}");
    }
}

// ---- what is made of answers --------------------------------------------------------------

#[tokio::test]
async fn a_refusal_is_final_and_what_may_heal_is_not() {
    let soon = jiff::fmt::rfc2822::DateTimePrinter::new();
    let date = soon
        .timestamp_to_rfc9110_string(&(Timestamp::now() + jiff::SignedDuration::from_hours(1)))
        .unwrap();
    let after =
        |value: &str| Answer::Says(429, format!("Retry-After: {value}\r\n"), "slow down".into());
    for name in channels() {
        for (answer, wait) in [
            (after("7"), Some((7, 7))),
            (after(&date), Some((3_000, 3_600))),
            (after("soon"), None),
            (Answer::status(429), None),
            (Answer::status(408), None),
            (Answer::status(500), None),
            (
                Answer::Says(503, "Retry-After: 3\r\n".into(), "<html>down</html>".into()),
                Some((3, 3)),
            ),
            (Answer::Closes, None),
            (Answer::Raw(b"220 mail.example.org ESMTP\r\n".to_vec()), None),
            (Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal".to_vec()), None),
        ] {
            let fault = fails(&name, answer.clone()).await;
            // An answer that breaks off is enough where nothing is wanted of it.
            let Some(fault) = fault else {
                assert!(
                    matches!(answer, Answer::Raw(_)) && !wants_an_answer(&name),
                    "{name} {answer:?}"
                );
                continue;
            };
            if let Answer::Raw(_) = answer {
                continue;
            }
            let Fault::Transient { after, .. } = &fault else {
                panic!("{name} {answer:?}: {fault:?}")
            };
            match (after, wait) {
                (None, None) => {}
                (Some(after), Some((from, to))) => {
                    assert!((from..=to).contains(&after.as_secs()), "{name} {answer:?}: {after:?}");
                }
                _ => panic!("{name} {answer:?}: {fault:?}"),
            }
        }
        for status in [301, 400, 401, 403, 404, 410, 413, 422] {
            let body = r#"{"error": "no such <thing>"}"#.to_owned();
            let fault = fails(&name, Answer::Says(status, String::new(), body)).await.unwrap();
            assert!(matches!(&fault, Fault::Permanent(_)), "{name} {status}: {fault:?}");
            assert!(fault.reason().contains(&status.to_string()), "{name}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_200_that_says_no_is_a_refusal() {
    for (name, body) in [
        (
            "telegram",
            json!({"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}),
        ),
        ("pushover", json!({"status": 0, "errors": ["user key is invalid"]})),
        ("rocketchat", json!({"success": false, "error": "invalid-channel"})),
        ("pagerduty", json!({"status": "invalid event", "message": "Event object is invalid"})),
        ("matrix", json!({})),
        ("gotify", json!({"hello": "I am another service"})),
    ] {
        assert!(wants_an_answer(name), "{name}");
        let fault = fails(name, Answer::json(200, &body)).await.unwrap();
        assert!(matches!(&fault, Fault::Permanent(_)), "{name}: {fault:?}");
        for garbage in [
            "",
            "\u{1}\u{2}garbage",
            "<html>log in to the hotel's network</html>",
            "[[[[[[",
            "null",
        ] {
            let answer = Answer::Says(200, String::new(), garbage.to_owned());
            let fault =
                fails(name, answer).await.unwrap_or_else(|| panic!("{name} took {garbage:?}"));
            assert!(!fault.reason().contains('\u{1}'), "{fault:?}");
        }
    }
    let fault = fails(
        "telegram",
        Answer::json(200, &json!({"ok": false, "description": "chat not found"})),
    )
    .await;
    assert!(fault.unwrap().reason().contains("chat not found"));
}

#[tokio::test]
async fn the_wait_that_telegram_and_discord_say_in_the_body_is_kept() {
    for (name, body, seconds) in [
        (
            "telegram",
            json!({"ok": false, "error_code": 429, "parameters": {"retry_after": 11}}),
            11,
        ),
        (
            "discord",
            json!({"message": "You are being rate limited.", "retry_after": 12.5, "global": false}),
            12,
        ),
    ] {
        match fails(name, Answer::json(429, &body)).await {
            Some(Fault::Transient { after: Some(after), .. }) => {
                assert_eq!(after.as_secs(), seconds)
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_service_that_is_asked_to_wait_for_is_waited_for() {
    let later = Answer::Says(429, "Retry-After: 2\r\n".into(), String::new());
    let (sink, begun) = (Sink::start(vec![later, good("slack")]), Instant::now());
    let done = deliver(&at_sink("slack", &sink), 30).await;
    assert_eq!((done.attempts, &done.error), (2, &None));
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!((done.channel.as_str(), done.target.as_str()), ("slack", "slack://…"));
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_in_time() {
    let (sink, begun) = (Sink::start(vec![Answer::Hangs]), Instant::now());
    let done = deliver(&at_sink("slack", &sink), 2).await;
    assert!(done.error.is_some(), "{done:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(!sink.requests().is_empty());
}

#[tokio::test]
async fn a_refusal_is_tried_once_and_shows_nothing_of_the_target() {
    let sink = Sink::start(vec![Answer::Says(404, String::new(), "no_service".into())]);
    let done = deliver(&at_sink("slack", &sink), 30).await;
    assert_eq!(done.attempts, 1);
    let error = done.error.unwrap();
    assert!(error.contains("404") && error.contains("no_service"), "{error}");
    assert!(!error.contains("SECRET") && !done.target.contains("SECRET"), "{error}");
    assert_eq!(sink.take().len(), 1);
}

// ---- mail ----------------------------------------------------------------------------------

#[tokio::test]
async fn every_event_as_a_mail() {
    for notices in events() {
        let target = "mailto:you@example.org";
        let mail = notify::parcel::preview(&how(target), target, &notices, KEY).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d \S+?(<|[\\.,\x22\n])", "TIME$1");
        let html = mail.html.unwrap();
        well_formed(&html);
        settings.bind(|| {
            insta::assert_snapshot!(
                format!("mail-{}", told(&notices)),
                format!("{}\n\n----\n{html}", mail.sent)
            );
        });
    }
}

#[tokio::test]
async fn a_hostile_mail_is_text_and_well_formed_html() {
    for mut notices in events() {
        notices.iter_mut().for_each(|notice| spoil(notice, HOSTILE, 60));
        let target = "mailto:you@example.org";
        let mail = notify::parcel::preview(&how(target), target, &notices, KEY).unwrap();
        let html = mail.html.unwrap();
        well_formed(&html);
        assert!(!html.contains("<script") && !html.contains("</script"), "{html}");
        assert!(!html.contains("<b>*") && !html.contains("<!channel>"), "{html}");
        assert!(mail.sent.lines().nth(1).unwrap().starts_with("Subject: "), "{}", mail.sent);
        assert!(!mail.sent.contains("\nX-Evil"), "{}", mail.sent);
        for part in [&mail.sent, &html] {
            assert!(!part.contains(['\r', '\u{7}', '\u{202e}']), "{part}");
        }
    }
}

/// Every tag that is opened is closed, in order, and nothing is loaded from elsewhere.
fn well_formed(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("a < alone: {piece}"));
        let name = tag.split_whitespace().next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if matches!(name, "!DOCTYPE" | "meta" | "br") => {}
            None => open.push(name),
        }
        assert!(!matches!(name, "img" | "link" | "script" | "style" | "iframe"), "{tag}");
        assert!(!tag.contains("url(") && !tag.contains("src="), "{tag}");
    }
    assert!(open.is_empty(), "{open:?} stay open: {html}");
}

// ---- channels of one's own ------------------------------------------------------------------

/// The example in the documentation works as it stands there.
#[tokio::test]
async fn the_documented_channel_of_ones_own_works() {
    let page = include_str!("../../../../docs/notifications.md");
    let begin = page.find("```yaml\ndescription: Zulip").expect("the example") + "```yaml\n".len();
    let file = &page[begin..begin + page[begin..].find("```").unwrap()];
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("channels")).unwrap();
    std::fs::write(folder.path().join("channels/zulip.yaml"), file).unwrap();
    let sink = Sink::start(vec![Answer::json(200, &json!({"result": "success"}))]);
    let target = format!("zulip+http://bot%40x:key@127.0.0.1:{}/speech/llama%20servers", sink.port);
    let how = NotifySpec { templates: Some(folder.path().to_owned()), ..how(&target) };
    let done = deliver_with(how, &target, 20).await;
    assert_eq!(done.error, None);
    let request = sink.take().remove(0);
    assert_eq!(
        (request.path.as_str(), request.headers["authorization"].as_str()),
        ("/api/v1/messages", "Basic Ym90QHg6a2V5")
    );
    let form = request.form();
    assert_eq!((form["to"].as_str(), form["topic"].as_str()), ("speech", "llama servers"));
    assert!(form["content"].contains("Ready"), "{form:?}");
}

/// Whoever writes a text of a title alone gets a message all the same, from every channel.
#[tokio::test]
async fn a_text_without_a_body_is_sent_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("events")).unwrap();
    std::fs::write(folder.path().join("events/ready.hbs"), "{{name}} is there").unwrap();
    let own =
        |target: &str| NotifySpec { templates: Some(folder.path().to_owned()), ..how(target) };
    for name in channels() {
        let sink = Sink::start(vec![good(&name)]);
        let target = at_sink(&name, &sink);
        let done = deliver_with(own(&target), &target, 20).await;
        assert_eq!(done.error, None, "{name}");
        let request = sink.take().remove(0);
        shape::check(&name, &request);
        assert!(String::from_utf8_lossy(&request.body).contains("qwen3-30b"), "{name}");
    }
    let target = "mailto:you@example.org";
    let mail = notify::parcel::preview(&own(target), target, &[notice(Kind::Ready)], KEY).unwrap();
    well_formed(&mail.html.unwrap());
    assert!(mail.sent.contains("Subject: qwen3-30b is there\n"), "{}", mail.sent);
}

/// What the documentation shows of a configuration can be read, and its targets are targets.
#[test]
fn every_documented_configuration_is_one() {
    let page = include_str!("../../../../docs/notifications.md");
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut targets = 0;
    for block in blocks.filter(|block| block.contains("notify:\n")) {
        let settings: Settings =
            serde_yaml::from_str(block).unwrap_or_else(|error| panic!("{error}:\n{block}"));
        let of_rules = settings.notify.rules.iter().flat_map(|rule| &rule.notify);
        for target in settings.notify.to.iter().flatten().chain(of_rules) {
            Target::parse(target).unwrap_or_else(|why| panic!("{target}: {why}"));
            targets += 1;
        }
    }
    assert!(targets >= 15, "{targets}");
}

/// Every channel has its half-page, with a target of it.
#[test]
fn every_channel_is_documented() {
    let page = include_str!("../../../../docs/notifications.md");
    for name in channels() {
        assert!(
            page.contains(&format!("notify test --channel {name}")) || name == "webhook",
            "{name}"
        );
        assert!(page.contains(&format!("{name}://?file=~/.config/llamactl/{name}")), "{name}");
    }
}
