//! The lines of self-assessments and of reviews, in two tables of the same form.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::criteria::scoring::{Line, ScoringTable, Sheet};
use crate::domain::{Id, Points};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, dispatch, json_rows};
use crate::store::schema::{review_scores, reviews, scores, submissions};
use crate::store::types::{from_json, id, id_texts, json};

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

/// Returns the lines of a submission's self-assessment.
pub fn of_submission(conn: &mut Conn, table: &ScoringTable, id: &Id) -> Result<Sheet, Error> {
    type Columns = (String, Option<String>, Option<i64>, Option<String>);
    let lines = scores::table.filter(scores::submission_id.eq(id.as_str())).select((
        scores::criterion_code,
        scores::answer,
        scores::points,
        scores::note,
    ));
    let rows: Vec<Columns> = dispatch!(conn, c => lines.load(c))?;
    sheet(table, rows.into_iter().map(|(code, answer, points, note)| (code, answer, points, note, None)).collect())
}

/// Returns the lines of a review.
pub fn of_review(conn: &mut Conn, table: &ScoringTable, id: &Id) -> Result<Sheet, Error> {
    use review_scores::{answer, criterion_code, note, points, reason};
    let lines = review_scores::table.filter(review_scores::review_id.eq(id.as_str())).select((
        criterion_code,
        answer,
        points,
        note,
        reason,
    ));
    let rows: Vec<Columns> = dispatch!(conn, c => lines.load(c))?;
    sheet(table, rows)
}

/// The stored lines of a sheet or of a review.
#[derive(Debug, Default)]
pub struct StoredLines(Vec<Columns>);

impl StoredLines {
    /// Returns the lines in the order of a table.
    ///
    /// # Errors
    /// `internal` where a line is of no criterion of the table.
    pub fn on(self, table: &ScoringTable) -> Result<Sheet, Error> {
        sheet(table, self.0)
    }
}

