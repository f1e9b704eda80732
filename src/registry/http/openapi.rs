//! The OpenAPI document, made from the table of routes: what is not in the one is not in the
//! other, and what a route takes and gives is the schema of the type that its handler uses.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::api::{ErrorReply, LEASE_HEADER, LEASE_SECRET_HEADER};
use crate::domain::event::EventKind;
use crate::domain::server::{MAX_TEXT, TEXT};
use crate::registry::http::routes::{Access, Endpoint, SchemaOf};

/// Where schemas stand in the document.
const SCHEMAS: &str = "/components/schemas";

/// What each route may answer besides its own, with what it means.
const ERRORS: &[(u16, &str)] = &[
    (400, "The request is wrong"),
    (401, "A token is wanted, and none that counts was shown"),
    (403, "The token or the lease does not allow this, or a page of another site asks"),
    (404, "There is no such thing"),
    (405, "This path does not take this method"),
    (406, "It can't be given in the form that was asked for"),
    (409, "Somebody else has the entry; nothing was changed"),
    (410, "It is gone for good"),
    (413, "The body is too large"),
    (421, "This registry has no such host name"),
    (422, "It can't be done here: the hint says what its operator has to set up"),
    (426, "A WebSocket is wanted here"),
    (429, "Too many requests: wait as long as Retry-After says"),
    (500, "A fault of the registry; the reason is in its log"),
    (503, "It can't be done now; it was not acknowledged, and trying again is safe"),
];

/// Headers of requests and answers that are worth knowing.
const HEADERS: &[(&str, &str, &str)] = &[
    (LEASE_HEADER, "Proof of the lease: GENERATION:SECRET", "^[0-9]{1,18}:.+$"),
    (
        LEASE_SECRET_HEADER,
        "The lease's secret, chosen by the client: sending the same again gives the same lease",
        "^[A-Za-z0-9]{32,128}$",
    ),
    ("Last-Event-ID", "Number of the last event that the client has", "^[0-9]+$"),
    ("If-None-Match", "ETag of what the client has: then 304 says that it is still so", ""),
    ("ETag", "Stands for this state of the list", ""),
    ("Link", "Where the next and the previous page are (RFC 8288)", ""),
    ("X-Total-Count", "How many pass the filter, on all pages", "^[0-9]+$"),
    ("Location", "Path of what was made", ""),
    ("Set-Cookie", "The cookie's half of the session, or its end", ""),
    ("Retry-After", "Seconds to wait before the next try", "^[0-9]+$"),
    ("WWW-Authenticate", "How to show who one is", ""),
];

/// The document of these endpoints.
pub fn of(endpoints: &[Endpoint]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints {
        let operation = operation(endpoint, &mut schemas);
        let path = paths.entry(path_template(endpoint)).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_lowercase()] = operation;
    }
    let error = schemas.answer(|generator| generator.subschema_for::<ErrorReply>());
    let mut groups: Vec<&str> = Vec::new();
    for endpoint in endpoints {
        if !groups.contains(&endpoint.group) {
            groups.push(endpoint.group);
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "llamactl registry",
            "summary": "Where people and programs find the servers and nodes of a cluster",
            "description": DESCRIPTION,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This registry"}],
        "tags": groups.iter().map(|group| json!({"name": group})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "A token of `llamactl registry token create`",
                },
            },
            "responses": errors(&error),
            "headers": headers(),
        },
    });
    document["components"]["schemas"] = Value::Object(schemas.finish(&mut document));
    document
}

const DESCRIPTION: &str = "Lists are JSON arrays. Errors are `{\"error\": …, \"hint\": …}`. Who \
    registers gets a lease, and proves it with the header `llamactl-lease` to beat, change or \
    delete. Where the registry asks for tokens, each operation's security names the scope that \
    it wants: `read`, `register` or `admin`, which allows everything; without tokens \
    (`--auth none`) none is needed. The older formats are served unchanged beside this one.";

fn operation(endpoint: &Endpoint, schemas: &mut Schemas) -> Value {
    let mut parameters = path_parameters(&path_template(endpoint));
    if let Some(query) = endpoint.query {
        parameters.extend(query_parameters(&schemas.inline(query)));
    }
    parameters.extend(endpoint.takes.iter().map(|name| header_parameter(name)));
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "tags": [endpoint.group],
        "summary": endpoint.summary,
    });
    if !endpoint.note.is_empty() {
        operation["description"] = json!(endpoint.note);
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = endpoint.body {
        operation["requestBody"] = json!({
            "required": !endpoint.body_optional,
            "content": {"application/json": {"schema": schemas.request(body)}},
        });
    }
    operation["responses"] = Value::Object(responses(endpoint, schemas));
    operation["security"] = match endpoint.access {
        Access::Everybody => json!([]),
        Access::Scope(scope) => json!([{"bearer": [scope.as_str()]}]),
    };
    operation
}

