//! Texts made fit for the layout: characters that cannot be printed are counted and told, never left out in silence;
//! what must stand on one page is short, and every line can be broken.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::press::FONT;

/// Stands for a character that the font does not have.
const STAND_IN: char = '〓';
/// Most characters told by their numbers.
const TOLD: usize = 40;
/// Members that the layout keeps together or repeats on every page, and the most characters each may have: what is
/// higher than a page would be tried on one page after another, for ever.
const KEPT_TOGETHER: [(&str, usize); 7] = [
    ("title", 120),
    ("subtitle", 120),
    ("foot", 240),
    ("caption", 120),
    ("header", 40),
    ("name", 40),
    ("figure", 40),
];
/// Where a line may be broken though nothing is seen there.
const BREAK: char = '\u{200b}';
/// Most letters without a place to break the line.
const UNBROKEN: usize = 40;

static KNOWN: LazyLock<HashSet<u32>> = LazyLock::new(|| FONT.info().coverage.iter().collect());

/// Puts the stand-in where a character cannot be printed, in all texts of the document, and adds `missing`: how many
/// there are, and which.
pub(crate) fn make_printable(document: &mut Value) {
    let mut missing = BTreeMap::new();
    replace(document, &mut missing);
    let count: u32 = missing.values().sum();
    let told: Vec<String> =
        missing.keys().take(TOLD).map(|sign| format!("U+{:04X}", u32::from(*sign))).collect();
    if let Value::Object(members) = document {
        let more = missing.len() > told.len();
        members.insert("missing".to_owned(), json!({"count": count, "signs": told.join(" "), "more": more}));
    }
}

fn replace(value: &mut Value, missing: &mut BTreeMap<char, u32>) {
    match value {
        Value::String(text) => *text = printable(text, missing),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, missing)),
        Value::Object(members) => {
            for (name, member) in members {
                let kept = KEPT_TOGETHER.iter().find(|(kept, _)| kept == name);
                if let Some((_, most)) = kept {
                    shorten(member, *most);
                }
                replace(member, missing);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// Cuts a text, or each of several, to the most characters, and shows that it is cut.
fn shorten(value: &mut Value, most: usize) {
    match value {
        Value::String(text) => {
            *text = text.replace(['\n', '\r'], " ");
            if let Some((end, _)) = text.char_indices().nth(most) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, most)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => (),
    }
}

fn printable(text: &str, missing: &mut BTreeMap<char, u32>) -> String {
    let sign = |sign: char| match sign {
        '\n' => Some(sign),
        _ if is_unseen(sign) => None,
        _ if sign.is_control() => Some(' '),
        _ if KNOWN.contains(&u32::from(sign)) => Some(sign),
        _ => {
            *missing.entry(sign).or_default() += 1;
            Some(STAND_IN)
        }
    };
    let mut printable = String::with_capacity(text.len());
    let mut unbroken = 0;
    for sign in text.chars().filter_map(sign) {
        unbroken = if sign.is_ascii_graphic() { unbroken + 1 } else { 0 };
        if unbroken > UNBROKEN {
            printable.push(BREAK);
            unbroken = 1;
        }
        printable.push(sign);
    }
    printable
}

/// Characters that have no shape of their own: they join, select variants, or turn the direction of writing, which
/// must not reach beyond the text they are in.
const fn is_unseen(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_font_lacks_is_counted_and_told() {
        let mut document = json!({"title": "三(1)班", "rows": [{"text": "好👍👍"}, "ก\u{202e}"]});

        make_printable(&mut document);

        let missing = json!({"count": 3, "signs": "U+0E01 U+1F44D", "more": false});
        assert_eq!(
            document,
            json!({"title": "三(1)班", "rows": [{"text": "好〓〓"}, "〓"], "missing": missing})
        );
    }

    #[test]
    fn names_and_the_signs_of_the_pages_can_be_printed() {
        let text = "赵堃 喆 玥 祎 翀 镕 昇 犇 𫖯 𬭎 · — → ←「」“”①②％℃〔2026〕№ é ü α Ⅲ ■ □ ✓ ×÷±≥≤";
        let mut missing = BTreeMap::new();

        assert_eq!(printable(text, &mut missing), text);
        assert_eq!(missing, BTreeMap::new());
    }

    #[test]
    fn what_is_kept_together_is_short_and_shows_that_it_is_cut() {
        let mut document =
            json!({"caption": "表".repeat(500), "foot": ["尾".repeat(500)], "text": "文".repeat(500)});

        make_printable(&mut document);

        let chars = |value: &Value| value.as_str().unwrap().chars().count();
        assert_eq!((chars(&document["caption"]), chars(&document["foot"][0])), (121, 241));
        assert!(document["caption"].as_str().unwrap().ends_with("表…"));
        assert_eq!(chars(&document["text"]), 500);
    }

    #[test]
    fn every_line_can_be_broken() {
        let printed = printable(&"x".repeat(90), &mut BTreeMap::new());

        assert_eq!(printed.split(BREAK).map(str::len).collect::<Vec<_>>(), [40, 40, 10]);
        assert_eq!(printed.replace(BREAK, ""), "x".repeat(90));
    }

    #[test]
    fn a_text_full_of_strange_characters_tells_the_first_of_them() {
        let strange: String = ('\u{1200}'..'\u{1240}').collect();
        let mut document = json!({"text": strange});

        make_printable(&mut document);

        assert_eq!((&document["missing"]["count"], &document["missing"]["more"]), (&json!(64), &json!(true)));
    }
}
