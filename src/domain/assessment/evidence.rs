//! Evidence (minh chứng) for a line of a submission: a file, or a document in the office's eGov system.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::criteria::scoring::ScoringTable;
use crate::domain::file::AttachedFile;
use crate::domain::text::{CODE_CHARS, Check, TITLE_CHARS};
use crate::error::{Code, Error, Fault};

/// Maximum number of pieces of evidence of a submission.
pub const MAX_PIECES: usize = 500;
/// Longest web address, in characters.
pub const URL_CHARS: usize = 2_000;

/// Security classification of a document. Only `none` is accepted.
// The guideline, A.II.3, forbids state secrets on connected machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// Not classified.
    None,
    /// Mật.
    Confidential,
    /// Tối mật.
    Secret,
    /// Tuyệt mật.
    TopSecret,
}

/// Kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// An uploaded file.
    File,
    /// A document in the office's eGov system.
    EgovDocument,
}

/// A document in the office's eGov system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgovDocument {
    /// Number and symbol of the document.
    pub number: String,
    /// Date of the document.
    pub issued_on: NaiveDate,
    /// Authority that issued it.
    pub issuer: String,
    /// Web address of the document.
    pub url: Option<String>,
}

/// The file or document of a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// An uploaded file.
    File(AttachedFile),
    /// A document in the office's eGov system.
    EgovDocument(EgovDocument),
}

impl Proof {
    /// Returns the kind of evidence.
    pub const fn kind(&self) -> EvidenceKind {
        match self {
            Proof::File(_) => EvidenceKind::File,
            Proof::EgovDocument(_) => EvidenceKind::EgovDocument,
        }
    }

    /// Returns the file, if it is one.
    pub const fn file(&self) -> Option<&AttachedFile> {
        match self {
            Proof::File(file) => Some(file),
            Proof::EgovDocument(_) => None,
        }
    }

    /// Returns the document, if it is one.
    pub const fn document(&self) -> Option<&EgovDocument> {
        match self {
            Proof::File(_) => None,
            Proof::EgovDocument(document) => Some(document),
        }
    }
}

/// A piece of evidence. It belongs to every revision of its submission after `added_after`, up to and including
/// `removed_after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Id of the piece of evidence.
    pub id: Id,
    /// The organisation that it belongs to.
    pub organization_id: Id,
    /// The submission that it belongs to.
    pub submission_id: Id,
    /// Code of the criterion that it supports.
    pub criterion_code: String,
    /// Title of the piece of evidence.
    pub title: String,
    /// The file or document.
    pub proof: Proof,
    /// The member who added it.
    pub added_by: Id,
    /// Number of revisions of the submission when it was added.
    pub added_after: i32,
    /// Number of revisions of the submission when it was removed; `None` if it was not.
    pub removed_after: Option<i32>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl Evidence {
    /// Whether it belongs to the current, unsubmitted state of the submission.
    pub const fn is_current(&self) -> bool {
        self.removed_after.is_none()
    }

    /// Whether it was submitted with this revision.
    pub fn is_of(&self, revision: i32) -> bool {
        self.added_after < revision && self.removed_after.is_none_or(|removed_after| removed_after >= revision)
    }

    /// Whether it was submitted with any revision of a submission that has this many.
    pub const fn was_sent(&self, revisions: i32) -> bool {
        self.added_after < revisions
    }
}

/// The description of a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Code of the criterion that it supports.
    pub criterion_code: String,
    /// Title of the piece of evidence.
    pub title: String,
    /// Security classification.
    pub classification: Classification,
}

impl Label {
    /// Validates the description: a criterion of the table, a title, and nothing classified.
    pub fn read(&self, table: &ScoringTable, check: &mut Check) -> Label {
        if table.position(&self.criterion_code).is_none() {
            let fault = Fault::at("/criterion_code", Code::UnknownCriterion);
            check.faults.push(fault.with("criterion", self.criterion_code.as_str()));
        }
        if let Err(error) = self.classification.accept() {
            check.faults.extend(error.faults);
        }
        Label { title: check.text("/title", &self.title, TITLE_CHARS), ..self.clone() }
    }
}

