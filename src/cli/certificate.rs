//! Verifying the certificate of a result: with the keys given, and nothing else.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::CommandResult;
use crate::config::Config;
use crate::domain::Points;
use crate::domain::office::provider::KeySource;
use crate::http::auth::Keys;
use crate::http::auth::fetch::Source;
use crate::http::auth::jwks::KeySet;
use crate::http::auth::statement::ALGORITHM;
use crate::http::award::certificates::{self, VerifiedCertificate};

/// Verifies a certificate and prints what it states.
pub(super) async fn verify(file: &Path, jwks: &[String]) -> CommandResult {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let keys = if jwks.is_empty() { keys_at_hand(file)? } else { keys_given(jwks).await? };
    let verified = certificates::verify(text.trim(), &keys)
        .map_err(|reason| format!("{} is not a genuine certificate: {reason}", file.display()))?;
    println!("{}", described(&verified));
    Ok(ExitCode::SUCCESS)
}

async fn keys_given(places: &[String]) -> Result<Vec<KeySet>, Box<dyn std::error::Error>> {
    let mut keys = Vec::new();
    for place in places {
        let is_url = ["http://", "https://"].iter().any(|scheme| place.starts_with(scheme));
        let source = if is_url { KeySource::Url(place.clone()) } else { KeySource::File(PathBuf::from(place)) };
        let fetched = Source::of(&source)?.fetch(&[ALGORITHM]).await;
        keys.push(fetched.map_err(|reason| format!("{place}: {reason}"))?);
    }
    Ok(keys)
}

/// Returns the keys saved beside the certificate and those of this installation. Makes none where there is none.
fn keys_at_hand(file: &Path) -> Result<Vec<KeySet>, Box<dyn std::error::Error>> {
    let mut keys = Vec::new();
    let mut beside = file.as_os_str().to_owned();
    beside.push(".jwks.json");
    let beside = PathBuf::from(beside);
    if beside.exists() {
        let bytes = std::fs::read(&beside).map_err(|error| format!("{}: {error}", beside.display()))?;
        keys.push(KeySet::parse(&bytes, &[ALGORITHM]).map_err(|reason| format!("{}: {reason}", beside.display()))?);
    }
    let config = Config::from_env()?;
    if config.signing_key_file.exists() {
        keys.push(Keys::of_file(config.public_url.clone(), &config.signing_key_file)?.verifying()?);
    }
    if keys.is_empty() {
        return Err(
            "there are no keys: name a key set with --jwks, or save it beside the file as FILE.jwks.json".into()
        );
    }
    Ok(keys)
}

fn described(VerifiedCertificate { key_id, certificate }: &VerifiedCertificate) -> String {
    let (organization, period, notice) = (&certificate.organization, &certificate.period, &certificate.notice);
    let mut lines = vec![
        format!("genuine: signed by key {key_id} of {}", certificate.iss),
        format!("organisation: {} {}", organization.code, organization.name),
        format!("period: {} {}", period.code, period.title),
        format!("notice: {} of {}", notice.number, notice.on),
        format!("issued_at: {}", certificate.issued_at),
        format!("commitment: {}", certificate.ranking.commitment),
        format!("audit_commitment: {}", certificate.audit_commitment),
    ];
    let points = |points: Option<Points>| points.map_or("–".to_owned(), |points| points.to_string());
    lines.extend(certificate.ranking.rows.iter().map(|row| {
        let rank = row.rank.map_or("–".to_owned(), |rank| rank.to_string());
        let award = row.award_code.as_deref().unwrap_or("–");
        let group = row.group_code.as_ref().map(|code| format!("{code:<10}  ")).unwrap_or_default();
        format!("{group}{rank:>4}  {:<10}  {:>8}  {award}", row.unit_code, points(row.total))
    }));
    lines.join("\n")
}
