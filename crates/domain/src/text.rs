//! Texts as offices write them, brought to one form before they are compared.

use unicode_normalization::UnicodeNormalization;

/// One form for full-width and half-width writing: NFKC, trimmed; padding inside a purely Chinese
/// text (`张　三`) goes, other runs of white space become one blank.
pub(crate) fn tidy(text: &str) -> String {
    let normal: String = text.nfkc().collect();
    let words: Vec<&str> = normal.split_whitespace().collect();
    let joint = if words.iter().any(|word| word.is_ascii()) { " " } else { "" };
    words.join(joint)
}

/// Like [`tidy`], without any white space: for class names and period labels.
pub(crate) fn squeeze(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// A number from 0 to 99,999 in digits, or from 1 to 99 in Chinese numerals.
pub(crate) fn number(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return if text.len() <= 5 { text.parse().ok() } else { None };
    }
    match text.split_once('十') {
        None => numeral(text),
        Some((tens, units)) => {
            let tens = if tens.is_empty() { 1 } else { numeral(tens)? };
            let units = if units.is_empty() { 0 } else { numeral(units)? };
            Some(tens * 10 + units)
        }
    }
}

/// One Chinese numeral, 一 to 九.
pub(crate) fn numeral(text: &str) -> Option<u32> {
    let mut chars = text.chars();
    let (Some(only), None) = (chars.next(), chars.next()) else { return None };
    let place = NUMERALS.iter().position(|numeral| *numeral == only)?;
    u32::try_from(place).ok().map(|place| place + 1)
}

/// 一 to 九, in order.
pub(crate) const NUMERALS: [char; 9] = ['一', '二', '三', '四', '五', '六', '七', '八', '九'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_forms_and_padding_are_brought_to_one_form() {
        assert_eq!(tidy("　张　三 "), "张三");
        assert_eq!(tidy("Mr  Li"), "Mr Li");
        assert_eq!(squeeze("三（ ２ ）班"), "三(2)班");
    }

    #[test]
    fn numbers_are_read_from_digits_and_numerals() {
        assert_eq!(number("12"), Some(12));
        assert_eq!(number("十二"), Some(12));
        assert_eq!(number("二十"), Some(20));
        assert_eq!(number("三"), Some(3));
        assert_eq!(number("三二"), None);
        assert_eq!(number("999999999999"), None);
        assert_eq!(number(""), None);
    }
}
