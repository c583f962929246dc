//! Drafts of the documents that an office signs: the proposal letter, the achievement report, the minutes and the result
//! notice. Each shows its reader what the reader may see of the records behind it, and nothing else.

mod form;
pub mod minutes;
pub mod papers;

use crate::domain::Points;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::assessment::group::Group;
use crate::domain::assessment::period::{DossierDeadline, Period, PeriodStatus};
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::award::award_proposal::{ACHIEVEMENT_REPORT, ProposalCase};
use crate::domain::award::council_session::{Attendance, CouncilSession, SessionCase};
use crate::domain::award::eligibility::{Condition, Eligibility};
use crate::domain::award::ranking::RankingRow;
use crate::domain::award::vote::Vote;
use crate::domain::office::member::Member;
use crate::domain::time::date_in;
use crate::domain::{Id, wording};
use crate::error::{Code, Error};
use crate::service::assessment::submissions;
use crate::service::award::ranking;
use crate::service::{Context, Result, Subject};
use crate::store::award_proposals::GivenAward;
use crate::store::{self, Conn};
use minutes::{Session, VoteLine};
use papers::{EarlierAward, GroupOf, Proposed, SectionPoints, Year};

/// Code of the document that proposes the unit to the deciding authority.
const PROPOSAL_LETTER: &str = "proposal_letter";

/// A draft with the data that fills it.
pub enum Draft {
    /// Tờ trình.
    ProposalLetter(Year, Box<Proposed>),
    /// Báo cáo thành tích.
    AchievementReport(Year, Box<Proposed>),
    /// Biên bản họp hội đồng.
    Minutes(Year, Box<Session>),
    /// Thông báo kết quả.
    Notice(Year, Vec<RankingRow>, DossierDeadline),
}

impl Draft {
    /// Writes the draft as DOCX.
    ///
    /// # Errors
    /// `internal`, which cannot happen when writing to memory.
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        match self {
            Draft::ProposalLetter(year, proposed) => papers::proposal_letter(year, proposed),
            Draft::AchievementReport(year, proposed) => papers::achievement_report(year, proposed),
            Draft::Minutes(year, session) => minutes::minutes(year, session),
            Draft::Notice(year, rows, deadline) => papers::notice(year, rows, deadline),
        }
    }

    /// Returns the name of the file.
    pub fn file_name(&self) -> String {
        match self {
            Draft::ProposalLetter(year, proposed) => format!("to-trinh-{}-{}.docx", proposed.unit_code, year.year),
            Draft::AchievementReport(year, proposed) => {
                format!("bao-cao-thanh-tich-{}-{}.docx", proposed.unit_code, year.year)
            }
            Draft::Minutes(_, session) => format!("bien-ban-{}.docx", session.held_on),
            Draft::Notice(year, ..) => format!("thong-bao-ket-qua-{}.docx", year.year),
        }
    }
}

/// Returns what the drafts of a period have in common. A draft about one unit rests on the table that it is scored by.
fn year(conn: &mut Conn, context: &Context, period: &Period, unit_id: Option<&Id>) -> Result<Year, Error> {
    let office = store::organizations::find(conn, &period.organization_id)?.ok_or(Code::NotFound)?;
    let set_id = unit_id.map_or(period.rules.criteria_set_id, |unit_id| period.criteria_set_of(unit_id));
    let set = store::criteria_sets::find(conn, &set_id)?.ok_or(Code::NotFound)?;
    let sees_sessions = access::holds(&context.actor, Action::ReadSessions, &Facts::of(&office.id));
    let sessions =
        if sees_sessions { store::council_sessions::closed_of_period(conn, &period.id)? } else { Vec::new() };
    let decided =
        sessions.iter().filter(|session| session.could_decide(period.council_since())).map(|session| session.held_on);
    Ok(Year {
        session_on: decided.max(),
        today: date_in(office.zone(), context.now),
        office_name: office.name,
        office_code: office.code,
        year: period.rules.year,
        legal_basis: set.content.legal_basis,
        notice: period.notice.clone(),
        groups: groups(period),
    })
}

/// Returns the groups of a period; one without a title where there are none.
fn groups(period: &Period) -> Vec<GroupOf> {
    let rules = &period.rules;
    if rules.groups.is_empty() {
        return vec![GroupOf { code: None, title: String::new(), awards: rules.awards.clone() }];
    }
    let of = |group: &Group| GroupOf {
        code: Some(group.code.clone()),
        title: group.title.clone(),
        awards: rules.awards_of(Some(&group.code)).to_vec(),
    };
    rules.groups.iter().map(of).collect()
}

