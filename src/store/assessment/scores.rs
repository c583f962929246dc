//! The lines of a unit's own sheet and of the reviews: a table each, the same shape.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::criteria::scoring::{Line, ScoringTable, Sheet};
use crate::domain::{Id, Points};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, json_rows, on_each};
use crate::store::schema::{review_scores, scores};
use crate::store::types::{from_json, json};

type Columns = (String, Option<String>, Option<i64>, Option<String>, Option<String>);

fn sheet(table: &ScoringTable, rows: Vec<Columns>) -> Result<Sheet, Error> {
    let mut sheet = table.blank();
    for (code, answer, points, note, reason) in rows {
        let Some(line) = table.position(&code).and_then(|at| sheet.0.get_mut(at)) else {
            return Err(Error::internal(format!("a stored score of criterion {code}, which the table does not have")));
        };
        let answer = answer.as_deref().map(from_json).transpose()?;
        *line = Line { scored: answer.zip(points.map(Points::from_hundredths)), note, reason };
    }
    Ok(sheet)
}

/// The lines of a unit's own sheet.
pub fn of_submission(conn: &mut Conn, table: &ScoringTable, id: &Id) -> Result<Sheet, Error> {
    type Columns = (String, Option<String>, Option<i64>, Option<String>);
    let lines = scores::table.filter(scores::submission_id.eq(id.as_str())).select((
        scores::criterion_code,
        scores::answer,
        scores::points,
        scores::note,
    ));
    let rows: Vec<Columns> = on_each!(conn, c => lines.load(c))?;
    sheet(table, rows.into_iter().map(|(code, answer, points, note)| (code, answer, points, note, None)).collect())
}

/// The lines of a review.
pub fn of_review(conn: &mut Conn, table: &ScoringTable, id: &Id) -> Result<Sheet, Error> {
    use review_scores::{answer, criterion_code, note, points, reason};
    let lines = review_scores::table.filter(review_scores::review_id.eq(id.as_str())).select((
        criterion_code,
        answer,
        points,
        note,
        reason,
    ));
    let rows: Vec<Columns> = on_each!(conn, c => lines.load(c))?;
    sheet(table, rows)
}

/// A table of lines.
struct Lines {
    table: &'static str,
    owner: &'static str,
    has_reason: bool,
}

const OWN: Lines = Lines { table: "scores", owner: "submission_id", has_reason: false };
const REVIEWED: Lines = Lines { table: "review_scores", owner: "review_id", has_reason: true };

impl Lines {
    /// Turns the stored lines from `before` into `after`: what changed in one statement, what was emptied in
    /// another. They are handed over as JSON, so that a statement is the same text however many there are.
    fn save(
        &self,
        conn: &mut Conn,
        table: &ScoringTable,
        id: &Id,
        (before, after): (&Sheet, &Sheet),
    ) -> Result<(), Error> {
        let lines = table.criteria.iter().zip(before.0.iter().zip(&after.0));
        let changed = lines.filter(|(_, (before, after))| before != after);
        let (mut written, mut emptied) = (Vec::new(), Vec::new());
        for (criterion, (_, line)) in changed {
            if *line == Line::default() {
                emptied.push([criterion.code.as_str()]);
                continue;
            }
            let answer = line.answer().map(json).transpose()?;
            // What does not apply has no points, and 0 in this column.
            let points = line.scored.as_ref().map(|(_, points)| points.hundredths());
            let most = criterion.ceiling.hundredths();
            written.push((criterion.code.as_str(), answer, points, most, line.note.as_deref(), line.reason.as_deref()));
        }
        let Lines { table, owner, has_reason } = self;
        let (reason, its_value, its_change) =
            if *has_reason { (", reason", ", value ->> 5", ", reason = excluded.reason") } else { ("", "", "") };
        let (open, close) = json_rows(conn);
        if !emptied.is_empty() {
            let statement = RawSql(format!("DELETE FROM {table} WHERE {owner} = ").into())
                .bind::<Text, _>(id.as_str(), format!(" AND criterion_code IN (SELECT value ->> 0 FROM {open}"))
                .bind::<Text, _>(json(&emptied)?, format!("{close})"));
            on_each!(conn, c => statement.execute(c))?;
        }
        if !written.is_empty() {
            let into = format!(
                "INSERT INTO {table} ({owner}, criterion_code, answer, points, max_points, note{reason}) SELECT "
            );
            let columns = format!(
                ", value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT), CAST(value ->> 3 AS BIGINT), value ->> 4{its_value} \
                 FROM {open}"
            );
            let upsert = format!(
                "{close} WHERE true ON CONFLICT ({owner}, criterion_code) DO UPDATE \
                 SET answer = excluded.answer, points = excluded.points, note = excluded.note{its_change}"
            );
            let statement =
                RawSql(into.into()).bind::<Text, _>(id.as_str(), columns).bind::<Text, _>(json(&written)?, upsert);
            on_each!(conn, c => statement.execute(c))?;
        }
        Ok(())
    }
}

/// Saves a unit's own lines.
pub fn save_submission(
    conn: &mut Conn,
    table: &ScoringTable,
    id: &Id,
    before: &Sheet,
    after: &Sheet,
) -> Result<(), Error> {
    OWN.save(conn, table, id, (before, after))
}

/// Saves the lines of a review.
pub fn save_review(conn: &mut Conn, table: &ScoringTable, id: &Id, before: &Sheet, after: &Sheet) -> Result<(), Error> {
    REVIEWED.save(conn, table, id, (before, after))
}

/// Takes away the lines of a review that is dropped.
pub fn delete_of_review(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    diesel::delete(review_scores::table.filter(review_scores::review_id.eq(id.as_str()))).execute(conn)?;
    Ok(())
}
