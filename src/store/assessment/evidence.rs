//! The evidence of submissions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::assessment::evidence::{EgovDocument, Evidence, Proof};
use crate::domain::file::AttachedFile;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::ensure_one_row;
use crate::store::schema::evidence::{self, dsl};
use crate::store::schema::submissions;
use crate::store::types::{enum_text, id, naive, utc};

#[derive(Queryable, Insertable)]
#[diesel(table_name = evidence, treat_none_as_default_value = false)]
struct Row {
    id: String,
    organization_id: String,
    submission_id: String,
    criterion_code: String,
    title: String,
    kind: String,
    file_name: Option<String>,
    media_type: Option<String>,
    size: Option<i64>,
    sha256: Option<String>,
    number: Option<String>,
    issued_on: Option<NaiveDate>,
    issuer: Option<String>,
    url: Option<String>,
    added_by: String,
    added_after: i32,
    removed_after: Option<i32>,
    created_at: NaiveDateTime,
}

impl From<&Evidence> for Row {
    fn from(evidence: &Evidence) -> Self {
        let (file, document) = (evidence.proof.file(), evidence.proof.document());
        Row {
            id: evidence.id.to_string(),
            organization_id: evidence.organization_id.to_string(),
            submission_id: evidence.submission_id.to_string(),
            criterion_code: evidence.criterion_code.clone(),
            title: evidence.title.clone(),
            kind: enum_text(evidence.proof.kind()),
            file_name: file.map(|file| file.name.clone()),
            media_type: file.map(|file| file.media_type.clone()),
            size: file.map(|file| file.size),
            sha256: file.map(|file| file.sha256.clone()),
            number: document.map(|document| document.number.clone()),
            issued_on: document.map(|document| document.issued_on),
            issuer: document.map(|document| document.issuer.clone()),
            url: document.and_then(|document| document.url.clone()),
            added_by: evidence.added_by.to_string(),
            added_after: evidence.added_after,
            removed_after: evidence.removed_after,
            created_at: naive(evidence.created_at),
        }
    }
}

impl TryFrom<Row> for Evidence {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let invalid = || Error::internal("evidence that is neither a file nor a document");
        let proof = match (row.sha256, row.number) {
            (Some(sha256), None) => Proof::File(AttachedFile {
                name: row.file_name.ok_or_else(invalid)?,
                media_type: row.media_type.ok_or_else(invalid)?,
                size: row.size.ok_or_else(invalid)?,
                sha256,
                attached_at: utc(row.created_at),
            }),
            (None, Some(number)) => Proof::EgovDocument(EgovDocument {
                number,
                issued_on: row.issued_on.ok_or_else(invalid)?,
                issuer: row.issuer.ok_or_else(invalid)?,
                url: row.url,
            }),
            _ => return Err(invalid()),
        };
        Ok(Evidence {
            id: id(row.id),
            organization_id: id(row.organization_id),
            submission_id: id(row.submission_id),
            criterion_code: row.criterion_code,
            title: row.title,
            proof,
            added_by: id(row.added_by),
            added_after: row.added_after,
            removed_after: row.removed_after,
            created_at: utc(row.created_at),
        })
    }
}

/// Returns a piece of evidence.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Evidence>, Error> {
    let row: Option<Row> = dsl::evidence.find(id.as_str()).get_result(conn).optional()?;
    row.map(Evidence::try_from).transpose()
}

/// Returns all evidence that a submission has or had, in the order in which it was added.
pub fn of_submission(conn: &mut Conn, submission_id: &Id) -> Result<Vec<Evidence>, Error> {
    let of_submission = dsl::evidence.filter(dsl::submission_id.eq(submission_id.as_str()));
    let rows: Vec<Row> = of_submission.order(dsl::id).load(conn)?;
    rows.into_iter().map(Evidence::try_from).collect()
}

/// Returns the current evidence of a submission.
pub fn current(conn: &mut Conn, submission_id: &Id) -> Result<Vec<Evidence>, Error> {
    let mut pieces = of_submission(conn, submission_id)?;
    pieces.retain(Evidence::is_current);
    Ok(pieces)
}

/// Returns the current evidence of all submissions of a period, in the order in which it was added.
pub fn current_of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<Evidence>, Error> {
    let of_period = submissions::table.filter(submissions::period_id.eq(period_id.as_str())).select(submissions::id);
    let current = dsl::evidence.filter(dsl::submission_id.eq_any(of_period)).filter(dsl::removed_after.is_null());
    let rows: Vec<Row> = current.order(dsl::id).load(conn)?;
    rows.into_iter().map(Evidence::try_from).collect()
}

/// Adds several pieces of evidence in one statement.
pub fn insert_all(conn: &mut Conn, pieces: &[Evidence]) -> Result<(), Error> {
    let rows: Vec<Row> = pieces.iter().map(Row::from).collect();
    if !rows.is_empty() {
        dispatch!(conn, c => diesel::insert_into(evidence::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// Adds a piece of evidence.
pub fn insert(conn: &mut Conn, piece: &Evidence) -> Result<(), Error> {
    diesel::insert_into(evidence::table).values(Row::from(piece)).execute(conn)?;
    Ok(())
}

/// Deletes a piece of evidence that was never submitted.
pub fn delete(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    ensure_one_row(diesel::delete(dsl::evidence.find(id.as_str())).execute(conn)?)
}

/// Removes a piece of evidence from a submission but keeps it with the revisions up to `revision`.
pub fn remove_after(conn: &mut Conn, id: &Id, revision: i32) -> Result<(), Error> {
    let current = dsl::evidence.find(id.as_str()).filter(dsl::removed_after.is_null());
    ensure_one_row(diesel::update(current).set(dsl::removed_after.eq(revision)).execute(conn)?)
}

/// Restores the evidence of a submission to that of its last revision.
pub fn restore(conn: &mut Conn, submission_id: &Id, revision: i32) -> Result<(), Error> {
    let of_submission = || dsl::evidence.filter(dsl::submission_id.eq(submission_id.to_string()));
    diesel::delete(of_submission().filter(dsl::added_after.ge(revision))).execute(conn)?;
    let removed = of_submission().filter(dsl::removed_after.ge(revision));
    diesel::update(removed).set(dsl::removed_after.eq(None::<i32>)).execute(conn)?;
    Ok(())
}
