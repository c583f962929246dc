//! Acts on the evidence of a submission.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::Facts;
use crate::domain::access::action::Action;
use crate::domain::assessment::evidence::{EgovDocument, Evidence, FrozenEvidence, Label, MAX_PIECES, Proof};
use crate::domain::assessment::submission::{Submission, SubmissionCase};
use crate::domain::change::Gate;
use crate::domain::file::AttachedFile;
use crate::domain::text::{Check, checked};
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::assessment::submissions::{self, UnitLines, VisibleResult};
use crate::service::files::StoredFile;
use crate::service::subject::fields;
use crate::service::tag::Tag;
use crate::service::{Context, Details, Identity, Input, Related, Result, Subject};
use crate::store::{self, Conn};

/// A new piece of evidence.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// Criterion and title.
    pub label: Label,
    /// The file or document.
    pub proof: NewProof,
}

/// The file or document of a new piece.
#[derive(Debug, Clone)]
pub enum NewProof {
    /// An uploaded file.
    File {
        /// Name of the uploaded file.
        name: String,
        /// The stored content.
        stored: StoredFile,
    },
    /// A reference to a document in the office's eGov system.
    EgovDocument(EgovDocument),
}

/// The evidence of a submission that the caller may see, following the visibility of its lines: current, or as last sent.
pub fn list(conn: &mut Conn, context: &Context, submission_id: &Id) -> Result<(Vec<Evidence>, Tag)> {
    let case: SubmissionCase = context.find(conn, submission_id)?;
    context.accept_read()?;
    let mut pieces = store::evidence::of_submission(conn, submission_id)?;
    let revision = case.submission.revision;
    match submissions::visible_lines(context, &case) {
        UnitLines::Current => pieces.retain(Evidence::is_current),
        UnitLines::LastSubmitted => {
            pieces.retain(|piece| piece.is_of(revision));
            for piece in &mut pieces {
                piece.removed_after = None;
            }
        }
        UnitLines::None => pieces.clear(),
    }
    Ok((pieces, context.details(conn, case)?.tag))
}

/// A piece of evidence with its submission.
#[derive(Debug, Clone)]
pub struct EvidenceCase {
    /// The piece, unfiltered.
    pub piece: Evidence,
    /// The submission that it belongs to.
    pub sheet: SubmissionCase,
}

/// The caller's view of a piece and its submission.
pub struct VisibleEvidence {
    /// The piece as the caller may see it.
    pub piece: Evidence,
    sheet: VisibleResult,
}

impl EvidenceCase {
    /// The piece as the caller may see it: any piece for viewers of the unit's current work, otherwise only pieces that were
    /// sent. Removals after the last submission stay hidden from others.
    fn as_seen(&self, context: &Context) -> Option<Evidence> {
        let (revision, piece) = (self.sheet.submission.revision, self.piece.clone());
        match submissions::visible_lines(context, &self.sheet) {
            UnitLines::Current => Some(piece),
            UnitLines::LastSubmitted | UnitLines::None if piece.is_of(revision) => {
                Some(Evidence { removed_after: None, ..piece })
            }
            UnitLines::LastSubmitted | UnitLines::None => Some(piece).filter(|piece| piece.was_sent(revision)),
        }
    }
}

/// A piece has no rights or tag of its own: it uses those of its submission.
impl Subject for EvidenceCase {
    type Visible = VisibleEvidence;
    const TYPE: &'static str = "evidence";

    fn identity(&self) -> Identity {
        Identity { id: self.piece.id, ..self.sheet.identity() }
    }

    fn actions(&self) -> &'static [Action] {
        self.sheet.actions()
    }

    fn facts(&self) -> Facts<'_> {
        self.sheet.facts()
    }

    fn read_action(&self) -> Action {
        self.sheet.read_action()
    }

    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let piece = store::evidence::find(conn, id)?.ok_or(Code::NotFound)?;
        let sheet = SubmissionCase::find(conn, context, &piece.submission_id)?;
        Ok(EvidenceCase { piece, sheet })
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let submission_id = store::evidence::find(conn, id)?.ok_or(Code::NotFound)?.submission_id;
        let sheet = SubmissionCase::lock(conn, context, &submission_id)?;
        // Read again after the lock: a returned submission may have lapsed, which discards pieces added since.
        let piece = store::evidence::find(conn, id)?.ok_or(Code::NotFound)?;
        Ok(EvidenceCase { piece, sheet })
    }

    fn may(&self, context: &Context, action: Action) -> Gate {
        self.sheet.may(context, action)
    }

    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        self.sheet.authorize(context, self.read_action())?;
        self.as_seen(context).ok_or(Code::NotFound)?;
        self.sheet.authorize(context, action)
    }

    fn audit(&self) -> Value {
        audited(&self.piece)
    }

    /// Counts as a change of the submission.
    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(EvidenceCase { sheet: self.sheet.save(conn)?, ..self })
    }
}

