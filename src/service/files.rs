//! Attached documents, by what they contain: a file once stored is never replaced.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use sha2::{Digest, Sha256};

use super::hex;
use crate::domain::Id;
use crate::error::{Code, Error};

/// The largest document, in bytes.
pub const MAX_BYTES: u64 = 20 * 1024 * 1024;
/// How much of a file tells its type.
const HEAD_BYTES: usize = 8 * 1024;

/// The types that a dossier may hold, as the bytes tell them.
const ALLOWED: [&str; 5] = [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "image/png",
    "image/jpeg",
];

/// Where documents are.
#[derive(Clone)]
pub struct Files(Arc<dyn ObjectStore>);

/// A document that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// How many bytes.
    pub size: i64,
    /// Its type, told from its bytes.
    pub media_type: String,
}

impl Files {
    /// Documents in a store.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Files(store)
    }

    fn place(sha256: &str) -> Path {
        Path::from(format!("sha256/{}/{sha256}", sha256.get(..2).unwrap_or_default()))
    }

    /// Stores a document as it arrives. Memory holds a few parts of it, never the whole.
    ///
    /// # Errors
    /// `file_empty`, `file_too_large`, `file_type_not_allowed`, and those of the stream.
    pub async fn put(
        &self,
        id: &Id,
        mut chunks: impl Stream<Item = Result<Bytes, Error>> + Unpin,
    ) -> Result<Stored, Error> {
        let incoming = Path::from(format!("incoming/{id}"));
        let upload = self.0.put_multipart(&incoming).await.map_err(Error::internal)?;
        let mut writer = WriteMultipart::new(upload);
        let (mut digest, mut size, mut head) = (Sha256::new(), 0_u64, Vec::new());
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
            if head.len() < HEAD_BYTES {
                head.extend_from_slice(&chunk);
            }
            writer.put(chunk);
        };
        let checked = received.and_then(|()| media_type(&head));
        let media_type = match checked {
            Ok(media_type) => media_type,
            Err(error) => {
                writer.abort().await.map_err(Error::internal)?;
                return Err(error);
            }
        };
        writer.finish().await.map_err(Error::internal)?;
        let sha256 = hex(&digest.finalize());
        self.0.rename(&incoming, &Self::place(&sha256)).await.map_err(Error::internal)?;
        Ok(Stored { sha256, size: i64::try_from(size).map_err(Error::internal)?, media_type: media_type.to_owned() })
    }

    /// A document's bytes.
    ///
    /// # Errors
    /// When the store does not have it.
    pub async fn get(&self, sha256: &str) -> Result<BoxStream<'static, Result<Bytes, std::io::Error>>, Error> {
        let found = self.0.get(&Self::place(sha256)).await.map_err(Error::internal)?;
        Ok(found.into_stream().map_err(std::io::Error::other).boxed())
    }
}

fn media_type(head: &[u8]) -> Result<&'static str, Error> {
    if head.is_empty() {
        return Err(Error::new(Code::FileEmpty));
    }
    let told = infer::get(head).map(|kind| kind.mime_type());
    // The library takes the mark of a PDF anywhere near the beginning; a page that mentions one is no PDF.
    let told = told.filter(|told| *told != "application/pdf" || head.starts_with(b"%PDF-"));
    told.filter(|told| ALLOWED.contains(told)).ok_or_else(|| Error::new(Code::FileTypeNotAllowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_tell_the_type() {
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
}
