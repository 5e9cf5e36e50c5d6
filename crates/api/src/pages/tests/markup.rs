//! What every page must keep to: tags balance, nothing inline, nothing from elsewhere, and what people
//! need who do not see the page.

use std::collections::BTreeSet;

use crate::pages::STYLESHEET_PATH;

const VOID: [&str; 4] = ["meta", "link", "input", "br"];

/// A tag as it stands in the page: its name, and all that is between its brackets.
struct Tag<'a> {
    name: &'a str,
    inner: &'a str,
}

impl<'a> Tag<'a> {
    fn closes(&self) -> bool {
        self.inner.starts_with('/')
    }

    fn stands_alone(&self) -> bool {
        self.inner.ends_with('/') || VOID.contains(&self.name)
    }

    fn attribute(&self, name: &str) -> Option<&'a str> {
        let (_, after) = self.inner.split_once(&format!(" {name}=\""))?;
        after.split_once('"').map(|(value, _)| value)
    }
}

/// Fails if a page breaks a rule.
pub(super) fn check(html: &str) {
    let tags = tags(html);
    balanced(&tags);
    sealed(&tags);
    reachable(&tags);
    tables_are_headed(html, &tags);
}

fn tags(html: &str) -> Vec<Tag<'_>> {
    let body = html.strip_prefix("<!DOCTYPE html>").expect("a page says that it is HTML");
    let pieces = body.split('<').skip(1);
    let tags = pieces.map(|piece| {
        let (inner, _) = piece.split_once('>').unwrap_or_else(|| panic!("`<{piece}` has no end"));
        assert_eq!(inner.matches('"').count() % 2, 0, "a quotation mark is missing in <{inner}>");
        let name = inner.trim_start_matches('/').split([' ', '/']).next().unwrap();
        Tag { name, inner }
    });
    tags.collect()
}

fn balanced(tags: &[Tag<'_>]) {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags.iter().filter(|tag| !tag.stands_alone()) {
        if tag.closes() {
            assert_eq!(open.pop(), Some(tag.name), "<{}> closes what is not open: {open:?}", tag.inner);
        } else {
            open.push(tag.name);
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "not closed");
}

fn sealed(tags: &[Tag<'_>]) {
    for tag in tags {
        assert!(!["script", "style", "iframe", "img"].contains(&tag.name), "<{}>", tag.inner);
        assert_eq!(tag.attribute("style"), None, "<{}>", tag.inner);
        assert!(!tag.inner.contains(" on"), "<{}>", tag.inner);
        for address in ["href", "src", "action"].into_iter().filter_map(|name| tag.attribute(name)) {
            let own = address.starts_with('/') && !address.starts_with("//");
            assert!(own || address.starts_with('#') || address == "data:,", "<{}>", tag.inner);
        }
    }
    assert!(tags.iter().any(|tag| tag.attribute("href") == Some(STYLESHEET_PATH)));
}

fn reachable(tags: &[Tag<'_>]) {
    let ids: Vec<&str> = tags.iter().filter_map(|tag| tag.attribute("id")).collect();
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), known.len(), "an id stands twice");
    for named in tags.iter().filter_map(|tag| tag.attribute("aria-labelledby").or(tag.attribute("for"))) {
        assert!(named.split(' ').all(|id| known.contains(id)), "{named} names nothing");
    }
    for target in tags.iter().filter_map(|tag| tag.attribute("href")?.strip_prefix('#')) {
        assert!(known.contains(target), "#{target} leads nowhere");
    }
    let labels: BTreeSet<&str> = tags.iter().filter_map(|tag| tag.attribute("for")).collect();
    let fields = tags.iter().filter(|tag| ["input", "textarea"].contains(&tag.name) && !tag.closes());
    for field in fields.filter(|tag| tag.attribute("type") != Some("hidden")) {
        assert!(field.attribute("id").is_some_and(|id| labels.contains(id)), "<{}>", field.inner);
    }
    let headings = tags.iter().filter(|tag| !tag.closes()).filter_map(|tag| tag.name.strip_prefix('h'));
    let levels: Vec<u32> = headings.filter_map(|level| level.parse().ok()).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(
        levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "a level of headings is skipped: {levels:?}"
    );
    assert!(tags.iter().any(|tag| tag.attribute("lang") == Some("zh-CN")));
}

fn tables_are_headed(html: &str, tags: &[Tag<'_>]) {
    for cell in tags.iter().filter(|tag| tag.name == "th" && !tag.closes()) {
        assert!(cell.attribute("scope").is_some(), "<{}>", cell.inner);
    }
    for table in html.split("<table").skip(1) {
        let (_, inside) = table.split_once('>').unwrap();
        assert!(inside.trim_start().starts_with("<caption>"), "a table has no caption");
    }
}

#[test]
#[should_panic(expected = "closes what is not open")]
fn a_page_whose_tags_cross_is_caught() {
    check("<!DOCTYPE html><b><i></b></i>");
}

#[test]
#[should_panic(expected = "script")]
fn a_page_with_a_script_is_caught() {
    check("<!DOCTYPE html><p></p><script></script>");
}
