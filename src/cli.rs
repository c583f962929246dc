//! Arguments, settings, log, and then the command.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::background;
use crate::clock::{Clock, Ids, first_moment};
use crate::config::{Config, Setting};
use crate::error::{Code, Error, Fault};
use crate::http::auth::Keys;
use crate::http::criteria::criteria_import;
use crate::http::problem::{FaultBody, Language, ProblemBody, fault_bodies};
use crate::http::schedule::deadline_checks::CheckView;
use crate::http::{openapi::Document, routes};
use crate::server::{self, Kind};
use crate::service::criteria::criteria_import::{Overrides, import_from_cli};
use crate::service::office::accounts::{self, FirstAccount};
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
    /// Serve; brings the database up to date first.
    Serve,
    /// Serve a place to play on loopback, with the 2023 guideline loaded.
    Sandbox {
        /// The port; 0 for any that is free.
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// An empty database, or one that the sandbox made; without it a fresh temporary one.
        #[arg(long)]
        database: Option<String>,
        /// Without the period and the table of criteria.
        #[arg(long)]
        empty: bool,
    },
    /// Bring the database up to date.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
    /// Make the first way in, and print its client id and secret once.
    CreateAdmin {
        /// The organisation's code; it is made where there is none of that code.
        #[arg(long, required_unless_present = "operator", conflicts_with = "operator")]
        organization: Option<String>,
        /// An operator of the installation instead.
        #[arg(long)]
        operator: bool,
        /// Who it is for.
        #[arg(long)]
        name: String,
    },
    /// Import a table of criteria from a spreadsheet or from JSON, as a draft.
    ImportCriteria {
        /// XLSX, CSV or JSON, told from its bytes.
        file: PathBuf,
        /// The organisation's code; may be left out where there is only one.
        #[arg(long)]
        organization: Option<String>,
        /// The table's code, where the file does not say it.
        #[arg(long)]
        code: Option<String>,
        /// The table's title, where the file does not say it.
        #[arg(long)]
        title: Option<String>,
        /// The year that it is for, where the file does not say it.
        #[arg(long)]
        year: Option<i32>,
        /// The paper that sets it.
        #[arg(long)]
        legal_basis: Option<String>,
        /// Only tell what would come of it.
        #[arg(long)]
        dry_run: bool,
    },
    /// Do what the clock alone causes, and tell how the deadlines stand, in JSON. Ends with 0 where nothing is due, 10
    /// where something is due soon, 20 where something is overdue.
    CheckDeadlines {
        /// Only this organisation's, by its code.
        #[arg(long)]
        organization: Option<String>,
        /// Only tell what it would do.
        #[arg(long)]
        dry_run: bool,
    },
    /// Work out every audit chain anew; ends with 1 where one is not as it was written.
    VerifyAudit {
        /// A file with a checkpoint that was kept: its chain must go on from there.
        #[arg(long)]
        checkpoint: Option<PathBuf>,
    },
    /// Ask the service that the settings describe whether it is alive.
    Health,
}

type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// The commands and their options.
pub fn commands() -> clap::Command {
    Arguments::command()
}

