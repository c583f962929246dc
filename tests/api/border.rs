//! What stands before the first rule: strangers, clients that stall, pages that have no business here, files of the machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{App, Part};

fn connect(app: &App) -> TcpStream {
    let stream = TcpStream::connect(app.base.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Reads the head of the answer and what has come of its body.
fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains("\"request_id\"") {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => break,
            Ok(read) => text.push_str(&String::from_utf8_lossy(&bytes[..read])),
        }
    }
    text
}

/// The answer comes although the body never does.
#[test]
fn a_stranger_is_refused_before_the_body() {
    let app = App::on_sqlite();
    for authorization in ["", "Authorization: Bearer x.y.z\r\n"] {
        let mut stream = connect(&app);
        let head = format!(
            "POST /v1/units HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: application/json\r\nContent-Length: 500000\r\n\r\n{{"
        );
        let began = Instant::now();
        stream.write_all(head.as_bytes()).unwrap();
        let answer = answer(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("\"code\":\"token_"), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}

/// One upload at a time: the second is told to come again, and one that stalls makes room after ten seconds.
#[test]
fn uploads_are_bounded_in_number_and_in_silence() {
    let app = App::configured(|config| config.max_uploads = 1);
    let place = format!("{}/evidence", app.new_sheet("TH"));
    let upload = || {
        let parts = [
            Part::Text("criterion_code", "A.II.1"),
            Part::Text("title", "Báo cáo"),
            Part::Text("classification", "none"),
            Part::File("bao-cao.pdf", b"%PDF-1.7\nx"),
        ];
        app.request("th-head", "POST", &place).form(&parts).send()
    };
    let mut stalled = connect(&app);
    let head = format!(
        "POST {place} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: 100000\r\n\r\n--xyz\r\n",
        app.token("th-head")
    );
    let began = Instant::now();
    stalled.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let busy = upload().refused(503, "busy");
    assert!(!busy.header("retry-after").is_empty());
    let answer = answer(&mut stalled);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"code\":\"request_timeout\""), "{answer}");
    assert!((9..15).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    upload().expect(201);
}

#[test]
fn a_page_may_send_what_tracing_adds() {
    let app = App::on_sqlite();
    let asked = "authorization,baggage,content-type,sentry-trace,traceparent,tracestate,x-request-id";
    let preflight = app
        .anonymous("OPTIONS", "/v1/me")
        .header("origin", "https://front.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", asked)
        .send();
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "https://front.example"));
    let allowed = preflight.header("access-control-allow-headers").to_ascii_lowercase();
    assert!(asked.split(',').all(|name| allowed.contains(name)), "{allowed}");
}

/// A page whose name was rebound to this machine, or one of another origin, does not drive the sandbox.
#[test]
fn the_sandbox_answers_to_this_machine_alone() {
    let app = App::on_sqlite();
    let port = app.base.rsplit(':').next().unwrap();
    let send = |host: &str, more: &str| {
        app.raw(&format!("GET /v1/sandbox/people HTTP/1.1\r\nConnection: close\r\n{host}{more}\r\n"))
    };
    for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:8080", &format!("127.0.0.1:{port}")] {
        assert_eq!(send(&format!("Host: {host}\r\n"), "").0, 200, "{host}");
    }
    for host in [
        "Host: attacker.example\r\n",
        "Host: attacker.example:8080\r\n",
        "Host: localhost.attacker.example\r\n",
        "Host: 127.0.0.1.nip.io\r\n",
        "Host: 192.168.1.1\r\n",
        "Host: \r\n",
        "Host: localhost\r\nHost: attacker.example\r\n",
    ] {
        let (status, text) = send(host, "");
        let is_refused = status == 421 && text.contains("\"code\":\"misdirected_request\"") || status == 400;
        assert!(is_refused && !text.contains("\"token\""), "{host}: {text}");
    }
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    for origin in [format!("http://127.0.0.1:{port}"), "https://front.example".to_owned()] {
        assert_eq!(send(&host, &format!("Origin: {origin}\r\n")).0, 200, "{origin}");
    }
    for origin in ["null", "http://attacker.example", "http://127.0.0.1:1", "https://front.example.attacker.example"] {
        let (status, text) = send(&host, &format!("Origin: {origin}\r\n"));
        assert!(status == 403 && text.contains("\"code\":\"foreign_origin\""), "{origin}: {text}");
    }
    let reset = "POST /v1/sandbox/reset HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n";
    assert_eq!(app.raw(reset).0, 421);
}

/// Neither the database nor an attached document is for the other accounts of the machine.
#[cfg(unix)]
#[test]
fn files_are_for_the_service_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let app = App::on_sqlite();
    let database = app.database.trim_start_matches("sqlite://").to_owned();
    let folder = std::path::Path::new(&database).parent().unwrap().join("files");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(std::path::Path::new(&database)), mode(&folder)), (0o600, 0o700));
    for beside in ["-wal", "-shm"] {
        assert_eq!(mode(std::path::Path::new(&format!("{database}{beside}"))), 0o600, "{beside}");
    }
}
