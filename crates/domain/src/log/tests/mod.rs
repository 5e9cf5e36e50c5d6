//! The log against the sample school, and what must hold for any week.

mod editions;
mod figures;
mod golden;
mod public;
mod sample;
mod slots;
