//! The export of a whole period: what the caller may see of its rules, sheets, reviews, facts, ranking and proposals.

pub mod table;
pub mod words;
pub mod workbook;

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Decision};
use crate::domain::assessment::period::Period;
use crate::domain::assessment::review::Review;
use crate::domain::assessment::submission::{Submission, SubmissionCase};
use crate::domain::award::award_proposal::Proposal;
use crate::domain::award::tie_decision::TieDecision;
use crate::domain::criteria::criteria_set::CriteriaContent;
use crate::domain::criteria::scoring::{ScoringTable, Sheet};
use crate::domain::office::organization::Organization;
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::calendar::CalendarDay;
use crate::error::{Code, Error};
use crate::service::assessment::submissions::{
    UnitLines, VisibleResult, hides, last_submitted, sees_result, sees_reviews, visible_lines,
};
use crate::service::award::ranking::{self, RankingDetails, inputs};
use crate::service::tag::Tag;
use crate::service::{Context, Related, Result, Subject};
use crate::store::facts::RecordedFacts;
use crate::store::scores::StoredLines;
use crate::store::{self, Conn};

/// A unit that takes part.
#[derive(Debug, Clone)]
pub struct ExportedUnit {
    /// Id and code.
    pub key: UnitKey,
    /// Name.
    pub name: String,
}

/// A sheet with the lines that the caller may see.
#[derive(Debug, Clone)]
pub struct ExportedSheet {
    /// The submission.
    pub case: SubmissionCase,
    /// Name of the unit.
    pub unit_name: String,
    /// The table that it is scored by, with the unit's targets.
    pub table: Arc<ScoringTable>,
    /// Lines of the self-assessment.
    pub own: Option<Sheet>,
    /// Lines of the appraisal.
    pub appraisal: Option<Sheet>,
    /// Lines of the council review, or the mean.
    pub council: Option<Sheet>,
    /// The reviews that the mean is made of, each with its lines.
    pub made_alone: Vec<(Review, Sheet)>,
    /// Whether the caller sees results after self-assessment.
    pub sees_result: bool,
    /// The state of the submission as the caller sees it, which a tag names.
    pub state: String,
}

impl ExportedSheet {
    /// Returns the lines of the furthest stage that the caller may see.
    pub fn final_sheet(&self) -> Option<&Sheet> {
        let own = self.own.as_ref().filter(|_| self.sees_result);
        self.council.as_ref().or(self.appraisal.as_ref()).or(own)
    }

    /// Returns the lines of the self-assessment, the appraisal and the council review.
    pub fn stages(&self) -> [Option<&Sheet>; 3] {
        [self.own.as_ref(), self.appraisal.as_ref(), self.council.as_ref()]
    }
}

/// A period as the caller may see it.
pub struct PeriodExport {
    /// The office.
    pub organization: Organization,
    /// The period.
    pub period: Period,
    /// The table of criteria of the period.
    pub content: CriteriaContent,
    /// The tables of the groups that have their own, by code of the group, in the order of the groups.
    pub group_contents: Vec<(String, CriteriaContent)>,
    /// The units, in order of code.
    pub units: Vec<ExportedUnit>,
    /// The sheets that the caller may see, in order of the unit's code.
    pub sheets: Vec<ExportedSheet>,
    /// The facts that the caller may see.
    pub facts: Vec<RecordedFacts>,
    /// The decisions on ties, each with whether it stands; `None` for those who may not see them.
    pub tie_decisions: Option<Vec<(TieDecision, bool)>>,
    /// The ranking.
    pub ranking: RankingDetails,
    /// The text that the final ranking was computed from; `None` for those who may not see all of it.
    pub inputs: Option<String>,
    /// The proposals that the caller may see.
    pub proposals: Vec<Proposal>,
    /// The days that differ from their weekday, from the result notice to the end of the longest term of a dossier.
    pub calendar_days: Vec<CalendarDay>,
}

impl PeriodExport {
    /// Returns the table that the units of a group are scored by.
    pub fn content_of(&self, group_code: Option<&str>) -> &CriteriaContent {
        let own = self.group_contents.iter().find(|(code, _)| Some(code.as_str()) == group_code);
        own.map_or(&self.content, |(_, content)| content)
    }

    /// Returns the codes and titles of the groups; one without either where the period has none.
    pub fn groups(&self) -> Vec<Option<(&str, &str)>> {
        let groups = self.period.rules.groups.iter().map(|group| Some((group.code.as_str(), group.title.as_str())));
        if self.period.rules.groups.is_empty() { vec![None] } else { groups.collect() }
    }

