//! Seed data of the sandbox: the guideline's office on 1 November 2023, identical at every start.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::office::scopes;
use super::{App, Caller};
use crate::clock::sandbox_start;
use crate::domain::Id;
use crate::domain::access::{Principal, Scopes};
use crate::domain::assessment::facts::PartyCellRating;
use crate::domain::assessment::period::{
    CouncilScoring, DossierDeadline, LateSubmissions, Period, PeriodRules, PeriodStatus, RequiredDocument, Schedule,
};
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::eligibility::Condition;
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, CriteriaSetStatus};
use crate::domain::office::member::{self, Member, MemberKind, Role};
use crate::domain::office::organization::Organization;
use crate::domain::office::unit::{Unit, UnitKind};
use crate::error::Error;
use crate::service::schedule::deadline_checks::{self, Selection};
use crate::service::schedule::deadlines::sync;
use crate::store::{self, Conn, migrations};

/// A user whom the sandbox is seeded with.
#[derive(Debug, Clone)]
struct Person {
    subject: String,
    display_name: String,
    roles: Vec<Role>,
    unit_code: Option<String>,
    /// Scopes that narrow what the roles allow.
    scope: Option<String>,
}

const UNITS: [(&str, &str, UnitKind); 8] = [
    ("HCTC", "Phòng Hành chính – Tổ chức", UnitKind::Division),
    ("TH", "Phòng Tổng hợp", UnitKind::Division),
    ("KT", "Phòng Kinh tế", UnitKind::Division),
    ("KGVX", "Phòng Khoa giáo – Văn xã", UnitKind::Division),
    ("NC", "Phòng Nội chính", UnitKind::Division),
    ("QTTV", "Phòng Quản trị – Tài vụ", UnitKind::Division),
    ("BTCD", "Ban Tiếp công dân", UnitKind::Department),
    ("THCB", "Trung tâm Tin học – Công báo", UnitKind::Centre),
];

/// Units that send a member to the council.
const COUNCIL: [&str; 5] = ["HCTC", "TH", "KT", "KGVX", "NC"];

/// Users without a unit: subject, display name, role, scope.
const OTHERS: [(&str, &str, Role, Option<&str>); 8] = [
    ("appraiser", "Chuyên viên thẩm định độc lập", Role::Appraiser, None),
    ("council-chair", "Chủ tịch Hội đồng", Role::CouncilChair, None),
    ("secretary", "Thư ký Hội đồng", Role::Secretary, None),
    ("admin", "Quản trị Văn phòng", Role::Admin, None),
    ("auditor", "Kiểm tra viên", Role::Auditor, None),
    ("operator", "Vận hành hệ thống", Role::Operator, None),
    ("integration", "Hệ thống eGov", Role::Integration, Some("read write unit:TH")),
    ("deadline-checker", "Kiểm tra thời hạn tự động", Role::DeadlineChecker, None),
];

fn person(subject: String, display_name: String, role: Role, unit_code: Option<&str>) -> Person {
    Person { subject, display_name, roles: vec![role], unit_code: unit_code.map(str::to_owned), scope: None }
}

/// Somebody to play as: a local member of the sandbox.
#[derive(Debug, Clone)]
pub struct Player {
    /// The member.
    pub member: Member,
    /// Code of the member's unit.
    pub unit_code: Option<String>,
    /// What its token stands for.
    pub caller: Caller,
}

/// Lists the local members with whom one can play, the seeded ones first.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn players(conn: &mut Conn) -> Result<Vec<Player>, Error> {
    let members = store::members::local(conn)?;
    let units: Vec<&Id> = members.iter().filter_map(|member| member.unit_id.as_ref()).collect();
    let codes = store::units::codes_by_id(conn, &units)?;
    let seeded: HashMap<String, Option<String>> =
        people().into_iter().map(|person| (person.subject, person.scope)).collect();
    let mut players = Vec::with_capacity(members.len());
    for member in members {
        let scopes = match seeded.get(&member.subject).and_then(Option::as_deref) {
            Some(scope) if member.kind == MemberKind::Machine => {
                scopes::read(conn, member.organization_id.as_ref(), &scope.split(' ').collect::<Vec<_>>())?
            }
            Some(_) | None => Scopes::default(),
        };
        let principal = Principal::Account { member_id: member.id, session_id: None };
        let unit_code = member.unit_id.as_ref().and_then(|unit| codes.get(unit).cloned());
        players.push(Player { member, unit_code, caller: Caller { principal, scopes } });
    }
    Ok(players)
}

