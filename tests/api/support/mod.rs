//! Starts a real server on a free port with a database per test, and sends requests as the people of the sandbox.

pub mod groups;
pub mod oidc;
pub mod postgres;
pub mod provider;
pub mod receiver;
pub mod s3;
pub mod small;
pub mod statements;
pub mod watched;
pub mod year;

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
pub use macro_rules_attribute::apply;
use serde_json::{Value, json};
use tempfile::TempDir;
use thidua::background::{self, App as ServiceApp};
use thidua::clock::{Clock, Ids, sandbox_start};
use thidua::config::Config;
use thidua::server::{self, Kind};

/// Runs a test once on each database: `#[apply(on_both)] fn rule(app: &App) { … }` becomes the tests
/// `rule::sqlite` and `rule::postgres`.
macro_rules! on_both {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($app:ident: $kind:ty) $body:block) => {
        $(#[$meta])*
        $vis fn $name($app: $kind) $body

        mod $name {
            use $crate::support::App;

            #[test]
            fn sqlite() {
                super::$name(&App::on_sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(app) = App::on_postgres() {
                    super::$name(&app);
                }
            }
        }
    };
}
pub(crate) use on_both;

/// A sandbox server that one test has to itself.
pub struct App {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The database's URL.
    pub database: String,
    tokens: HashMap<String, String>,
    agent: ureq::Agent,
    stop: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
    folder: TempDir,
    config: Config,
    watcher: OnceLock<Mutex<watched::Watcher>>,
}

/// A response, read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Response {
    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn etag(&self) -> String {
        assert!(!self.header("etag").is_empty(), "no tag: {self:?}");
        self.header("etag").to_owned()
    }

    /// The problem's code; empty if the body is not a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The code and pointer of each entry of `errors`.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| (text(&error["code"]), text(&error["pointer"]))).collect()
    }

    /// Asserts the status and returns the JSON body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// Asserts a problem with this status and code, complete as the API promises it.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        assert_eq!((self.status, self.code().as_str()), (status, code), "{text}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{text}");
        let body = self.json();
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert_eq!(body["status"], status);
        assert_eq!(body["request_id"], self.header("x-request-id"), "{text}");
        self
    }
}

/// A part of a multipart form.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// The part's name and its text.
    Text(&'a str, &'a str),
    /// A file's name and bytes; the part is named `file`.
    File(&'a str, &'a [u8]),
}

