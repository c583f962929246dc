//! The command line: parses the arguments, starts the logger and runs the command.

mod certificate;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::background;
use crate::clock::{Clock, Ids, sandbox_start};
use crate::config::{Config, Setting};
use crate::domain::criteria::spreadsheet::Reading;
use crate::domain::time::instant;
use crate::error::{Code, Error, Fault};
use crate::http::auth::{Keys, own};
use crate::http::criteria::criteria_import;
use crate::http::openapi::{Document, Version};
use crate::http::problem::{FaultBody, Language, ProblemBody, fault_bodies};
use crate::http::routes;
use crate::http::schedule::deadline_checks::CheckView;
use crate::server::{self, Kind};
use crate::service::criteria::criteria_import::{Overrides, import_from_cli};
use crate::service::office::first_accounts::{self, FirstAccount};
use crate::service::schedule::deadline_checks::{self, CheckReport, Selection};
use crate::store::{self, Conn, journals};

/// Yearly emulation (thi đua) scoring for public offices.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database and start the service.
    Serve,
    /// Start a sandbox on loopback, with the 2023 guideline loaded.
    Sandbox {
        /// The port; 0 for any free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// The URL of an empty database or of one that the sandbox created; a temporary one by default.
        #[arg(long)]
        database: Option<String>,
        /// Leave out the sample period and its criteria set.
        #[arg(long)]
        empty: bool,
    },
    /// Migrate the database.
    Migrate,
    /// Print the OpenAPI document.
    Openapi {
        /// As OpenAPI 3.0, for tools that do not read 3.1.
        #[arg(long = "v3.0")]
        v3_0: bool,
    },
    /// Create the first account, or invite its person again, and print the invitation's token once.
    CreateAdmin {
        /// The organisation's code; the organisation is created if it does not exist.
        #[arg(long, required_unless_present = "operator", conflicts_with = "operator")]
        organization: Option<String>,
        /// Create an operator of the installation instead.
        #[arg(long)]
        operator: bool,
        /// The display name of the account's owner.
        #[arg(long)]
        name: String,
        /// The name to sign in with; `admin` or `operator` by default.
        #[arg(long)]
        user_name: Option<String>,
    },
    /// Import a criteria set from a spreadsheet or from JSON, as a draft.
    ImportCriteria {
        /// An XLSX, CSV or JSON file; the content decides which.
        file: PathBuf,
        /// The organisation's code; optional if there is only one organisation.
        #[arg(long)]
        organization: Option<String>,
        /// The criteria set's code, if the file does not state it.
        #[arg(long)]
        code: Option<String>,
        /// The criteria set's title, if the file does not state it.
        #[arg(long)]
        title: Option<String>,
        /// The criteria set's year, if the file does not state it.
        #[arg(long)]
        year: Option<i32>,
        /// The document that issued the criteria set.
        #[arg(long)]
        legal_basis: Option<String>,
        /// Report the result without saving it.
        #[arg(long)]
        dry_run: bool,
    },
    /// Check the deadlines once and print a summary in JSON. The exit status is 0 if nothing is due, 10 if something is
    /// due soon, 20 if something is overdue.
    CheckDeadlines {
        /// Check only the organisation with this code.
        #[arg(long)]
        organization: Option<String>,
        /// Report what would be done without doing it.
        #[arg(long)]
        dry_run: bool,
    },
    /// Verify every audit chain. The exit status is 1 if one was altered.
    VerifyAudit {
        /// A file with a saved checkpoint that its chain must contain.
        #[arg(long)]
        checkpoint: Option<PathBuf>,
    },
    /// Verify the certificate of a result, offline, and print what it states. The exit status is 1 if it is not genuine.
    VerifyCertificate {
        /// The certificate, as `GET /v1/periods/{id}/certificate` answers it.
        file: PathBuf,
        /// A file or a URL with the key set of the service that signed it. Without it: `FILE.jwks.json` if there is one, and
        /// the key of this installation.
        #[arg(long, value_name = "FILE_OR_URL")]
        jwks: Vec<String>,
    },
    /// Replace the signing key. Tokens of the key before stay good; instances take the new key at their next start.
    RotateKey,
    /// Check that the configured service is alive.
    Health,
}

