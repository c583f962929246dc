//! The lines of a unit's own sheet and of the reviews: a table each, the same shape.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Conn;
use super::dialect::on_each;
use super::schema::{review_scores, scores};
use super::types::{from_json, json};
use crate::domain::scoring::{Criterion, Line, ScoringTable, Sheet};
use crate::domain::{Id, Points};
use crate::error::Error;

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
    let rows: Vec<Columns> = scores::table
        .filter(scores::submission_id.eq(id.as_str()))
        .select((scores::criterion_code, scores::answer, scores::points, scores::note))
        .load(conn)?;
    sheet(table, rows.into_iter().map(|(code, answer, points, note)| (code, answer, points, note, None)).collect())
}

/// The lines of a review.
pub fn of_review(conn: &mut Conn, table: &ScoringTable, id: &Id) -> Result<Sheet, Error> {
    use review_scores::{answer, criterion_code, note, points, reason};
    let rows: Vec<Columns> = review_scores::table
        .filter(review_scores::review_id.eq(id.as_str()))
        .select((criterion_code, answer, points, note, reason))
        .load(conn)?;
    sheet(table, rows)
}

/// The lines that differ: to be written, and to be taken away because nothing is left of them.
struct Difference<'a> {
    written: Vec<(&'a Criterion, &'a Line)>,
    emptied: Vec<&'a str>,
}

fn difference<'a>(table: &'a ScoringTable, before: &Sheet, after: &'a Sheet) -> Difference<'a> {
    let lines = table.criteria.iter().zip(before.0.iter().zip(&after.0));
    let changed = lines.filter(|(_, (before, after))| before != after);
    let (emptied, written): (Vec<_>, Vec<_>) = changed.partition(|(_, (_, after))| **after == Line::default());
    Difference {
        written: written.into_iter().map(|(criterion, (_, line))| (criterion, line)).collect(),
        emptied: emptied.into_iter().map(|(criterion, _)| criterion.code.as_str()).collect(),
    }
}

/// Turns the stored lines from `before` into `after`: what changed in one statement, what was emptied in another.
pub fn save_submission(
    conn: &mut Conn,
    table: &ScoringTable,
    id: &Id,
    before: &Sheet,
    after: &Sheet,
) -> Result<(), Error> {
    let Difference { written, emptied } = difference(table, before, after);
    if !emptied.is_empty() {
        let gone =
            scores::table.filter(scores::submission_id.eq(id.as_str())).filter(scores::criterion_code.eq_any(emptied));
        diesel::delete(gone).execute(conn)?;
    }
    if written.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = written
        .iter()
        .map(|(criterion, line)| {
            Ok((
                scores::submission_id.eq(id.as_str()),
                scores::criterion_code.eq(criterion.code.as_str()),
                scores::answer.eq(line.scored.map(|(answer, _)| json(&answer)).transpose()?),
                scores::points.eq(line.scored.map(|(_, points)| points.hundredths())),
                scores::max_points.eq(criterion.ceiling.hundredths()),
                scores::note.eq(line.note.as_deref()),
            ))
        })
        .collect::<Result<_, Error>>()?;
    let new = (
        scores::answer.eq(excluded(scores::answer)),
        scores::points.eq(excluded(scores::points)),
        scores::note.eq(excluded(scores::note)),
    );
    on_each!(conn, c => diesel::insert_into(scores::table)
        .values(&rows)
        .on_conflict((scores::submission_id, scores::criterion_code))
        .do_update()
        .set(new)
        .execute(c))?;
    Ok(())
}

/// The same for a review.
pub fn save_review(conn: &mut Conn, table: &ScoringTable, id: &Id, before: &Sheet, after: &Sheet) -> Result<(), Error> {
    use review_scores::{answer, criterion_code, max_points, note, points, reason, review_id};
    let Difference { written, emptied } = difference(table, before, after);
    if !emptied.is_empty() {
        let gone = review_scores::table.filter(review_id.eq(id.as_str())).filter(criterion_code.eq_any(emptied));
        diesel::delete(gone).execute(conn)?;
    }
    if written.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = written
        .iter()
        .map(|(criterion, line)| {
            Ok((
                review_id.eq(id.as_str()),
                criterion_code.eq(criterion.code.as_str()),
                answer.eq(line.scored.map(|(given, _)| json(&given)).transpose()?),
                points.eq(line.scored.map(|(_, earned)| earned.hundredths())),
                max_points.eq(criterion.ceiling.hundredths()),
                reason.eq(line.reason.as_deref()),
                note.eq(line.note.as_deref()),
            ))
        })
        .collect::<Result<_, Error>>()?;
    let new = (
        answer.eq(excluded(answer)),
        points.eq(excluded(points)),
        reason.eq(excluded(reason)),
        note.eq(excluded(note)),
    );
    on_each!(conn, c => diesel::insert_into(review_scores::table)
        .values(&rows)
        .on_conflict((review_id, criterion_code))
        .do_update()
        .set(new)
        .execute(c))?;
    Ok(())
}

/// Takes away the lines of a review that is dropped.
pub fn delete_of_review(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    diesel::delete(review_scores::table.filter(review_scores::review_id.eq(id.as_str()))).execute(conn)?;
    Ok(())
}
