//! Downloads: metadata of a file, and its bytes as an attachment that browsers do not render.

use actix_web::body::SizedStream;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType, ExtendedValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use base64::Engine as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::call::{Call, Reply};
use super::time::Instant;
use crate::domain::file::AttachedFile;
use crate::error::Error;

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "a type for the document: the bytes are answered as they are")]
pub struct FileBytes(Vec<u8>);

/// An attached file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttachedFile)]
pub struct FileView {
    /// File name, as uploaded.
    #[schema(example = "to-trinh.pdf")]
    name: String,
    /// Media type, determined from the content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// Size in bytes.
    size: i64,
    /// SHA-256 of the content, in hexadecimal.
    sha256: String,
    /// When the file was attached.
    attached_at: Instant,
}

impl From<&AttachedFile> for FileView {
    fn from(file: &AttachedFile) -> Self {
        FileView {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: file.size,
            sha256: file.sha256.clone(),
            attached_at: Instant(file.attached_at),
        }
    }
}

/// Answers with a file as an attachment, with its digest.
///
/// # Errors
/// If the file is not in storage.
pub async fn attachment(call: &Call, file: AttachedFile) -> Reply {
    let etag = format!("\"{}-0\"", file.sha256);
    if call.etag_matches(&etag) {
        return Ok(not_modified(&etag));
    }
    let bytes = call.state().app.files.get(&file.sha256).await.map_err(|error| call.problem(error))?;
    let size = u64::try_from(file.size).map_err(|error| call.problem(Error::internal(error)))?;
    Ok(attachment_response(&file.name, &file.media_type)
        .insert_header((header::ETAG, etag))
        .insert_header(("Repr-Digest", repr_digest(&file.sha256)))
        .insert_header(("X-Content-SHA256", file.sha256))
        .body(SizedStream::new(size, bytes)))
}

/// Answers a client that already has the file.
pub fn not_modified(etag: &str) -> HttpResponse {
    HttpResponse::NotModified()
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .finish()
}

/// Starts the response for a file that browsers save rather than render.
pub fn attachment_response(name: &str, media_type: &str) -> HttpResponseBuilder {
    let name = ExtendedValue {
        charset: header::Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_bytes().to_vec(),
    };
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(name)],
    };
    let mut response = HttpResponse::Ok();
    response
        .content_type(media_type)
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    response
}

/// Formats a digest for `Repr-Digest` (RFC 9530).
fn repr_digest(sha256: &str) -> String {
    let digits = sha256.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    let bytes: Vec<u8> = digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    format!("sha-256=:{}:", base64::engine::general_purpose::STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    /// SHA-256 of no bytes.
    #[test]
    fn the_digest_of_nothing() {
        let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::repr_digest(of_nothing), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
    }
}