type CommandResult = Result<ExitCode, Box<dyn std::error::Error>>;

/// Returns the commands and their options.
pub fn commands() -> clap::Command {
    Arguments::command()
}

/// Parses the arguments and runs the command.
pub async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    env_logger::Builder::from_env(env_logger::Env::new().filter_or(Setting::RustLog.name(), "info,actix_server=warn"))
        .init();
    let outcome = match arguments.command {
        Command::Serve => serve().await,
        Command::Sandbox { port, database, empty } => run_sandbox(port, database, empty).await,
        Command::Migrate => migrate().await,
        Command::Openapi { v3_0 } => print_document(if v3_0 { Version::V3_0 } else { Version::V3_1 }),
        Command::CreateAdmin { organization, name, user_name, .. } => create_admin(organization, name, user_name).await,
        Command::ImportCriteria { file, organization, code, title, year, legal_basis, dry_run } => {
            let given = Overrides { code, title, year, legal_basis, reading: Reading::default() };
            import_criteria(&file, organization, given, dry_run).await
        }
        Command::CheckDeadlines { organization, dry_run } => check_deadlines(organization.as_deref(), dry_run).await,
        Command::VerifyAudit { checkpoint } => verify_audit(checkpoint.as_deref()).await,
        Command::VerifyCertificate { file, jwks } => certificate::verify(&file, &jwks).await,
        Command::RotateKey => rotate_key(),
        Command::Health => health().await,
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("thidua: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> CommandResult {
    let config = Config::from_env()?;
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let bound = server::bind(&config, Arc::clone(&app), &Kind::Production).await?;
    log::info!(address:% = bound.address, database:? = config.database; "serving");
    let sweeping = actix_web::rt::spawn(background::run_sweeps(Arc::clone(&app)));
    let checking = actix_web::rt::spawn(background::run_deadline_checks(Arc::clone(&app)));
    let delivering = actix_web::rt::spawn(background::run_webhook_delivery(app));
    let ended = bound.server.await;
    for task in [sweeping, checking, delivering] {
        task.abort();
    }
    ended?;
    Ok(ExitCode::SUCCESS)
}

async fn migrate() -> CommandResult {
    let config = Config::from_env()?;
    server::open(&config, Clock::System, Ids::Random).await?;
    println!("up to date");
    Ok(ExitCode::SUCCESS)
}

fn print_document(version: Version) -> CommandResult {
    print!("{}", Document::of(routes::operations(true)).text(version)?);
    Ok(ExitCode::SUCCESS)
}

async fn create_admin(organization: Option<String>, name: String, user_name: Option<String>) -> CommandResult {
    let config = Config::from_env()?;
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let first = organization.map_or(FirstAccount::Operator, |organization| FirstAccount::Admin { organization });
    let shared = Arc::clone(&app);
    let default = if matches!(first, FirstAccount::Operator) { "operator" } else { "admin" };
    let user_name = user_name.unwrap_or_else(|| default.to_owned());
    let create = move |conn: &mut Conn| first_accounts::create(conn, &shared, &first, &user_name, &name);
    let created = app.db.write(create).await.map_err(|error| match error.code == Code::AlreadyExists {
        true => "the user name belongs to somebody else; choose another with --user-name".to_owned(),
        false => describe_error(&error),
    })?;
    println!("user_name: {}", created.owned.member.subject);
    println!("invitation_token: {}", created.token);
    println!("expires_at: {}", instant(created.owned.invitation.expires_at));
    println!("Choose a password with it at POST /v1/auth/accept-invitation: it cannot be shown again.");
    Ok(ExitCode::SUCCESS)
}

/// Imports a criteria set and prints its errors and warnings, one per line.
async fn import_criteria(file: &Path, organization: Option<String>, given: Overrides, dry_run: bool) -> CommandResult {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let new = criteria_import::read(&bytes, given).map_err(|error| describe_error(&error))?;
    let config = Config::from_env()?;
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let shared = Arc::clone(&app);
    let office = organization.clone();
    let import = move |conn: &mut Conn| import_from_cli(conn, &shared, office.as_deref(), &new, dry_run);
    let imported = app.db.write(import).await.map_err(|error| match (error.code, organization) {
        (Code::NotFound, Some(code)) => format!("there is no organisation {code}"),
        (Code::OrganizationRequired, _) => {
            "name the organisation with --organization CODE; `thidua create-admin` creates the first one".to_owned()
        }
        _ => describe_error(&error),
    })?;
    let print_faults = |faults: &[Fault], kind: &str| {
        for fault in fault_bodies(faults, Language::Vi) {
            println!("{kind}: {}", describe_fault(&fault));
        }
    };
    print_faults(&imported.findings.errors, "error, to be fixed before publication");
    print_faults(&imported.findings.warnings, "warning");
    let (content, done) = (&imported.content, if dry_run { "read, not added" } else { "added as a draft" });
    let criteria = content.entries().iter().filter(|entry| entry.rule.is_some()).count();
    println!("{}: {} criteria, {} points, {done}", content.code, criteria, content.total_points);
    Ok(ExitCode::SUCCESS)
}

/// Formats a fault as its message, after its row and column where it has them.
fn describe_fault(fault: &FaultBody) -> String {
    let figure = |name: &str| fault.params.get(name).map(|figure| figure.to_string().trim_matches('"').to_owned());
    let place = ["row", "column"].into_iter().filter_map(|name| Some(format!("{name} {}: ", figure(name)?)));
    place.chain([fault.message.clone()]).collect()
}

/// Formats an error as its faults, one per line, or as its own text where it has none.
fn describe_error(error: &Error) -> String {
    let problem = ProblemBody::of(error, Language::Vi, "", "");
    let faults = fault_bodies(&error.faults, Language::Vi);
    let lines: Vec<String> = faults.iter().map(describe_fault).collect();
    if lines.is_empty() { problem.detail } else { lines.join("\n  ") }
}

/// The exit status where a deadline is due soon.
const DUE_SOON: u8 = 10;
/// The exit status where a deadline is overdue.
const OVERDUE: u8 = 20;

async fn check_deadlines(organization: Option<&str>, dry_run: bool) -> CommandResult {
    let config = Config::from_env()?;
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let which = organization.map_or(Selection::All, |code| Selection::Code(code.to_owned()));
    let checked = deadline_checks::run(&app, "check-deadlines", &which, dry_run).await?;
    if let (Some(code), true) = (organization, checked.is_empty()) {
        return Err(format!("there is no organisation {code}").into());
    }
    let sum = |count: fn(&CheckReport) -> i64| checked.iter().map(count).sum::<i64>();
    let (due_soon, overdue) = (sum(|checked| checked.due_soon), sum(|checked| checked.overdue));
    let organizations: Vec<CheckView> = checked.iter().map(CheckView::from).collect();
    let summary = json!({"due_soon": due_soon, "overdue": overdue, "organizations": organizations});
    println!("{}", serde_json::to_string_pretty(&summary)?);
    Ok(match (overdue, due_soon) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(DUE_SOON),
        _ => ExitCode::from(OVERDUE),
    })
}

