//! How fast the server is: five workloads on the real server in a process of its own, beside a hand-written minimum
//! in the same run. Machines drift, so it is the ratio that counts (docs/performance.md).
//!
//! Start with [`run`]; each other module is one subject.

pub mod child;
pub mod district;
pub mod fairness;
pub mod figures;
pub mod flood;
pub mod growth;
pub mod http;
pub mod instructions;
pub mod minimum;
pub mod nodes;
pub mod pieces;
pub mod reading;
pub mod run;
pub mod school;
pub mod subject;
pub mod table;
pub mod visits;
pub mod workload;
