//! The first account of an office or of the installation, from the command line.

use chrono::{DateTime, Utc};

use crate::domain::Id;
use crate::domain::office::member::{LOCAL_ISSUER, Member, Person, Role};
use crate::domain::office::organization::Organization;
use crate::domain::text::Check;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::office::invitations::{self, NewToken};
use crate::service::{App, AuditDraft, Author, Subject, record_as};
use crate::store::{self, Conn};

/// The kind of first account to create.
#[derive(Debug, Clone)]
pub enum FirstAccount {
    /// The admin of an organisation, which is created if missing.
    Admin {
        /// The organisation's code.
        organization: String,
    },
    /// An operator of the installation.
    Operator,
}

/// Creates the first account and invites its person. An account that is there already is invited again.
///
/// # Errors
/// `already_exists` for a user name of somebody with other roles; the faults of the names.
pub fn create(
    conn: &mut Conn,
    app: &App,
    first: &FirstAccount,
    user_name: &str,
    display_name: &str,
) -> Result<NewToken, Error> {
    let now = app.clock.now();
    let mut check = Check::default();
    let (organization, role) = match first {
        FirstAccount::Operator => (None, Role::FIRST_OF_INSTALLATION),
        FirstAccount::Admin { organization } => {
            (Some(organization_of(conn, app, now, organization, &mut check)?), Role::FIRST_OF_ORGANIZATION)
        }
    };
    let organization_id = organization.as_ref().map(|organization| organization.id);
    let today = date_in(organization.as_ref().map_or(chrono_tz::Asia::Ho_Chi_Minh, Organization::zone), now);
    let person = Person::of(None, user_name.to_owned(), display_name.to_owned());
    let mut member = Member::new(app.ids.next(), organization_id, person, vec![role], (today, now));
    member.clean(&mut check);
    Error::unless_valid(check.faults)?;
    let author = Author::system("command-line", "create-admin");
    let member = match known(conn, organization_id.as_ref(), &member.subject)? {
        Some(known) if known.roles.contains(&role) => known,
        Some(_) => return Err(Code::AlreadyExists.into()),
        None => {
            store::members::insert(conn, &member)?;
            record_as(conn, app, now, &author, AuditDraft::of("member.create", &member, None, Some(member.audit())))?;
            member
        }
    };
    invitations::invite(conn, app, now, &author, member, None)
}

/// The local member of a user name that has not ended.
fn known(conn: &mut Conn, organization_id: Option<&Id>, user_name: &str) -> Result<Option<Member>, Error> {
    let named = store::members::of_identity(conn, LOCAL_ISSUER, user_name)?;
    Ok(named.into_iter().find(|member| member.organization_id.as_ref() == organization_id))
}

fn organization_of(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    code: &str,
    check: &mut Check,
) -> Result<Organization, Error> {
    if let Some(found) = store::organizations::find_by_code(conn, code)? {
        return Ok(found);
    }
    let mut organization = Organization::new(app.ids.next(), code, code, now);
    organization.clean(check);
    if check.faults.is_empty() {
        store::organizations::insert(conn, &organization)?;
    }
    Ok(organization)
}
