//! A PostgreSQL for the tests: the server of `TEST_POSTGRES_URL`, or a throw-away one of this
//! process. Either is PostgreSQL 15 or newer.
//!
//! Every test gets a database of its own, copied from a template that was migrated once.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, Once, PoisonError};
use std::{env, fs};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// Stops the server when this process ends; it says how.
const SUPERVISOR: &str = include_str!("postgres.sh");

/// Found or started by the first test that asks. A failure poisons it: no other test tries again.
static SERVER: LazyLock<Option<Server>> = LazyLock::new(Server::find);
static TEMPLATE: Once = Once::new();
static LAST_DATABASE: AtomicU32 = AtomicU32::new(0);

/// Creates a database for one test and returns its URL, `postgres://…`.
///
/// `migrate` is called once per process, for the template, and must have closed its connections
/// when it returns: PostgreSQL copies no database that is in use.
///
/// `None`: there is no PostgreSQL on this machine. One that is there and does not work is a panic,
/// and so is its absence under `REQUIRE_POSTGRES=1`.
pub fn url_for_new_database(migrate: impl FnOnce(&str)) -> Option<String> {
    let Some(server) = SERVER.as_ref() else {
        assert!(
            variable("REQUIRE_POSTGRES").as_deref() != Some("1"),
            "REQUIRE_POSTGRES=1, but there is neither TEST_POSTGRES_URL nor an initdb"
        );
        return None;
    };
    TEMPLATE.call_once(|| server.create_template(migrate));
    Some(server.create_database())
}

/// Removes a test's database; a run would otherwise pile up more than 10 MB per test.
///
/// Only complains when it cannot: it is called when a test ends, perhaps by a panic already.
/// Close the connections first: PostgreSQL takes a tenth of a second to end those it finds.
pub fn drop_database(url: &str) {
    let Some(server) = SERVER.as_ref() else {
        return;
    };
    let (_, name, _) = split(url);
    // Not on the connection for copies, so that no other test waits for this.
    let dropped = PgConnection::establish(&server.url).map_err(|error| error.to_string()).and_then(|mut connection| {
        connection
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .map_err(|error| error.to_string())
    });
    if let Err(error) = dropped {
        eprintln!("{name} stays: {error}");
    }
}

struct Server {
    /// The URL of any one of its databases.
    url: String,
    /// Sets this run's databases apart from those of another run on the same server.
    run: String,
    /// One for all tests: PostgreSQL may refuse two copies of one template at a time.
    maintenance: Mutex<PgConnection>,
    /// Holds the pipe that keeps a throw-away server alive.
    _supervisor: Option<Child>,
}

impl Server {
    fn find() -> Option<Self> {
        if let Some(url) = variable("TEST_POSTGRES_URL") {
            return Some(Self::connect(url, None));
        }
        let (url, supervisor) = start(&installed()?);
        Some(Self::connect(url, Some(supervisor)))
    }

    fn connect(url: String, supervisor: Option<Child>) -> Self {
        let maintenance = PgConnection::establish(&url).expect("a PostgreSQL that answers");
        Self {
            url,
            run: format!("{:016x}", RandomState::new().build_hasher().finish()),
            maintenance: Mutex::new(maintenance),
            _supervisor: supervisor,
        }
    }

    fn create_template(&self, migrate: impl FnOnce(&str)) {
        let template = self.template();
        // `template0` alone may be copied with another collation than its own.
        self.execute(&format!(
            "CREATE DATABASE {template} \
             TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        ));
        migrate(&with_database(&self.url, &template));
    }

    fn create_database(&self) -> String {
        let number = LAST_DATABASE.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("thidua_test_{}_{number}", self.run);
        // Copying files takes a quarter of the time of copying through the log, the default.
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY file_copy", self.template()));
        with_database(&self.url, &name)
    }

    fn template(&self) -> String {
        format!("thidua_test_{}_template", self.run)
    }

    fn execute(&self, statement: &str) {
        // A test that failed in here has not broken the connection for the others.
        let mut connection = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        connection.batch_execute(statement).expect(statement);
    }
}

/// Starts a server on a free port of this machine and waits until it answers.
fn start(bin: &Path) -> (String, Child) {
    let mut supervisor = supervise(bin);
    let mut output = BufReader::new(supervisor.stdout.take().expect("a piped output"));
    let mut said = String::new();
    output.read_line(&mut said).expect("text");
    let Some(port) = said.trim_end().strip_prefix("ready ") else {
        output.read_to_string(&mut said).expect("text");
        let rest = supervisor.wait_with_output().expect("an end");
        let errors = String::from_utf8_lossy(&rest.stderr);
        panic!("PostgreSQL of {} did not start:\n{said}{errors}", bin.display());
    };
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    (url, supervisor)
}

fn supervise(bin: &Path) -> Child {
    as_unprivileged_user("sh")
        .args(["-c", SUPERVISOR, "sh"])
        .arg(bin)
        .args(free_ports())
        // That user may not be allowed to enter the project's folder.
        .current_dir("/")
        // Ctrl-C ends the tests, and with them the pipe; the supervisor must outlive it to notice.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`sh`, and as root `setpriv`, are installed")
}

/// PostgreSQL refuses to run as root.
fn as_unprivileged_user(program: &str) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", program]);
    command
}

/// All held at once, so that they differ.
fn free_ports() -> [String; 3] {
    [(); 3]
        .map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"))
        .map(|listener| listener.local_addr().expect("an address").port().to_string())
}

/// The folder with `initdb`. Debian keeps it outside `PATH`; what `PATH` has may be a wrapper.
fn installed() -> Option<PathBuf> {
    newest_of_debian().or_else(|| env::split_paths(&variable("PATH")?).find(|folder| folder.join("initdb").is_file()))
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .max()
        .map(|(_, bin)| bin)
}

fn with_database(url: &str, name: &str) -> String {
    let (server, _, parameters) = split(url);
    format!("{server}/{name}{parameters}")
}

/// `scheme://user@host:port`, the database's name, and `?parameters` or nothing.
fn split(url: &str) -> (&str, &str, &str) {
    let (path, parameters) = url.split_at(url.find('?').unwrap_or(url.len()));
    let authority = path.find("://").expect("TEST_POSTGRES_URL of the form postgres://…") + 3;
    let end = path[authority..].find('/').map_or(path.len(), |slash| authority + slash);
    (&path[..end], path[end..].trim_start_matches('/'), parameters)
}

/// A variable set to nothing counts as absent.
#[expect(clippy::disallowed_methods, reason = "they belong to the tests, not to the service's configuration")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
