//! How fast the server is: five workloads on the real server in a process of its own, beside a hand-written minimum
//! in the same run. Machines drift, so it is the ratio that counts (docs/speed.md).
//!
//! Start with [`run`]; each other module is one subject.

pub mod child;
pub mod figures;
pub mod http;
pub mod minimum;
pub mod run;
pub mod school;
pub mod subject;
pub mod table;
pub mod visits;
pub mod workload;
