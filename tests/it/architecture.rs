//! The arrows between the crates, and the house rules that no lint knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which crates of ours a crate may name. A new crate is placed here first.
const ARROWS: [(&str, &[&str]); 13] = [
    ("xunke-domain", &[]),
    ("xunke-sync", &["xunke-domain"]),
    ("xunke-migrations", &[]),
    ("xunke-storage", &["xunke-domain", "xunke-sync", "xunke-migrations"]),
    ("xunke-workbook", &["xunke-domain"]),
    ("xunke-print", &[]),
    ("xunke-api", &["xunke-domain", "xunke-sync", "xunke-storage", "xunke-workbook", "xunke-print"]),
    ("e2e", &["xunke-domain", "xunke-sync", "xunke-storage", "xunke-api", "xunke-migrations"]),
    ("bench", &["xunke-domain", "xunke-sync", "xunke-storage", "xunke-workbook", "xunke-api", "e2e"]),
    ("disk", &["xunke-domain", "xunke-sync", "xunke-storage", "xunke-api"]),
    ("processes", &["xunke-domain", "xunke-sync", "e2e"]),
    ("browser", &[]),
    ("simulation", &["xunke-domain", "xunke-sync", "xunke-storage", "xunke-api", "disk"]),
];
/// Who may name the database library.
const DATABASE: [&str; 6] = ["xunke-storage", "xunke-migrations", "e2e", "disk", "processes", "simulation"];
/// What a crate without IO, tasks and a clock of its own does not say.
const IMPURE: [&str; 10] = [
    "tokio",
    "axum",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
];
/// Crates without IO.
const PURE: [&str; 4] = ["xunke-domain", "xunke-sync", "xunke-workbook", "xunke-print"];
/// Longest file of `crates/*/src`.
const LINES: usize = 400;

/// A crate of the workspace.
#[derive(Clone, Debug)]
struct Crate {
    name: String,
    dependencies: BTreeSet<String>,
    /// Path and text of each source file.
    sources: Vec<(String, String)>,
}

/// What breaks the arrows.
fn crooked_arrows(crates: &[Crate]) -> Vec<String> {
    let ours: BTreeSet<&str> = crates.iter().map(|krate| krate.name.as_str()).collect();
    let arrows = BTreeMap::from(ARROWS);
    let mut flaws = Vec::new();
    for krate in crates {
        let Some(allowed) = arrows.get(krate.name.as_str()) else {
            flaws.push(format!("{} has no place in the table of arrows", krate.name));
            continue;
        };
        for dependency in &krate.dependencies {
            if ours.contains(dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                flaws.push(format!("{} -> {dependency}", krate.name));
            }
            if dependency.starts_with("sea-orm") && !DATABASE.contains(&krate.name.as_str()) {
                flaws.push(format!("{} -> {dependency}", krate.name));
            }
            if PURE.contains(&krate.name.as_str()) && ["tokio", "axum"].contains(&dependency.as_str()) {
                flaws.push(format!("{} -> {dependency}", krate.name));
            }
        }
    }
    flaws
}

/// What a source says that it must not.
fn wrong_words(crates: &[Crate]) -> Vec<String> {
    let mut flaws = Vec::new();
    for krate in crates {
        let mut forbidden = vec!["todo!", "unimplemented!", "TODO", "FIXME", "XXX:"];
        if PURE.contains(&krate.name.as_str()) {
            forbidden.extend(IMPURE);
        }
        if !DATABASE.contains(&krate.name.as_str()) {
            forbidden.extend(["sea_orm", "sea-orm", "SeaORM", "sqlx"]);
        }
        for (path, text) in &krate.sources {
            let said = forbidden.iter().filter(|word| text.contains(**word));
            flaws.extend(said.map(|word| format!("{path} says `{word}`")));
        }
    }
    flaws
}

