//! Content-addressed storage of attached files: a stored file is never replaced.
//!
//! Storing a file takes three steps: it is uploaded under a temporary name, its digest is claimed in the database, and it is
//! moved to its final path. After a crash between two steps, [`sweep`] finds what is left: an abandoned upload, or a claim
//! that no row refers to. Parts of an interrupted multipart upload are left to the bucket's own lifecycle rule.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use sha2::{Digest, Sha256};

use super::{App, hex};
use crate::clock::{Ids, machine_now};
use crate::domain::Id;
use crate::domain::file::AttachedFile;
use crate::domain::text::{Check, TITLE_CHARS};
use crate::error::{Code, Error};
use crate::store;

/// Largest accepted file, in bytes.
pub const MAX_BYTES: u64 = 20 * 1024 * 1024;
/// Length of the file header that the type is detected from, in bytes.
const HEAD_BYTES: usize = 8 * 1024;
/// Length of the file trailer that an archive's directory is read from, in bytes.
const TAIL_BYTES: usize = 256 * 1024;
/// Concurrent part uploads of one file.
const MAX_CONCURRENT_PARTS: usize = 2;

/// Media type of PDF.
pub const PDF: &str = "application/pdf";
/// Media type of DOCX.
pub const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// Accepted media types, as detected from the content.
const ALLOWED: [&str; 5] =
    [PDF, DOCX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "image/png", "image/jpeg"];

/// The store of attached files.
#[derive(Clone)]
pub struct Files(Arc<dyn ObjectStore>);

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// SHA-256 of the content, in hex.
    pub sha256: String,
    /// Length in bytes.
    pub size: i64,
    /// Media type, as detected from the content.
    pub media_type: String,
}

impl StoredFile {
    /// The file under the name that it was uploaded with.
    pub fn attached(&self, name: &str, now: DateTime<Utc>, check: &mut Check) -> AttachedFile {
        AttachedFile {
            name: check.text("/file", name, TITLE_CHARS),
            media_type: self.media_type.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
            attached_at: now,
        }
    }
}

/// A completely received upload that is not yet at its final path.
#[derive(Debug)]
pub struct ReceivedFile {
    at: Path,
    /// Digest, length and type.
    pub stored: StoredFile,
}

impl Files {
    /// Wraps an object store.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Files(store)
    }

    /// Checks at start-up that the store accepts writes.
    ///
    /// # Errors
    /// `internal` when it does not.
    pub async fn check(&self) -> Result<(), Error> {
        // A random name: instances that start together must not delete each other's probe, and a sandbox's ids are sequential.
        let probe = Path::from(format!("{INCOMING}/{}", Ids::Random.next()));
        self.0.put(&probe, Bytes::from_static(b"probe").into()).await.map_err(Error::internal)?;
        self.remove(&probe).await
    }

    fn path_of(sha256: &str) -> Path {
        Path::from(format!("sha256/{}/{sha256}", sha256.get(..2).unwrap_or_default()))
    }

    /// Receives an upload as a stream, holding at most a few parts of it in memory.
    ///
    /// # Errors
    /// `file_empty`, `file_too_large`, `file_type_not_allowed`, `internal`, and the errors of the stream.
    pub async fn receive(
        &self,
        id: &Id,
        mut chunks: impl Stream<Item = Result<Bytes, Error>> + Unpin,
    ) -> Result<ReceivedFile, Error> {
        let at = Path::from(format!("{INCOMING}/{id}"));
        let upload = self.0.put_multipart(&at).await.map_err(Error::internal)?;
        let mut writer = WriteMultipart::new(upload);
        let (mut digest, mut size, mut head, mut tail) = (Sha256::new(), 0_u64, Vec::new(), Tail::default());
        let received = loop {
            let chunk = match chunks.next().await {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => break Err(error),
                None => break Ok(()),
            };
            size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            if size > MAX_BYTES {
                break Err(Error::new(Code::FileTooLarge).with("max_bytes", MAX_BYTES));
            }
            digest.update(&chunk);
            tail.add(&chunk);
            if head.len() < HEAD_BYTES {
                head.extend_from_slice(&chunk);
            }
            if let Err(error) = writer.wait_for_capacity(MAX_CONCURRENT_PARTS).await {
                break Err(Error::internal(error));
            }
            writer.put(chunk);
        };
        let checked = received.and_then(|()| media_type(&head, tail));
        let media_type = match checked {
            Ok(media_type) => media_type,
            Err(error) => {
                // The client is told what was wrong with its file; the abandoned upload is left to the sweep.
                if let Err(failure) = writer.abort().await {
                    log::warn!(error:% = failure; "could not abort an upload");
                }
                return Err(error);
            }
        };
        writer.finish().await.map_err(Error::internal)?;
        let sha256 = hex(&digest.finalize());
        let size = i64::try_from(size).map_err(Error::internal)?;
        Ok(ReceivedFile { at, stored: StoredFile { sha256, size, media_type: media_type.to_owned() } })
    }

    /// Deletes an upload that is not needed; on failure the sweep will.
    pub async fn discard(&self, received: &ReceivedFile) {
        if let Err(failure) = self.0.delete(&received.at).await {
            log::warn!(error:% = failure; "could not delete an unneeded upload");
        }
    }

    /// Streams a file's content.
    ///
    /// # Errors
    /// `internal` when the store does not have it.
    pub async fn get(&self, sha256: &str) -> Result<BoxStream<'static, Result<Bytes, std::io::Error>>, Error> {
        let found = self.0.get(&Self::path_of(sha256)).await.map_err(Error::internal)?;
        Ok(found.into_stream().map_err(std::io::Error::other).boxed())
    }

    async fn remove(&self, path: &Path) -> Result<(), Error> {
        match self.0.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::internal(error)),
        }
    }
}