/// Returns the users of the guideline's office, then those of the second office.
fn people() -> Vec<Person> {
    let mut people = Vec::new();
    for (code, name, _) in UNITS {
        let lower = code.to_lowercase();
        people.push(person(
            format!("{lower}-editor"),
            format!("Người nhập điểm, {name}"),
            Role::UnitEditor,
            Some(code),
        ));
        people.push(person(format!("{lower}-head"), format!("Trưởng đơn vị, {name}"), Role::UnitHead, Some(code)));
    }
    people.push(person(
        "hctc-appraiser".into(),
        "Chuyên viên thẩm định, Phòng Hành chính – Tổ chức".into(),
        Role::Appraiser,
        Some("HCTC"),
    ));
    for code in COUNCIL {
        people.push(person(
            format!("{}-council", code.to_lowercase()),
            format!("Ủy viên Hội đồng, {code}"),
            Role::CouncilMember,
            Some(code),
        ));
    }
    for (subject, name, role, scope) in OTHERS {
        people.push(Person { scope: scope.map(str::to_owned), ..person(subject.into(), name.into(), role, None) });
    }
    people.push(person("so-khdt-admin".into(), "Quản trị Sở Kế hoạch và Đầu tư".into(), Role::Admin, None));
    people.push(person(
        "so-khdt-vp-head".into(),
        "Chánh Văn phòng Sở Kế hoạch và Đầu tư".into(),
        Role::UnitHead,
        Some("VP"),
    ));
    people
}

/// The criteria table of the guideline.
///
/// # Errors
/// `internal` when the embedded table cannot be parsed.
pub fn guideline() -> Result<CriteriaContent, Error> {
    let content: CriteriaContent =
        serde_json::from_str(include_str!("../../openapi/examples/criteria-2023.json")).map_err(Error::internal)?;
    let legal_basis = "Hướng dẫn tiêu chí đánh giá thi đua năm 2023 của Văn phòng UBND tỉnh";
    Ok(CriteriaContent { legal_basis: Some(legal_basis.into()), ..content })
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, month, day).unwrap_or_default()
}

/// Rules of a period as the guideline's year sets them.
pub fn rules(criteria_set_id: Id, unit_ids: Vec<Id>) -> PeriodRules {
    let award = |code: &str, title: &str, quota| Award { code: code.into(), title: title.into(), quota };
    let document = |code: &str, title: &str| RequiredDocument { code: code.into(), title: title.into() };
    PeriodRules {
        code: "2023".into(),
        title: "Thi đua năm 2023".into(),
        year: 2023,
        criteria_set_id,
        unit_ids,
        schedule: Schedule {
            self_assessment_due_on: day(11, 10),
            appraisal_due_on: day(11, 20),
            council_review_from_on: day(11, 21),
            council_review_to_on: day(11, 30),
            result_notice_due_on: day(12, 5),
        },
        late_submissions: LateSubmissions::Reject,
        council_scoring: CouncilScoring::Agreed,
        tie_break: vec!["base_points".into(), "council_decision".into()],
        awards: vec![award("emulation_flag", "Cờ thi đua xuất sắc", 1), award("certificate_of_merit", "Bằng khen", 2)],
        groups: Vec::new(),
        eligibility: vec![
            Condition::NobodyDisciplined {},
            Condition::PartyCellRatingAtLeast { rating: PartyCellRating::Good },
        ],
        when_ineligible: WhenIneligible::PassDown,
        required_documents: vec![
            document("proposal_letter", "Tờ trình đề nghị khen thưởng"),
            document("party_cell_rating", "Kết quả đánh giá, xếp loại chi bộ trực thuộc"),
            document("achievement_report", "Báo cáo thành tích của tập thể"),
        ],
        dossier_deadline: DossierDeadline::default(),
    }
}

