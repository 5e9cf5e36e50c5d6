//! The version of the rules by which a log is compiled: an edition tells by which its figures were made.

/// Goes up whenever a formula changes, or what a figure counts.
///
/// 1: coverage, consistency, displacement, delivery, ratings, remarks, findings, inspectors.
/// 2: repeats, trend, shares of 优良, rates of highlights, comparison of inspectors, rectification notices, what was
/// long unseen; weeks unseen are teaching weeks.
pub const RULES: u32 = 2;

/// The version of editions that do not tell it.
pub(super) const fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
pub(super) const fn is_first(rules: &u32) -> bool {
    *rules == first()
}
