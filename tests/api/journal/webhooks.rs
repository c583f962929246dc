//! Webhooks: subscribers are told of what they may know, at least once, whatever happens to them meanwhile.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::receiver::Receiver;
use crate::support::{App, apply, at_once, on_both};

fn now() -> DateTime<Utc> {
    thidua::clock::machine_now()
}

/// A new endpoint as its maker sees it.
#[track_caller]
fn endpoint(app: &App, person: &str, url: &str, types: &[&str]) -> Value {
    app.post(person, "/v1/webhook-endpoints", &json!({"url": url, "event_types": types})).expect(201)
}

fn path(endpoint: &Value) -> String {
    format!("/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap())
}

/// The messages to an endpoint.
fn deliveries(app: &App, endpoint: &Value, query: &str) -> Vec<Value> {
    let page = app.get("admin", &format!("{}/deliveries?limit=200{query}", path(endpoint))).expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Renames the period so many times: an event each.
fn rename(app: &App, times: usize) {
    let period = app.period();
    for number in 0..times {
        let tag = app.tag("secretary", &period);
        app.request("secretary", "PATCH", &period)
            .if_match(&tag)
            .json(&json!({"title": format!("Lần {number}")}))
            .send()
            .expect(200);
    }
}

#[apply(on_both)]
fn an_event_is_told_as_a_signed_cloud_event(app: &App) {
    let receiver = Receiver::start();
    app.new_sheet("KT");
    let made = endpoint(app, "integration", &receiver.url(), &["submission.created"]);
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    assert_eq!(app.deliver(now()), 1);
    let received = receiver.take();
    assert_eq!(received.len(), 1);
    let event = &app.get("th-head", "/v1/events?types=submission.created").expect(200)["items"][0];
    let body = received[0].json();
    assert_eq!(
        body,
        json!({
            "specversion": "1.0", "id": event["id"], "source": format!("/v1/organizations/{}", event["organization_id"].as_str().unwrap()),
            "type": "submission.created", "subject": format!("submission/{}", event["subject"]["id"].as_str().unwrap()), "time": event["at"],
            "datacontenttype": "application/json",
            "data": {"organization_id": event["organization_id"], "subject": event["subject"], "data": event["data"]},
        })
    );
    assert_eq!(
        (received[0].header("content-type"), received[0].header("webhook-id")),
        ("application/cloudevents+json", body["id"].as_str().unwrap())
    );
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && received[0].is_signed_by(secret));
    assert!(!received[0].is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(app.deliver(now() + TimeDelta::hours(1)), 0);
    let seen = deliveries(app, &made, "");
    assert_eq!(
        (&seen[0]["status"], &seen[0]["attempts"], &seen[0]["last_status"], &seen[0]["event_id"]),
        (&json!("delivered"), &json!(1), &json!(204), &event["id"])
    );
}

/// By the rights that the maker of the endpoint has now.
#[apply(on_both)]
fn nobody_is_told_what_they_may_not_know(app: &App) {
    let (house, machine, other) = (Receiver::start(), Receiver::start(), Receiver::start());
    endpoint(app, "admin", &house.url(), &[]);
    endpoint(app, "integration", &machine.url(), &[]);
    endpoint(app, "so-khdt-admin", &other.url(), &[]);
    let sheets = [app.submitted_sheet("TH", &[]), app.submitted_sheet("KT", &[])];
    app.set_clock("2023-11-13T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    app.review("appraiser", &sheets[0], "appraisal", &[]);
    app.deliver(now());
    let count = |types: &[String], kind: &str| types.iter().filter(|found| *found == kind).count();
    let (house, machine) = (house.types(), machine.types());
    let of = |types: &[String]| {
        ["submission.submitted", "submission.appraised", "submission.missed", "period.appraisal_started"]
            .map(|kind| count(types, kind))
    };
    assert_eq!((of(&house), of(&machine)), ([0, 0, 0, 1], [1, 1, 0, 1]));
    assert_eq!(other.types(), [""; 0]);
    // The same as the maker reads.
    let readable = app.get("integration", "/v1/events?limit=200").expect(200)["items"].as_array().unwrap().len();
    assert_eq!(machine.len(), readable);
}

/// Down for an hour, in every way: nothing is missed, and everything comes when it is back.
#[apply(on_both)]
fn a_receiver_that_is_down_for_an_hour_misses_nothing(app: &App) {
    let receiver = Receiver::start();
    let made = endpoint(app, "admin", &receiver.url(), &["period.changed"]);
    let began = now();
    for minute in 0..60_i64 {
        receiver.answers(
            [None, Some("503 Service Unavailable"), Some("302 Found\r\nLocation: /elsewhere")]
                [usize::try_from(minute % 3).unwrap()],
        );
        if minute % 10 == 0 {
            rename(app, 2);
        }
        app.deliver(began + TimeDelta::minutes(minute));
    }
    assert_eq!(deliveries(app, &made, "&status=pending").len(), 12);
    receiver.take();
    receiver.answers(Some("200 OK"));
    for minute in 60..180 {
        app.deliver(began + TimeDelta::minutes(minute));
    }
    let told: BTreeSet<String> =
        receiver.take().iter().map(|received| received.header("webhook-id").to_owned()).collect();
    let happened = app.get("admin", "/v1/events?types=period.changed&limit=200").expect(200);
    let happened: BTreeSet<String> =
        happened["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((told.len(), told), (12, happened));
    assert_eq!(deliveries(app, &made, "&status=delivered").len(), 12);
    // The log tells how it went.
    let first = &deliveries(app, &made, "")[0];
    let log = app.get("auditor", &format!("{}/deliveries/{}", path(&made), first["id"].as_str().unwrap())).expect(200)
        ["log"]
        .clone();
    let log = log.as_array().unwrap();
    assert_eq!(json!(log.len()), first["attempts"]);
    assert!(
        log.len() > 3
            && log[0]["error"].is_string()
            && log[0]["status"].is_null()
            && log.last().unwrap()["error"].is_null()
    );
    assert!(log.iter().any(|attempt| attempt["error"] == "status"));
}

#[apply(on_both)]
fn a_message_undelivered_for_a_day_is_parked_and_can_be_replayed(app: &App) {
    let receiver = Receiver::start();
    let made = endpoint(app, "admin", &receiver.url(), &[]);
    receiver.answers(Some("500 Internal Server Error"));
    rename(app, 1);
    let began = now();
    for hour in 0..40 {
        app.deliver(began + TimeDelta::hours(hour));
    }
    let parked = deliveries(app, &made, "&status=parked");
    assert_eq!((parked.len(), &parked[0]["next_attempt_at"]), (1, &Value::Null));
    let tried = receiver.take().len();
    assert_eq!(json!(tried), parked[0]["attempts"]);
    assert!((5..20).contains(&tried), "{tried}");
    receiver.answers(Some("200 OK"));
    let replay = format!("{}/deliveries/{}/replay", path(&made), parked[0]["id"].as_str().unwrap());
    for (person, status) in [("auditor", 403), ("secretary", 404), ("integration", 404), ("so-khdt-admin", 404)] {
        assert_eq!(app.request(person, "POST", &replay).send().status, status, "{person}");
    }
    let again = app.request("admin", "POST", &replay).header("idempotency-key", "again").send();
    assert_eq!(
        again.header("location"),
        format!("{}/deliveries/{}", path(&made), again.json()["id"].as_str().unwrap())
    );
    assert_eq!(
        app.request("admin", "POST", &replay).header("idempotency-key", "again").send().header("idempotency-replayed"),
        "true"
    );
    assert_eq!(again.expect(201)["replay_of_id"], parked[0]["id"]);
    assert_eq!(app.deliver(now()), 1);
    assert_eq!(receiver.take()[0].header("webhook-id"), parked[0]["event_id"].as_str().unwrap());
}

#[apply(on_both)]
fn a_receiver_that_asks_for_a_pause_gets_it(app: &App) {
    let receiver = Receiver::start();
    endpoint(app, "admin", &receiver.url(), &[]);
    receiver.answers(Some("429 Too Many Requests\r\nRetry-After: 600"));
    rename(app, 1);
    let began = now();
    assert_eq!(
        ["0", "60", "590", "615"].map(|after| app.deliver(began + TimeDelta::seconds(after.parse().unwrap()))),
        [1, 0, 0, 1]
    );
}

/// It could lead to an address that is not allowed.
#[apply(on_both)]
fn no_redirect_is_followed(app: &App) {
    let (receiver, elsewhere) = (Receiver::start(), Receiver::start());
    let endpoint = endpoint(app, "admin", &receiver.url(), &[]);
    for redirect in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        receiver.answers(Some(&format!("{redirect}\r\nLocation: {}", elsewhere.url())));
        rename(app, 1);
        app.deliver(now());
        assert_eq!((receiver.take().len(), elsewhere.take().len()), (1, 0), "{redirect}");
    }
    let waiting = deliveries(app, &endpoint, "&status=pending");
    assert_eq!((waiting.len(), &waiting[0]["last_status"]), (4, &json!(301)));
}

/// Both secrets sign for a day, so that a receiver can change over without missing one.
#[apply(on_both)]
fn a_secret_is_rotated_without_a_gap(app: &App) {
    let receiver = Receiver::start();
    let made = endpoint(app, "admin", &receiver.url(), &[]);
    let old = made["secret"].as_str().unwrap();
    app.request("admin", "POST", &format!("{}/rotate-secret", path(&made)))
        .send()
        .refused(428, "precondition_required");
    let rotated = app.act("admin", &path(&made), "rotate-secret", None).expect(200);
    let new = rotated["secret"].as_str().unwrap();
    assert!(new != old && rotated["previous_secret_until"].is_string());
    rename(app, 1);
    app.deliver(now());
    let received = receiver.take();
    assert!(received[0].is_signed_by(old) && received[0].is_signed_by(new));
    assert_eq!(received[0].header("webhook-signature").split(' ').count(), 2);
    rename(app, 1);
    app.deliver(now() + TimeDelta::hours(25));
    assert_eq!(receiver.take()[0].header("webhook-signature").split(' ').count(), 1);
    // It is shown once, and stands in no log.
    for path in ["/v1/webhook-endpoints".to_owned(), path(&made), "/v1/audit-entries?limit=200".to_owned()] {
        let text = String::from_utf8(app.get("auditor", &path).bytes).unwrap();
        assert!(!text.contains(old) && !text.contains(new) && !text.contains("whsec"), "{path}");
    }
}

#[apply(on_both)]
fn a_test_message_comes_whatever_types_are_asked_for(app: &App) {
    let receiver = Receiver::start();
    let made = endpoint(app, "admin", &receiver.url(), &["period.announced"]);
    let sent = app.request("admin", "POST", &format!("{}/test", path(&made))).send().expect(201);
    assert_eq!((&sent["event_id"], &sent["status"]), (&Value::Null, &json!("pending")));
    app.deliver(now());
    let received = receiver.take();
    assert_eq!(
        (&received[0].json()["type"], received[0].header("webhook-id")),
        (&json!("webhook_endpoint.test"), sent["id"].as_str().unwrap())
    );
    assert!(received[0].is_signed_by(made["secret"].as_str().unwrap()));
}

#[apply(on_both)]
fn an_endpoint_is_changed_disabled_and_deleted(app: &App) {
    let (first, second) = (Receiver::start(), Receiver::start());
    let made = endpoint(app, "admin", &first.url(), &["period.changed", "period.changed"]);
    assert_eq!(made["event_types"], json!(["period.changed"]));
    let change = |body: &Value| {
        app.request("admin", "PATCH", &path(&made)).if_match(&app.tag("admin", &path(&made))).json(body).send()
    };
    assert_eq!(change(&json!({"url": second.url(), "event_types": []})).expect(200)["event_types"], json!([]));
    rename(app, 1);
    app.deliver(now());
    assert_eq!((first.take().len(), second.take().len()), (0, 1));
    // What happens while it is silent is not told afterwards.
    second.answers(Some("503 Service Unavailable"));
    rename(app, 1);
    assert_eq!(app.deliver(now()), 1);
    change(&json!({"active": false})).expect(200);
    rename(app, 2);
    // Nor what was to be tried again.
    assert_eq!(app.deliver(now() + TimeDelta::minutes(5)), 0);
    second.answers(Some("200 OK"));
    change(&json!({"active": true})).expect(200);
    rename(app, 1);
    assert_eq!(app.deliver(now() + TimeDelta::minutes(5)), 2);
    change(&json!({"url": null})).refused(400, "invalid_body");
    change(&json!({"event_types": ["period.eaten"]})).refused(400, "invalid_body");
    app.request("admin", "PATCH", &path(&made))
        .json(&json!({"active": false}))
        .send()
        .refused(428, "precondition_required");
    app.request("admin", "DELETE", &path(&made)).if_match(&app.tag("admin", &path(&made))).send().expect(204);
    app.get("admin", &path(&made)).refused(404, "not_found");
    rename(app, 1);
    assert_eq!(app.deliver(now()), 0);
    let acts: Vec<Value> = app.get("auditor", "/v1/audit-entries?subject_type=webhook_endpoint").expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].clone())
        .collect();
    assert_eq!(
        acts,
        ["create", "change", "change", "change", "remove"].map(|act| json!(format!("webhook_endpoint.{act}")))
    );
}

/// What a service account made ends with it.
#[apply(on_both)]
fn an_endpoint_does_not_outlive_its_service_account(app: &App) {
    let receiver = Receiver::start();
    let member = app.get("integration", "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
    let account = app.post("admin", "/v1/service-accounts", &json!({"member_id": member})).expect(201);
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        account["client_id"].as_str().unwrap(),
        account["client_secret"].as_str().unwrap()
    );
    let token = app
        .anonymous("POST", "/v1/auth/token")
        .raw("application/x-www-form-urlencoded", form)
        .send()
        .expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    app.bearer(&token, "POST", "/v1/webhook-endpoints").json(&json!({"url": receiver.url()})).send().expect(201);
    let feed = app.bearer(&token, "POST", "/v1/me/feed-tokens").send().expect(201);
    let feed = format!("/v1/deadlines.ics?token={}", feed["token"].as_str().unwrap());
    rename(app, 1);
    assert_eq!((app.deliver(now()), app.anonymous("GET", &feed).send().status), (1, 200));
    let path = format!("/v1/service-accounts/{}", account["id"].as_str().unwrap());
    app.request("admin", "DELETE", &path).if_match(&app.tag("admin", &path)).send().expect(204);
    rename(app, 1);
    assert_eq!((app.deliver(now()), app.anonymous("GET", &feed).send().status), (0, 401));
}

#[apply(on_both)]
fn endpoints_are_the_admins_and_each_machines_own(app: &App) {
    let receiver = Receiver::start();
    let (house, machine) =
        (endpoint(app, "admin", &receiver.url(), &[]), endpoint(app, "integration", &receiver.url(), &[]));
    let listed = |person: &str| app.get(person, "/v1/webhook-endpoints").json()["items"].as_array().map(Vec::len);
    assert_eq!(
        ["admin", "auditor", "integration", "so-khdt-admin", "secretary", "th-head"].map(listed),
        [Some(2), Some(2), Some(1), Some(0), None, None]
    );
    for (person, endpoint, status) in [
        ("admin", &machine, 200),
        ("auditor", &house, 200),
        ("integration", &machine, 200),
        ("integration", &house, 404),
        ("secretary", &house, 404),
        ("so-khdt-admin", &house, 404),
        ("operator", &house, 404),
    ] {
        assert_eq!(app.get(person, &path(endpoint)).status, status, "{person}");
    }
    for person in ["secretary", "th-head", "auditor", "deadline-checker", "council-chair", "operator"] {
        app.post(person, "/v1/webhook-endpoints", &json!({"url": receiver.url()})).refused(403, "role_required");
    }
    let tag = app.tag("auditor", &path(&machine));
    app.request("auditor", "DELETE", &path(&machine)).if_match(&tag).send().refused(403, "role_required");
}

/// Several instances share the work: each message goes out once.
#[apply(on_both)]
fn instances_share_the_work(app: &App) {
    let receiver = Receiver::start();
    let made = endpoint(app, "admin", &receiver.url(), &["period.changed"]);
    rename(app, 20);
    let sent: usize = at_once(4, |_| app.deliver(now())).iter().sum();
    let told: BTreeSet<String> =
        receiver.take().iter().map(|received| received.header("webhook-id").to_owned()).collect();
    assert_eq!((sent, told.len(), deliveries(app, &made, "&status=delivered").len()), (20, 20, 20));
}

/// One that never answers keeps no other waiting.
#[apply(on_both)]
fn a_dead_receiver_delays_no_other(app: &App) {
    let (dead, alive) = (Receiver::start(), Receiver::start());
    endpoint(app, "admin", &dead.url(), &[]);
    dead.answers(None);
    rename(app, 30);
    endpoint(app, "admin", &alive.url(), &[]);
    rename(app, 1);
    app.deliver_once(now());
    assert_eq!(alive.take().len(), 1);
    assert!(dead.take().len() < 10);
}

/// A server that does not speak TLS. Returns its address.
fn without_tls() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 5];
            stream.read_exact(&mut head).unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            stream.read_exact(&mut hello).unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        }
    });
    address
}

