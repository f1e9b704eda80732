//! Entries of old clients, which have no lease.

use serde_json::Value;

use super::Service;
use crate::registry::edge::identity::{Identity, owner_for};
use crate::registry::error::{ApiError, Refused};
use crate::registry::seen::legacy::{self, Record};
use crate::registry::store::Op;

impl Service {
    /// Registers or updates an entry of an old client.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 403 for somebody else's, 409 where a leased server has the
    /// job, 503.
    pub async fn put_legacy(
        &self,
        job: String,
        mut record: Record,
        who: &Identity,
    ) -> Result<(), ApiError> {
        legacy::validate(&job, &record).map_err(ApiError::bad_request)?;
        let claimed = record.get("owner").filter(|owner| !owner.is_null() && *owner != "");
        let claimed = claimed.map(|owner| owner.as_str().unwrap_or_default().to_owned());
        if let Some(owner) = owner_for(who, claimed.as_deref())?.filter(|_| claimed.is_none()) {
            record.insert("owner".to_owned(), owner.into());
        }
        self.run_op(Op::PutLegacy { job, record: Box::new(record) }, who).await?;
        self.counters.registrations.inc();
        Ok(())
    }

    /// Deletes an entry of an old client.
    ///
    /// # Errors
    /// 403 for somebody else's, 404 where there is none, 409 where a leased server has the job,
    /// 503.
    pub async fn delete_legacy(&self, job: String, who: &Identity) -> Result<(), ApiError> {
        match self.outcome(Op::DeleteLegacy { job }, who).await? {
            Ok(_) => Ok(()),
            Err(Refused::Unknown) => Err(ApiError::unknown()),
            Err(refused) => Err(refused.into()),
        }
    }
}

/// The record that an old client sent, from its body.
///
/// # Errors
/// 400 for what is no JSON object.
pub fn sent_record(body: &[u8]) -> Result<Record, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(record)) => Ok(record),
        Ok(_) => Err(ApiError::bad_request("the body must be a JSON object")),
        Err(error) => Err(ApiError::bad_request(format!("the body is no JSON: {error}"))),
    }
}
