//! Evidence (minh chứng): what proves a line of a sheet, as a file or as a document that the office's eGov system keeps.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::criteria::scoring::ScoringTable;
use crate::domain::file::AttachedFile;
use crate::domain::text::{CODE_CHARS, Check, TITLE_CHARS};
use crate::error::{Code, Error, Fault};

/// The most pieces of one sheet.
pub const MAX_PIECES: usize = 500;
/// The longest web address, in characters.
pub const URL_CHARS: usize = 2_000;

/// The degree of secrecy that a document is marked with. Only [`Classification::None`] may be put into the system:
/// the guideline, A.II.3, forbids state secrets on connected machines.
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

/// Where the proof is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A file that was uploaded.
    File,
    /// A document that the office's eGov system keeps.
    EgovDocument,
}

/// A document that the office's eGov system keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgovDocument {
    /// Its number and symbol.
    pub number: String,
    /// Its date.
    pub issued_on: NaiveDate,
    /// Who issued it.
    pub issuer: String,
    /// Where it can be read.
    pub url: Option<String>,
}

/// The proof itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A file that was uploaded.
    File(AttachedFile),
    /// A document that the office's eGov system keeps.
    EgovDocument(EgovDocument),
}

impl Proof {
    /// Which of the two it is.
    pub const fn kind(&self) -> EvidenceKind {
        match self {
            Proof::File(_) => EvidenceKind::File,
            Proof::EgovDocument(_) => EvidenceKind::EgovDocument,
        }
    }

    /// The file, if it is one.
    pub const fn file(&self) -> Option<&AttachedFile> {
        match self {
            Proof::File(file) => Some(file),
            Proof::EgovDocument(_) => None,
        }
    }

    /// The document, if it is one.
    pub const fn document(&self) -> Option<&EgovDocument> {
        match self {
            Proof::File(_) => None,
            Proof::EgovDocument(document) => Some(document),
        }
    }
}

/// A piece of evidence. It is part of every revision of its sheet from the one after `added_after` up to `removed_after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub organization_id: Id,
    /// Of which sheet.
    pub submission_id: Id,
    /// Which line it proves.
    pub criterion_code: String,
    /// What it is called.
    pub title: String,
    /// The proof itself.
    pub proof: Proof,
    /// The member who added it.
    pub added_by: Id,
    /// How often the sheet had been sent when it was added.
    pub added_after: i32,
    /// How often the sheet had been sent when it was taken away; none while it stands.
    pub removed_after: Option<i32>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl Evidence {
    /// Whether it stands on the sheet as its unit has it now.
    pub const fn is_current(&self) -> bool {
        self.removed_after.is_none()
    }

    /// Whether it was sent with the revision of this number.
    pub fn is_of(&self, revision: i32) -> bool {
        self.added_after < revision && self.removed_after.is_none_or(|removed_after| removed_after >= revision)
    }

    /// Whether it was sent with any revision of a sheet that has been sent this often.
    pub const fn was_sent(&self, revisions: i32) -> bool {
        self.added_after < revisions
    }
}

/// What every piece of evidence is said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Which line it proves.
    pub criterion_code: String,
    /// What it is called.
    pub title: String,
    /// What it is marked with.
    pub classification: Classification,
}

impl Label {
    /// The same once it was read: a line of the table, a title, nothing classified.
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
    /// Lets nothing classified in.
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
    /// The same once it was read. `today` is the office's.
    pub fn read(&self, today: NaiveDate, check: &mut Check) -> EgovDocument {
        let is_a_date = self.issued_on <= today && self.issued_on.year() >= 1900;
        check.ensure(is_a_date, "/issued_on", Code::DateOutOfRange);
        EgovDocument {
            number: check.text("/number", &self.number, CODE_CHARS),
            issued_on: self.issued_on,
            issuer: check.text("/issuer", &self.issuer, TITLE_CHARS),
            url: check.optional("/url", self.url.as_deref(), URL_CHARS),
        }
    }
}

/// A piece of evidence as it was sent: what a revision freezes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FrozenEvidence {
    /// Its id: `GET /v1/evidence/{id}` still gives it.
    pub id: Id,
    /// Which line it proves.
    pub criterion_code: String,
    /// What it is called.
    pub title: String,
    /// Where the proof is.
    pub kind: EvidenceKind,
    /// SHA-256 of the file, in hex.
    pub sha256: Option<String>,
    /// The document's number and symbol.
    pub number: Option<String>,
    /// The document's date.
    pub issued_on: Option<NaiveDate>,
    /// Who issued the document.
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

    /// Which of the revisions 1 to 4 a piece was sent with.
    #[test]
    fn a_piece_is_of_the_revisions_between_its_coming_and_its_going() {
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
