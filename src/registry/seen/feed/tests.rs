use super::*;
use crate::registry::seen::nodes::tests::entry;
use crate::registry::seen::view::{Change, View};

fn feed() -> (SharedView, EventLog, Live, Feed) {
    let (view, log) = (SharedView::new(View::default()), EventLog::new(0));
    let live = Live::new(log.clone(), Default::default());
    let feed = Feed::new(view.clone(), log.clone(), live.clone());
    (view, log, live, feed)
}

fn put(view: &SharedView, name: &str, heard: i64) {
    let mut node = entry(name);
    node.last_heartbeat = Timestamp::from_second(heard).unwrap();
    view.write().apply(Change::PutNode { entry: Box::new(node), heard: None });
}

async fn text(subscriber: &mut Subscriber) -> String {
    let next = tokio::time::timeout(Duration::from_secs(20), subscriber.next()).await;
    String::from_utf8(next.expect("in time").expect("it goes on").to_vec()).unwrap()
}

async fn follow(feed: &Feed, what: &str) -> Subscriber {
    feed.follow(What::parse(Some(what)).unwrap(), None, 7).await.unwrap()
}

#[tokio::test]
async fn everything_comes_in_chunks_and_then_what_changes() {
    let (view, _, _, feed) = feed();
    let all = CHUNK as i64 + 1;
    (0..all).for_each(|i| put(&view, &format!("n{i}"), 0));
    let mut subscriber = follow(&feed, "nodes").await;
    assert!(text(&mut subscriber).await.starts_with("event: hello\ndata: {\"version\":"));
    let sizes = [text(&mut subscriber).await, text(&mut subscriber).await];
    assert_eq!(sizes.map(|chunk| chunk.matches("\"node_id\"").count()), [CHUNK, 1]);
    assert_eq!(text(&mut subscriber).await, "event: synced\ndata: {}\n\n");
    // A sign of life alone is nothing to tell; the removal is.
    put(&view, "n1", 10);
    view.write().apply(Change::DropNode("id-n2".to_owned()));
    assert_eq!(
        text(&mut subscriber).await,
        "event: nodes\ndata: {\"changed\":[],\"gone\":[\"id-n2\"]}\n\n"
    );
    // But not for ever.
    put(&view, "n1", 60);
    assert!(text(&mut subscriber).await.contains("\"id-n1\""));
}

#[tokio::test]
async fn the_differ_ends_with_the_last_who_follows_and_begins_with_the_next() {
    let (view, _, _, feed) = feed();
    let first = follow(&feed, "nodes").await;
    let second = follow(&feed, "nodes").await;
    let running = || feed.0.running.lock().unwrap().is_some();
    drop(first);
    assert!(feed.look() && running());
    drop(second);
    assert!(!feed.look() && !running());
    put(&view, "late", 0);
    let mut third = follow(&feed, "nodes").await;
    text(&mut third).await;
    assert!(text(&mut third).await.contains("\"id-late\""));
}

#[tokio::test]
async fn who_is_too_slow_is_cut_off_and_the_others_go_on() {
    let (view, _, _, feed) = feed();
    let mut slow = follow(&feed, "nodes").await;
    let mut quick = follow(&feed, "nodes").await;
    for _ in 0..2 {
        text(&mut slow).await;
        text(&mut quick).await;
    }
    for i in 0..=KEPT {
        put(&view, &format!("n{i}"), 0);
        assert!(feed.look());
        assert!(text(&mut quick).await.contains(&format!("\"id-n{i}\"")));
    }
    assert_eq!(slow.next().await, None);
}

#[tokio::test]
async fn streams_end_when_the_registry_stops_or_the_sequence_went_back() {
    let (_, log, live, feed) = feed();
    log.restart(5);
    let mut subscriber = follow(&feed, "events").await;
    for _ in 0..2 {
        text(&mut subscriber).await;
    }
    log.restart(1);
    assert_eq!(subscriber.next().await, None, "another database: everything anew");
    let mut subscriber = follow(&feed, "events").await;
    live.stop();
    assert_eq!(subscriber.next().await, None);
}

#[test]
fn parts_are_chosen() {
    let changes = Changes::new(b"s", b"nn", b"eee", Vec::new());
    for (what, expected) in [
        ("servers,nodes,events", "snneee"),
        ("servers,nodes", "snn"),
        ("servers", "s"),
        ("nodes,events", "nneee"),
        ("nodes", "nn"),
        ("events", "eee"),
        ("events,servers", "seee"),
        ("", ""),
    ] {
        assert_eq!(changes.only(What::parse(Some(what)).unwrap()), expected, "{what}");
    }
    assert_eq!(changes.only(What::parse(None).unwrap()), "snneee");
    assert!(What::parse(Some("servers,cats")).is_err());
}

#[test]
fn many_changes_are_several_messages_and_none_are_none() {
    let json = vec![Bytes::from_static(b"{}"); CHUNK + 1];
    let text = messages("servers", &json, &["x".to_owned()]);
    let text = std::str::from_utf8(&text).unwrap();
    assert_eq!(text.matches("event: servers\n").count(), 2);
    assert_eq!(text.matches("\"gone\":[\"x\"]").count(), 1);
    assert!(messages("servers", &[], &[]).is_empty());
}
