//! What each service documents of a request: required fields, allowed values, longest texts. The
//! sources stand in `templates/channels/`.

use serde_json::Value;

use super::sink::Request;

/// Checks a request against what `channel` takes.
pub fn check(channel: &str, request: &Request) {
    let method = if channel == "matrix" { "PUT" } else { "POST" };
    assert_eq!(request.method, method, "{channel}");
    match channel {
        "ntfy" => ntfy(&request.json(), request.body.len()),
        "slack" => slack(&request.json()),
        "teams" => teams(request),
        "discord" => discord(&request.json()),
        "mattermost" => mattermost(&request.json()),
        "rocketchat" => rocketchat(&request.json()),
        "googlechat" => googlechat(request),
        "matrix" => matrix(request),
        "telegram" => telegram(request),
        "gotify" => gotify(request),
        "pushover" => pushover(request),
        "twilio" => twilio(request),
        "pagerduty" => pagerduty(&request.json()),
        "webhook" => webhook(request),
        other => panic!("what does {other} take? Say it here"),
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {value:#}"));
    found.as_str().unwrap_or_else(|| panic!("{pointer} is no text in {value:#}"))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a Vec<Value> {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.unwrap_or_else(|| panic!("no list {pointer} in {value:#}"))
}

/// From one to `max` characters, as the services count that count most: UTF-16.
fn length(what: &str, text: &str, max: usize) {
    let length = text.encode_utf16().count();
    assert!((1..=max).contains(&length), "{what} has {length} characters of {max}: {text:?}");
}

fn web(url: &str) {
    assert!(url.starts_with("http://") || url.starts_with("https://"), "{url}");
}

/// `html` has no tag but these.
pub fn only_tags(html: &str, tags: &[&str]) {
    let mut rest = html.to_owned();
    for tag in tags {
        rest = rest.replace(&format!("<{tag}>"), "").replace(&format!("</{tag}>"), "");
    }
    if let Some(at) = rest.find("<a href=\"http") {
        rest.replace_range(at..=at + rest[at..].find('>').unwrap(), "");
        rest = rest.replace("</a>", "");
    }
    assert!(!rest.contains(['<', '>']), "{html}");
}

fn ntfy(body: &Value, size: usize) {
    length("topic", text(body, "/topic"), 64);
    length("title", text(body, "/title"), 512);
    assert!(text(body, "/title").starts_with("🦙 "), "{body:#}");
    let message = text(body, "/message").len();
    assert!((1..=4_096).contains(&message), "{message} bytes");
    // The server reads twice as much at most.
    assert!(size <= 2 * 4_096 + 2_048, "{size} bytes");
    assert!((1..=5).contains(&body["priority"].as_u64().unwrap()), "{body:#}");
    assert!(list(body, "/tags").iter().all(|tag| tag.as_str().is_some_and(|tag| !tag.is_empty())));
    if let Some(click) = body.get("click") {
        web(click.as_str().unwrap());
        let actions = list(body, "/actions");
        assert!(actions.len() <= 3 && actions[0]["action"] == "view", "{body:#}");
        web(text(&actions[0], "/url"));
    }
}

fn slack(body: &Value) {
    length("text", text(body, "/text"), 40_000);
    let fallback = text(body, "/text").replace("&lt;", "").replace("&gt;", "");
    assert!(!fallback.contains(['<', '>']), "{fallback}");
    let blocks = list(body, "/blocks");
    assert!(blocks.len() <= 50);
    assert_eq!((&blocks[0]["type"], &blocks[1]["type"]), (&"header".into(), &"section".into()));
    assert!(blocks[..2].iter().all(|block| block["text"]["type"] == "plain_text"), "{body:#}");
    length("header", text(&blocks[0], "/text/text"), 150);
    length("section", text(&blocks[1], "/text/text"), 3_000);
    if let Some(actions) = blocks.get(2) {
        assert_eq!(actions["type"], "actions");
        let button = &list(actions, "/elements")[0];
        assert_eq!(
            (&button["type"], &button["text"]["type"]),
            (&"button".into(), &"plain_text".into())
        );
        length("button", text(button, "/text/text"), 75);
        web(text(button, "/url"));
    }
}

fn teams(request: &Request) {
    assert!(request.path.contains("sig=SECRET"), "{}", request.path);
    assert!(request.body.len() <= 28 * 1024, "{} bytes", request.body.len());
    let body = request.json();
    assert_eq!(body["type"], "message");
    let attachments = list(&body, "/attachments");
    assert_eq!(attachments.len(), 1);
    assert_eq!(attachments[0]["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachments[0]["content"];
    assert_eq!((&card["type"], &card["version"]), (&"AdaptiveCard".into(), &"1.4".into()));
    length("title", text(card, "/body/0/items/0/inlines/0/text"), 1_000);
    let style = text(card, "/body/0/style");
    assert!(["good", "warning", "attention", "emphasis"].contains(&style), "{style}");
    for block in &list(card, "/body")[1..] {
        assert_eq!(
            (&block["type"], &block["inlines"][0]["type"]),
            (&"RichTextBlock".into(), &"TextRun".into())
        );
        let line = text(block, "/inlines/0/text");
        assert!(!line.is_empty() && !line.contains('\n'), "{line:?}");
    }
    if let Some(actions) = card.get("actions") {
        assert_eq!(actions[0]["type"], "Action.OpenUrl");
        web(text(&actions[0], "/url"));
    }
}

fn discord(body: &Value) {
    assert_eq!(body["allowed_mentions"]["parse"], Value::Array(Vec::new()), "{body:#}");
    let embeds = list(body, "/embeds");
    assert!((1..=10).contains(&embeds.len()));
    length("title", text(&embeds[0], "/title"), 256);
    length("description", text(&embeds[0], "/description"), 4_096);
    assert!(embeds[0]["color"].as_u64().unwrap() <= 0xff_ffff);
    text(&embeds[0], "/timestamp").parse::<jiff::Timestamp>().unwrap();
    if let Some(url) = embeds[0].get("url") {
        web(url.as_str().unwrap());
    }
}

fn color(value: &Value) {
    let hex = value.as_str().unwrap().strip_prefix('#').unwrap();
    assert!(hex.len() == 6 && u32::from_str_radix(hex, 16).is_ok(), "{value}");
}

fn mattermost(body: &Value) {
    assert_eq!(body["props"]["disable_mentions"], true);
    let attachment = &list(body, "/attachments")[0];
    length("fallback", text(attachment, "/fallback"), 1_000);
    length("text", text(attachment, "/text"), 16_383);
    color(&attachment["color"]);
    assert!(body.to_string().chars().count() < 16_383, "{body:#}");
}

fn rocketchat(body: &Value) {
    length("text", text(body, "/text"), 5_000);
    length("text", text(body, "/attachments/0/text"), 5_000);
    color(&body["attachments"][0]["color"]);
}

fn googlechat(request: &Request) {
    for part in
        ["key=KEY", "token=SECRET", "messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"]
    {
        assert!(request.path.contains(part), "{}", request.path);
    }
    let body = request.json();
    assert!(request.body.len() <= 32_000, "{} bytes", request.body.len());
    length("thread", text(&body, "/thread/threadKey"), 4_000);
    let card = &list(&body, "/cardsV2")[0]["card"];
    length("title", text(card, "/header/title"), 1_000);
    only_tags(text(card, "/sections/0/widgets/0/textParagraph/text"), &["br"]);
}

fn matrix(request: &Request) {
    assert!(
        request
            .path
            .starts_with("/_matrix/client/v3/rooms/%21ROOM%3Aexample.org/send/m.room.message/"),
        "{}",
        request.path
    );
    assert_eq!(request.headers["authorization"], "Bearer TOKEN");
    assert!(request.body.len() <= 60_000, "{} bytes", request.body.len());
    let body = request.json();
    assert_eq!(
        (&body["msgtype"], &body["format"]),
        (&"m.text".into(), &"org.matrix.custom.html".into())
    );
    assert!(!text(&body, "/body").is_empty());
    only_tags(text(&body, "/formatted_body"), &["strong", "br"]);
}

fn telegram(request: &Request) {
    assert_eq!(request.path, "/bot123456:SECRET/sendMessage");
    let body = request.json();
    assert_eq!((&body["chat_id"], &body["parse_mode"]), (&"CHAT".into(), &"HTML".into()));
    let html = text(&body, "/text");
    only_tags(html, &["b"]);
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x60;", "`"),
        ("&#x3D;", "="),
        ("&amp;", "&"),
    ];
    let shown = entities.iter().fold(html.to_owned(), |html, (from, to)| html.replace(from, to));
    length("text", &shown.replace("<b>", "").replace("</b>", ""), 4_096);
}

fn gotify(request: &Request) {
    assert_eq!(
        (request.path.as_str(), request.headers["x-gotify-key"].as_str()),
        ("/message", "TOKEN")
    );
    let body = request.json();
    length("title", text(&body, "/title"), 1_000);
    length("message", text(&body, "/message"), 16_000);
    assert!(body["priority"].as_u64().unwrap() <= 10);
    assert_eq!(body["extras"]["client::display"]["contentType"], "text/plain");
}

fn pushover(request: &Request) {
    let form = request.form();
    assert_eq!(request.path, "/1/messages.json");
    assert_eq!((form["token"].as_str(), form["user"].as_str()), ("TOKEN", "USERKEY"));
    assert!((1..=250).contains(&form["title"].chars().count()), "{form:?}");
    assert!((1..=1_024).contains(&form["message"].chars().count()), "{form:?}");
    assert!(["0", "1"].contains(&form["priority"].as_str()));
    assert!(form.values().all(|value| !value.is_empty()), "{form:?}");
}

fn twilio(request: &Request) {
    assert_eq!(request.path, "/2010-04-01/Accounts/ACCOUNT_SID/Messages.json");
    assert_eq!(request.headers["authorization"], "Basic QUNDT1VOVF9TSUQ6QVVUSF9UT0tFTg==");
    let form = request.form();
    assert_eq!((form["From"].as_str(), form["To"].as_str()), ("+15550100", "+15550101"));
    assert!((1..=320).contains(&form["Body"].chars().count()), "{form:?}");
    assert_eq!(form.len(), 3, "{form:?}");
}

fn pagerduty(body: &Value) {
    assert_eq!(body["routing_key"], "ROUTING_KEY");
    assert!(["trigger", "resolve"].contains(&text(body, "/event_action")));
    length("dedup_key", text(body, "/dedup_key"), 255);
    assert!((1..=1_024).contains(&text(body, "/payload/summary").chars().count()));
    assert!(!text(body, "/payload/source").is_empty());
    let severity = text(body, "/payload/severity");
    assert!(["critical", "error", "warning", "info"].contains(&severity), "{severity}");
    text(body, "/payload/timestamp").parse::<jiff::Timestamp>().unwrap();
}

fn webhook(request: &Request) {
    let body = request.json();
    assert!(text(&body, "/type").starts_with("llamactl."));
    assert_eq!(body["data"]["version"], 1);
    assert!(body["data"]["count"].as_u64().unwrap() >= 1);
    assert_eq!(body["data"]["id"], request.headers["webhook-id"].as_str());
    request.headers["webhook-timestamp"].parse::<u64>().unwrap();
    assert!(request.headers["webhook-signature"].starts_with("v1,"));
}