/// Returns the draft of a document of a dossier.
pub fn of_proposal(conn: &mut Conn, context: &Context, id: &Id, code: &str) -> Result<Draft> {
    let case: ProposalCase = context.find(conn, id)?;
    context.accept_read()?;
    let document = case.proposal.documents.iter().find(|document| document.code == code).ok_or(Code::NotFound)?;
    if !matches!(code, PROPOSAL_LETTER | ACHIEVEMENT_REPORT) {
        let error = Error::new(Code::DraftNotAvailable).with("document", code);
        return Err(error.with("title", document.title.as_str()).into());
    }
    let period = store::periods::find(conn, &case.proposal.period_id)?.ok_or(Code::NotFound)?;
    let year = year(conn, context, &period, Some(&case.proposal.unit_id))?;
    let proposed = Box::new(proposed(conn, context, &case, &period, code)?);
    Ok(match code {
        ACHIEVEMENT_REPORT => Draft::AchievementReport(year, proposed),
        _ => Draft::ProposalLetter(year, proposed),
    })
}

fn proposed(conn: &mut Conn, context: &Context, case: &ProposalCase, period: &Period, code: &str) -> Result<Proposed> {
    let proposal = &case.proposal;
    let unit = store::units::find(conn, &proposal.unit_id)?.ok_or(Code::NotFound)?;
    let ranking = ranking::get(conn, context, &period.id)?.ranking;
    let own = ranking.rows.iter().find(|row| row.unit_id == proposal.unit_id);
    let group_code = proposal.group_code.as_deref();
    let enclosed = proposal.documents.iter().filter(|document| document.code != code);
    let is_report = code == ACHIEVEMENT_REPORT;
    let earlier = |given: GivenAward| EarlierAward {
        year: given.year,
        title: given.title,
        number: given.decision_number,
        on: given.decided_on,
    };
    Ok(Proposed {
        sections: if is_report { sections(conn, context, period, &proposal.unit_id)? } else { Vec::new() },
        earlier: if is_report {
            let given = store::award_proposals::given_before(conn, &unit.id, period.rules.year)?;
            given.into_iter().map(earlier).collect()
        } else {
            Vec::new()
        },
        unit_name: unit.name,
        unit_code: unit.code,
        unit_kind: unit.kind,
        award: period.rules.award_title(group_code, &proposal.award_code).to_owned(),
        group: group_code.and_then(|code| period.rules.group(code)).map(|group| group.title.clone()),
        rank: proposal.rank,
        ranked: ranking.ranked_in(group_code),
        base: own.and_then(|row| row.base),
        bonus: own.and_then(|row| row.bonus),
        penalty: own.map_or(Points::ZERO, |row| row.penalty),
        total: proposal.total,
        conditions: conditions(&period.rules.eligibility, &proposal.eligibility),
        enclosed: enclosed.map(|document| document.title.clone()).collect(),
    })
}

/// Returns the conditions in words, and whether the unit met them.
fn conditions(conditions: &[Condition], judged: &[Eligibility]) -> Vec<(String, bool)> {
    let met = |kind: &str| judged.iter().find(|judged| judged.kind == kind).map(|judged| judged.met);
    let of = |condition: &Condition| Some((wording::condition(condition), met(condition.into_str())?));
    conditions.iter().filter_map(of).collect()
}

/// Returns the final points of a unit by part and section; none where the caller may not see them.
fn sections(conn: &mut Conn, context: &Context, period: &Period, unit_id: &Id) -> Result<Vec<SectionPoints>> {
    let Some(id) = store::submissions::of_unit(conn, &period.id, unit_id)? else {
        return Ok(Vec::new());
    };
    let case = SubmissionCase::find(conn, context, &id)?;
    if !access::holds(&context.actor, Action::ReadSubmission, &case.facts()) {
        return Ok(Vec::new());
    }
    let scores = submissions::scores(conn, context, &id)?;
    let Some(tally) = scores.final_sheet().map(|sheet| scores.table.tally(sheet)) else {
        return Ok(Vec::new());
    };
    let set = store::criteria_sets::find(conn, &case.criteria_set_id)?.ok_or(Code::NotFound)?;
    let entries = set.content.entries().into_iter().zip(tally.nodes);
    // Parts, and what stands directly below them: the guideline's Roman numerals.
    let parts: Vec<&str> = set.content.parts.iter().map(|part| part.code.as_str()).collect();
    let is_section = |parent: &Option<String>| parent.as_deref().is_none_or(|parent| parts.contains(&parent));
    Ok(entries
        .filter(|(entry, _)| is_section(&entry.parent_code))
        .map(|(entry, sum)| SectionPoints {
            number: entry.code.rsplit('.').next().unwrap_or_default().to_owned(),
            is_part: entry.parent_code.is_none(),
            title: entry.title.trim_end_matches(':').to_owned(),
            max_points: entry.max_points,
            points: sum.points,
        })
        .collect())
}