/// A code, and nothing that the client's error says: no name, no address, no text of a certificate.
#[apply(on_both)]
fn why_an_attempt_failed_is_told_as_a_code(app: &App) {
    let [busy, silent, garbled] = [(); 3].map(|()| Receiver::start());
    busy.answers(Some("503 Service Unavailable"));
    silent.answers(None);
    garbled.answers(Some("none"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let signed = endpoint(app, "admin", "http://127.0.0.1/signed", &[]);
    // A label of 64 characters is not sent to any name server.
    let nowhere = format!("http://{}.example.vn/hook", "a".repeat(64));
    let failing = [
        (busy.url(), "status", json!(503)),
        (silent.url(), "invalid_response", json!(null)),
        (garbled.url(), "invalid_response", json!(null)),
        // No connection can be made to the broadcast address.
        ("http://255.255.255.255/hook".to_owned(), "connection_failed", json!(null)),
        (format!("http://{closed}/hook"), "connection_refused", json!(null)),
        (format!("https://{}/hook", without_tls()), "tls_failed", json!(null)),
        (nowhere, "name_not_resolved", json!(null)),
    ];
    let made = failing.each_ref().map(|(url, ..)| endpoint(app, "admin", url, &[]));
    crate::backends::execute(app, "UPDATE webhook_endpoints SET secret = 'no key' WHERE url LIKE '%/signed'").unwrap();
    rename(app, 1);
    assert_eq!(app.deliver(now()), 8);
    let told = |endpoint: &Value| {
        let delivery = deliveries(app, endpoint, "")[0].clone();
        let one = app.get("admin", &format!("{}/deliveries/{}", path(endpoint), delivery["id"].as_str().unwrap()));
        let attempt = one.expect(200)["log"][0].clone();
        assert_eq!((&attempt["error"], &attempt["status"]), (&delivery["last_error"], &delivery["last_status"]));
        (delivery["last_error"].as_str().unwrap().to_owned(), delivery["last_status"].clone())
    };
    for ((url, code, status), endpoint) in failing.iter().zip(&made) {
        assert_eq!(told(endpoint), ((*code).to_owned(), status.clone()), "{url}");
    }
    assert_eq!(told(&signed), ("internal".to_owned(), json!(null)));
}

/// As a service of an office's own is set up: only public addresses, only encrypted.
#[test]
fn no_private_address_is_ever_called() {
    let app = App::configured(|config| config.webhook_allow_private = false);
    let receiver = Receiver::start();
    for url in [
        receiver.url(),
        "http://egov.example.vn/hook".into(),
        "https://127.0.0.1/hook".into(),
        "https://127.1/hook".into(),
        "https://0x7f000001/hook".into(),
        "https://2130706433/hook".into(),
        "https://10.0.0.8/hook".into(),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://192.168.1.1/hook".into(),
        "https://[::1]/hook".into(),
        "https://[::ffff:127.0.0.1]/hook".into(),
        "https://[fe80::1]/hook".into(),
        "https://[64:ff9b::7f00:1]/hook".into(),
    ] {
        app.post("admin", "/v1/webhook-endpoints", &json!({"url": url})).refused(422, "url_not_allowed");
    }
    for url in [
        "ftp://egov.example.vn",
        "https://user:secret@egov.example.vn/",
        "https://egov.example.vn/#a",
        "hook",
        "https://",
    ] {
        app.post("admin", "/v1/webhook-endpoints", &json!({"url": url})).refused(422, "url_invalid");
    }
    // By a name that leads inside: taken, because a name may lead elsewhere tomorrow, and never called.
    let made = endpoint(&app, "admin", &format!("https://localhost:{}/hook", receiver.port), &[]);
    // Made while it was allowed, and called no more.
    let url = receiver.url();
    let older = endpoint(&app, "admin", "https://localhost/older", &[]);
    crate::backends::execute(
        &app,
        &format!("UPDATE webhook_endpoints SET url = '{url}' WHERE url = 'https://localhost/older'"),
    )
    .unwrap();
    rename(&app, 1);
    assert_eq!(app.deliver(now()), 2);
    assert_eq!(receiver.take().len(), 0);
    for endpoint in [made, older] {
        assert_eq!(deliveries(&app, &endpoint, "")[0]["last_error"], "address_forbidden", "{}", endpoint["url"]);
    }
}
