//! In place of the typesetter where nothing is printed, so that a simulation or a benchmark need not wait until it is
//! built.

use crate::NotPrinted;
use crate::paper::Paper;

/// Says that this build has no typesetter.
pub fn pdf(_: &Paper) -> Result<Vec<u8>, NotPrinted> {
    Err(NotPrinted("this build has no typesetter (feature `press`)".to_owned()))
}