/// Returns the draft of the minutes of a session, with the results as they are now.
pub fn of_session(conn: &mut Conn, context: &Context, id: &Id) -> Result<Draft> {
    let case: SessionCase = context.find(conn, id)?;
    context.accept_read()?;
    let SessionCase { session, period } = case;
    let common = year(conn, context, &period, None)?;
    let rows = ranking::get(conn, context, &period.id)?.ranking.rows;
    let ties = ties(conn, context, &period, &rows, &session)?;
    let attending = session.attendance.iter().map(|attendance| attendance.member_id);
    let ids: Vec<Id> = attending.chain(session.presiding_member_id).collect();
    let members = store::members::with_ids(conn, &ids)?;
    let names = |fits: &dyn Fn(&Attendance) -> bool| -> Vec<String> {
        let is_meant = |member: &&Member| {
            session.attendance.iter().any(|attendance| attendance.member_id == member.id && fits(attendance))
        };
        members.iter().filter(is_meant).map(|member| member.display_name.clone()).collect()
    };
    let presides = |member: &&Member| access::roles_of(Action::CloseSession).any(|role| member.roles.contains(&role));
    let present = names(&|attendance| attendance.present);
    let chair = match session.presiding_member_id {
        Some(id) => members.iter().find(|member| member.id == id).map(|member| member.display_name.clone()),
        None => members
            .iter()
            .filter(presides)
            .map(|member| member.display_name.clone())
            .find(|name| present.contains(name)),
    };
    let unit_name = |id: &Id| rows.iter().find(|row| row.unit_id == *id).map(|row| row.unit_name.clone());
    let agenda = session.agenda.iter();
    let agenda = agenda.map(|item| (item.note.clone(), item.unit_ids.iter().filter_map(unit_name).collect())).collect();
    let votes = session.votes.iter().map(|vote| vote_line(vote, &period, unit_name(&vote.ballot.unit_id))).collect();
    Ok(Draft::Minutes(
        common,
        Box::new(Session {
            held_on: session.held_on,
            place: session.place.clone(),
            chair,
            agenda,
            votes,
            absent: names(&|attendance| !attendance.present),
            wrote: names(&|attendance| !attendance.present && attendance.written_opinion),
            present,
            quorum: session.present.zip(session.needed),
            rows,
            ties,
        }),
    ))
}

fn vote_line(vote: &Vote, period: &Period, unit_name: Option<String>) -> VoteLine {
    let ballot = &vote.ballot;
    let group_code = period.group_code_of(&ballot.unit_id);
    VoteLine {
        unit: unit_name.unwrap_or_default(),
        award: period.rules.award_title(group_code, &ballot.award_code).to_owned(),
        counts: [ballot.in_favour, ballot.against, ballot.abstained],
        needed: vote.needed().map(|needed| (needed, vote.members)),
        passed: vote.passed(),
    }
}

/// Returns the decisions on ties that a session took: names of the units in order, and the reason.
fn ties(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    rows: &[RankingRow],
    session: &CouncilSession,
) -> Result<Vec<(Vec<String>, String)>, Error> {
    if !access::holds(&context.actor, Action::ReadTieDecisions, &Facts::of(&period.organization_id)) {
        return Ok(Vec::new());
    }
    let name = |id: &Id| rows.iter().find(|row| row.unit_id == *id).map(|row| row.unit_name.clone());
    let decisions = store::rankings::tie_decisions(conn, &period.id)?.into_iter();
    let of_session = decisions.filter(|decision| decision.council_session_id == session.id);
    Ok(of_session.map(|decision| (decision.unit_ids.iter().filter_map(name).collect(), decision.reason)).collect())
}

/// Returns the draft of the result notice of a finalised period.
pub fn of_period(conn: &mut Conn, context: &Context, id: &Id) -> Result<Draft> {
    let rows = ranking::get(conn, context, id)?.ranking.rows;
    let period: Period = context.find(conn, id)?;
    period.status.must_be(&[PeriodStatus::Finalized, PeriodStatus::Announced, PeriodStatus::Closed])?;
    let year = year(conn, context, &period, None)?;
    Ok(Draft::Notice(year, rows, period.rules.dossier_deadline.clone()))
}