fn responses(endpoint: &Endpoint, schemas: &mut Schemas) -> Map<String, Value> {
    let mut responses: BTreeMap<u16, Value> = BTreeMap::new();
    for (status, content_type, schema) in &endpoint.answers {
        let reason = status.canonical_reason().unwrap_or("Answer");
        let answer =
            responses.entry(status.as_u16()).or_insert_with(|| json!({"description": reason}));
        if !content_type.is_empty() {
            let schema = schema.map_or_else(|| plain_schema(content_type), |s| schemas.answer(s));
            answer["content"][*content_type] = json!({"schema": schema});
        }
        for name in &endpoint.tells {
            answer["headers"][*name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
    }
    for status in error_statuses(endpoint) {
        // What the route says itself about a status is more than what all say.
        responses
            .entry(status)
            .or_insert_with(|| json!({"$ref": format!("#/components/responses/{status}")}));
    }
    responses.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect()
}

/// The schema of what is not JSON.
fn plain_schema(content_type: &str) -> Value {
    let text = json!({"type": "string"});
    match content_type {
        // One event of it.
        "text/event-stream" => json!({
            "type": "object",
            "properties": {"id": text, "event": text, "data": text},
        }),
        "application/openmetrics-text" => text,
        other if other.starts_with("text/") => text,
        _ => json!({}),
    }
}

/// The statuses of errors that a route may give: its own, and those that follow from what it
/// takes and who may use it.
pub fn error_statuses(endpoint: &Endpoint) -> Vec<u16> {
    let mut statuses: Vec<u16> = endpoint.errors.iter().map(StatusCode::as_u16).collect();
    statuses.extend([400, 421, 429, 500, 503]);
    if endpoint.path.contains('{') {
        statuses.push(404);
    }
    if endpoint.body.is_some() {
        statuses.push(413);
    }
    if endpoint.access != Access::Everybody {
        statuses.push(401);
    }
    if endpoint.access != Access::Everybody || endpoint.method != Method::GET {
        statuses.push(403);
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn errors(error: &Value) -> Map<String, Value> {
    let response = |(status, meaning): &(u16, &str)| {
        let mut response = json!({
            "description": meaning,
            "content": {"application/json": {"schema": error}},
        });
        let header = match status {
            401 => Some("WWW-Authenticate"),
            429 | 503 => Some("Retry-After"),
            _ => None,
        };
        if let Some(name) = header {
            response["headers"] = json!({name: {"$ref": format!("#/components/headers/{name}")}});
        }
        (status.to_string(), response)
    };
    ERRORS.iter().map(response).collect()
}

fn headers() -> Map<String, Value> {
    let header = |(name, meaning, pattern): &(&str, &str, &str)| {
        let header = json!({"description": meaning, "schema": header_schema(pattern)});
        ((*name).to_owned(), header)
    };
    HEADERS.iter().map(header).collect()
}

fn header_schema(pattern: &str) -> Value {
    match pattern {
        "" => json!({"type": "string"}),
        pattern => json!({"type": "string", "pattern": pattern}),
    }
}

/// A header that a route takes, by its name in [`HEADERS`].
fn header_parameter(name: &str) -> Value {
    let known = HEADERS.iter().find(|(known, ..)| *known == name);
    let (_, meaning, pattern) = known.copied().unwrap_or((name, "", ""));
    json!({
        "name": name, "in": "header", "required": false, "description": meaning,
        "schema": header_schema(pattern),
    })
}

/// The path in the document: it knows no parameter of several segments.
pub fn path_template(endpoint: &Endpoint) -> String {
    endpoint.path.replace("{*", "{")
}

/// The parameters in braces of a path.
fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let parameter = |name: &str| {
        json!({
            "name": name, "in": "path", "required": true,
            "description": path_meaning(name),
            "schema": path_schema(name),
        })
    };
    names.map(parameter).collect()
}

fn path_schema(name: &str) -> Value {
    match name {
        "job_id" => json!({"type": "string", "pattern": TEXT, "maxLength": MAX_TEXT}),
        _ => json!({"type": "string", "minLength": 1}),
    }
}

fn path_meaning(name: &str) -> &'static str {
    match name {
        "id" => "Its id",
        "job_id" => "The job, as SLURM names it: 108, or 108_2 for a task of an array",
        "owner" => "User name",
        "node_id" => "The node's id, or its name",
        "name" => "Its name",
        "role" => "A role of nodes",
        "file" => "A file of the viewer",
        "path" => "A file of the dashboard, with its folders",
        _ => "",
    }
}

/// The query parameters, from the properties of an object's schema.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let parameter = |(name, schema): (String, Value)| {
        let mut schema = tidy(schema);
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({
            "name": name, "in": "query",
            "required": required.iter().any(|known| known == &name),
            "description": description.unwrap_or_default(),
            "schema": told(&name, without_null(schema)),
        })
    };
    properties.into_iter().map(parameter).collect()
}

