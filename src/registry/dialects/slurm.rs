//! Contract 1: the wire format of the older registry for SLURM, at the root.
//!
//! Leased servers are shown in it too; only their holders can change them.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::server::{Server, ServerState};
use crate::registry::error::ApiError;
use crate::registry::handlers::{Body, Segment};
use crate::registry::identity::Caller;
use crate::registry::legacy::{LegacyEntry, Record, iso};
use crate::registry::service::{self, Service};
use crate::registry::view::View;

/// One entry as this format shows it.
struct Shown {
    job: String,
    started: Timestamp,
    record: Record,
}

/// `GET /servers`: newest start first.
pub async fn list(State(service): State<Service>) -> Json<Value> {
    let mut shown = all(&service.view().read());
    shown.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.job.cmp(&b.job)));
    let now = Timestamp::now();
    let count = shown.len();
    let servers = shown.into_iter().map(|Shown { job, started, mut record }| {
        record.insert("job_id".to_owned(), job.into());
        record.insert("uptime_hours".to_owned(), uptime_hours(started, now).into());
        Value::Object(record)
    });
    Json(json!({"servers": servers.collect::<Vec<_>>(), "count": count}))
}

/// `GET /servers/{job_id}`: the bare record.
///
/// # Errors
/// 404 where there is none.
pub async fn get(State(service): State<Service>, job: Segment) -> Result<Json<Record>, ApiError> {
    let view = service.view().read();
    if let Some(entry) = view.live_of_job(&job.0).filter(|entry| answers(&entry.server)) {
        return Ok(Json(leased_record(&entry.server)));
    }
    view.legacy.get(&job.0).map(|entry| Json(record(entry))).ok_or_else(ApiError::unknown)
}

/// `POST` and `PUT /servers/{job_id}`
///
/// # Errors
/// As [`Service::put_legacy`].
pub async fn put(
    State(service): State<Service>,
    Caller(who): Caller,
    job: Segment,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    service.put_legacy(job.0.clone(), service::record(&body.0)?, &who).await?;
    Ok(Json(json!({"status": "registered", "job_id": job.0})))
}

/// `DELETE /servers/{job_id}`
///
/// # Errors
/// As [`Service::delete_legacy`].
pub async fn delete(
    State(service): State<Service>,
    Caller(who): Caller,
    job: Segment,
) -> Result<Json<Value>, ApiError> {
    service.delete_legacy(job.0.clone(), &who).await?;
    Ok(Json(json!({"status": "deleted", "job_id": job.0})))
}

/// `GET /servers/by-owner/{owner}`: a map by job id.
pub async fn by_owner(State(service): State<Service>, owner: Segment) -> Json<Value> {
    let mut shown = all(&service.view().read());
    shown.retain(|entry| entry.record.get("owner").and_then(Value::as_str) == Some(&owner.0));
    // Where two clusters have the same job id, the map has room for the newer one.
    shown.sort_by_key(|entry| entry.started);
    let servers: Record =
        shown.into_iter().map(|entry| (entry.job, Value::Object(entry.record))).collect();
    let count = servers.len();
    Json(json!({"servers": servers, "count": count}))
}

fn all(view: &View) -> Vec<Shown> {
    let leased = view.live().filter(|entry| answers(&entry.server)).map(|entry| Shown {
        job: entry.server.info.job.job(),
        started: entry.server.info.started,
        record: leased_record(&entry.server),
    });
    let legacy = view.legacy_visible().map(|entry| Shown {
        job: entry.job.clone(),
        started: entry.started(),
        record: record(entry),
    });
    leased.chain(legacy).collect()
}

/// Whether clients of this format may see it: they have no word for a server that still loads,
/// and would send it their requests.
fn answers(server: &Server) -> bool {
    server.state != ServerState::Loading
}

fn record(entry: &LegacyEntry) -> Record {
    let mut record = entry.record.clone();
    record.insert("last_updated".to_owned(), iso(entry.updated).into());
    record
}

fn leased_record(server: &Server) -> Record {
    let info = &server.info;
    let fields = [
        ("host", json!(info.host)),
        ("port", json!(info.port)),
        ("owner", json!(info.owner)),
        ("model_file", json!(info.model.file.as_ref().unwrap_or(&info.model.name))),
        ("model_name", json!(info.model.name)),
        ("start_time", json!(iso(info.started))),
        ("slurm_node", json!(info.slurm_node.as_ref().unwrap_or(&info.host))),
        ("last_updated", json!(iso(server.last_seen))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Hours since the start, with one decimal; never negative.
fn uptime_hours(started: Timestamp, now: Timestamp) -> f64 {
    let hours = now.duration_since(started).as_secs_f64() / 3600.0;
    (hours.max(0.0) * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_has_one_decimal_and_is_never_negative() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let ago = |seconds: i64| Timestamp::from_second(1_700_000_000 - seconds).unwrap();
        assert_eq!(uptime_hours(ago(5400), now), 1.5);
        assert_eq!(uptime_hours(ago(36 * 60 + 1), now), 0.6);
        assert_eq!(uptime_hours(ago(-100), now), 0.0);
    }
}
