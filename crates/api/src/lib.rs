//! HTTP, pages and command line: requests in, answers or problem documents out.
//!
//! Start with [`server`] (the whole router), then [`routes`] (one group of operations a file) and
//! [`auth::guard`] (what stands before every handler).

pub mod answer;
pub mod app;
pub mod auth;
pub mod backup;
pub mod beside;
pub mod body;
pub mod config;
pub mod csv_text;
pub mod demo;
pub mod docs;
pub mod download;
pub mod feed;
pub mod instant;
pub mod naming;
pub mod openapi;
pub mod packed;
pub mod pages;
pub mod problem;
#[expect(missing_docs, reason = "handlers are documented for OpenAPI, routers say all by their name")]
pub mod routes;
pub mod scheduler;
pub mod server;
pub mod shared;
pub mod start;
pub mod text;
pub mod turns;
pub mod verify;
pub mod visit_rows;
pub mod web;
pub mod weekly;
pub mod world;