/// Prefix of temporary uploads.
const INCOMING: &str = "incoming";

/// Moves an upload to its final path, so that rows may refer to it.
///
/// # Errors
/// `busy` while a sweep is deleting the same content; `internal`.
pub async fn promote(app: &App, received: ReceivedFile) -> Result<StoredFile, Error> {
    let (sha256, now) = (received.stored.sha256.clone(), machine_now());
    app.db.write(move |conn| store::files::claim(conn, &sha256, now)).await?;
    let path = Files::path_of(&received.stored.sha256);
    app.files.0.rename(&received.at, &path).await.map_err(Error::internal)?;
    Ok(received.stored)
}

/// Deletes files that were claimed before `before`, by the machine's clock, and that no row refers to, and temporary uploads
/// older than that. Returns how many were deleted; failed deletions are retried by the next sweep.
///
/// # Errors
/// The first failure of the database or the store, after everything else was tried.
pub async fn sweep(app: &App, before: DateTime<Utc>) -> Result<usize, Error> {
    let now = machine_now();
    let marked = app.db.write(move |conn| store::files::mark_unreferenced(conn, before, now)).await?;
    let (mut removed, mut failed) = (Vec::new(), None);
    for sha256 in marked {
        match app.files.remove(&Files::path_of(&sha256)).await {
            Ok(()) => removed.push(sha256),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let mut deleted = removed.len();
    app.db.write(move |conn| store::files::delete_marked(conn, &removed)).await?;
    let uploads = app.files.0.list(Some(&Path::from(INCOMING)));
    let old: Vec<Path> = uploads
        .try_filter(|upload| std::future::ready(upload.last_modified < before))
        .map_ok(|upload| upload.location)
        .try_collect()
        .await
        .map_err(Error::internal)?;
    for upload in &old {
        match app.files.remove(upload).await {
            Ok(()) => deleted += 1,
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(deleted), Err)
}

/// The trailer of a file, where an archive keeps its directory.
#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
    /// Offset of the first byte within the file.
    start: u64,
    /// Position of the reader within the file.
    at: u64,
}

impl Tail {
    fn add(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        // Grows to twice the length before it is cut, so that not every chunk moves all bytes.
        if self.bytes.len() > 2 * TAIL_BYTES {
            let removed = self.bytes.len() - TAIL_BYTES;
            self.bytes.drain(..removed);
            self.start += u64::try_from(removed).unwrap_or_default();
        }
    }

    fn end(&self) -> u64 {
        self.start + u64::try_from(self.bytes.len()).unwrap_or_default()
    }

    /// Returns the type of the office document in an archive, judged by its directory.
    fn office_document(self) -> Option<&'static str> {
        let archive = zip::ZipArchive::new(self).ok()?;
        let has = |name: &str| archive.index_for_name(name).is_some();
        let kinds = [("word/document.xml", ALLOWED[1]), ("xl/workbook.xml", ALLOWED[2])];
        let found = kinds.into_iter().find(|(name, _)| has(name)).map(|(_, kind)| kind);
        found.filter(|_| has("[Content_Types].xml"))
    }
}

impl Read for Tail {
    /// Fails for bytes before the trailer, which were not kept.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let offset = self.at.checked_sub(self.start).and_then(|offset| usize::try_from(offset).ok());
        let rest = offset.and_then(|offset| self.bytes.get(offset..)).ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let count = Read::read(&mut &*rest, buffer)?;
        self.at += u64::try_from(count).unwrap_or_default();
        Ok(count)
    }
}