    /// Returns the sheets of a group; all where there are no groups.
    pub fn sheets_of(&self, group_code: Option<&str>) -> Vec<&ExportedSheet> {
        let own = |sheet: &&ExportedSheet| self.period.group_code_of(&sheet.case.unit.id) == group_code;
        self.sheets.iter().filter(own).collect()
    }
}

/// Returns the tables of criteria of a period: its own, and those of its groups.
fn contents(conn: &mut Conn, period: &Period) -> Result<(CriteriaContent, Vec<(String, CriteriaContent)>)> {
    let named = period.rules.criteria_sets();
    let sets = store::criteria_sets::with_ids(conn, named.iter().map(|(_, id)| id))?;
    let content = |id: &Id| {
        sets.iter().find(|set| set.id == *id).map(|set| set.content.clone()).ok_or(Error::new(Code::NotFound))
    };
    let groups = period.rules.groups.iter().filter_map(|group| Some((group.code.clone(), group.criteria_set_id?)));
    let of_groups = groups.map(|(code, id)| Ok((code, content(&id)?))).collect::<Result<_, Error>>()?;
    Ok((content(&period.rules.criteria_set_id)?, of_groups))
}

/// Returns a period as the caller may see it. Whoever may not see its ranking sees nothing of it.
pub fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<PeriodExport> {
    let ranking = ranking::get(conn, context, id)?;
    let period: Period = context.find(conn, id)?;
    let organization = store::organizations::find(conn, &period.organization_id)?.ok_or(Code::NotFound)?;
    let (own, group_contents) = contents(conn, &period)?;
    let units = units(conn, id)?;
    let sheets = sheets(conn, context, (&organization, &period), &units)?;
    let may = |action, unit: &UnitKey| {
        let facts = access::Facts { unit: Some(unit), announced: true, ..access::Facts::of(&organization.id) };
        matches!(access::decide(&context.actor, action, &facts), Decision::Allow)
    };
    let seen = |action, unit_id: &Id| units.iter().any(|unit| unit.key.id == *unit_id && may(action, &unit.key));
    let mut facts = store::facts::of_period(conn, id)?;
    facts.retain(|facts| seen(Action::ReadFacts, &facts.unit_id));
    let mut proposals = store::award_proposals::of_period(conn, id)?;
    proposals.retain(|proposal| seen(Action::ReadProposal, &proposal.unit_id));
    let sees_ties = access::holds(&context.actor, Action::ReadTieDecisions, &access::Facts::of(&organization.id));
    let tie_decisions = if sees_ties {
        let contenders = inputs::current(conn, &period)?.contenders;
        Some(inputs::decisions(conn, &period, &contenders)?)
    } else {
        None
    };
    let frozen = inputs::frozen_row(conn, &period)?.filter(|_| ranking.salt.is_some());
    let calendar_days = match &period.notice {
        Some(notice) => {
            let counted = proposals.iter().filter_map(|proposal| proposal.term.explanation.last());
            let last = counted.map(|day| day.on).max().unwrap_or(notice.on);
            store::calendar::days(conn, Some(&organization.id), notice.on, last)?
        }
        None => Vec::new(),
    };
    Ok(PeriodExport {
        tie_decisions,
        inputs: frozen.map(|frozen| frozen.inputs),
        content: own,
        group_contents,
        organization,
        period,
        units,
        sheets,
        facts,
        ranking,
        proposals,
        calendar_days,
    })
}

/// Returns the units that take part in a period, in order of code.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn units(conn: &mut Conn, period_id: &Id) -> Result<Vec<ExportedUnit>, Error> {
    let units = store::periods::units_of(conn, period_id)?.into_iter();
    Ok(units.map(|unit| ExportedUnit { key: unit.unit, name: unit.name }).collect())
}

/// The sheet of one unit, ready to be printed or filled in.
pub struct UnitForm {
    /// The office.
    pub organization: Organization,
    /// The period.
    pub period: Period,
    /// The table of criteria.
    pub content: CriteriaContent,
    /// The sheet.
    pub sheet: ExportedSheet,
}

