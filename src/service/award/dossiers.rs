//! Dossiers to hand on: as an archive with a manifest, and as an edXML envelope. Both are streamed, a chunk of a document
//! at a time.

mod archive;
pub mod edxml;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use crate::domain::Id;
use crate::domain::assessment::period::Period;
use crate::domain::award::award_proposal::{Document, Proposal, ProposalCase};
use crate::domain::file::AttachedFile;
use crate::domain::office::organization::Organization;
use crate::domain::office::unit::Unit;
use crate::error::{Code, Error};
use crate::service::files::Files;
use crate::service::{Context, Result, sha256_hex};
use crate::store::{self, Conn};
use archive::Archive;
use edxml::Envelope;

/// Number of chunks that wait for a slow reader.
const CHUNKS: usize = 2;

/// The bytes of a file, as they are produced.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// A dossier with the records that it belongs to.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The proposal.
    pub proposal: Proposal,
    /// The unit that is proposed.
    pub unit: Unit,
    /// The period that it results from.
    pub period: Period,
    /// The office.
    pub organization: Organization,
}

/// Returns the dossier of a proposal.
pub fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Dossier> {
    let ProposalCase { proposal, .. } = context.find(conn, id)?;
    context.accept_read()?;
    let unit = store::units::find(conn, &proposal.unit_id)?.ok_or(Code::NotFound)?;
    let period = store::periods::find(conn, &proposal.period_id)?.ok_or(Code::NotFound)?;
    let organization = store::organizations::find(conn, &proposal.organization_id)?.ok_or(Code::NotFound)?;
    Ok(Dossier { proposal, unit, period, organization })
}

impl Dossier {
    /// Returns the attached documents, each with its file.
    fn attached(&self) -> impl Iterator<Item = (&Document, &AttachedFile)> {
        self.proposal.documents.iter().filter_map(|document| Some((document, document.file.as_ref()?)))
    }

    /// Returns its name as a file, without an extension.
    pub fn file_name(&self) -> String {
        format!("ho-so-{}-{}-{}", self.period.rules.code, self.unit.code, self.proposal.award_code)
    }
}

/// Returns the name of a document within an archive: its code, with the extension of its type, never the name that it
/// was uploaded under.
fn entry_name(document: &Document, file: &AttachedFile) -> String {
    format!("documents/{}.{}", document.code, extension(&file.media_type))
}

fn extension(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        _ => "bin",
    }
}

/// Returns the digests of everything in an archive, as `sha256sum --check` reads them.
pub fn manifest(dossier: &Dossier, metadata: &str) -> String {
    let documents = dossier.attached().map(|(document, file)| (file.sha256.clone(), entry_name(document, file)));
    let all = std::iter::once((sha256_hex(metadata.as_bytes()), "metadata.json".to_owned())).chain(documents);
    all.map(|(sha256, name)| [sha256, "  ".to_owned(), name, "\n".to_owned()].concat()).collect::<Vec<_>>().concat()
}

/// Streams a dossier as a ZIP archive: `metadata.json`, the documents, and `manifest.sha256`.
pub fn zip(files: Files, dossier: Dossier, metadata: String) -> ByteStream {
    streamed(move |sink| async move {
        let mut archive = Archive::new();
        sink.send(archive.add("metadata.json", metadata.as_bytes())?).await?;
        for (document, file) in dossier.attached() {
            archive.start(&entry_name(document, file))?;
            let mut chunks = open(&files, file).await?;
            while let Some(chunk) = chunks.try_next().await? {
                sink.send(archive.write(&chunk)?).await?;
            }
        }
        sink.send(archive.add("manifest.sha256", manifest(&dossier, &metadata).as_bytes())?).await?;
        sink.send(archive.finish()?).await
    })
}

/// Streams a dossier as an unsigned edXML envelope with its documents.
pub fn edxml(files: Files, dossier: Dossier, envelope: Envelope) -> ByteStream {
    streamed(move |sink| async move {
        sink.send(envelope.head.into()).await?;
        for (at, (document, file)) in dossier.attached().enumerate() {
            let (before, after) = edxml::attachment(at, document, file)?;
            sink.send(before.into()).await?;
            let mut chunks = open(&files, file).await?;
            let mut rest: Vec<u8> = Vec::new();
            while let Some(chunk) = chunks.try_next().await? {
                rest.extend_from_slice(&chunk);
                // Three bytes make four letters; what is left over waits for the next chunk.
                let whole = rest.len() - rest.len() % 3;
                let encoded = STANDARD.encode(rest.drain(..whole).as_slice());
                sink.send(encoded.into()).await?;
            }
            sink.send((STANDARD.encode(&rest) + &after).into()).await?;
        }
        sink.send(envelope.tail.into()).await
    })
}

async fn open(files: &Files, file: &AttachedFile) -> io::Result<ByteStream> {
    files.get(&file.sha256).await.map_err(|error: Error| io::Error::other(format!("{error:?}")))
}

/// Where the bytes of a file go.
struct Sink(mpsc::Sender<io::Result<Bytes>>);

impl Sink {
    /// Waits until the reader has taken what was sent before.
    async fn send(&self, bytes: Bytes) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.0.send(Ok(bytes)).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Runs `produce` beside the response, no faster than its reader. A failure ends the stream with an error, so that nobody
/// takes the part for the whole.
fn streamed<F>(produce: impl FnOnce(std::sync::Arc<Sink>) -> F) -> ByteStream
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let work = produce(std::sync::Arc::new(Sink(sender.clone())));
    tokio::spawn(async move {
        if let Err(error) = work.await {
            // The reader may have gone.
            let _ = sender.send(Err(error)).await;
        }
    });
    stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|chunk| (chunk, receiver)) }).boxed()
}