impl Seek for Tail {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.end(), by),
            SeekFrom::Current(by) => (self.at, by),
        };
        self.at = from.checked_add_signed(by).ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

fn media_type(head: &[u8], tail: Tail) -> Result<&'static str, Error> {
    if head.is_empty() {
        return Err(Error::new(Code::FileEmpty));
    }
    if head.starts_with(b"PK\x03\x04") {
        return tail.office_document().ok_or_else(|| Error::new(Code::FileTypeNotAllowed));
    }
    let detected = infer::get(head).map(|kind| kind.mime_type());
    // The library accepts a PDF signature anywhere near the beginning; text that merely mentions one is not a PDF.
    let detected = detected.filter(|detected| *detected != "application/pdf" || head.starts_with(b"%PDF-"));
    detected.filter(|detected| ALLOWED.contains(detected)).ok_or_else(|| Error::new(Code::FileTypeNotAllowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_detected_from_the_content() {
        let media_type = |bytes: &[u8]| {
            let mut tail = Tail::default();
            tail.add(bytes);
            media_type(bytes, tail)
        };
        assert_eq!(media_type(b"%PDF-1.7\n%x").unwrap(), "application/pdf");
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n").unwrap(), "image/png");
        for (bytes, code) in [
            (&b""[..], Code::FileEmpty),
            (b"<html><script>", Code::FileTypeNotAllowed),
            (b"MZ\x90", Code::FileTypeNotAllowed),
            (b"plain", Code::FileTypeNotAllowed),
        ] {
            assert_eq!(media_type(bytes).unwrap_err().code, code);
        }
    }

    /// An archive of these entries in this order, each an incompressible megabyte.
    fn archive(names: &[&str]) -> Vec<u8> {
        use std::io::Write as _;
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for name in names {
            archive.start_file(*name, options).unwrap();
            archive.write_all(&vec![b'x'; 1024 * 1024]).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    /// Independent of the producing program and of the order of the entries.
    #[test]
    fn an_office_document_is_recognised_by_its_entries() {
        let detected = |names: &[&str]| {
            let bytes = archive(names);
            let mut tail = Tail::default();
            bytes.chunks(60_000).for_each(|chunk| tail.add(chunk));
            assert!(tail.bytes.len() <= 2 * TAIL_BYTES);
            media_type(&bytes[..HEAD_BYTES], tail).map_err(|error| error.code)
        };
        let refused = Err(Code::FileTypeNotAllowed);
        assert_eq!(
            detected(&["_rels/.rels", "docProps/core.xml", "word/document.xml", "[Content_Types].xml"]),
            Ok(ALLOWED[1])
        );
        assert_eq!(
            detected(&["[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "xl/workbook.xml"]),
            Ok(ALLOWED[2])
        );
        assert_eq!(detected(&["word/evil.exe"]), refused);
        assert_eq!(detected(&["[Content_Types].xml", "ppt/presentation.xml"]), refused);
        assert_eq!(detected(&["word/document.xml"]), refused);
    }
}
