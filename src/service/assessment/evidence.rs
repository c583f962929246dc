//! Acts on the evidence of a unit's sheet.

use serde_json::json;

use crate::domain::Id;
use crate::domain::access;
use crate::domain::access::action::Action;
use crate::domain::assessment::evidence::{EgovDocument, Evidence, FrozenEvidence, Label, MAX_PIECES, Proof};
use crate::domain::assessment::submission::Submission;
use crate::domain::file::AttachedFile;
use crate::domain::text::{Check, TITLE_CHARS};
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::assessment::submissions::{self, OwnLines};
use crate::service::files::Stored;
use crate::service::tag::Tag;
use crate::service::{Change, Context, Input, Interrupt, State, record};
use crate::store::submissions::Case;
use crate::store::{self, Conn};

/// A new piece: what it is said to be, and the proof.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// What it is said to be.
    pub label: Label,
    /// The proof.
    pub proof: NewProof,
}

/// The proof of a new piece.
#[derive(Debug, Clone)]
pub enum NewProof {
    /// A file that was stored, and the name it came under.
    File {
        /// The name it came under.
        name: String,
        /// Where and what it is.
        stored: Stored,
    },
    /// A document that the office's eGov system keeps.
    EgovDocument(EgovDocument),
}

/// The pieces of a sheet that the caller may see, as its lines: those that stand, or those last sent.
pub fn list(conn: &mut Conn, context: &Context, submission_id: &Id) -> Result<(Vec<Evidence>, Tag), Interrupt> {
    let case = submissions::load(conn, context, submission_id)?;
    context.accept_read()?;
    let mut pieces = store::evidence::of_submission(conn, submission_id)?;
    let revision = case.submission.revision;
    match submissions::own_lines(context, &case) {
        OwnLines::Current => pieces.retain(Evidence::is_current),
        OwnLines::LastSent => {
            pieces.retain(|piece| piece.is_of(revision));
            for piece in &mut pieces {
                piece.removed_after = None;
            }
        }
        OwnLines::None => pieces.clear(),
    }
    Ok((pieces, submissions::see(conn, context, case)?.tag))
}

/// A piece that the caller may see: one that stands, where the unit's own work may be seen, or one that was ever sent.
fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Evidence, Case), Interrupt> {
    let piece = store::evidence::find(conn, id)?.ok_or(Code::NotFound)?;
    let case = submissions::load(conn, context, &piece.submission_id)?;
    Ok((as_seen(context, &case, piece).ok_or(Code::NotFound)?, case))
}

/// A piece as the caller may see it: what the unit has done to it since it was sent is the unit's own.
fn as_seen(context: &Context, case: &Case, piece: Evidence) -> Option<Evidence> {
    let revision = case.submission.revision;
    match submissions::own_lines(context, case) {
        OwnLines::Current => Some(piece),
        OwnLines::LastSent | OwnLines::None if piece.is_of(revision) => Some(Evidence { removed_after: None, ..piece }),
        OwnLines::LastSent | OwnLines::None => Some(piece).filter(|piece| piece.was_sent(revision)),
    }
}

/// One piece.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Evidence, Tag), Interrupt> {
    let (piece, case) = find(conn, context, id)?;
    context.accept_read()?;
    Ok((piece, submissions::see(conn, context, case)?.tag))
}

/// The file of a piece. What is no file has none.
pub fn file(conn: &mut Conn, context: &Context, id: &Id) -> Result<AttachedFile, Interrupt> {
    let (piece, _) = find(conn, context, id)?;
    context.accept_read()?;
    Ok(piece.proof.file().cloned().ok_or(Code::NotFound)?)
}

/// Whether the caller may add a piece now, asked before a file is received. A request that may come twice is asked
/// for its right alone: its first answer may have moved the state on.
pub fn may_add(conn: &mut Conn, context: &Context, submission_id: &Id, may_come_twice: bool) -> Result<(), Interrupt> {
    let case = submissions::load(conn, context, submission_id)?;
    access::require(&context.actor, Action::WriteEvidence, &submissions::facts(&case))?;
    context.accept_read()?;
    if !may_come_twice {
        case.submission.may(Action::WriteEvidence, case.period_status, context.now)?;
    }
    Ok(())
}