/// Runs the program.
pub async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    env_logger::Builder::from_env(env_logger::Env::new().filter_or(Setting::RustLog.name(), "info,actix_server=warn"))
        .init();
    let outcome = match arguments.command {
        Command::Serve => serve().await,
        Command::Sandbox { port, database, empty } => play(port, database, empty).await,
        Command::Migrate => migrate().await,
        Command::Openapi => print_document(),
        Command::CreateAdmin { organization, name, .. } => create_admin(organization, name).await,
        Command::ImportCriteria { file, organization, code, title, year, legal_basis, dry_run } => {
            let given = Overrides { code, title, year, legal_basis };
            import_criteria(&file, organization, given, dry_run).await
        }
        Command::CheckDeadlines { organization, dry_run } => check_deadlines(organization.as_deref(), dry_run).await,
        Command::VerifyAudit { checkpoint } => verify_audit(checkpoint.as_deref()).await,
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

async fn serve() -> Outcome {
    let config = Config::from_env()?;
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let bound = server::bind(&config, Arc::clone(&app), &Kind::Production).await?;
    log::info!(address:% = bound.address, database:? = config.database; "serving");
    let sweeping = actix_web::rt::spawn(background::keep_sweeping(Arc::clone(&app)));
    let checking = actix_web::rt::spawn(background::keep_checking(Arc::clone(&app)));
    let delivering = actix_web::rt::spawn(background::keep_delivering(app));
    let ended = bound.server.await;
    for task in [sweeping, checking, delivering] {
        task.abort();
    }
    ended?;
    Ok(ExitCode::SUCCESS)
}

async fn migrate() -> Outcome {
    let config = Config::from_env()?;
    server::open(&config, Clock::System, Ids::Random).await?;
    println!("up to date");
    Ok(ExitCode::SUCCESS)
}

fn print_document() -> Outcome {
    print!("{}", Document::of(routes::operations(true)).text()?);
    Ok(ExitCode::SUCCESS)
}

async fn create_admin(organization: Option<String>, name: String) -> Outcome {
    let config = Config::from_env()?;
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let first = organization.map_or(FirstAccount::Operator, |organization| FirstAccount::Admin { organization });
    let within = Arc::clone(&app);
    let made = app.db.write(move |conn| accounts::create_first(conn, &within, &first, &name)).await?;
    println!("client_id: {}", made.account.client_id);
    println!("client_secret: {}", made.secret);
    println!("The secret is not kept and not shown again.");
    Ok(ExitCode::SUCCESS)
}

/// Imports a table; what is wrong with it comes line by line, each with its row.
async fn import_criteria(file: &Path, organization: Option<String>, given: Overrides, dry_run: bool) -> Outcome {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let new = criteria_import::read(&bytes, given).map_err(|error| told(&error))?;
    let config = Config::from_env()?;
    let app = server::open(&config, Clock::System, Ids::Random).await?;
    let within = Arc::clone(&app);
    let office = organization.clone();
    let import = move |conn: &mut Conn| import_from_cli(conn, &within, office.as_deref(), &new, dry_run);
    let imported = app.db.write(import).await.map_err(|error| match (error.code, organization) {
        (Code::NotFound, Some(code)) => format!("there is no organisation {code}"),
        (Code::OrganizationRequired, _) => {
            "which organisation? --organization CODE; where there is none yet, `thidua create-admin` makes one"
                .to_owned()
        }
        _ => told(&error),
    })?;
    let lines = |faults: &[Fault], kind: &str| {
        for fault in fault_bodies(faults, Language::Vi) {
            println!("{kind}: {}", line(&fault));
        }
    };
    lines(&imported.findings.errors, "error, to be mended before it is published");
    lines(&imported.findings.warnings, "warning");
    let (content, done) = (&imported.content, if dry_run { "read, not added" } else { "added as a draft" });
    let criteria = content.entries().iter().filter(|entry| entry.rule.is_some()).count();
    println!("{}: {} criteria, {} points, {done}", content.code, criteria, content.total_points);
    Ok(ExitCode::SUCCESS)
}

/// A fault in words, after its row and column where it has them.
fn line(fault: &FaultBody) -> String {
    let figure = |name: &str| fault.params.get(name).map(|figure| figure.to_string().trim_matches('"').to_owned());
    let place = ["row", "column"].into_iter().filter_map(|name| Some(format!("{name} {}: ", figure(name)?)));
    place.chain([fault.message.clone()]).collect()
}

/// A refusal in words, every fault on a line of its own.
fn told(error: &Error) -> String {
    let problem = ProblemBody::of(error, Language::Vi, "", "");
    let faults = fault_bodies(&error.faults, Language::Vi);
    let lines: Vec<String> = faults.iter().map(line).collect();
    if lines.is_empty() { problem.detail } else { lines.join("\n  ") }
}

/// What ends with 10.
const DUE_SOON: u8 = 10;
/// What ends with 20.
const OVERDUE: u8 = 20;

async fn check_deadlines(organization: Option<&str>, dry_run: bool) -> Outcome {
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
    let told = json!({"due_soon": due_soon, "overdue": overdue, "organizations": organizations});
    println!("{}", serde_json::to_string_pretty(&told)?);
    Ok(match (overdue, due_soon) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(DUE_SOON),
        _ => ExitCode::from(OVERDUE),
    })
}

