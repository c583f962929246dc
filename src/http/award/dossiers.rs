//! Dossiers to hand on: `/v1/award-proposals/{id}/dossier.zip` and `…/export.edxml`.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::period::Notice;
use crate::error::{Code, Error};
use crate::http::award::award_proposals::ProposalHeadView;
use crate::http::call::{Call, Reply};
use crate::http::files::{self, FileBytes};
use crate::http::operation::{Operation, operations, reads};
use crate::http::time::Day;
use crate::service::award::dossiers::edxml::{self, Posting};
use crate::service::award::dossiers::{self, ByteStream, Dossier};
use crate::service::tag;

/// Returns the operations on `award_proposals` that hand a dossier on.
pub fn operations() -> Vec<Operation> {
    operations![Awards, "award_proposals";
        dossier: reads(Action::ReadProposal),
        envelope: reads(Action::ReadProposal).refuses(&[Code::AgencyCodeMissing, Code::InvalidParameter]),
    ]
}

/// What a dossier belongs to.
#[derive(Serialize)]
struct Named<'a> {
    id: Id,
    code: &'a str,
    name: &'a str,
}

/// The group in which the unit has its rank.
#[derive(Serialize)]
struct NamedGroup<'a> {
    code: &'a str,
    title: &'a str,
}

/// `metadata.json` of an archive.
#[derive(Serialize)]
struct Metadata<'a> {
    organization: Named<'a>,
    agency_code: Option<&'a str>,
    period: Named<'a>,
    year: i32,
    notice: Option<&'a Notice>,
    unit: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<NamedGroup<'a>>,
    proposal: ProposalHeadView,
}

fn metadata(dossier: &Dossier) -> Result<String, Error> {
    let Dossier { proposal, unit, period, organization } = dossier;
    let metadata = Metadata {
        organization: Named { id: organization.id, code: &organization.code, name: &organization.name },
        agency_code: organization.agency_code.as_deref(),
        period: Named { id: period.id, code: &period.rules.code, name: &period.rules.title },
        year: period.rules.year,
        notice: period.notice.as_ref(),
        unit: Named { id: unit.id, code: &unit.code, name: &unit.name },
        group: proposal
            .group_code
            .as_deref()
            .and_then(|code| period.rules.group(code))
            .map(|group| NamedGroup { code: &group.code, title: &group.title }),
        proposal: proposal.into(),
    };
    serde_json::to_string_pretty(&metadata).map(|text| text + "\n").map_err(Error::internal)
}

/// Answers with a stream, unless the client has what `state` stands for.
fn answer(
    call: &Call,
    (name, media_type): (&str, &str),
    state: &str,
    stream: impl FnOnce() -> ByteStream,
) -> HttpResponse {
    let etag = tag::of_body(state);
    if call.etag_matches(&etag) {
        return files::not_modified(&etag);
    }
    files::attachment_response(name, media_type).insert_header((header::ETAG, etag)).streaming(stream())
}

/// Download a dossier as an archive.
///
/// A ZIP archive of `metadata.json` (the proposal as in `GET …/{id}`, with its unit, its group if the
/// period has groups, period and organisation), the attached
/// documents as `documents/<code>.<type>`, and `manifest.sha256` with the digest of each, as `sha256sum --check` reads it.
/// A document that is not attached is missing in the archive too.
#[utoipa::path(get, path = "/v1/award-proposals/{id}/dossier.zip", operation_id = "download_dossier",
    responses((status = 200, description = "The archive, as an attachment.", body = FileBytes, content_type = "application/zip")))]
async fn dossier(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let dossier = call.fetch(move |conn, context| dossiers::find(conn, context, &id)).await?;
    let metadata = metadata(&dossier).map_err(|error| call.problem(error))?;
    let name = format!("{}.zip", dossier.file_name());
    let state = dossiers::manifest(&dossier, &metadata);
    let files = call.state().app.files.clone();
    Ok(answer(&call, (&name, "application/zip"), &state, || dossiers::zip(files, dossier, metadata)))
}

/// What the sender adds to an envelope.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PostingQuery {
    /// Number and symbol of the proposal letter, as in `123/TTr-VP`; empty elements without it.
    number: Option<String>,
    /// Date of the proposal letter; empty elements without it.
    issued_on: Option<Day>,
    /// Code of the receiving agency; without it the envelope names no receiver.
    receiver: Option<String>,
}

/// Download a dossier as an edXML envelope.
///
/// An envelope of the structure of QCVN 102:2016/BTTTT with the attached documents, unsigned. **It has not been accepted by
/// the national document exchange axis**, and the file says so: sign it and complete its empty elements before sending. The
/// organisation needs an `agency_code`.
#[utoipa::path(get, path = "/v1/award-proposals/{id}/export.edxml", operation_id = "export_edxml", params(PostingQuery),
    responses((status = 200, description = "The envelope, as an attachment.", body = String, content_type = "application/xml")))]
async fn envelope(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let PostingQuery { number, issued_on, receiver } = call.query();
    let posting = Posting { number, issued_on: issued_on.map(Into::into), receiver };
    let dossier = call.fetch(move |conn, context| dossiers::find(conn, context, &id)).await?;
    let envelope = edxml::envelope(&dossier, &posting).map_err(|error| call.problem(error))?;
    let name = format!("{}-unsigned.edxml", dossier.file_name());
    let state = format!("{}{}", envelope.head, dossiers::manifest(&dossier, ""));
    let files = call.state().app.files.clone();
    Ok(answer(&call, (&name, "application/xml"), &state, || dossiers::edxml(files, dossier, envelope)))
}
