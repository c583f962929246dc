//! The key of the service's own tokens: several instances on one database, before and after a rotation.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use thidua::clock::{Clock, Ids};
use thidua::config::Config;
use thidua::server::{self, Kind};

use crate::support::postgres;

const PASSWORD: &str = "bảy con trâu lội qua sông";

/// An instance of the service, not of the sandbox.
struct Instance {
    base: String,
    stop: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.stop.stop(false));
        let _ = self.thread.take().unwrap().join();
    }
}

/// Starts an instance, or tells why it refuses to.
fn serve(database: &str, folder: &Path, key: &str) -> Result<Instance, String> {
    let mut config = Config::of_sandbox(database, 0, folder).unwrap();
    config.public_url = "https://thidua.example.vn".to_owned();
    config.signing_key_file = folder.join(key);
    config.workers = 1;
    let (told, tell) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = server::open(&config, Clock::System, Ids::Random).await.unwrap();
            match server::bind(&config, app, &Kind::Production).await {
                Ok(bound) => {
                    told.send(Ok((bound.address, bound.handle()))).unwrap();
                    bound.server.await.unwrap();
                }
                Err(error) => told.send(Err(error.to_string())).unwrap(),
            }
        });
    });
    let (address, stop) = tell.recv().unwrap()?;
    Ok(Instance { base: format!("http://{address}"), stop, thread: Some(thread) })
}

fn command(database: &str, folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thidua"));
    command.current_dir(folder).env("DATABASE_URL", database).env("SIGNING_KEY_FILE", folder.join("a.key"));
    let ran = command.env("RUST_LOG", "off").args(arguments).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

impl Instance {
    fn post(&self, path: &str, body: &Value) -> Value {
        let mut answer = ureq::post(format!("{}/v1/auth/{path}", self.base)).send_json(body).unwrap();
        answer.body_mut().read_json().unwrap()
    }

    fn token(&self) -> String {
        let credentials = json!({"organization_code": "VP", "user_name": "admin", "password": PASSWORD});
        self.post("login", &credentials)["access_token"].as_str().unwrap().to_owned()
    }

    fn takes(&self, token: &str) -> bool {
        let call = ureq::get(format!("{}/v1/me", self.base)).header("authorization", format!("Bearer {token}"));
        match call.call() {
            Ok(_) => true,
            Err(ureq::Error::StatusCode(401)) => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn key_ids(&self) -> Vec<String> {
        let mut answer = ureq::get(format!("{}/.well-known/jwks.json", self.base)).call().unwrap();
        let keys = answer.body_mut().read_json::<Value>().unwrap();
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }
}

fn instances_share_keys(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let told = command(database, folder, &["create-admin", "--organization", "VP", "--name", "Quản trị"]);
    let (first, second) = (serve(database, folder, "a.key").unwrap(), serve(database, folder, "a.key").unwrap());
    let invitation = told.lines().find_map(|line| line.strip_prefix("invitation_token: ")).unwrap();
    first.post("accept-invitation", &json!({"token": invitation, "password": PASSWORD}));
    let old = first.token();
    assert!(first.takes(&old) && second.takes(&old));
    let old_ids = first.key_ids();
    // One with a key of its own would sign what the others refuse.
    let refused = serve(database, folder, "other.key").err().unwrap();
    assert!(refused.contains("SIGNING_KEY_FILE"), "{refused}");
    command(database, folder, &["rotate-key"]);
    drop(first);
    let first = serve(database, folder, "a.key").unwrap();
    let new = first.token();
    assert_eq!((first.key_ids().len(), &first.key_ids()[1..]), (2, &old_ids[..]));
    // The one that still runs with the old key learns of the new one, and the new one takes the old.
    assert!(second.takes(&new) && second.takes(&old) && first.takes(&new) && first.takes(&old));
    assert!(first.takes(&second.token()));
    // A second rotation ends what the first key signed.
    command(database, folder, &["rotate-key"]);
    let third = serve(database, folder, "a.key").unwrap();
    assert!(third.takes(&new) && third.takes(&third.token()) && !third.takes(&old));
}

#[test]
fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    instances_share_keys(&format!("sqlite://{}", folder.path().join("t.db").display()));
}

#[test]
fn postgres() {
    if let Some(database) = postgres::url_for_new_database(|template| crate::support::migrate(template.to_owned())) {
        instances_share_keys(&database);
        postgres::drop_database(&database);
    }
}
