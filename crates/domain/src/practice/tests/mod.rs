//! The sequential test by exact arithmetic, and a term's visits of the sample school.

mod counted;
mod sequential;