/// What some parameters mean wherever they are.
fn told(name: &str, mut schema: Value) -> Value {
    match name {
        "wait" => schema["pattern"] = json!("^([1-9]|[1-5][0-9]|60)s$"),
        "kind" => {
            let kinds: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
            let one = kinds.join("|");
            schema["pattern"] = json!(format!("^(({one})(,({one}))*)?$"));
        }
        _ => {}
    }
    schema
}

/// A query parameter is missing rather than null.
fn without_null(mut schema: Value) -> Value {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(object) = schema.as_object_mut() {
        object.retain(|key, value| key != "default" || !value.is_null());
    }
    schema
}

fn operation_id(endpoint: &Endpoint) -> String {
    let words = endpoint.path.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let path = if words.is_empty() { "page".to_owned() } else { words.join("_") };
    format!("{}_{path}", endpoint.method.as_str().to_lowercase())
}

/// The schemas of what is sent and of what is answered. One type may differ in the two: what a
/// client may leave out, an answer always has.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

/// Before it is known whether a type differs, requests speak of it with this suffix.
const REQUEST: &str = "~request";

impl Schemas {
    fn new() -> Schemas {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        Schemas {
            requests: settings.clone().for_deserialize().into_generator(),
            answers: settings.for_serialize().into_generator(),
        }
    }

    fn answer(&mut self, schema: SchemaOf) -> Value {
        tidy(schema(&mut self.answers).to_value())
    }

    fn request(&mut self, schema: SchemaOf) -> Value {
        let mut schema = tidy(schema(&mut self.requests).to_value());
        rename(&mut schema, &|name| format!("{name}{REQUEST}"));
        schema
    }

    /// The schema itself, where it would be a reference.
    fn inline(&mut self, schema: SchemaOf) -> Value {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        schema(&mut settings.into_generator()).to_value()
    }

    /// The definitions of both sides; those of requests that differ get a name of their own.
    fn finish(mut self, document: &mut Value) -> Map<String, Value> {
        let mut all: Map<String, Value> = definitions(&mut self.answers);
        let requests = definitions(&mut self.requests);
        let differs: Vec<String> = differing(&all, &requests);
        let real = |name: &str| match name.strip_suffix(REQUEST) {
            Some(name) if differs.iter().any(|known| known == name) => format!("{name}Request"),
            Some(name) => name.to_owned(),
            None => name.to_owned(),
        };
        rename(document, &real);
        for (name, mut schema) in requests {
            rename(&mut schema, &|name| real(&format!("{name}{REQUEST}")));
            all.entry(real(&format!("{name}{REQUEST}"))).or_insert(schema);
        }
        let mut sorted: Vec<_> = all.into_iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted.into_iter().collect()
    }
}

/// The names of both sides whose schemas differ, by themselves or by what they speak of.
fn differing(answers: &Map<String, Value>, requests: &Map<String, Value>) -> Vec<String> {
    let mut differs: Vec<String> = Vec::new();
    loop {
        let before = differs.len();
        for (name, schema) in requests {
            let other = answers.get(name).filter(|_| !differs.contains(name));
            let Some(other) = other else { continue };
            let mut speaks_of = Vec::new();
            references(schema, &mut speaks_of);
            if schema != other || speaks_of.iter().any(|name| differs.contains(name)) {
                differs.push(name.clone());
            }
        }
        if differs.len() == before {
            return differs;
        }
    }
}

