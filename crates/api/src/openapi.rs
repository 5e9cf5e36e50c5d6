//! The OpenAPI document: produced from the handlers, completed with what every operation shares.

use axum::http::Method;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContactBuilder, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Required, ResponseBuilder,
    Server, Tag,
};
use utoipa::{PartialSchema as _, ToSchema as _};
use xunke_domain::policy::{self, Access};

use crate::problem::{Problem, ProblemItem};

const DESCRIPTION: &str = "\
Xunke records classroom patrols (行政巡课, 常态督查) offline and merges them into the weekly patrol log.\n\n\
**Sign in** with `session_create`, send `Authorization: Bearer <access_token>`, refresh with `session_refresh`.\n\n\
**Phones** register (`device_register`), then only need `sync_push` and `sync_changes`.\n\n\
**Lists** are paged: pass `next` of one page as `cursor` of the next.\n\n\
**Changes** over REST need `If-Match` with the `ETag` you read. **Creates** take an `Idempotency-Key`: repeated \
with the same key they answer the same and do nothing twice.\n\n\
**Problems** are RFC 9457 documents; `code` is stable, `errors` name each place by JSON pointer. What you may not \
see answers 404, exactly as if it were absent.";

/// Creations that cannot happen twice anyway.
const UNREPEATED: [&str; 2] = ["setup_complete", "weekly_log_publish"];

/// An empty document with title, tags and security.
pub fn base() -> OpenApi {
    let mut components = Components::new();
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    components.schemas.insert(ProblemItem::name().into_owned(), ProblemItem::schema());
    let tag = |name: &str, text: &str| {
        let mut tag = Tag::new(name);
        tag.description = Some(text.to_owned());
        tag
    };
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Xunke 巡课")
                .version("1")
                .description(Some(DESCRIPTION))
                .contact(Some(ContactBuilder::new().name(Some("Xunke")).build()))
                .license(Some(utoipa::openapi::License::new("AGPL-3.0-or-later")))
                .build(),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some([
            tag("people", "Signing in; districts, people and what they may do where."),
            tag("reference", "What a school has: classes, teachers, subjects, timetable, calendar."),
            tag("sync", "The contract with phones (visit sync protocol, version 1)."),
            tag("visits", "Visits, their history, and feedback to teachers."),
            tag("log", "The weekly patrol log and its editions."),
            tag(
                "district",
                "What the schools of a district have published, side by side, and its three reports.",
            ),
            tag("audit", "What the timetable reveals by itself: 开齐开足, and 兼课过多."),
            tag("operations", "Health of the server."),
        ]))
        .components(Some(components))
        .build()
}

/// Adds to every operation what all share: security, and the problems any request may meet.
pub fn complete(mut api: OpenApi) -> OpenApi {
    for (_, _, operation) in operations_mut(&mut api) {
        let id = operation.operation_id.clone().unwrap_or_default();
        let public = policy::access(&id) == Some(Access::Public);
        operation.security = Some(if public {
            Vec::new()
        } else {
            vec![SecurityRequirement::new("bearer", Vec::<String>::new())]
        });
        let creates = operation.responses.responses.contains_key("201") && !UNREPEATED.contains(&id.as_str());
        if creates {
            operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
        }
        let versioned = operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "If-Match"));
        let mut add = |status: &str, text: &str| {
            if !operation.responses.responses.contains_key(status) {
                let problem = utoipa::openapi::ContentBuilder::new()
                    .schema(Some(utoipa::openapi::Ref::from_schema_name(Problem::name())))
                    .build();
                let response = ResponseBuilder::new()
                    .description(text)
                    .content("application/problem+json", problem)
                    .build();
                operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
            }
        };
        if !public {
            add("401", "Not signed in, or the session has ended");
            add("403", "Your role does not allow this");
        }
        if operation.request_body.is_some() {
            add("400", "The body cannot be read");
            add("413", "The body is too large");
            add("415", "The body is of another type");
        }
        if creates {
            add("409", "The `Idempotency-Key` was used for another request");
        }
        if versioned {
            add("412", "It was changed since you read it");
            add("428", "`If-Match` is missing");
        }
        add("404", "There is nothing here that you may see");
        add("422", "Something in the request breaks a rule; `errors` say what and where");
        add("429", "Too many requests; wait `Retry-After` seconds");
        add("503", "Not available right now; try again after `Retry-After` seconds");
    }
    api
}

/// A header that a client may send with a creation.
fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "1 to 200 characters of your own; repeated with it, the request is answered the same",
        ))
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

/// Every operation: method, path template, id.
pub fn operations(api: &OpenApi) -> Vec<(Method, String, String)> {
    let mut api = api.clone();
    operations_mut(&mut api)
        .into_iter()
        .map(|(method, path, operation)| (method, path, operation.operation_id.clone().unwrap_or_default()))
        .collect()
}

fn operations_mut(api: &mut OpenApi) -> Vec<(Method, String, &mut Operation)> {
    let mut all = Vec::new();
    for (path, item) in &mut api.paths.paths {
        let PathItem { get, put, post, delete, patch, .. } = item;
        for (method, operation) in [
            (HttpMethod::Get, get),
            (HttpMethod::Put, put),
            (HttpMethod::Post, post),
            (HttpMethod::Delete, delete),
            (HttpMethod::Patch, patch),
        ] {
            let method = match method {
                HttpMethod::Get => Method::GET,
                HttpMethod::Put => Method::PUT,
                HttpMethod::Post => Method::POST,
                HttpMethod::Delete => Method::DELETE,
                _ => Method::PATCH,
            };
            all.extend(operation.as_mut().map(|operation| (method, path.clone(), operation)));
        }
    }
    all
}