/// A piece of evidence as audit entries keep it: what a revision freezes, and how it was given.
pub fn audited(piece: &Evidence) -> Value {
    let (file, document) = (piece.proof.file(), piece.proof.document());
    let further = json!({
        "submission_id": piece.submission_id, "added_by": piece.added_by, "name": file.map(|file| &file.name),
        "media_type": file.map(|file| &file.media_type), "size": file.map(|file| file.size),
        "url": document.map(|document| &document.url),
    });
    fields(&FrozenEvidence::from(piece), further)
}

impl Related<EvidenceCase> for VisibleEvidence {
    fn load(case: &EvidenceCase, conn: &mut Conn, context: &Context) -> Result<Self, Error> {
        let piece = case.as_seen(context).ok_or(Code::NotFound)?;
        Ok(VisibleEvidence { piece, sheet: VisibleResult::load(&case.sheet, conn, context)? })
    }

    fn parts(&self, case: &EvidenceCase) -> Vec<(Id, i64)> {
        self.sheet.parts(&case.sheet)
    }

    fn phase(&self, case: &EvidenceCase) -> Option<String> {
        self.sheet.phase(&case.sheet)
    }
}

/// Returns the file of a piece; an eGov reference has none.
pub fn file(conn: &mut Conn, context: &Context, id: &Id) -> Result<AttachedFile> {
    let case: EvidenceCase = context.find(conn, id)?;
    context.accept_read()?;
    Ok(case.piece.proof.file().cloned().ok_or(Code::NotFound)?)
}

/// Checks before an upload whether the caller may add a piece. For a request with an idempotency key only the rights are
/// checked: the first attempt may have changed the state.
pub fn may_add(conn: &mut Conn, context: &Context, submission_id: &Id, has_idempotency_key: bool) -> Result<()> {
    let case: SubmissionCase = context.find(conn, submission_id)?;
    case.authorize(context, Action::WriteEvidence)?;
    context.accept_read()?;
    if !has_idempotency_key {
        case.may(context, Action::WriteEvidence)?;
    }
    Ok(())
}

/// Adds a piece to a submission that its unit may edit.
pub fn add(
    conn: &mut Conn,
    context: &Context,
    submission_id: &Id,
    input: &Input<NewEvidence>,
) -> Result<Details<EvidenceCase>> {
    let (case, NewEvidence { label, proof }): (SubmissionCase, _) =
        context.enter_to_add(conn, submission_id, Action::WriteEvidence, input)?;
    let count = store::evidence::current(conn, submission_id)?.len();
    if count >= MAX_PIECES {
        return Err(Error::new(Code::TooManyPieces).with("max", MAX_PIECES).into());
    }
    let table = context.app.tables.of_submission(conn, &case)?;
    let (Label { criterion_code, title, .. }, proof) =
        checked(|check| (label.read(&table, check), proof.read(context, &case, check)))?;
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
    let submission = Submission { updated_at: context.now, ..case.submission };
    let added = EvidenceCase { piece, sheet: SubmissionCase { submission, ..case } }.save(conn)?;
    context.record_created(conn, "evidence.add", &added, None)?;
    Ok(context.details(conn, added)?)
}

impl NewProof {
    fn read(&self, context: &Context, case: &SubmissionCase, check: &mut Check) -> Proof {
        match self {
            NewProof::File { name, stored } => Proof::File(stored.attached(name, context.now, check)),
            NewProof::EgovDocument(document) => {
                let is_web_url = |text: &str| {
                    let is_valid = |url: url::Url| {
                        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
                    };
                    !text.contains(|c: char| c.is_whitespace() || c.is_control())
                        && url::Url::parse(text).is_ok_and(is_valid)
                };
                let document = document.read(date_in(case.zone, context.now), check);
                check.ensure(document.url.as_deref().is_none_or(is_web_url), "/url", Code::UrlInvalid);
                Proof::EgovDocument(document)
            }
        }
    }
}

/// Removes a piece from a submission that its unit may edit, and returns the submission's new tag. A piece that was sent
/// stays in the revisions that contain it.
pub fn remove(conn: &mut Conn, context: &Context, id: &Id) -> Result<Tag> {
    let (EvidenceCase { piece, sheet }, ()) = context.enter(conn, id, Action::WriteEvidence, &Ok(()))?;
    if !piece.is_current() {
        return Err(Error::new(Code::InvalidState).with("state", "removed").into());
    }
    let revision = sheet.submission.revision;
    if piece.was_sent(revision) {
        store::evidence::remove_after(conn, id, revision)?;
    } else {
        store::evidence::delete(conn, id)?;
    }
    let submission = Submission { updated_at: context.now, ..sheet.submission };
    let sheet = SubmissionCase { submission, ..sheet }.save(conn)?;
    let removed = EvidenceCase { piece, sheet };
    context.record_removed(conn, "evidence.remove", &removed)?;
    Ok(context.details(conn, removed.sheet)?.tag)
}
