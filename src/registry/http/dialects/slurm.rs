//! Contract 1: the wire format of the older registry for SLURM, at the root.
//!
//! Leased servers are shown in it too; only their holders can change them.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::domain::server::{Server, ServerState};
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{Body, Segment};
use crate::registry::seen::bodies::Stamp;
use crate::registry::seen::legacy::{LegacyEntry, Record, iso};
use crate::registry::seen::view::{Entry, SharedView, View};
use crate::registry::service::Shared;
use crate::registry::service::legacy::sent_record;

/// `GET /servers`: newest start first.
///
/// # Errors
/// None in practice.
pub async fn list(State(service): State<Shared>) -> Result<Response, ApiError> {
    let stamp = Stamp::of(&service.view().read());
    let view = service.view().clone();
    let make = move || {
        let text = serde_json::to_vec(&whole_list(&view)).map_err(|_| ApiError::internal())?;
        Ok(Bytes::from(text))
    };
    let body = service.bodies.old_servers.get(stamp, make).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

#[derive(Serialize)]
struct List {
    servers: Vec<InList>,
    count: usize,
}

fn whole_list(view: &SharedView) -> List {
    let mut shown = all(&view.read());
    shown.sort_by_cached_key(|entry| (Reverse(entry.started()), entry.job()));
    let now = Timestamp::now();
    let servers: Vec<InList> = shown.into_iter().map(|shown| InList { shown, now }).collect();
    List { count: servers.len(), servers }
}

/// One entry as this format shows it; shared with the view.
enum Shown {
    Leased(Arc<Entry>),
    Old(Arc<LegacyEntry>),
}

impl Shown {
    fn job(&self) -> String {
        match self {
            Shown::Leased(entry) => entry.server.info.job.job(),
            Shown::Old(entry) => entry.job.clone(),
        }
    }

    fn started(&self) -> Timestamp {
        match self {
            Shown::Leased(entry) => entry.server.info.started,
            Shown::Old(entry) => entry.started(),
        }
    }

    fn owner(&self) -> Option<&str> {
        match self {
            Shown::Leased(entry) => Some(&entry.server.info.owner),
            Shown::Old(entry) => entry.record.get("owner").and_then(Value::as_str),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Shown::Leased(entry) => LeasedRecord::of(&entry.server).serialize(serializer),
            Shown::Old(entry) => record(entry).serialize(serializer),
        }
    }
}

/// An entry of the list, which says more than the entry alone.
struct InList {
    shown: Shown,
    now: Timestamp,
}

impl Serialize for InList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job_id = self.shown.job();
        let uptime_hours = uptime_hours(self.shown.started(), self.now);
        match &self.shown {
            Shown::Leased(entry) => {
                let record = LeasedRecord::of(&entry.server);
                Listed { record, job_id, uptime_hours }.serialize(serializer)
            }
            Shown::Old(entry) => {
                let mut record = record(entry);
                // Whatever the client sent under these names is not what they mean here.
                record.insert("job_id".to_owned(), job_id.into());
                record.insert("uptime_hours".to_owned(), uptime_hours.into());
                record.serialize(serializer)
            }
        }
    }
}

#[derive(Serialize)]
struct Listed<T> {
    #[serde(flatten)]
    record: T,
    job_id: String,
    uptime_hours: f64,
}

/// `GET /servers/{job_id}`: the bare record.
///
/// # Errors
/// 404 where there is none.
pub async fn get(State(service): State<Shared>, job: Segment) -> Result<Response, ApiError> {
    let shown = {
        let view = service.view().read();
        let leased = view.live_of_job(&job.0).filter(|entry| answers(&entry.server));
        let leased = leased.map(|entry| Shown::Leased(Arc::clone(entry)));
        leased.or_else(|| view.legacy.get(&job.0).map(|entry| Shown::Old(Arc::clone(entry))))
    };
    shown.map(|shown| Json(shown).into_response()).ok_or_else(ApiError::unknown)
}

/// `POST` and `PUT /servers/{job_id}`
///
/// # Errors
/// As `Service::put_legacy`.
pub async fn put(
    State(service): State<Shared>,
    Caller(who): Caller,
    job: Segment,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    service.put_legacy(job.0.clone(), sent_record(&body.0)?, &who).await?;
    Ok(Json(json!({"status": "registered", "job_id": job.0})))
}

/// `DELETE /servers/{job_id}`
///
/// # Errors
/// As `Service::delete_legacy`.
pub async fn delete(
    State(service): State<Shared>,
    Caller(who): Caller,
    job: Segment,
) -> Result<Json<Value>, ApiError> {
    service.delete_legacy(job.0.clone(), &who).await?;
    Ok(Json(json!({"status": "deleted", "job_id": job.0})))
}

/// `GET /servers/by-owner/{owner}`: a map by job id.
pub async fn by_owner(State(service): State<Shared>, owner: Segment) -> Response {
    let mut shown = all(&service.view().read());
    shown.retain(|entry| entry.owner() == Some(&owner.0));
    // Where two clusters have the same job id, the map has room for the newer one.
    shown.sort_by_key(Shown::started);
    let servers: IndexMap<String, Shown> =
        shown.into_iter().map(|entry| (entry.job(), entry)).collect();
    let count = servers.len();
    Json(ByOwner { servers, count }).into_response()
}

#[derive(Serialize)]
struct ByOwner {
    servers: IndexMap<String, Shown>,
    count: usize,
}

fn all(view: &View) -> Vec<Shown> {
    let leased = view.live().filter(|entry| answers(&entry.server));
    let leased = leased.map(|entry| Shown::Leased(Arc::clone(entry)));
    leased.chain(view.legacy_visible().map(|entry| Shown::Old(Arc::clone(entry)))).collect()
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

#[derive(Serialize)]
struct LeasedRecord<'a> {
    host: &'a str,
    port: u16,
    owner: &'a str,
    model_file: &'a str,
    model_name: &'a str,
    start_time: String,
    slurm_node: &'a str,
    last_updated: String,
}

impl<'a> LeasedRecord<'a> {
    fn of(server: &'a Server) -> LeasedRecord<'a> {
        let info = &server.info;
        LeasedRecord {
            host: &info.host,
            port: info.port,
            owner: &info.owner,
            model_file: info.model.file.as_ref().unwrap_or(&info.model.name),
            model_name: &info.model.name,
            start_time: iso(info.started),
            slurm_node: info.slurm_node.as_ref().unwrap_or(&info.host),
            last_updated: iso(server.last_seen),
        }
    }
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
