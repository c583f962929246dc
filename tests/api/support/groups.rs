//! Periods with groups: two blocks of units, the second by a table and with awards of its own.

use serde_json::{Value, json};

use super::App;
use super::small::{SmallPeriod, SmallUnit, points, small_table};

/// A group as it is asked for.
pub struct AskedGroup<'a> {
    pub code: &'a str,
    pub units: &'a [&'a str],
    /// The criteria set; null for that of the period.
    pub table: Value,
    /// The awards; null for those of the period.
    pub awards: Value,
}

/// A group with the table and the awards of the period.
pub fn plain<'a>(code: &'a str, units: &'a [&'a str]) -> AskedGroup<'a> {
    AskedGroup { code, units, table: Value::Null, awards: Value::Null }
}

pub fn award(code: &str, quota: i32) -> Value {
    json!({"code": code, "title": code, "quota": quota})
}

/// A table of 50 points: A.1 of 30, and A.9 of 20 by the ratio to a target.
pub fn short_table(code: &str) -> Value {
    let node = |code: &str, max: i32, rule: &str| json!({"code": code, "title": code, "max_points": max, "rule": {"type": rule}});
    json!({
        "code": code, "title": "Bảng ngắn", "year": 2023, "total_points": 50,
        "parts": [{"code": "A", "title": "A", "kind": "base", "max_points": 50,
            "children": [node("A.1", 30, "manual"), node("A.9", 20, "target_ratio")]}]
    })
}

/// A unit scored by the small table, with these points of B.1; none for one that misses the gate.
pub fn small_unit(unit: &'static str, bonus: Option<f64>) -> SmallUnit {
    let own = bonus.map(|bonus| {
        vec![
            ("A.1", points(40.0)),
            ("A.2", json!({"cases": 0})),
            ("A.3.1", points(20.0)),
            ("A.3.2", points(10.0)),
            ("B.1", points(bonus)),
        ]
    });
    SmallUnit { unit, own, disciplined: Some(false), ..SmallUnit::default() }
}

/// A unit scored by the short table, with these points of A.1 and the whole of A.9.
pub fn short_unit(unit: &'static str, first: f64) -> SmallUnit {
    let own = vec![("A.1", points(first)), ("A.9", json!({"actual": 100, "target": 100}))];
    SmallUnit { unit, own: Some(own), disciplined: Some(false), ..SmallUnit::default() }
}

impl App {
    /// The groups as a body asks for them.
    pub fn groups(&self, groups: &[AskedGroup]) -> Value {
        let group = |group: &AskedGroup| {
            let unit_ids: Vec<String> = group.units.iter().map(|unit| self.unit_id(unit)).collect();
            json!({
                "code": group.code, "title": format!("Khối {}", group.code), "unit_ids": unit_ids,
                "criteria_set_id": group.table, "awards": group.awards,
            })
        };
        groups.iter().map(group).collect()
    }

    /// A period in self-assessment: TH 100, KT 95 and NC, which misses the gate, in K1 with one flag and one merit; QTTV and
    /// BTCD with 50 each in K2, by the short table, with one merit. Nothing is reviewed yet.
    #[track_caller]
    pub fn grouped_period(&self) -> SmallPeriod {
        let (small, short) = (self.published(&small_table("NHO", "refused")), self.published(&short_table("NGAN")));
        let units = vec![
            small_unit("TH", Some(10.0)),
            small_unit("KT", Some(5.0)),
            small_unit("NC", None),
            short_unit("QTTV", 30.0),
            short_unit("BTCD", 30.0),
        ];
        self.small_period(&small, units, |body| {
            body["awards"] = json!([award("flag", 1), award("merit", 1)]);
            let second = AskedGroup {
                table: json!(short),
                awards: json!([award("merit", 1)]),
                ..plain("K2", &["QTTV", "BTCD"])
            };
            body["groups"] = self.groups(&[plain("K1", &["TH", "KT", "NC"]), second]);
        })
    }
}