async fn verify_audit(checkpoint: Option<&Path>) -> Outcome {
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
        let told = match (&verdict.first_bad_id, verdict.ok) {
            (_, true) => "as written".to_owned(),
            (Some(id), false) => format!("NOT as written from entry {id} on"),
            (None, false) => "NOT as written: entries are missing at the end".to_owned(),
        };
        println!("{chain}: {} entries {told}", verdict.checked);
    }
    let all = chains.iter().all(|(_, verdict)| verdict.ok);
    if all { Ok(ExitCode::SUCCESS) } else { Err("the audit was altered".into()) }
}

/// Asks `/livez` on loopback: a container's health check needs no other program.
async fn health() -> Outcome {
    let listen = Config::from_env()?.listen;
    let host = if listen.ip().is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { listen.ip() };
    let asking = async {
        let mut stream = tokio::net::TcpStream::connect((host, listen.port())).await?;
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(3), asking).await??;
    if answer.starts_with("HTTP/1.1 200") { Ok(ExitCode::SUCCESS) } else { Err("not healthy".into()) }
}

/// A folder of the sandbox's own, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("thidua-sandbox-{}", Ids::Random.next()));
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            log::warn!(error:% = error; "the sandbox's folder could not be removed");
        }
    }
}

async fn play(port: u16, database: Option<String>, empty: bool) -> Outcome {
    let folder = Folder::new()?;
    let goes_on = database.is_some();
    let fresh = || format!("sqlite://{}", folder.0.join("sandbox.db").display());
    let config = Config::of_sandbox(&database.unwrap_or_else(fresh), port, &folder.0)?;
    // On a database that it goes on with, counted ids would come twice.
    let ids = if goes_on { Ids::Random } else { Ids::counted() };
    let app = server::open(&config, Clock::standing_at(first_moment()), ids).await?;
    let bound = server::bind(&config, Arc::clone(&app), &Kind::Sandbox { empty }).await.map_err(|error| {
        if error.code.row().code == "already_exists" {
            "this database was not made by the sandbox".into()
        } else {
            Box::<dyn std::error::Error>::from(error)
        }
    })?;
    let checking = actix_web::rt::spawn(background::keep_checking(Arc::clone(&app)));
    let delivering = actix_web::rt::spawn(background::keep_delivering(Arc::clone(&app)));
    print!("{}", invitation(&format!("http://{}", bound.address)));
    let ended = bound.server.await;
    checking.abort();
    delivering.abort();
    drop(app);
    drop(folder);
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// Where it is, and three requests to begin with.
fn invitation(base: &str) -> String {
    format!(
        r#"The sandbox is at {base} and its documentation at {base}/docs
It is 2023-11-01 08:00 in the office of the guideline; the clock stands until you set it. Ctrl-C ends it.

Three requests to paste, one after the other:

TOKEN=$(curl -s {base}/v1/sandbox/people | grep -o '"subject":"th-head"[^}}]*' | grep -o '"token":"[^"]*' | cut -d'"' -f4)

curl -s -H "Authorization: Bearer $TOKEN" {base}/v1/me

curl -s -H "Authorization: Bearer $TOKEN" "{base}/v1/periods?year=2023"
"#
    )
}