async fn verify_audit(checkpoint: Option<&Path>) -> CommandResult {
    let config = Config::from_env()?;
    let known = match checkpoint {
        None => None,
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let keys = Keys::of_file(config.public_url.clone(), &config.signing_key_file)?;
            Some(keys.read_checkpoint(text.trim()).ok_or("this service did not sign the checkpoint")?)
        }
    };
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let chains = app.db.read(move |conn| {
        let journals = journals::all(conn)?;
        let verify = |chain: String| {
            let point = known.as_ref().filter(|known| known.organization_id.as_str() == chain);
            let verdict = store::audit::verify(conn, &chain, point.map(|known| (known.sequence, known.hash.as_str())))?;
            Ok((chain, verdict))
        };
        journals.into_iter().map(|journal| journal.chain).map(verify).collect::<Result<Vec<_>, Error>>()
    });
    let chains = chains.await?;
    for (chain, verdict) in &chains {
        let status = match (&verdict.first_bad_id, verdict.ok) {
            (_, true) => String::new(),
            (Some(id), false) => format!(", ALTERED from entry {id} on"),
            (None, false) => ", entries MISSING at the end".to_owned(),
        };
        println!("{chain}: {} entries intact{status}", verdict.checked);
    }
    let all = chains.iter().all(|(_, verdict)| verdict.ok);
    if all { Ok(ExitCode::SUCCESS) } else { Err("the audit log was altered".into()) }
}