fn definitions(generator: &mut SchemaGenerator) -> Map<String, Value> {
    generator.take_definitions(true).into_iter().map(|(name, v)| (name, tidy(v))).collect()
}

/// Each kind of number has a format in schemars that JSON Schema does not know: what it means
/// is said by a limit.
fn tidy(mut schema: Value) -> Value {
    visit(&mut schema, &mut |object| {
        let most: u64 = match object.get("format").and_then(Value::as_str) {
            Some("uint8") => u64::from(u8::MAX),
            Some("uint16") => u64::from(u16::MAX),
            Some("uint32") => u64::from(u32::MAX),
            Some("uint" | "uint64") => u64::MAX,
            _ => return,
        };
        object.remove("format");
        object.entry("maximum").or_insert_with(|| most.into());
    });
    schema
}

fn rename(value: &mut Value, to: &dyn Fn(&str) -> String) {
    visit(value, &mut |object| {
        if let Some(Value::String(reference)) = object.get_mut("$ref")
            && let Some(name) = reference.strip_prefix(&format!("#{SCHEMAS}/"))
        {
            *reference = format!("#{SCHEMAS}/{}", to(name));
        }
    });
}

fn references(value: &Value, found: &mut Vec<String>) {
    visit(&mut value.clone(), &mut |object| {
        let reference = object.get("$ref").and_then(Value::as_str);
        found.extend(
            reference.and_then(|r| r.strip_prefix(&format!("#{SCHEMAS}/"))).map(str::to_owned),
        );
    });
}

fn visit(value: &mut Value, see: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            see(object);
            object.values_mut().for_each(|inner| visit(inner, see));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| visit(inner, see)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_says_what_it_is_what_it_takes_and_what_it_gives() {
        let (_, endpoints) = crate::registry::http::router::table().finish();
        let document = of(&endpoints);
        let mut ids = Vec::new();
        for endpoint in &endpoints {
            let name = format!("{} {}", endpoint.method, endpoint.path);
            let operation = &document["paths"][path_template(endpoint)]
                [endpoint.method.as_str().to_lowercase()];
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(endpoint.summary.len() > 5, "{name}: no summary");
            assert!(!endpoint.group.is_empty(), "{name}: no group");
            assert!(!endpoint.answers.is_empty(), "{name}: no answer");
            for (status, kind, schema) in &endpoint.answers {
                let answer = &operation["responses"][status.as_str()]["content"][*kind]["schema"];
                let json = *kind == "application/json";
                assert_eq!(json, schema.is_some(), "{name}: JSON has a schema, and only JSON");
                assert!(!json || says_something(answer), "{name} {status}: {answer}");
            }
            if endpoint.body.is_some() {
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                assert!(says_something(body), "{name}: {body}");
            }
            for header in endpoint.takes.iter().chain(&endpoint.tells) {
                assert!(HEADERS.iter().any(|(known, ..)| known == header), "{name}: {header}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let meaning = parameter["description"].as_str().unwrap_or_default();
                assert!(!meaning.is_empty(), "{name}: {parameter}");
            }
            for status in error_statuses(endpoint) {
                assert!(ERRORS.iter().any(|(known, _)| *known == status), "{name}: {status}");
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "operation ids are not unique");
    }

    /// Whether a schema is more than "anything at all".
    fn says_something(schema: &Value) -> bool {
        schema.as_object().is_some_and(|object| {
            object.keys().any(|key| matches!(key.as_str(), "$ref" | "type" | "anyOf" | "oneOf"))
        })
    }

    #[test]
    fn every_reference_has_its_schema_and_no_name_is_left_unfinished() {
        let document = crate::registry::http::router::document();
        let mut names = Vec::new();
        references(&document, &mut names);
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(document["components"]["schemas"].get(&name).is_some(), "{name}");
        }
        assert!(!document.to_string().contains(REQUEST));
    }

    #[test]
    fn a_type_that_is_sent_and_answered_has_two_schemas_only_where_they_differ() {
        let answers = json!({"Same": {"type": "string"}, "Inner": {"a": 1},
            "Outer": {"$ref": "#/components/schemas/Inner"}});
        let requests = json!({"Same": {"type": "string"}, "Inner": {"a": 2},
            "Outer": {"$ref": "#/components/schemas/Inner"}, "Only": {}});
        let mut names = differing(answers.as_object().unwrap(), requests.as_object().unwrap());
        names.sort();
        assert_eq!(names, ["Inner", "Outer"]);
    }
}
