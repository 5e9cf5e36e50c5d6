//! What the newcomer reads: Chinese first, English beside it.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::time::Instant;

/// Prints the story, step by step.
#[derive(Debug)]
pub(super) struct Narrator {
    step: u32,
    steps: u32,
    began: Instant,
    out: io::Stdout,
}

impl Narrator {
    /// A story of so many steps.
    pub(super) fn new(steps: u32) -> Self {
        Self { step: 0, steps, began: Instant::now(), out: io::stdout() }
    }

    /// Begins the next step.
    pub(super) fn step(&mut self, chinese: impl Display, english: impl Display) {
        self.step += 1;
        let (step, steps, seconds) = (self.step, self.steps, self.began.elapsed().as_secs_f32());
        self.line(format_args!("\n[{step}/{steps}] {chinese}  ·  {english}  ({seconds:.1} s)"));
    }

    /// Something was done.
    pub(super) fn done(&self, chinese: impl Display, english: impl Display) {
        self.line(format_args!("  ✓ {chinese}"));
        self.line(format_args!("    {english}"));
    }

    /// Something to know.
    pub(super) fn note(&self, text: impl Display) {
        self.line(format_args!("    {text}"));
    }

    /// A line of its own.
    pub(super) fn line(&self, text: impl Display) {
        // A reader that has gone away does not stop the story.
        let _ = writeln!(self.out.lock(), "{text}");
    }

    /// Seconds since the story began.
    pub(super) fn seconds(&self) -> f32 {
        self.began.elapsed().as_secs_f32()
    }
}

/// A stamp or hash, short enough to be compared by eye.
pub(super) fn short(text: &str) -> &str {
    text.get(..12).unwrap_or(text)
}

/// A level of the rating scale.
pub(super) fn level(value: &serde_json::Value) -> &str {
    match value.as_str() {
        Some("excellent") => "优 excellent",
        Some("good") => "良 good",
        Some("fair") => "中 fair",
        Some("poor") => "差 poor",
        other => other.unwrap_or("?"),
    }
}
