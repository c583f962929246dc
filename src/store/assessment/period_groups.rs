//! The groups of periods, and the awards of each.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::assessment::group::Group;
use crate::domain::assessment::period::Period;
use crate::domain::award::award::Award;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::schema::{period_awards, period_groups};
use crate::store::types::id_option;

/// What stands in the place of a group for the awards of a period itself, and for proposals where there are no groups.
pub const NO_GROUP: &str = "";

/// Returns the code of a group as it is stored, where no code means no group.
pub fn stored(group_code: Option<&str>) -> String {
    group_code.unwrap_or(NO_GROUP).to_owned()
}

/// Returns the code of a group, or none.
pub fn read(stored: String) -> Option<String> {
    Some(stored).filter(|code| code != NO_GROUP)
}

/// Returns the awards of a period, and its groups in order. `units` are those that take part, each with its group.
pub fn of_period(
    conn: &mut Conn,
    period_id: &Id,
    units: &[(Id, Option<String>)],
) -> Result<(Vec<Award>, Vec<Group>), Error> {
    let rows: Vec<(String, String, String, i32)> = period_awards::table
        .filter(period_awards::period_id.eq(period_id.as_str()))
        .order((period_awards::group_code, period_awards::position))
        .select((period_awards::group_code, period_awards::code, period_awards::title, period_awards::quota))
        .load(conn)?;
    let mut awards: HashMap<String, Vec<Award>> = HashMap::new();
    for (group_code, code, title, quota) in rows {
        awards.entry(group_code).or_default().push(Award { code, title, quota });
    }
    let rows: Vec<(String, String, Option<String>, bool)> = period_groups::table
        .filter(period_groups::period_id.eq(period_id.as_str()))
        .order(period_groups::position)
        .select((period_groups::code, period_groups::title, period_groups::criteria_set_id, period_groups::own_awards))
        .load(conn)?;
    let groups = rows.into_iter().map(|(code, title, criteria_set_id, own_awards)| {
        let own = units.iter().filter(|(_, group_code)| group_code.as_ref() == Some(&code));
        Group {
            unit_ids: own.map(|(unit_id, _)| *unit_id).collect(),
            criteria_set_id: id_option(criteria_set_id),
            awards: own_awards.then(|| awards.remove(&code).unwrap_or_default()),
            code,
            title,
        }
    });
    let groups = groups.collect();
    Ok((awards.remove(NO_GROUP).unwrap_or_default(), groups))
}

/// Adds the groups of a period.
pub fn insert(conn: &mut Conn, period: &Period) -> Result<(), Error> {
    let groups = (0_i32..).zip(&period.rules.groups).map(|(position, group)| {
        (
            period_groups::period_id.eq(period.id.as_str()),
            period_groups::organization_id.eq(period.organization_id.as_str()),
            period_groups::code.eq(&group.code),
            period_groups::position.eq(position),
            period_groups::title.eq(&group.title),
            period_groups::criteria_set_id.eq(group.criteria_set_id.as_ref().map(Id::as_str)),
            period_groups::own_awards.eq(group.awards.is_some()),
        )
    });
    let groups: Vec<_> = groups.collect();
    dispatch!(conn, c => diesel::insert_into(period_groups::table).values(&groups).execute(c))?;
    Ok(())
}

/// Adds the awards of a period and those of each of its groups, which give those of the period unless they have their own.
pub fn insert_awards(conn: &mut Conn, period: &Period) -> Result<(), Error> {
    let rules = &period.rules;
    let groups = rules.groups.iter().map(|group| Some(group.code.as_str()));
    let awards = std::iter::once(None).chain(groups).flat_map(|group_code| {
        (0_i32..).zip(rules.awards_of(group_code)).map(move |(position, award)| {
            (
                period_awards::period_id.eq(period.id.as_str()),
                period_awards::group_code.eq(stored(group_code)),
                period_awards::position.eq(position),
                period_awards::code.eq(&award.code),
                period_awards::title.eq(&award.title),
                period_awards::quota.eq(award.quota),
            )
        })
    });
    let awards: Vec<_> = awards.collect();
    dispatch!(conn, c => diesel::insert_into(period_awards::table).values(&awards).execute(c))?;
    Ok(())
}

/// Removes the groups and the awards of a period, once no unit refers to them.
pub fn delete(conn: &mut Conn, period_id: &Id) -> Result<(), Error> {
    diesel::delete(period_awards::table.filter(period_awards::period_id.eq(period_id.as_str()))).execute(conn)?;
    diesel::delete(period_groups::table.filter(period_groups::period_id.eq(period_id.as_str()))).execute(conn)?;
    Ok(())
}
