//! The dictionary against the sources: every message of a template or of the pages' Rust has its English, and the
//! dictionary has no other; and a page told in English.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::markup::check;
use super::sample::READER;
use crate::pages::reader::dictionary;
use crate::pages::{Form, Language, Reader, SignInView, sign_in_page};

/// Names of what schools start with, which are not in the pages' sources.
const NAMES: &str = "names";
/// Where words of pages come from, besides the pages.
const DOMAIN: [&str; 4] = ["log/labels.rs", "log/edition.rs", "audit/words.rs", "told.rs"];
/// Told in Chinese whoever reads: what is written into an edition, and grades beyond the twelve there are.
const NOT_TOLD: [&str; 2] = ["下周巡课重点：{focus}", "{grade}年级"];

/// Chinese characters, and the punctuation and brackets of Chinese.
pub(super) fn is_chinese(text: &str) -> bool {
    let chinese =
        |c: char| matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}' | '\u{4e00}'..='\u{9fff}');
    text.contains(chinese)
}

fn sources(under: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(under).unwrap().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = directories
        .iter()
        .filter(|path| !path.ends_with("tests") && !path.ends_with("paper"))
        .flat_map(|path| sources(path, extension));
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|own| own == extension))
        .chain(below)
        .collect()
}

/// The string literals of Rust before its tests, as they are at run time; comments and characters left out.
fn literals(rust: &str) -> Vec<String> {
    let (code, _) = rust.split_once("#[cfg(test)]").unwrap_or((rust, ""));
    let (mut found, mut rest) = (Vec::new(), code);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (mark, after) = rest[at..].split_at(1);
        rest = match mark {
            "/" if after.starts_with('/') => after.split_once('\n').map_or("", |(_, next)| next),
            "'" if after.starts_with("\"'") => &after[2..],
            "\"" => {
                let (literal, next) = literal(after);
                found.push(literal);
                next
            }
            _ => after,
        };
    }
    found
}

/// What stands before the closing quotation mark, and what follows it.
fn literal(rest: &str) -> (String, &str) {
    let (mut text, mut escaped, mut skipping) = (String::new(), false, false);
    for (at, c) in rest.char_indices() {
        match c {
            _ if skipping && c.is_whitespace() => {}
            '\n' if escaped => (escaped, skipping) = (false, true),
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            '\\' => (escaped, skipping) = (true, false),
            '"' => return (text, &rest[at + 1..]),
            _ => {
                text.push(c);
                skipping = false;
            }
        }
    }
    panic!("a literal has no end");
}

/// The literals within a template's tags, and what stands outside them.
fn told_and_untold(template: &str) -> (Vec<String>, String) {
    let mut pieces = template.split("{%").flat_map(|piece| piece.split("{{"));
    let mut outside = pieces.next().unwrap_or_default().to_owned();
    let mut told = Vec::new();
    for piece in pieces {
        let end = [piece.find("%}"), piece.find("}}")].into_iter().flatten().min().expect("a tag has no end");
        told.extend(literals(&piece[..end]));
        outside.push_str(&piece[end + 2..]);
    }
    (told, outside)
}

/// Every message of the sources, with a file that has it.
fn messages() -> BTreeMap<String, PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    for path in sources(&own.join("templates"), "html") {
        let (told, outside) = told_and_untold(&fs::read_to_string(&path).unwrap());
        let untold = outside.replace("lang=\"zh-CN\">中文<", "");
        let line = untold.lines().find(|line| is_chinese(line));
        assert_eq!(line, None, "{} has words that no reader of English understands", path.display());
        found.extend(told.into_iter().map(|message| (message, path.clone())));
    }
    let domain = DOMAIN.map(|path| own.join("../domain/src").join(path));
    let rust = ["src/pages", "src/web"].into_iter().flat_map(|under| sources(&own.join(under), "rs"));
    for path in rust.chain(domain) {
        found
            .extend(literals(&fs::read_to_string(&path).unwrap()).into_iter().map(|one| (one, path.clone())));
    }
    found.retain(|message, _| !NOT_TOLD.contains(&message.as_str()));
    found
}

type Pages = BTreeMap<String, BTreeMap<String, String>>;

fn pages() -> Pages {
    toml::from_str(include_str!("../en.toml")).expect("the dictionary reads as TOML")
}

#[test]
fn every_message_has_its_english() {
    let english = dictionary(include_str!("../en.toml"));
    let lacking: Vec<_> = messages()
        .into_iter()
        .filter(|(message, _)| is_chinese(message) && !english.contains_key(message))
        .map(|(message, path)| format!("{message}  ({})", path.display()))
        .collect();
    assert!(lacking.is_empty(), "not in pages/en.toml:\n{}", lacking.join("\n"));
}

#[test]
fn the_dictionary_has_no_message_that_nobody_tells_and_none_twice() {
    let (messages, mut seen) = (messages(), BTreeSet::new());
    for (page, words) in pages() {
        for message in words.keys() {
            assert!(seen.insert(message.clone()), "{message} stands twice");
            assert!(page == NAMES || messages.contains_key(message), "{message} [{page}] is told nowhere");
        }
    }
}

#[test]
fn a_translation_has_the_places_of_its_message() {
    let places = |text: &str, at: usize| text.contains(&format!("{{{at}}}"));
    for (message, english) in pages().into_values().flatten() {
        let count = message.matches("{}").count();
        for form in english.split('|') {
            let numbered = (0..count).all(|at| places(form, at)) && !places(form, count);
            assert!(form.matches("{}").count() == count || numbered, "{message}: {english}");
        }
    }
}

#[test]
fn pages_are_rendered_for_their_reader() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
    for path in sources(&own, "rs") {
        let code = fs::read_to_string(&path).unwrap();
        let feeds = usize::from(path.ends_with("posting.rs"));
        assert_eq!(code.matches(".render()").count(), feeds, "{} forgets the reader", path.display());
    }
}

#[test]
fn a_page_is_told_in_english_and_leads_to_the_other_language() {
    let form = Form { action: "/sign-in", csrf: "" };
    let english = Reader::new(Language::English, "/sign-in?next=1");
    let page = |reader| sign_in_page(&SignInView { reader, form, login: "", error: None }).unwrap();

    let told = page(&english);
    check(&told);
    assert!(told.contains(r#"<html lang="en">"#) && told.contains("<title>Sign in · Patrol</title>"));
    assert!(told.contains(r#"href="/sign-in?next=1&#38;lang=zh""#), "{told}");
    assert!(!is_chinese(&told.replace("中文", "")), "{told}");
    assert!(page(READER).contains(r#"<html lang="zh-CN">"#));
}
