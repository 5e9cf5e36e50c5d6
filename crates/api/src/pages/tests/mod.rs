//! The pages against the sample school, and against the rules of the house.

mod audit_page;
mod compare;
mod devices;
mod district;
mod home;
mod log_page;
mod markup;
mod public_page;
mod review;
mod sample;
mod schedule;
mod school;
mod settle;
mod statistics;
mod visits;
