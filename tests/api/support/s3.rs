//! An S3-compatible server for one test, which checks signatures.

use std::net::SocketAddr;
use std::sync::mpsc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use thidua::config::S3;

/// A server that runs until the process ends.
pub struct Store {
    /// Its address.
    pub place: S3,
    folder: TempDir,
}

impl Store {
    /// Starts a server with one empty bucket.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("ho-so")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("key", "secret"));
        let service = service.build();
        let (told, tell) = mpsc::channel::<SocketAddr>();
        std::thread::spawn(move || {
            let serve = async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                loop {
                    let (socket, _) = listener.accept().await.unwrap();
                    let service = service.clone();
                    tokio::spawn(async move {
                        let http = Builder::new(TokioExecutor::new());
                        let _ = http.serve_connection(TokioIo::new(socket), service).await;
                    });
                }
            };
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(serve);
        });
        let place = S3 {
            bucket: "ho-so".into(),
            prefix: "thidua".into(),
            endpoint: Some(format!("http://{}", tell.recv().unwrap())),
            region: "us-east-1".into(),
            credentials: Some(("key".into(), "secret".into())),
        };
        Store { place, folder }
    }

    /// The objects in the bucket, without the server's own metadata files.
    pub fn objects(&self) -> Vec<String> {
        super::files_below(&self.folder.path().join("ho-so"))
    }
}
