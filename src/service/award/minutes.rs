//! The signed minutes of a session.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::award::council_session::{CouncilSession, SessionCase};
use crate::domain::file::AttachedFile;
use crate::domain::text::checked;
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::service::files::{DOCX, PDF, StoredFile};
use crate::service::{AuditDraft, Context, Details, Result, Subject, record};
use crate::store::{self, Conn};

/// Rejects a file that is neither PDF nor DOCX.
///
/// # Errors
/// `file_type_not_allowed`.
pub fn check_type(file: &StoredFile) -> Result<(), Error> {
    let allowed = [PDF, DOCX].contains(&file.media_type.as_str());
    if allowed { Ok(()) } else { Err(Error::new(Code::FileTypeNotAllowed)) }
}

/// Checks before an upload whether the caller may attach minutes.
pub fn may_attach(conn: &mut Conn, context: &Context, id: &Id) -> Result<()> {
    let case: SessionCase = context.find(conn, id)?;
    case.authorize(context, Action::AttachMinutes)?;
    context.accept(&Ok(()))?;
    context.check_state(conn, &case)?;
    Ok(case.may(Action::AttachMinutes)?)
}

/// Attaches a stored file as the minutes. Those before are kept, and the audit names them.
pub fn attach(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    name: &str,
    stored: &StoredFile,
) -> Result<Details<SessionCase>> {
    let (case, ()): (SessionCase, _) = context.enter(conn, id, Action::AttachMinutes, &Ok(()))?;
    let file = checked(|check| stored.attached(name, context.now, check))?;
    let audit = |file: &AttachedFile| -> Value {
        json!({"minutes": {
            "name": file.name, "media_type": file.media_type, "size": file.size, "sha256": file.sha256,
            "attached_at": instant(file.attached_at),
        }})
    };
    let (before, after) = (case.session.minutes.as_ref().map(audit), audit(&file));
    let touched = CouncilSession { updated_at: context.now, ..case.session };
    let session = store::council_sessions::update(conn, touched)?;
    store::council_sessions::attach_minutes(conn, id, &file)?;
    let case = SessionCase { session: CouncilSession { minutes: Some(file), ..session }, ..case };
    record(conn, context, AuditDraft::of("council_session.attach_minutes", &case, before, Some(after)))?;
    Ok(context.details(conn, case)?)
}

/// Returns the minutes as attached last.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<AttachedFile> {
    let case: SessionCase = context.find(conn, id)?;
    Ok(case.session.minutes.ok_or(Code::NotFound)?)
}
