//! The table of routes: each with who may use it and what it takes and gives. The HTTP service,
//! the check of scopes, the OpenAPI document and `registry check` are all made from it.

use std::collections::HashMap;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{Method, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::domain::token::Scope;
use crate::registry::service::Shared;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody who reaches the port.
    Everybody,
    /// Whoever's token allows this.
    Scope(Scope),
}

/// Makes a JSON Schema.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One method of one path.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `GET`, `POST` …
    pub method: Method,
    /// The path's pattern, as `/api/v1/servers/{id}`.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// The group in the documentation.
    pub group: &'static str,
    /// One line about it.
    pub summary: &'static str,
    /// An object whose properties are the query parameters.
    pub query: Option<SchemaOf>,
    /// The body that it takes.
    pub body: Option<SchemaOf>,
    /// Its answers that are no error: status, content type, and schema of a JSON body.
    pub answers: Vec<(StatusCode, &'static str, Option<SchemaOf>)>,
    /// Statuses of errors, beside those that every route may give.
    pub errors: Vec<StatusCode>,
    /// More about it than one line.
    pub note: &'static str,
    /// Whether it can do without its body.
    pub body_optional: bool,
    /// Headers that it reads.
    pub takes: Vec<&'static str>,
    /// Headers of its answer that are worth knowing.
    pub tells: Vec<&'static str>,
}

impl Endpoint {
    /// It takes these query parameters.
    pub fn query<T: JsonSchema>(mut self) -> Endpoint {
        self.query = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// It takes this JSON body.
    pub fn body<T: JsonSchema>(mut self) -> Endpoint {
        self.body = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// It gives this JSON body with 200.
    pub fn gives<T: JsonSchema>(self) -> Endpoint {
        self.gives_with::<T>(StatusCode::OK)
    }

    /// It gives this JSON body with another status.
    pub fn gives_with<T: JsonSchema>(mut self, status: StatusCode) -> Endpoint {
        let schema: SchemaOf = |generator| generator.subschema_for::<T>();
        self.answers.push((status, "application/json", Some(schema)));
        self
    }

    /// It gives something that is not JSON.
    pub fn gives_type(mut self, status: StatusCode, content_type: &'static str) -> Endpoint {
        self.answers.push((status, content_type, None));
        self
    }

    /// It gives nothing but this status.
    pub fn gives_nothing(self, status: StatusCode) -> Endpoint {
        self.gives_type(status, "")
    }

    /// It can do without its body.
    pub fn body_optional(mut self) -> Endpoint {
        self.body_optional = true;
        self
    }

    /// It reads these headers.
    pub fn takes(mut self, headers: &[&'static str]) -> Endpoint {
        self.takes.extend(headers);
        self
    }

    /// Its answer has these headers.
    pub fn tells(mut self, headers: &[&'static str]) -> Endpoint {
        self.tells.extend(headers);
        self
    }

    /// More about it than one line.
    pub fn note(mut self, note: &'static str) -> Endpoint {
        self.note = note;
        self
    }

    /// It may answer with these errors too.
    pub fn errors(mut self, statuses: &[u16]) -> Endpoint {
        let statuses = statuses.iter().filter_map(|status| StatusCode::from_u16(*status).ok());
        self.errors.extend(statuses);
        self
    }
}

/// All routes, while they are being written down.
#[derive(Debug, Default)]
pub struct Table {
    router: Router<Shared>,
    endpoints: Vec<Endpoint>,
    group: &'static str,
}

impl Table {
    /// What follows belongs to this group.
    pub fn group(mut self, group: &'static str) -> Table {
        self.group = group;
        self
    }

    /// One method of one path: who may use it, what carries it out, and its documentation.
    pub fn on<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
        summary: &'static str,
        document: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Table
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        // GET answers HEAD too.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let route: MethodRouter<Shared> = match method {
            Method::GET => axum::routing::get(handler),
            _ => on(filter, handler),
        };
        self.router = self.router.route(path, route);
        self.endpoints.push(document(Endpoint {
            method,
            path,
            access,
            group: self.group,
            summary,
            query: None,
            body: None,
            answers: Vec::new(),
            errors: Vec::new(),
            note: "",
            body_optional: false,
            takes: Vec::new(),
            tells: Vec::new(),
        }));
        self
    }

    /// The HTTP service and what it is made of.
    pub fn finish(self) -> (Router<Shared>, Vec<Endpoint>) {
        (self.router, self.endpoints)
    }
}

/// Who may use what, to look up for each request.
#[derive(Debug, Default)]
pub struct Permissions(HashMap<&'static str, Vec<(Method, Access)>>);

impl Permissions {
    /// The permissions of these endpoints.
    pub fn new(endpoints: &[Endpoint]) -> Permissions {
        let mut map: HashMap<&'static str, Vec<(Method, Access)>> = HashMap::new();
        for endpoint in endpoints {
            map.entry(endpoint.path).or_default().push((endpoint.method.clone(), endpoint.access));
        }
        Permissions(map)
    }

    /// Who may use `method` of the route with this pattern; administrators alone, where nothing
    /// was written down.
    pub fn of(&self, method: &Method, pattern: &str) -> Access {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let methods = self.0.get(pattern).map(Vec::as_slice).unwrap_or_default();
        let found = methods.iter().find(|(known, _)| known == method);
        found.map_or(Access::Scope(Scope::Admin), |(_, access)| *access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_is_for_administrators() {
        let permissions = Permissions::default();
        assert_eq!(permissions.of(&Method::GET, "/x"), Access::Scope(Scope::Admin));
    }
}