impl Classification {
    /// Rejects classified documents.
    ///
    /// # Errors
    /// `classified_content`.
    pub fn accept(self) -> Result<(), Error> {
        match self {
            Classification::None => Ok(()),
            Classification::Confidential | Classification::Secret | Classification::TopSecret => {
                Err(Error::of_fault(Fault::at("/classification", Code::ClassifiedContent)))
            }
        }
    }
}

impl EgovDocument {
    /// Validates the document. `today` is the local date.
    pub fn read(&self, today: NaiveDate, check: &mut Check) -> EgovDocument {
        let earliest = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(NaiveDate::MIN);
        check.date("/issued_on", self.issued_on, (earliest, today));
        EgovDocument {
            number: check.text("/number", &self.number, CODE_CHARS),
            issued_on: self.issued_on,
            issuer: check.text("/issuer", &self.issuer, TITLE_CHARS),
            url: check.optional("/url", self.url.as_deref(), URL_CHARS),
        }
    }
}

/// A piece of evidence, as frozen in a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FrozenEvidence {
    /// Id of the piece of evidence, still available at `GET /v1/evidence/{id}`.
    pub id: Id,
    /// Code of the criterion that it supports.
    pub criterion_code: String,
    /// Title of the piece of evidence.
    pub title: String,
    /// Kind of evidence.
    pub kind: EvidenceKind,
    /// SHA-256 of the file, in hexadecimal; null for a document.
    pub sha256: Option<String>,
    /// Number and symbol of the document; null for a file.
    pub number: Option<String>,
    /// Date of the document; null for a file.
    pub issued_on: Option<NaiveDate>,
    /// Authority that issued the document; null for a file.
    pub issuer: Option<String>,
}

impl From<&Evidence> for FrozenEvidence {
    fn from(evidence: &Evidence) -> Self {
        let document = evidence.proof.document();
        FrozenEvidence {
            id: evidence.id,
            criterion_code: evidence.criterion_code.clone(),
            title: evidence.title.clone(),
            kind: evidence.proof.kind(),
            sha256: evidence.proof.file().map(|file| file.sha256.clone()),
            number: document.map(|document| document.number.clone()),
            issued_on: document.map(|document| document.issued_on),
            issuer: document.map(|document| document.issuer.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(added_after: i32, removed_after: Option<i32>) -> Evidence {
        let id = || Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001");
        let document = EgovDocument {
            number: "12/BC-TH".into(),
            issued_on: NaiveDate::from_ymd_opt(2023, 10, 5).unwrap(),
            issuer: "Phòng Tổng hợp".into(),
            url: None,
        };
        Evidence {
            id: id(),
            organization_id: id(),
            submission_id: id(),
            criterion_code: "A.II.1".into(),
            title: "Báo cáo".into(),
            proof: Proof::EgovDocument(document),
            added_by: id(),
            added_after,
            removed_after,
            created_at: DateTime::default(),
        }
    }

    /// The revisions, of 1 to 4, that a piece of evidence belongs to.
    #[test]
    fn evidence_belongs_to_the_revisions_between_adding_and_removing_it() {
        let table: [(i32, Option<i32>, &[i32]); 6] = [
            (0, None, &[1, 2, 3, 4]),
            (2, None, &[3, 4]),
            (0, Some(1), &[1]),
            (1, Some(3), &[2, 3]),
            (0, Some(0), &[]),
            (2, Some(2), &[]),
        ];
        for (added_after, removed_after, expected) in table {
            let piece = piece(added_after, removed_after);
            let of: Vec<i32> = (1..=4).filter(|revision| piece.is_of(*revision)).collect();
            assert_eq!(of, expected, "added after {added_after}, removed after {removed_after:?}");
            assert_eq!(piece.is_current(), removed_after.is_none());
        }
        assert!(piece(0, None).was_sent(1) && !piece(1, None).was_sent(1));
    }

    #[test]
    fn nothing_classified_is_admitted() {
        assert!(Classification::None.accept().is_ok());
        for marked in [Classification::Confidential, Classification::Secret, Classification::TopSecret] {
            assert_eq!(marked.accept().unwrap_err().code, Code::ClassifiedContent, "{marked:?}");
        }
    }
}
