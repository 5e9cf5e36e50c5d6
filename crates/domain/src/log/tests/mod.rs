//! The log against the sample school, and what must hold for any week.

mod editions;
mod figures;
mod golden;
mod inspectors;
mod looking_back;
mod public;
mod sample;
mod slots;
