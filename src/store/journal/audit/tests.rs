//! Hashing, filtering and verifying chains.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection;
use proptest::prelude::*;
use serde_json::json;

use super::verification::{SLICE_ROWS, Verdict};
use super::*;
use crate::domain::page::{Direction, Order};
use crate::store::range::tests::{database, number};

fn entry(action: String, before: Option<String>, after: Option<String>) -> Entry {
    Entry {
        id: "018b88d6-5f80-7000-8000-000000000001".into(),
        organization_id: None,
        at: chrono::DateTime::UNIX_EPOCH.naive_utc(),
        request_id: "r\u{1}\"".into(),
        actor: None,
        actor_issuer: "local".into(),
        actor_subject: "Đơn vị\u{7f}\u{2028}".into(),
        action,
        subject_type: "unit".into(),
        subject_id: "1".into(),
        before_state: before,
        after_state: after,
        chain: String::new(),
        sequence: 0,
        prev_hash: String::new(),
        hash: String::new(),
    }
}

/// Moving text between fields can leave the hash unchanged; the state is then no longer valid JSON.
#[test]
fn text_moved_between_fields_leaves_an_invalid_state() {
    let (early, late) = ("1970-01-01T00:00:00.000Z", "2023-11-01T01:00:00.000Z");
    let whole = Entry {
        at: chrono::DateTime::UNIX_EPOCH.naive_utc(),
        ..entry("x".into(), Some("null".into()), Some(format!(r#"{{"a":0,"at":"{late}","before":5}}"#)))
    };
    let tampered = Entry {
        at: late.parse::<chrono::DateTime<chrono::Utc>>().unwrap().naive_utc(),
        after_state: Some(r#"{"a":0"#.into()),
        before_state: Some(format!(r#"5}},"at":"{early}","before":null"#)),
        ..whole.clone()
    };
    assert_eq!(whole.compute_hash().unwrap(), tampered.compute_hash().unwrap());
    assert!(whole.has_valid_states() && !tampered.has_valid_states());
}

/// Appends entries about a few records to the chain of a new organisation.
fn chain_of(conn: &mut Conn, entries: impl IntoIterator<Item = (u64, u64)>) -> String {
    static CHAINS: AtomicU64 = AtomicU64::new(1);
    let organization_id = number(1, CHAINS.fetch_add(1, Ordering::Relaxed));
    journals::begin(conn, &organization_id).unwrap();
    let mut journal = journals::find(conn, organization_id.as_str()).unwrap();
    let mut entries: Vec<Entry> = entries
        .into_iter()
        .map(|(action, subject)| Entry {
            subject_type: format!("t{}", subject % 2),
            subject_id: number(3, subject).to_string(),
            ..entry(format!("a{action}"), None, Some("{}".to_owned()))
        })
        .collect();
    for entry in &mut entries {
        entry.id = number(2, CHAINS.fetch_add(1, Ordering::Relaxed)).to_string();
    }
    append(conn, &mut journal, entries).unwrap();
    journals::save(conn, &journal).unwrap();
    journal.chain
}

#[test]
fn a_long_chain_is_verified_slice_by_slice() {
    let mut conn = database();
    let length = SLICE_ROWS * 2 + 1;
    let chain = chain_of(&mut conn, (0..length).map(|_| (0, 0)));
    let (mut verified, mut slices) = (Verified::default(), 0);
    let verdict = loop {
        match verify_slice(&mut conn, &chain, verified, None).unwrap() {
            Slice::Intact(further) => (verified, slices) = (further, slices + 1),
            Slice::Last(verdict) => break verdict,
        }
    };
    assert_eq!((slices, verdict), (3, Verdict { checked: length, first_bad_id: None, ok: true }));

    // The first entry of the second slice, and the chain's last.
    for at in [SLICE_ROWS + 1, length] {
        let altered = dsl::audit_entries.filter(dsl::chain.eq(&chain)).filter(dsl::sequence.eq(at));
        let id: String = altered.select(dsl::id).get_result(&mut conn).unwrap();
        let before: Entry = altered.get_result::<Row>(&mut conn).unwrap().into();
        conn.batch_execute("DROP TRIGGER IF EXISTS audit_entries_no_update").unwrap();
        let alter = |conn: &mut Conn, action: &str| {
            diesel::update(audit_entries::table.find(id.clone())).set(dsl::action.eq(action)).execute(conn).unwrap()
        };
        alter(&mut conn, "altered");
        let verdict = verify(&mut conn, &chain, None).unwrap();
        assert_eq!(verdict, Verdict { checked: at - 1, first_bad_id: Some(id.clone()), ok: false });
        alter(&mut conn, &before.action);
    }
    // A checkpoint within a slice, and one that the chain does not reach.
    let of = batch(&mut conn, &chain, SLICE_ROWS + 1, 1).unwrap().remove(0);
    assert!(verify(&mut conn, &chain, Some((of.sequence, &of.hash))).unwrap().ok);
    let other = verify(&mut conn, &chain, Some((of.sequence, FIRST_PREV_HASH))).unwrap();
    assert_eq!((other.checked, other.ok), (of.sequence - 1, false));
    assert!(!verify(&mut conn, &chain, Some((length + 1, &of.hash))).unwrap().ok);
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let words = |word: &'static str| {
        prop::option::of(prop::sample::subsequence(vec![0, 1, 2], 0..3)).prop_map(move |some| {
            some.map(|numbers| numbers.into_iter().map(|number| format!("{word}{number}")).collect::<Vec<_>>())
        })
    };
    let subject = prop::option::of((0..4_u64).prop_map(|subject| number(3, subject).to_string()));
    (words("t"), subject, words("a")).prop_map(|(subject_types, subject_id, actions)| Filter {
        subject_types,
        subject_id,
        actions,
    })
}

#[test]
fn ranges_hold_all_that_a_filter_names() {
    let conn = RefCell::new(database());
    let entries = prop::collection::vec((0..3_u64, 0..4_u64), 0..20);
    let case = (entries, any_filter(), prop::option::of(0..20_i64), 1..6_i64, any::<bool>());
    let mut runner = proptest::test_runner::TestRunner::default();
    runner
        .run(&case, |(entries, filter, after, limit, last_first)| {
            let conn = &mut *conn.borrow_mut();
            let chain = chain_of(conn, entries);
            let direction = if last_first { Direction::Descending } else { Direction::Ascending };
            let page = Page { order: Order::by([(SortBy::Sequence, direction)]), after, limit };
            let numbers = |listed: Vec<Entry>| listed.iter().map(|entry| entry.sequence).collect::<Vec<_>>();
            let whole = numbers(list_of(conn, Ranges::Whole, &chain, &filter, &page).unwrap());
            prop_assert_eq!(numbers(list(conn, &chain, &filter, &page).unwrap()), whole);
            Ok(())
        })
        .unwrap();
}

proptest! {
    /// The hashed text is the RFC 8785 form of the entry, whatever it contains.
    #[test]
    fn the_hashed_text_is_canonical(action in ".*", text in ".*", hundredths in -10_000_000_i64..10_000_000, cases in any::<u32>()) {
        let points = crate::domain::Points::from_hundredths(hundredths);
        let state = json!({"ghi chú": text, "points": points, "b": [cases, null, true], "a": {"z": {}, "Ä": []}});
        let canonical = serde_json_canonicalizer::to_string(&state).unwrap();
        let entry = entry(action, Some(canonical), None);
        let parsed: serde_json::Value = serde_json::from_str(&entry.canonical().unwrap()).unwrap();
        prop_assert_eq!(entry.canonical().unwrap(), serde_json_canonicalizer::to_string(&parsed).unwrap());
        prop_assert_eq!(&parsed["before"], &state);
        prop_assert_eq!(&parsed["action"], &json!(entry.action));
    }
}