/// A request that is being built.
pub struct Request<'a> {
    app: &'a App,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn if_match(self, etag: &str) -> Self {
        self.header("if-match", etag)
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string().into_bytes())
    }

    pub fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// Sets the body to a form with one file.
    pub fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.form(&[Part::File(name, bytes)])
    }

    /// Sets the body to a form with these parts, in order.
    pub fn form(self, parts: &[Part]) -> Self {
        let mut body = Vec::new();
        for part in parts {
            let (head, bytes) = match part {
                Part::Text(name, text) => (format!("name=\"{name}\""), text.as_bytes()),
                Part::File(name, bytes) => {
                    (format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream"), *bytes)
                }
            };
            body.extend_from_slice(format!("--xyz\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--xyz--\r\n");
        self.raw("multipart/form-data; boundary=xyz", body)
    }

    pub fn send(self) -> Response {
        let mut builder =
            ureq::http::Request::builder().method(self.method.as_str()).uri(format!("{}{}", self.app.base, self.path));
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let response = match self.body {
            Some(body) => self.app.agent.run(builder.body(body).unwrap()),
            None => self.app.agent.run(builder.body(()).unwrap()),
        };
        let mut response = response.unwrap();
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        let status = response.status().as_u16();
        self.app.compare(&self.method, &self.path, (200..300).contains(&status));
        Response { status, headers: response.headers().clone(), bytes }
    }
}

impl App {
    /// Starts a sandbox on SQLite.
    pub fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self::start(url, folder, |_| {})
    }

    /// Starts a sandbox on SQLite with a changed configuration.
    pub fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self::start(url, folder, change)
    }

    /// Starts a sandbox on PostgreSQL; `None` if this machine has none.
    pub fn on_postgres() -> Option<Self> {
        Self::configured_on_postgres(|_| {})
    }

    /// Starts a sandbox on PostgreSQL with a changed configuration; `None` if this machine has none.
    pub fn configured_on_postgres(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let url = postgres::url_for_new_database(|template| migrate(template.to_owned()))?;
        Some(Self::start(url, tempfile::tempdir().unwrap(), change))
    }

    /// Starts a sandbox on SQLite whose statements are recorded.
    pub fn watched_on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        statements::watch(&url);
        Self::start(url, folder, |_| {})
    }

    /// Starts a sandbox on PostgreSQL whose statements are recorded; `None` if this machine has none.
    pub fn watched_on_postgres() -> Option<Self> {
        let url = postgres::url_for_new_database(|template| migrate(template.to_owned()))?;
        statements::watch(&url);
        Some(Self::start(url, tempfile::tempdir().unwrap(), |_| {}))
    }

    fn start(database: String, folder: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let (told, tell) = mpsc::channel();
        let mut config = Config::of_sandbox(&database, 0, folder.path()).unwrap();
        config.workers = 2;
        config.cors_origins = vec!["https://front.example".to_owned()];
        change(&mut config);
        let kept = config.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = server::open(&config, Clock::paused_at(sandbox_start()), Ids::counted()).await.unwrap();
                let bound = server::bind(&config, app, &Kind::Sandbox { empty: false }).await.unwrap();
                told.send((bound.address, bound.handle())).unwrap();
                bound.server.await.unwrap();
            });
        });
        let (address, stop): (SocketAddr, _) = tell.recv().expect("the server starts");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build();
        let mut app = App {
            base: format!("http://{address}"),
            database,
            tokens: HashMap::new(),
            agent: agent.into(),
            stop,
            thread: Some(thread),
            folder,
            config: kept,
            watcher: OnceLock::new(),
        };
        app.tokens = app.fetch_tokens();
        app
    }

    fn fetch_tokens(&self) -> HashMap<String, String> {
        let people = self.anonymous("GET", "/v1/sandbox/people").send().expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        people["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|person| (text(&person["subject"]), text(&person["token"])))
            .collect()
    }

    /// The paths of the stored files, including uploads that nothing refers to yet.
    pub fn stored_files(&self) -> Vec<String> {
        files_below(&self.folder.path().join("files"))
    }

    /// Deletes every stored file that nothing refers to; the service does so hourly with those older than a day.
    pub fn sweep(&self) {
        self.on_another_instance(|app| async move {
            let soon = thidua::clock::machine_now() + std::time::Duration::from_secs(1);
            background::sweep(&app, soon).await.unwrap();
        });
    }

    /// Delivers every webhook message that is due at `now` and returns how many were sent.
    pub fn deliver(&self, now: DateTime<Utc>) -> usize {
        self.on_another_instance(move |app| async move {
            let mut sent = 0;
            loop {
                match background::deliver(&app, now).await.unwrap() {
                    0 => return sent,
                    more => sent += more,
                }
            }
        })
    }

    /// Delivers one batch of the webhook messages that are due at `now` and returns how many were sent.
    pub fn deliver_once(&self, now: DateTime<Utc>) -> usize {
        self.on_another_instance(move |app| async move { background::deliver(&app, now).await.unwrap() })
    }

    /// Runs `act` in a second instance on the same database and files, at the sandbox's current time.
    pub fn on_another_instance<T: Send + 'static, F: Future<Output = T>>(
        &self,
        act: impl FnOnce(Arc<ServiceApp>) -> F + Send + 'static,
    ) -> T {
        let config = self.config.clone();
        let clock = self.anonymous("GET", "/v1/sandbox/clock").send().expect(200)["now"].as_str().unwrap().to_owned();
        let clock = Clock::paused_at(DateTime::parse_from_rfc3339(&clock).unwrap().to_utc());
        let acting = move || {
            actix_web::rt::System::new().block_on(async move {
                let app = server::open(&config, clock, Ids::Random).await.unwrap();
                act(app).await
            })
        };
        std::thread::spawn(acting).join().unwrap()
    }

    pub fn is_postgres(&self) -> bool {
        self.database.starts_with("postgres")
    }

    /// The bearer token of a person in the sandbox.
    pub fn token(&self, person: &str) -> &str {
        self.tokens.get(person).unwrap_or_else(|| panic!("nobody is called {person}"))
    }

    /// Builds a request without a token.
    pub fn anonymous(&self, method: &str, path: &str) -> Request<'_> {
        Request { app: self, method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None }
    }

    /// Builds a request by a person in the sandbox.
    pub fn request(&self, person: &str, method: &str, path: &str) -> Request<'_> {
        self.anonymous(method, path).header("authorization", &format!("Bearer {}", self.token(person)))
    }

    pub fn get(&self, person: &str, path: &str) -> Response {
        self.request(person, "GET", path).send()
    }

    pub fn post(&self, person: &str, path: &str, body: &Value) -> Response {
        self.request(person, "POST", path).json(body).send()
    }

    /// The entity tag that a person gets for a path.
    #[track_caller]
    pub fn tag(&self, person: &str, path: &str) -> String {
        let response = self.get(person, path);
        assert_eq!(response.status, 200, "{path}: {}", String::from_utf8_lossy(&response.bytes));
        response.etag()
    }

    /// Performs an action on a resource under its current entity tag.
    #[track_caller]
    pub fn act(&self, person: &str, resource: &str, verb: &str, body: Option<&Value>) -> Response {
        let request = self.request(person, "POST", &format!("{resource}/{verb}")).if_match(&self.tag(person, resource));
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }

    /// Sets the sandbox's clock.
    pub fn set_clock(&self, now: &str) {
        self.anonymous("PUT", "/v1/sandbox/clock").json(&json!({"now": now})).send().expect(200);
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The stop command is sent without awaiting it; the end of the thread confirms it.
        drop(self.stop.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if self.is_postgres() {
            postgres::drop_database(&self.database);
        }
    }
}

