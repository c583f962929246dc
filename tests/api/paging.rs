//! Pages of a list: every row once, in order, by the links that the service gives.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::contract::{Operation, document, ids, operations, parameters, with_ids};
use crate::support::{App, apply, on_both};

/// The rows of a list, page by page, by the links that it gives.
fn walk(app: &App, person: &str, first: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut path) = (Vec::new(), format!("{first}&limit={limit}"));
    loop {
        let response = app.get(person, &path);
        let link = response.header("link").to_owned();
        let page = response.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() == limit || link.is_empty() && items.len() < limit, "{path}");
        rows.extend(items.iter().map(without_token));
        assert_eq!(link.is_empty(), page["next_cursor"].is_null(), "{path}");
        if link.is_empty() {
            return rows;
        }
        path = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .unwrap_or_else(|| panic!("{link}"))
            .to_owned();
    }
}

/// A row without what is issued anew for each answer: a token of the sandbox's people.
fn without_token(item: &Value) -> Value {
    let mut row = item.clone();
    row.as_object_mut().unwrap().remove("token");
    row
}

/// The values that the document gives for `sort`; none where the list has one order.
fn sort_keys(about: &Value) -> Vec<String> {
    let sort = parameters(about).find(|parameter| parameter["name"] == "sort");
    let words = sort.map(|sort| {
        assert_eq!((&sort["style"], &sort["explode"]), (&Value::from("form"), &Value::from(false)));
        sort["schema"]["items"]["enum"].as_array().unwrap().iter()
    });
    words.into_iter().flatten().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// The keys one by one, and each pair of two in each of their directions.
fn orders(keys: &[String]) -> Vec<String> {
    let name = |key: &str| key.trim_start_matches('-').to_owned();
    let pairs = keys.iter().flat_map(|a| keys.iter().map(move |b| (a, b)));
    let pairs = pairs.filter(|(a, b)| name(a) != name(b)).map(|(a, b)| format!("{a},{b}"));
    keys.iter().cloned().chain(pairs).collect()
}

/// How two rows follow one another by a key of an order; what has no value comes after what has.
fn compare(a: &Value, b: &Value, key: &str) -> Ordering {
    let name = key.trim_start_matches('-');
    let value = |row: &Value| (row[name].is_null(), row[name].as_i64(), row[name].as_str().map(str::to_owned));
    let ascending = value(a).cmp(&value(b));
    if key.starts_with('-') { ascending.reverse() } else { ascending }
}

/// Checks that a list comes whole, in order and page by page.
fn check_order(app: &App, person: &str, list: &str, order: &str, limit: usize) {
    let path = format!("{list}&sort={order}");
    let rows = walk(app, person, &path, limit);
    let keys: Vec<&str> = order.split(',').collect();
    // What is equal by every key follows its id, in the direction of the last key.
    let last = if keys.last().unwrap().starts_with('-') { "-id" } else { "id" };
    let key_by_key = |a: &Value, b: &Value| {
        keys.iter().chain([&last]).map(|key| compare(a, b, key)).fold(Ordering::Equal, Ordering::then)
    };
    let mut expected = walk(app, person, list, 200);
    expected.sort_by(key_by_key);
    assert_eq!(rows, expected, "{path}");
}

/// Each list in each order that the document names, by the links that it gives.
#[apply(on_both)]
fn pages_show_every_row_once(app: &App) {
    let ids = ids(app);
    // The feed of events has no last page: where it ends is where it goes on.
    let paged = |operation: &&Operation| operation.is_list() && operation.path != "/v1/events";
    let mut pairs = 0;
    for operation in operations(&document(app)).iter().filter(paged) {
        let list = with_ids(&operation.path, &ids);
        let query = if list == "/v1/reviews" { format!("submission_id={}", ids["submissions"]) } else { String::new() };
        let list = format!("{list}?{query}");
        assert_eq!(walk(app, "auditor", &list, 2), walk(app, "auditor", &list, 200), "{list}");
        for order in orders(&sort_keys(&operation.about)) {
            let several = order.contains(',');
            pairs += usize::from(several);
            check_order(app, "auditor", &list, &order, if several { 1 } else { 2 });
        }
    }
    assert!(pairs >= 16, "{pairs}");
}

/// Before the year ends some deadlines share a day and some have none.
#[apply(on_both)]
fn deadlines_of_one_day_and_of_none_come_once(app: &App) {
    let deadlines = walk(app, "secretary", "/v1/deadlines?sort=-due_on", 5);
    assert!(deadlines[0]["due_on"].is_null() && !deadlines[11]["due_on"].is_null());
    for order in ["due_on", "-due_on", "due_on,id", "due_on,-id", "-due_on,id", "-due_on,-id"] {
        for limit in [1, 2, 5] {
            check_order(app, "secretary", "/v1/deadlines?kind=self_assessment,result_notice,appraisal", order, limit);
        }
    }
}

#[apply(on_both)]
fn units_come_by_code_and_each_once(app: &App) {
    let units = walk(app, "th-head", "/v1/units?sort=-code", 2);
    let codes: Vec<&str> = units.iter().map(|unit| unit["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["THCB", "TH", "QTTV", "NC", "KT", "KGVX", "HCTC", "BTCD"]);
}

#[apply(on_both)]
fn an_order_names_known_keys_and_each_once(app: &App) {
    for order in ["", "-", ",", "code,", ",code", "code,,id", "--code", "code,name", "code,code", "code,-code", "Code"]
    {
        let refused = app.get("secretary", &format!("/v1/units?sort={order}")).refused(400, "invalid_parameter").json();
        assert_eq!(refused["params"]["name"], "sort", "{order}");
    }
    app.get("secretary", "/v1/units?sort=code&sort=-code").refused(400, "invalid_parameter");
    let in_one = app.get("secretary", "/v1/deadlines?sort=-due_on,id").expect(200);
    assert_eq!(app.get("secretary", "/v1/deadlines?sort=-due_on&sort=id").expect(200), in_one);
}

#[apply(on_both)]
fn a_cursor_belongs_to_one_order(app: &App) {
    let page = |query: &str| app.get("secretary", &format!("/v1/deadlines?limit=2&{query}"));
    let cursor = |order: &str| page(order).expect(200)["next_cursor"].as_str().unwrap().to_owned();
    let given = cursor("sort=-due_on,id");
    for order in ["", "sort=id", "sort=-due_on", "sort=-due_on,-id", "sort=due_on,id", "sort=id,-due_on"] {
        page(&format!("cursor={given}&{order}")).refused(400, "invalid_cursor");
    }
    // These are one order: nothing is left to order once the ids were compared.
    let whole = page("sort=-due_on,-id").expect(200);
    assert_eq!(page("sort=-due_on").expect(200), whole);
    page(&format!("cursor={}&sort=-due_on", cursor("sort=-due_on,-id"))).expect(200);
    page(&format!("cursor={}&sort=id,-due_on", cursor(""))).expect(200);
}

#[apply(on_both)]
fn a_cursor_that_was_not_given_is_refused(app: &App) {
    let id = "018b88d6-5f80-7000-8000-000000000001";
    for (query, text) in [
        ("sort=code", format!(r#"["code",{{"id":"{id}","code":"T\u0000"}}]"#)),
        ("sort=code", format!(r#"["code",{{"id":"{id}","code":1}}]"#)),
        ("sort=code", format!(r#"["code",{{"id":"{id}"}}]"#)),
        ("sort=code", r#"["code",{"id":"1","code":"TH"}]"#.to_owned()),
        ("sort=code", format!(r#"["code",{{"id":"{id}","code":"TH"}},0]"#)),
        ("sort=code", r#"["code"]"#.to_owned()),
        ("sort=code", "code:TH".to_owned()),
        ("sort=code", String::new()),
    ] {
        let cursor = URL_SAFE_NO_PAD.encode(&text);
        app.get("secretary", &format!("/v1/units?{query}&cursor={cursor}")).refused(400, "invalid_cursor");
    }
    let cursor = URL_SAFE_NO_PAD.encode(r#"["sequence","1"]"#);
    app.get("auditor", &format!("/v1/audit-entries?cursor={cursor}")).refused(400, "invalid_cursor");
    let by_day = |due_on: &str| {
        let cursor = URL_SAFE_NO_PAD.encode(format!(r#"["due_on,id",{{"id":"{id}","due_on":"{due_on}"}}]"#));
        app.get("secretary", &format!("/v1/deadlines?sort=due_on&cursor={cursor}"))
    };
    by_day("-9999-01-01").refused(400, "invalid_cursor");
    by_day("2023-11-31").refused(400, "invalid_cursor");
    for day in ["0000-01-01", "9999-12-31"] {
        by_day(day).expect(200);
    }
}