fn rotate_key() -> CommandResult {
    let config = Config::from_env()?;
    let file = &config.signing_key_file;
    if !file.exists() {
        return Err(format!("{}: there is no key yet; the first start makes one", file.display()).into());
    }
    let keys = own::rotate(config.public_url.clone(), file)?;
    for key in keys.public() {
        println!("{}", key.id);
    }
    println!("The first key signs from the next start on; tokens of the second stay good until the next rotation.");
    Ok(ExitCode::SUCCESS)
}

/// Requests `/livez` on loopback, so that a container's health check needs no other program.
async fn health() -> CommandResult {
    let listen = Config::from_env()?.listen;
    let host = if listen.ip().is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { listen.ip() };
    let request = async {
        let mut stream = tokio::net::TcpStream::connect((host, listen.port())).await?;
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(3), request).await??;
    if answer.starts_with("HTTP/1.1 200") { Ok(ExitCode::SUCCESS) } else { Err("not healthy".into()) }
}

/// A temporary folder for the sandbox, removed when it is dropped.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("thidua-sandbox-{}", Ids::Random.next()));
        std::fs::create_dir_all(&path)?;
        Ok(TempFolder(path))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            log::warn!(error:% = error; "the sandbox's folder could not be removed");
        }
    }
}

async fn run_sandbox(port: u16, database: Option<String>, empty: bool) -> CommandResult {
    let folder = TempFolder::new()?;
    let fresh = || format!("sqlite://{}", folder.0.join("sandbox.db").display());
    let config = Config::of_sandbox(&database.unwrap_or_else(fresh), port, &folder.0)?;
    let app = server::open(&config, Clock::paused_at(sandbox_start()), Ids::counted()).await?;
    let bound = server::bind(&config, Arc::clone(&app), &Kind::Sandbox { empty }).await.map_err(|error| {
        if error.code.row().code == "already_exists" {
            "the database was not created by the sandbox".into()
        } else {
            Box::<dyn std::error::Error>::from(error)
        }
    })?;
    let checking = actix_web::rt::spawn(background::run_deadline_checks(Arc::clone(&app)));
    let delivering = actix_web::rt::spawn(background::run_webhook_delivery(Arc::clone(&app)));
    print!("{}", welcome(&format!("http://{}", bound.address)));
    let ended = bound.server.await;
    checking.abort();
    delivering.abort();
    drop(app);
    drop(folder);
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the greeting: the sandbox's address and three requests to start with.
fn welcome(base: &str) -> String {
    format!(
        r#"The sandbox is at {base} and its documentation at {base}/docs
The sample office's clock is paused at 2023-11-01 08:00 until you set it. Press Ctrl-C to stop.

Three requests to paste one after the other:

TOKEN=$(curl -s {base}/v1/sandbox/people | grep -o '"subject":"th-head"[^}}]*' | grep -o '"token":"[^"]*' | cut -d'"' -f4)

curl -s -H "Authorization: Bearer $TOKEN" {base}/v1/me

curl -s -H "Authorization: Bearer $TOKEN" "{base}/v1/periods?year=2023"
"#
    )
}
