//! What is known of one server beside its record: how to use it, and how busy it was.

use uuid::Uuid;

use super::Service;
use crate::api::dashboard::{ConnectQuery, Snippets, Usage};
use crate::domain::server::Access;
use crate::registry::edge::identity::Identity;
use crate::registry::error::ApiError;
use crate::registry::seen::snippets::{self, Key};

impl Service {
    /// What to copy to use a server; its key is in it for those to whom [`Service::key`] gives
    /// it.
    ///
    /// # Errors
    /// 404 where there is no such server, 400 for a login host that is none.
    pub fn snippets(
        &self,
        id: Uuid,
        query: &ConnectQuery,
        who: &Identity,
    ) -> Result<Snippets, ApiError> {
        let server = self.server(id)?;
        let key = match (server.info.access, self.key(id, who)) {
            (Access::Open, _) => Key::None,
            (_, Ok(reply)) => Key::Known(reply.api_key),
            // Its owner registered none: as far as anybody knows it wants none.
            (Access::Shared, Err(_)) => Key::None,
            (Access::Private, Err(_)) => Key::Hidden,
        };
        let login = query.login.as_deref().or(self.login_host.as_deref());
        let snippets = snippets::snippets(&server, &key, query.from, login)?;
        Ok(Snippets { snippets })
    }

    /// How busy a server was during the last two hours.
    ///
    /// # Errors
    /// 404 where there is no such server.
    pub fn usage(&self, id: Uuid) -> Result<Usage, ApiError> {
        self.server(id)?;
        Ok(self.view().read().usage.of(id))
    }
}