/// Files in which the seam was not looked for.
fn long_files(crates: &[Crate]) -> Vec<String> {
    let files = crates.iter().flat_map(|krate| &krate.sources);
    let lines = files.map(|(path, text)| (path, text.lines().count()));
    lines
        .filter(|(_, lines)| *lines > LINES)
        .map(|(path, lines)| format!("{path} has {lines} lines"))
        .collect()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the suite lies in the workspace").to_owned()
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file reads");
            found.push((
                path.strip_prefix(root()).expect("it lies in the workspace").display().to_string(),
                text,
            ));
        }
    }
}

fn workspace() -> Vec<Crate> {
    let table = |path: &Path| -> toml::Table {
        fs::read_to_string(path).expect("a manifest").parse().expect("a manifest is TOML")
    };
    let members = table(&root().join("Cargo.toml"))["workspace"]["members"].clone();
    let members =
        members.as_array().expect("members").iter().map(|member| member.as_str().expect("a path").to_owned());
    members
        .map(|member| {
            let folder = root().join(&member);
            let manifest = table(&folder.join("Cargo.toml"));
            let name = manifest["package"]["name"].as_str().expect("a name").to_owned();
            let dependencies = ["dependencies", "dev-dependencies", "build-dependencies"]
                .into_iter()
                .filter_map(|section| manifest.get(section)?.as_table())
                .flat_map(|section| section.keys().cloned())
                .collect();
            let mut found = Vec::new();
            // The suite itself names what it forbids.
            if name != "e2e" {
                sources(&folder.join("src"), &mut found);
                assert!(!found.is_empty(), "{member} has sources");
            }
            Crate { name, dependencies, sources: found }
        })
        .collect()
}

#[test]
fn the_arrows_between_crates_hold() {
    assert_eq!(crooked_arrows(&workspace()), Vec::<String>::new());
}

#[test]
fn only_storage_names_the_database_and_the_pure_crates_do_no_io() {
    assert_eq!(wrong_words(&workspace()), Vec::<String>::new());
}

#[test]
fn no_source_file_is_long() {
    assert_eq!(long_files(&workspace()), Vec::<String>::new());
}

fn a_crate(name: &str, dependencies: &[&str], text: &str) -> Crate {
    let dependencies = dependencies.iter().map(|&name| name.to_owned()).collect();
    Crate { name: name.to_owned(), dependencies, sources: vec![("lib.rs".to_owned(), text.to_owned())] }
}

#[test]
fn an_arrow_that_points_back_is_found() {
    let crates = [
        a_crate("xunke-domain", &["serde", "tokio", "xunke-sync"], ""),
        a_crate("xunke-sync", &["xunke-domain"], ""),
        a_crate("xunke-storage", &["sea-orm", "xunke-domain"], ""),
        a_crate("xunke-api", &["xunke-storage", "sea-orm"], ""),
        a_crate("xunke-demo", &[], ""),
    ];

    assert_eq!(
        crooked_arrows(&crates),
        [
            "xunke-domain -> tokio",
            "xunke-domain -> xunke-sync",
            "xunke-api -> sea-orm",
            "xunke-demo has no place in the table of arrows"
        ]
    );
}

#[test]
fn words_out_of_place_are_found() {
    let crates = [
        a_crate("xunke-domain", &[], "use std::fs;"),
        a_crate("xunke-api", &[], "use sea_orm::Database; // std::fs is fine here"),
        a_crate("xunke-storage", &[], "use sea_orm::Database; // TODO: close it"),
    ];

    assert_eq!(
        wrong_words(&crates),
        ["lib.rs says `std::fs`", "lib.rs says `sea_orm`", "lib.rs says `TODO`"]
    );
    assert_eq!(wrong_words(&[a_crate("xunke-sync", &[], "fn merge() {}")]), Vec::<String>::new());
}

#[test]
fn a_long_file_is_found() {
    let crates =
        [a_crate("xunke-api", &[], &"\n".repeat(401)), a_crate("xunke-sync", &[], &"\n".repeat(400))];

    assert_eq!(long_files(&crates), ["lib.rs has 401 lines"]);
}
