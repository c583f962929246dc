//! A webhook receiver with a configurable response.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A request that was received.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether the signature verifies with the secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let mut headers = ureq::http::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, self.header(name).parse().unwrap());
        }
        standardwebhooks::Webhook::new(secret).unwrap().verify(&self.body, &headers).is_ok()
    }
}

struct Shared {
    /// The head of the response; `None` drops the connection.
    answer: Option<String>,
    received: Vec<Received>,
}

/// A receiver that listens until the test process ends.
pub struct Receiver {
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut headers) = (String::new(), HashMap::new());
    let _ = reader.read_line(&mut line);
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.trim().split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").and_then(|length: &String| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let mut shared = shared.lock().unwrap();
    shared.received.push(Received { headers, body });
    if let Some(answer) = &shared.answer {
        let head = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = reader.into_inner().write_all(head.as_bytes());
    }
}

impl Receiver {
    /// Starts a receiver that accepts every message.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Mutex::new(Shared { answer: Some("204 No Content".to_owned()), received: Vec::new() }));
        let within = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&within);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Receiver { port, shared }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Sets the response from now on: a status with headers, or `None` to drop connections.
    pub fn answers(&self, answer: Option<&str>) {
        self.shared.lock().unwrap().answer = answer.map(str::to_owned);
    }

    /// Takes the requests received since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.shared.lock().unwrap().received)
    }

    /// Takes the event types received since the last call.
    pub fn types(&self) -> Vec<String> {
        self.take().iter().map(|received| received.json()["type"].as_str().unwrap().to_owned()).collect()
    }
}
