//! The services that other tests stand on do what those tests take for granted.

use std::time::Duration;

use crate::common::lab::{Postgres, Prometheus, Redis};
use crate::common::partition::Partition;
use crate::common::{holds_for, http, wait_until};

#[test]
fn postgres_keeps_what_it_acknowledged_over_a_crash() {
    let mut postgres = Postgres::start();
    let url = postgres.fresh();
    assert_eq!(postgres.sql(&url, "show fsync").unwrap()[0][0].as_deref(), Some("on"));
    postgres.sql(&url, "create table t (x int); insert into t values (7)").unwrap();
    postgres.kill9();
    assert!(postgres.sql(&url, "select 1").is_err());
    postgres.start_again();
    assert_eq!(postgres.sql(&url, "select x from t").unwrap()[0][0].as_deref(), Some("7"));
    let wrong = url.replacen("llamactl:", "llamactl:x", 1);
    let refused = postgres.sql(&wrong, "select 1").unwrap_err();
    assert!(refused.contains("password authentication failed"), "{refused}");
    assert!(postgres.sql(&postgres.url(), "select x from t").is_err(), "databases are apart");
    postgres.stop();
    postgres.start_again();
    assert_eq!(postgres.sql(&url, "select x from t").unwrap().len(), 1);
}

#[test]
fn a_cut_network_is_silent_and_a_closed_one_is_not() {
    let prometheus = Prometheus::start("scrape_configs: []\n");
    let port = prometheus.url().rsplit(':').next().unwrap().parse().unwrap();
    let network = Partition::before(port);
    let url = format!("http://127.0.0.1:{}/-/ready", network.port);
    let answers = || http::get_text(&url).is_some_and(|(status, _)| status == 200);
    assert!(answers());
    network.close();
    assert!(!answers());
    network.cut();
    let asked = std::thread::spawn({
        let url = url.clone();
        move || http::get_text(&url)
    });
    holds_for("no answer", Duration::from_millis(300), || !asked.is_finished());
    network.heal();
    // What was asked meanwhile arrives.
    assert!(asked.join().unwrap().is_some());
    assert!(answers());
    assert_eq!(prometheus.api("targets")["activeTargets"], serde_json::json!([]));
}

#[test]
fn redis_can_be_killed_and_comes_back_at_the_same_port() {
    let mut redis = Redis::start_with(&["--requirepass", "hunter2"]);
    let port = redis.port();
    redis.kill9();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    redis.start_again();
    wait_until("its port", Duration::from_secs(5), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
}
