//! Pages of a list: every row once, in order, by the links that the service gives.

use serde_json::Value;

use crate::contract::{Operation, document, ids, operations, with_ids};
use crate::support::{App, apply, on_both};

/// Each list, two rows a page, by the links that it gives.
#[apply(on_both)]
fn pages_show_every_row_once(app: &App) {
    let ids = ids(app);
    // The feed of events has no last page: where it ends is where it goes on.
    let paged = |operation: &&Operation| operation.is_list() && operation.path != "/v1/events";
    for operation in operations(&document(app)).iter().filter(paged) {
        let list = with_ids(&operation.path, &ids);
        // A token of the sandbox's people is issued anew for each answer.
        let row = |item: &Value| {
            let mut row = item.clone();
            row.as_object_mut().unwrap().remove("token");
            row
        };
        let query =
            if list == "/v1/reviews" { format!("submission_id={}&", ids["submissions"]) } else { String::new() };
        for order in ["", "&sort=-id"] {
            if !order.is_empty() && app.get("auditor", &format!("{list}?{query}sort=-id")).status == 400 {
                continue;
            }
            let whole = app.get("auditor", &format!("{list}?{query}limit=200{order}")).expect(200);
            assert_eq!(whole["next_cursor"], Value::Null, "{}", operation.path);
            let expected: Vec<Value> = whole["items"].as_array().unwrap().iter().map(row).collect();
            let (mut rows, mut path) = (Vec::new(), format!("{list}?{query}limit=2{order}"));
            loop {
                let response = app.get("auditor", &path);
                let link = response.header("link").to_owned();
                let page = response.expect(200);
                let items = page["items"].as_array().unwrap();
                assert!(items.len() <= 2);
                rows.extend(items.iter().map(row));
                assert_eq!(link.is_empty(), page["next_cursor"].is_null(), "{path}");
                if link.is_empty() {
                    break;
                }
                path = link
                    .strip_prefix('<')
                    .and_then(|link| link.strip_suffix(">; rel=\"next\""))
                    .unwrap_or_else(|| panic!("{link}"))
                    .to_owned();
            }
            assert_eq!(rows, expected, "{}{order}", operation.path);
        }
    }
}

#[apply(on_both)]
fn units_come_by_code_and_each_once(app: &App) {
    let (mut codes, mut path) = (Vec::new(), "/v1/units?limit=2&sort=-code".to_owned());
    loop {
        let response = app.get("th-head", &path);
        let link = response.header("link").to_owned();
        codes.extend(
            response.expect(200)["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|unit| unit["code"].as_str().unwrap().to_owned()),
        );
        let Some(next) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else { break };
        path = next.to_owned();
    }
    assert_eq!(codes, ["THCB", "TH", "QTTV", "NC", "KT", "KGVX", "HCTC", "BTCD"]);
}