pub fn migrate(url: String) {
    try_migrate(url).unwrap();
}

/// Runs the migrations of a database; the text of the error where they are refused.
pub fn try_migrate(url: String) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::of_sandbox(&url, 0, folder.path()).unwrap();
    let open = async move { server::open(&config, Clock::System, Ids::Random).await.map(drop) };
    let opened = std::thread::spawn(|| actix_web::rt::System::new().block_on(open)).join().unwrap();
    opened.map_err(|error| format!("{error:?}"))
}

impl App {
    /// Builds a request with any bearer token.
    pub fn bearer(&self, token: &str, method: &str, path: &str) -> Request<'_> {
        self.anonymous(method, path).header("authorization", &format!("Bearer {token}"))
    }

    /// Updates some lines of a sheet, given as criterion and answer; `null` clears a line.
    #[track_caller]
    pub fn patch(&self, person: &str, sheet: &str, lines: &[(&str, &str)]) -> Response {
        let tag = self.tag(person, sheet);
        self.request(person, "PATCH", &format!("{sheet}/scores")).if_match(&tag).json(&scores(lines)).send()
    }

    /// Sends the bytes unchanged and, once the server closes the connection, returns the status and the whole text.
    pub fn raw(&self, head_and_body: &str) -> (u16, String) {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(self.base.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        stream.write_all(head_and_body.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // A server that closes with unread bytes may reset the connection after its answer.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, text)
    }

    /// Runs a year up to the announcement: TH ranks above HCTC, both fully reviewed; all other units miss the gate.
    #[track_caller]
    pub fn announced_year(&self) -> [String; 2] {
        let sheets = [("TH", "30"), ("HCTC", "25")].map(|(unit, points)| {
            let sheet = self.new_sheet(unit);
            self.post(&year::head(unit), &format!("{sheet}/evidence/references"), &egov_document("A.II.1")).expect(201);
            self.write(unit, &sheet, &[("A.II.1", &format!(r#"{{"points":{points}}}"#))]);
            self.act(&year::head(unit), &sheet, "submit", None).expect(200);
            sheet
        });
        self.set_clock("2023-11-11T01:00:00.000Z");
        self.move_period("secretary", "start-appraisal");
        let me = self.get("appraiser", "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
        let assigned = self.request("secretary", "PUT", &format!("{}/assignments/appraisal", sheets[0]));
        assigned.json(&serde_json::json!({"member_id": me})).send().expect(201);
        for (unit, sheet) in ["TH", "HCTC"].into_iter().zip(&sheets) {
            self.review(Self::appraiser_of(unit), sheet, "appraisal", &[]);
            self.good_facts(unit);
        }
        self.set_clock("2023-11-21T01:00:00.000Z");
        self.move_period("secretary", "start-council-review");
        for sheet in &sheets {
            self.review("secretary", sheet, "council", &[]);
        }
        self.set_clock("2023-11-28T01:00:00.000Z");
        self.closed_session("2023-11-28", 6);
        self.move_period("council-chair", "finalize");
        let notice = serde_json::json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-28"});
        self.act("council-chair", &self.period(), "announce", Some(&notice)).expect(200);
        sheets
    }
}

/// The body that adds a document of the eGov system as evidence for a criterion.
pub fn egov_document(criterion: &str) -> Value {
    json!({
        "criterion_code": criterion,
        "title": "Báo cáo tham mưu quý III",
        "classification": "none",
        "kind": "egov_document",
        "number": "12/BC-TH",
        "issued_on": "2023-10-05",
        "issuer": "Phòng Tổng hợp",
        "url": "https://egov.example.vn/van-ban/12",
    })
}

/// The body that writes lines, given as criterion and answer.
pub fn scores(lines: &[(&str, &str)]) -> Value {
    let line = |(code, answer): &(&str, &str)| {
        let answer: Value = serde_json::from_str(answer).unwrap();
        json!({"criterion_code": code, "answer": answer})
    };
    json!({"scores": lines.iter().map(line).collect::<Vec<_>>()})
}

/// Runs `act` on several threads at once, each with its number, and returns the results in order.
pub fn at_once<T: Send>(times: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (act, barrier) = (&act, &std::sync::Barrier::new(times));
    std::thread::scope(|scope| {
        let start = |number| {
            scope.spawn(move || {
                barrier.wait();
                act(number)
            })
        };
        let threads: Vec<_> = (0..times).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// The paths of the files below a folder, relative to it.
pub fn files_below(root: &std::path::Path) -> Vec<String> {
    fn below(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(root, &mut found);
    let mut names: Vec<String> =
        found.iter().map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect();
    names.sort();
    names
}