/// Seeds an empty database; `empty` leaves out the criteria set and the period.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn fill(conn: &mut Conn, app: &App, empty: bool) -> Result<(), Error> {
    let now = sandbox_start();
    store::installation::set_sandbox_now(conn, now)?;
    let office = organization(conn, app, now, "VP-UBND", "Văn phòng Ủy ban nhân dân tỉnh")?;
    let other = organization(conn, app, now, "SO-KHDT", "Sở Kế hoạch và Đầu tư")?;
    let mut units = std::collections::HashMap::new();
    for (code, name, kind) in UNITS {
        units.insert(code.to_owned(), unit(conn, app, now, office, (code, name, kind))?);
    }
    units.insert("VP".to_owned(), unit(conn, app, now, other, ("VP", "Văn phòng Sở", UnitKind::Division))?);
    for person in people() {
        let organization_id = match person.roles.first() {
            Some(Role::Operator) => None,
            _ if person.subject.starts_with("so-khdt") => Some(other),
            _ => Some(office),
        };
        let unit_id = person.unit_code.as_ref().and_then(|code| units.get(code).copied());
        store::members::insert(conn, &member(app, now, person, organization_id, unit_id))?;
    }
    if empty {
        return Ok(());
    }
    let draft = CriteriaSet::draft(app.ids.next(), office, guideline()?, now);
    let set = CriteriaSet { status: CriteriaSetStatus::Published, published_at: Some(now), ..draft };
    store::criteria_sets::insert(conn, &set)?;
    let unit_ids = UNITS.iter().filter_map(|(code, _, _)| units.get(*code).copied()).collect();
    let draft = Period::draft(app.ids.next(), office, rules(set.id, unit_ids), now);
    let period = Period { status: PeriodStatus::SelfAssessment, ..draft };
    store::periods::insert(conn, &period)?;
    // The sandbox begins with an empty journal.
    sync::plan_period(conn, app, &period, now).map(drop)
}

fn organization(conn: &mut Conn, app: &App, now: DateTime<Utc>, code: &str, name: &str) -> Result<Id, Error> {
    let organization = Organization::new(app.ids.next(), code, name, now);
    store::organizations::insert(conn, &organization).map(|()| organization.id)
}

fn unit(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    organization_id: Id,
    described: (&str, &str, UnitKind),
) -> Result<Id, Error> {
    let unit = Unit::new(app.ids.next(), organization_id, described, now);
    store::units::insert(conn, &unit).map(|()| unit.id)
}

fn member(app: &App, now: DateTime<Utc>, person: Person, organization_id: Option<Id>, unit_id: Option<Id>) -> Member {
    let Person { subject, display_name, roles, .. } = person;
    let kind = match MemberKind::Person.may_hold_all(&roles) {
        true => MemberKind::Person,
        false => MemberKind::Machine,
    };
    let person = member::Person { kind, ..member::Person::of(None, subject, display_name) };
    Member { unit_id, ..Member::new(app.ids.next(), organization_id, person, roles, (day(1, 1), now)) }
}

/// Prepares a database for the sandbox: seeds an empty one, resumes one that the sandbox created, refuses any other.
/// Returns whether it was seeded.
///
/// # Errors
/// `already_exists` for a database with data of its own.
pub fn prepare(conn: &mut Conn, app: &App, empty: bool) -> Result<bool, Error> {
    if let Some(now) = store::installation::sandbox_now(conn)? {
        app.clock.set(now, false);
        app.ids.end_count();
        return Ok(false);
    }
    if !store::installation::is_empty(conn)? {
        return Err(Error::new(crate::error::Code::AlreadyExists));
    }
    fill(conn, app, empty).map(|()| true)
}

/// Resets the sandbox to its initial state.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub async fn reset(app: &std::sync::Arc<App>, empty: bool) -> Result<(), Error> {
    app.db.maintain(migrations::rebuild).await?;
    app.tables.clear();
    app.ids.restart();
    app.clock.set(sandbox_start(), false);
    let shared = std::sync::Arc::clone(app);
    app.db
        .write(move |conn| {
            shared.ids.restart();
            fill(conn, &shared, empty)
        })
        .await
}

/// Sets the clock, and does what the clock alone causes by then.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub async fn set_clock(
    app: &std::sync::Arc<App>,
    request_id: &str,
    now: DateTime<Utc>,
    ticking: bool,
) -> Result<(), Error> {
    app.clock.set(now, ticking);
    app.db.write(move |conn| store::installation::set_sandbox_now(conn, now)).await?;
    deadline_checks::run(app, request_id, &Selection::Due, false).await.map(drop)
}
