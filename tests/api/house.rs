//! The layout of the source: four layers, each with the same six folders, and dependencies that run one way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The folders that every layer and the API tests have: a noun is at the same place in each.
const WINGS: [&str; 6] = ["assessment", "award", "criteria", "journal", "office", "schedule"];

/// The layers that a layer may use, itself left out.
fn may_use(layer: &str) -> &'static [&'static str] {
    match layer {
        "domain" | "clock" => &["domain", "error"],
        "store" => &["domain", "error"],
        "service" => &["store", "domain", "error", "clock"],
        "http" => &["service", "domain", "error", "clock"],
        "error" => &[],
        "config" => &["store", "domain"],
        "private" => &[],
        _ => &[
            "background",
            "cli",
            "clock",
            "config",
            "domain",
            "error",
            "http",
            "private",
            "server",
            "service",
            "store",
        ],
    }
}

#[test]
fn every_layer_has_the_six_wings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (layer, other) in [
        ("src/domain", Some("access")),
        ("src/store", None),
        ("src/service", None),
        ("src/http", Some("auth")),
        ("tests/api", Some("support")),
    ] {
        let entries = fs::read_dir(root.join(layer)).unwrap().map(Result::unwrap);
        let folders = entries.filter(|entry| entry.path().is_dir());
        let found: BTreeSet<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        let expected = WINGS.into_iter().chain(other).map(str::to_owned).collect();
        assert_eq!(found, expected, "{layer}");
    }
}

#[test]
fn no_layer_uses_one_above_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 60, "{}", files.len());
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let layer = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        for line in fs::read_to_string(&file).unwrap().lines() {
            for (_, path) in line.match_indices("crate::").map(|(at, word)| line.split_at(at + word.len())) {
                let used: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let is_allowed = used.is_empty() || used == layer || may_use(layer).contains(&used.as_str());
                assert!(is_allowed, "{} uses {used}: {line}", inside.display());
            }
        }
    }
}

/// The domain sees values and their serialisation, no crate that reads or writes anything.
#[test]
fn the_domain_is_pure() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    let allowed = [
        "std",
        "serde",
        "serde_json",
        "chrono",
        "chrono_tz",
        "strum",
        "utoipa",
        "unicode_normalization",
        // Exact fractions.
        "num_bigint",
        "num_rational",
        "num_traits",
        "super",
        "crate",
        "proptest",
    ];
    for file in sources(&root) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some(used) = line.trim_start().trim_start_matches("pub ").strip_prefix("use ") else {
                continue;
            };
            let first = used.split(':').next().unwrap();
            let own = [root.as_path(), file.parent().unwrap(), &file.with_extension("")]
                .iter()
                .any(|folder| folder.join(format!("{first}.rs")).exists());
            let local = own || first.chars().next().is_some_and(char::is_uppercase);
            assert!(local || allowed.contains(&first), "{}: {line}", file.display());
        }
    }
}

/// Only `http` knows that there is HTTP.
#[test]
fn no_layer_below_http_uses_actix() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in ["domain", "store", "service"].iter().flat_map(|layer| sources(&root.join(layer))) {
        assert!(!fs::read_to_string(&file).unwrap().contains("actix"), "{}", file.display());
    }
}

/// Rights are decided in one place: elsewhere a role is named only where it is defined and where people are made up.
#[test]
fn roles_are_named_in_access_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let may_name = ["domain/access", "domain/office/member.rs", "service/sandbox.rs"].map(|place| root.join(place));
    for file in sources(&root).into_iter().filter(|file| !may_name.iter().any(|place| file.starts_with(place))) {
        let text = fs::read_to_string(&file).unwrap();
        let names_one = |line: &&str| {
            line.split("Role::").skip(1).any(|rest| rest.starts_with(|c: char| c == '{' || c.is_uppercase()))
                && !line.contains("Role::FIRST_OF_")
        };
        assert_eq!(text.lines().find(names_one), None, "{}", file.display());
    }
}