/// Adds a piece to a sheet that its unit may change.
pub fn add(
    conn: &mut Conn,
    context: &Context,
    submission_id: &Id,
    input: &Input<NewEvidence>,
) -> Result<(Evidence, Tag), Interrupt> {
    let case = submissions::load_to_change(conn, context, submission_id)?;
    access::require(&context.actor, Action::WriteEvidence, &submissions::facts(&case))?;
    let NewEvidence { label, proof } = context.accept(input)?;
    case.submission.may(Action::WriteEvidence, case.period_status, context.now)?;
    let standing = store::evidence::current(conn, submission_id)?.len();
    if standing >= MAX_PIECES {
        return Err(Error::new(Code::TooManyPieces).with("max", MAX_PIECES).into());
    }
    let table = context.app.tables.of_sheet(conn, &case)?;
    let mut check = Check::default();
    let Label { criterion_code, title, .. } = label.read(&table, &mut check);
    let proof = proof.read(context, &case, &mut check);
    Error::unless_valid(check.faults)?;
    let piece = Evidence {
        id: context.new_id(),
        organization_id: case.submission.organization_id,
        submission_id: *submission_id,
        criterion_code,
        title,
        proof,
        added_by: context.member_id(&case.submission.organization_id)?,
        added_after: case.submission.revision,
        removed_after: None,
        created_at: context.now,
    };
    store::evidence::insert(conn, &piece)?;
    let after = Some(json!(FrozenEvidence::from(&piece)).into());
    let tag = saved(conn, context, case, ("evidence.add", &piece.id), (None, after))?;
    Ok((piece, tag))
}

impl NewProof {
    fn read(&self, context: &Context, case: &Case, check: &mut Check) -> Proof {
        match self {
            NewProof::File { name, stored } => Proof::File(AttachedFile {
                name: check.text("/file", name, TITLE_CHARS),
                media_type: stored.media_type.clone(),
                size: stored.size,
                sha256: stored.sha256.clone(),
                attached_at: context.now,
            }),
            NewProof::EgovDocument(document) => {
                let is_web = |text: &str| {
                    let fits = |url: url::Url| {
                        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
                    };
                    !text.contains(|c: char| c.is_whitespace() || c.is_control())
                        && url::Url::parse(text).is_ok_and(fits)
                };
                let document = document.read(date_in(case.zone, context.now), check);
                check.ensure(document.url.as_deref().is_none_or(is_web), "/url", Code::UrlInvalid);
                Proof::EgovDocument(document)
            }
        }
    }
}

/// Takes a piece off a sheet that its unit may change. One that was sent stays with the revisions that were sent with it.
pub fn remove(conn: &mut Conn, context: &Context, id: &Id) -> Result<Tag, Interrupt> {
    let submission_id = store::evidence::find(conn, id)?.ok_or(Code::NotFound)?.submission_id;
    let case = submissions::load_to_change(conn, context, &submission_id)?;
    // Read again: the gate of a returned sheet may have closed, and taken back what was added since.
    let piece = store::evidence::find(conn, id)?.ok_or(Code::NotFound)?;
    let piece = as_seen(context, &case, piece).ok_or(Code::NotFound)?;
    submissions::enter(conn, context, &case, Action::WriteEvidence, &Ok(()))?;
    if !piece.is_current() {
        return Err(Error::new(Code::InvalidState).with("state", "removed").into());
    }
    let revision = case.submission.revision;
    if piece.was_sent(revision) {
        store::evidence::remove_after(conn, id, revision)?;
    } else {
        store::evidence::delete(conn, id)?;
    }
    let before = Some(json!(FrozenEvidence::from(&piece)).into());
    Ok(saved(conn, context, case, ("evidence.remove", id), (before, None))?)
}

/// Moves the sheet on to its next version, and writes down what was done to a piece of its evidence.
fn saved(
    conn: &mut Conn,
    context: &Context,
    case: Case,
    (action, id): (&str, &Id),
    (before, after): (Option<State>, Option<State>),
) -> Result<Tag, Error> {
    let changed = Submission { updated_at: context.now, ..case.submission };
    let submission = store::submissions::update(conn, changed)?;
    let change = Change {
        organization_id: Some(&submission.organization_id),
        action,
        subject_type: "evidence",
        subject_id: id,
        before,
        after,
        news: None,
    };
    record(conn, context, change)?;
    Ok(submissions::see(conn, context, Case { submission, ..case })?.tag)
}
