//! The four rooms: nobody walks back up.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The rooms that a room may look into, itself left out.
fn may_see(room: &str) -> &'static [&'static str] {
    match room {
        "domain" | "clock" => &["domain", "error"],
        "store" => &["domain", "error"],
        "service" => &["store", "domain", "error", "clock"],
        // `http::health` asks whether the database answers, and a list's page is the store's.
        "http" => &["service", "store", "domain", "error", "clock"],
        "error" => &[],
        "config" => &["store", "domain"],
        _ => &["background", "cli", "clock", "config", "domain", "error", "http", "server", "service", "store"],
    }
}

#[test]
fn no_arrow_runs_back_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 60, "{}", files.len());
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let room = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        for line in fs::read_to_string(&file).unwrap().lines() {
            for (_, path) in line.match_indices("crate::").map(|(at, word)| line.split_at(at + word.len())) {
                let seen: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let fine = seen.is_empty() || seen == room || may_see(room).contains(&seen.as_str());
                assert!(fine, "{} looks into {seen}: {line}", inside.display());
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
        "utoipa",
        "unicode_normalization",
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

/// Only the gate and the desks know that there is HTTP.
#[test]
fn the_rooms_below_do_not_know_the_web() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in ["domain", "store", "service"].iter().flat_map(|room| sources(&root.join(room))) {
        assert!(!fs::read_to_string(&file).unwrap().contains("actix"), "{}", file.display());
    }
}