/// Returns the form of a submission that the caller may read. A unit that was set aside has none.
pub fn form(conn: &mut Conn, context: &Context, id: &Id) -> Result<UnitForm> {
    let case: SubmissionCase = context.find(conn, id)?;
    context.accept_read()?;
    let period_id = &case.submission.period_id;
    let period = store::periods::find(conn, period_id)?.ok_or(Code::NotFound)?;
    let organization = store::organizations::find(conn, &period.organization_id)?.ok_or(Code::NotFound)?;
    let set = store::criteria_sets::find(conn, &case.criteria_set_id)?.ok_or(Code::NotFound)?;
    let mut units = units(conn, period_id)?;
    units.retain(|unit| unit.key.id == case.unit.id);
    let sheet = sheets(conn, context, (&organization, &period), &units)?.pop().ok_or(Code::NotFound)?;
    Ok(UnitForm { organization, period, content: set.content, sheet })
}

/// Returns the sheets that the caller may see, with the lines that the caller may see, in order of the unit's code.
pub fn sheets(
    conn: &mut Conn,
    context: &Context,
    (organization, period): (&Organization, &Period),
    units: &[ExportedUnit],
) -> Result<Vec<ExportedSheet>> {
    let tables = context.app.tables.of_period(conn, &period.rules)?;
    let targets = store::targets::of_period(conn, &period.id)?;
    let mut submissions: HashMap<Id, Submission> =
        store::submissions::of_period(conn, &period.id)?.into_iter().map(|sheet| (sheet.unit_id, sheet)).collect();
    let mut own = store::scores::of_period(conn, &period.id)?;
    let mut reviewed = store::scores::of_reviews(conn, &period.id)?;
    let reviews = store::reviews::of_period(conn, &period.id)?;
    let mut sheets = Vec::new();
    for unit in units {
        let Some(submission) = submissions.remove(&unit.key.id) else {
            continue;
        };
        let case = SubmissionCase {
            submission,
            unit: unit.key.clone(),
            period_status: period.status,
            appraisal_due_on: period.rules.schedule.appraisal_due_on,
            criteria_set_id: period.criteria_set_of(&unit.key.id),
            council_scoring: period.rules.council_scoring,
            zone: organization.zone(),
            set_aside_at: None,
            stand_ins: Vec::new(),
        };
        if !matches!(access::decide(&context.actor, Action::ReadSubmission, &case.facts()), Decision::Allow) {
            continue;
        }
        let of_unit = targets.iter().filter(|target| target.unit_id == unit.key.id);
        let of_unit: Vec<_> = of_unit.map(|target| (target.criterion_code.as_str(), target.target)).collect();
        let table = tables.of_unit(period, &unit.key.id).ok_or(Code::NotFound)?;
        let table = match of_unit.is_empty() {
            true => Arc::clone(table),
            false => Arc::new(ScoringTable::clone(table).with_targets(of_unit.into_iter())),
        };
        let lines = own.remove(&case.submission.id).unwrap_or_default();
        let own = match visible_lines(context, &case) {
            UnitLines::Current => Some(lines.on(&table)?),
            UnitLines::LastSubmitted => Some(last_submitted(conn, &case.submission)?.sheet()),
            UnitLines::None => None,
        };
        let sees_result = sees_result(context, &case);
        let (mut appraisal, mut council, mut made_alone) = (None, None, Vec::new());
        let mut counting: Vec<Review> =
            reviews.iter().filter(|review| review.submission_id == case.submission.id).cloned().collect();
        counting.sort_by_key(|review| (review.stage, review.id));
        let visible = VisibleResult::of_reviews(context, &case, &counting);
        let state = Tag::state_of(&visible.parts(&case));
        let sees_reviews = sees_reviews(context, &case);
        for review in counting.iter().filter(|review| sees_reviews && !hides(&case, review)) {
            let lines: StoredLines = reviewed.remove(&review.id).unwrap_or_default();
            let lines = lines.on(&table)?;
            match review.stage {
                Stage::Appraisal => appraisal = Some(lines),
                Stage::Council if review.alone => made_alone.push((review.clone(), lines)),
                Stage::Council => council = Some(lines),
            }
        }
        if let Some(appraisal) = appraisal.as_ref().filter(|_| !made_alone.is_empty()) {
            let sheets: Vec<Sheet> = made_alone.iter().map(|(_, lines)| lines.clone()).collect();
            council = Some(table.mean(appraisal, &sheets));
        }
        let unit_name = unit.name.clone();
        sheets.push(ExportedSheet { case, unit_name, table, own, appraisal, council, made_alone, sees_result, state });
    }
    Ok(sheets)
}