/// Returns the lines of all self-assessments of a period, by submission.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<HashMap<Id, StoredLines>, Error> {
    type Columns = (String, String, Option<String>, Option<i64>, Option<String>);
    let rows: Vec<Columns> = scores::table
        .inner_join(submissions::table.on(submissions::id.eq(scores::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .select((scores::submission_id, scores::criterion_code, scores::answer, scores::points, scores::note))
        .load(conn)?;
    let mut lines: HashMap<Id, StoredLines> = HashMap::new();
    for (of, code, answer, points, note) in rows {
        lines.entry(id(of)).or_default().0.push((code, answer, points, note, None));
    }
    Ok(lines)
}

/// Returns the lines of some self-assessments, by submission.
pub fn of_submissions(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, StoredLines>, Error> {
    type Columns = (String, String, Option<String>, Option<i64>, Option<String>);
    let rows: Vec<Columns> = scores::table
        .filter(scores::submission_id.eq_any(id_texts(ids)))
        .select((scores::submission_id, scores::criterion_code, scores::answer, scores::points, scores::note))
        .load(conn)?;
    let mut lines: HashMap<Id, StoredLines> = HashMap::new();
    for (of, code, answer, points, note) in rows {
        lines.entry(id(of)).or_default().0.push((code, answer, points, note, None));
    }
    Ok(lines)
}

/// Returns the lines of some reviews, by review.
pub fn of_review_ids(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, StoredLines>, Error> {
    type Columns = (String, String, Option<String>, Option<i64>, Option<String>, Option<String>);
    let rows: Vec<Columns> = review_scores::table
        .filter(review_scores::review_id.eq_any(id_texts(ids)))
        .select((
            review_scores::review_id,
            review_scores::criterion_code,
            review_scores::answer,
            review_scores::points,
            review_scores::note,
            review_scores::reason,
        ))
        .load(conn)?;
    let mut lines: HashMap<Id, StoredLines> = HashMap::new();
    for (of, code, answer, points, note, reason) in rows {
        lines.entry(id(of)).or_default().0.push((code, answer, points, note, reason));
    }
    Ok(lines)
}

/// Returns the lines of all submitted reviews of a period, by review.
pub fn of_reviews(conn: &mut Conn, period_id: &Id) -> Result<HashMap<Id, StoredLines>, Error> {
    type Columns = (String, String, Option<String>, Option<i64>, Option<String>, Option<String>);
    let rows: Vec<Columns> = review_scores::table
        .inner_join(reviews::table.on(reviews::id.eq(review_scores::review_id)))
        .inner_join(submissions::table.on(submissions::id.eq(reviews::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(reviews::status.eq("submitted"))
        .select((
            review_scores::review_id,
            review_scores::criterion_code,
            review_scores::answer,
            review_scores::points,
            review_scores::note,
            review_scores::reason,
        ))
        .load(conn)?;
    let mut lines: HashMap<Id, StoredLines> = HashMap::new();
    for (of, code, answer, points, note, reason) in rows {
        lines.entry(id(of)).or_default().0.push((code, answer, points, note, reason));
    }
    Ok(lines)
}

/// The names of a database table that holds lines.
struct LinesTable {
    table: &'static str,
    owner: &'static str,
    has_reason: bool,
}

const SELF_ASSESSMENT: LinesTable = LinesTable { table: "scores", owner: "submission_id", has_reason: false };
const REVIEW: LinesTable = LinesTable { table: "review_scores", owner: "review_id", has_reason: true };

impl LinesTable {
    /// Saves the differences between the sheets before and after: changed lines in one statement, cleared ones in another. The
    /// lines are bound as JSON, so that the statement's text does not depend on their number.
    fn save(&self, conn: &mut Conn, sheets: &[ChangedSheet]) -> Result<(), Error> {
        let (mut written, mut cleared) = (Vec::new(), Vec::new());
        for ChangedSheet { owner, table, before, after } in sheets {
            let lines = table.criteria.iter().zip(before.0.iter().zip(&after.0));
            for (criterion, (_, line)) in lines.filter(|(_, (before, after))| before != after) {
                if *line == Line::default() {
                    cleared.push([owner.as_str(), criterion.code.as_str()]);
                    continue;
                }
                let answer = line.answer().map(json).transpose()?;
                let points = line.scored.as_ref().map(|(_, points)| points.hundredths());
                let (least, most) =
                    (criterion.bounds.min.map(Points::hundredths), criterion.bounds.most().hundredths());
                written.push((
                    owner.as_str(),
                    criterion.code.as_str(),
                    answer,
                    points,
                    most,
                    line.note.as_deref(),
                    line.reason.as_deref(),
                    least,
                ));
            }
        }
        let LinesTable { table, owner, has_reason } = self;
        let (reason, reason_value, reason_update) =
            if *has_reason { (", reason", ", value ->> 6", ", reason = excluded.reason") } else { ("", "", "") };
        let (open, close) = json_rows(conn);
        if !cleared.is_empty() {
            let chosen = format!(
                "DELETE FROM {table} WHERE ({owner}, criterion_code) IN (SELECT value ->> 0, value ->> 1 FROM {open}"
            );
            let statement = RawSql(chosen.into()).bind::<Text, _>(json(&cleared)?, format!("{close})"));
            dispatch!(conn, c => statement.execute(c))?;
        }
        if !written.is_empty() {
            let into = format!(
                "INSERT INTO {table} ({owner}, criterion_code, answer, points, max_points, note, min_points{reason}) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS BIGINT), CAST(value ->> 4 AS BIGINT), \
                 value ->> 5, CAST(value ->> 7 AS BIGINT){reason_value} FROM {open}"
            );
            let upsert = format!(
                "{close} WHERE true ON CONFLICT ({owner}, criterion_code) DO UPDATE \
                 SET answer = excluded.answer, points = excluded.points, note = excluded.note{reason_update}"
            );
            let statement = RawSql(into.into()).bind::<Text, _>(json(&written)?, upsert);
            dispatch!(conn, c => statement.execute(c))?;
        }
        Ok(())
    }
}

/// The lines of a submission or of a review, before and after a change.
#[derive(Debug, Clone, Copy)]
pub struct ChangedSheet<'a> {
    /// The submission or the review.
    pub owner: &'a Id,
    /// The table they are scored by.
    pub table: &'a ScoringTable,
    /// The lines before.
    pub before: &'a Sheet,
    /// The lines after.
    pub after: &'a Sheet,
}

/// Saves the lines of a submission's self-assessment.
pub fn save_submission(
    conn: &mut Conn,
    table: &ScoringTable,
    id: &Id,
    before: &Sheet,
    after: &Sheet,
) -> Result<(), Error> {
    save_submissions(conn, &[ChangedSheet { owner: id, table, before, after }])
}

/// Saves the lines of several self-assessments.
pub fn save_submissions(conn: &mut Conn, sheets: &[ChangedSheet]) -> Result<(), Error> {
    SELF_ASSESSMENT.save(conn, sheets)
}

/// Saves the lines of a review.
pub fn save_review(conn: &mut Conn, table: &ScoringTable, id: &Id, before: &Sheet, after: &Sheet) -> Result<(), Error> {
    save_reviews(conn, &[ChangedSheet { owner: id, table, before, after }])
}

/// Saves the lines of several reviews.
pub fn save_reviews(conn: &mut Conn, sheets: &[ChangedSheet]) -> Result<(), Error> {
    REVIEW.save(conn, sheets)
}

/// Deletes the lines of a review.
pub fn delete_of_review(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    diesel::delete(review_scores::table.filter(review_scores::review_id.eq(id.as_str()))).execute(conn)?;
    Ok(())
}
