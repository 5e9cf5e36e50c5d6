//! A stacked bar: parts of a whole, drawn as SVG without any text in it, so that it may be as wide as
//! the page. The table beside it says the same in numbers.

use xunke_domain::told;
use xunke_domain::told::Told;

/// How wide the drawing is, in its own units.
const WIDTH: u64 = 1000;

/// A part to draw: the class that colours it, what it is, how much.
pub(super) type Part = (&'static str, &'static str, u32);

/// A bar of several parts.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    /// Prefix of the ids inside, unique on the page.
    pub(super) id: String,
    /// What the whole is.
    pub(super) title: Told,
    /// The parts in words, for those who do not see the drawing.
    pub(super) description: Told,
    /// The parts, from left to right; empty ones left out.
    pub(super) segments: Vec<Segment>,
}

/// A part as drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The class that colours it.
    pub(super) class: &'static str,
    /// Where it begins.
    pub(super) x: u64,
    /// How wide it is.
    pub(super) width: u64,
}

impl Bar {
    pub(super) fn new(id: impl Into<String>, title: impl Into<Told>, parts: &[Part]) -> Self {
        let parts = || parts.iter().filter(|(_, _, count)| *count > 0);
        let total: u64 = parts().map(|(_, _, count)| u64::from(*count)).sum();
        let edge = |sum: u64| (sum * WIDTH).checked_div(total).unwrap_or(0);
        let mut before = 0;
        let segments = parts().map(|(class, _, count)| {
            let x = edge(before);
            before += u64::from(*count);
            Segment { class, x, width: edge(before) - x }
        });
        let words = parts().map(|(_, name, count)| told!("{} {}", Told::from(*name), count));
        let description = Told::joined("{}，{}", words);
        Self {
            id: id.into(),
            title: title.into(),
            segments: segments.collect(),
            description: if description.is_empty() { Told::from("无数据") } else { description },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bar;

    #[test]
    fn the_parts_fill_the_bar_without_a_gap() {
        let bar = Bar::new("b", "合计", &[("a", "甲", 1), ("b", "乙", 0), ("c", "丙", 2)]);

        let drawn: Vec<_> = bar.segments.iter().map(|part| (part.class, part.x, part.width)).collect();
        assert_eq!(drawn, [("a", 0, 333), ("c", 333, 667)]);
        assert_eq!(bar.description.to_string(), "甲 1，丙 2");
    }

    #[test]
    fn a_bar_of_nothing_has_no_part() {
        let bar = Bar::new("b", "合计", &[("a", "甲", 0)]);

        assert!(bar.segments.is_empty());
        assert_eq!(bar.description.to_string(), "无数据");
    }
}
