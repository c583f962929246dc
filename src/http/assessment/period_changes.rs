//! Bodies that change the settings of a period: a patch of it, and a copy that differs.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::assessment::group::Group;
use crate::domain::assessment::period::{
    CouncilScoring, DossierDeadline, LateSubmissions, PeriodRules, RequiredDocument,
};
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::eligibility::Condition;
use crate::http::patch::present;
use crate::http::time::Day;
use crate::service::assessment::periods::ChangedFields;

/// Changes to the schedule. Omitted dates remain unchanged.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleChange {
    /// Day on which submissions are due.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    self_assessment_due_on: Option<Day>,
    /// Day by which the standing body completes the appraisal.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    appraisal_due_on: Option<Day>,
    /// First day of the council's review.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    council_review_from_on: Option<Day>,
    /// Last day of the council's review.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    council_review_to_on: Option<Day>,
    /// Day by which the result notice is issued.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    result_notice_due_on: Option<Day>,
}

/// Overwrites a value if one is given. Returns whether one was.
fn overwrite<T: Clone>(value: &mut T, given: Option<&T>) -> bool {
    if let Some(given) = given {
        value.clone_from(given);
    }
    given.is_some()
}

/// Declares a body with the settings of a period, each of which may be omitted, besides fields of its own.
macro_rules! with_changes {
    ($(#[$about:meta])* struct $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        pub struct $name {
            $($own)*
            /// Code of the period, unique within the organisation.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            code: Option<String>,
            /// Title of the period.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            title: Option<String>,
            /// Year that the period covers.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            year: Option<i32>,
            /// The criteria set to score by.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            criteria_set_id: Option<Id>,
            /// Ids of the participating units; replaces the whole list.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            unit_ids: Option<Vec<Id>>,
            /// Dates of the schedule to change.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            schedule: Option<ScheduleChange>,
            /// How submissions after the due date are handled.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            late_submissions: Option<LateSubmissions>,
            /// How the council arrives at its scores.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            council_scoring: Option<CouncilScoring>,
            /// Tie-break rules, applied in this order: `base_points`, `section:<code>`, `fewer_deductions`, `council_decision`.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            tie_break: Option<Vec<String>>,
            /// Awards of the period, in order of precedence.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            awards: Option<Vec<Award>>,
            /// Groups of like units, each with its own ranking; replaces the whole list. Units that leave the period leave their
            /// group with it.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            groups: Option<Vec<Group>>,
            /// Conditions that a unit must meet to receive an award.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            eligibility: Option<Vec<Condition>>,
            /// What happens to an award when the unit next in rank is not eligible.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            when_ineligible: Option<WhenIneligible>,
            /// Documents that every award dossier must contain.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            required_documents: Option<Vec<RequiredDocument>>,
            /// When award dossiers are due after the result notice.
            #[serde(default, deserialize_with = "present")]
            #[schema(nullable = false)]
            dossier_deadline: Option<DossierDeadline>,
        }

        impl $name {
            /// Applies the settings that are given.
            pub fn apply(&self, rules: &mut PeriodRules) -> ChangedFields {
                overwrite(&mut rules.title, self.title.as_ref());
                if let Some(change) = &self.schedule {
                    let schedule = &mut rules.schedule;
                    overwrite(
                        &mut schedule.self_assessment_due_on,
                        change.self_assessment_due_on.map(NaiveDate::from).as_ref(),
                    );
                    overwrite(&mut schedule.appraisal_due_on, change.appraisal_due_on.map(NaiveDate::from).as_ref());
                    overwrite(
                        &mut schedule.council_review_from_on,
                        change.council_review_from_on.map(NaiveDate::from).as_ref(),
                    );
                    overwrite(&mut schedule.council_review_to_on, change.council_review_to_on.map(NaiveDate::from).as_ref());
                    overwrite(&mut schedule.result_notice_due_on, change.result_notice_due_on.map(NaiveDate::from).as_ref());
                }
                let fixed = [
                    overwrite(&mut rules.code, self.code.as_ref()),
                    overwrite(&mut rules.year, self.year.as_ref()),
                    overwrite(&mut rules.criteria_set_id, self.criteria_set_id.as_ref()),
                    overwrite(&mut rules.unit_ids, self.unit_ids.as_ref()),
                    overwrite(&mut rules.late_submissions, self.late_submissions.as_ref()),
                    overwrite(&mut rules.council_scoring, self.council_scoring.as_ref()),
                    overwrite(&mut rules.tie_break, self.tie_break.as_ref()),
                    overwrite(&mut rules.awards, self.awards.as_ref()),
                    overwrite(&mut rules.groups, self.groups.as_ref()),
                    overwrite(&mut rules.eligibility, self.eligibility.as_ref()),
                    overwrite(&mut rules.when_ineligible, self.when_ineligible.as_ref()),
                    overwrite(&mut rules.required_documents, self.required_documents.as_ref()),
                    overwrite(&mut rules.dossier_deadline, self.dossier_deadline.as_ref()),
                ];
                if self.unit_ids.is_some() && self.groups.is_none() {
                    rules.leave_groups();
                }
                ChangedFields { fixed: fixed.contains(&true) }
            }
        }
    };
}

with_changes! {
    /// Changes to a period. Omitted fields remain unchanged. Once the period is open, only `title` and `schedule` can
    /// change.
    #[derive(Debug, Clone, Default, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(as = PeriodChange, example = json!({"schedule": {"self_assessment_due_on": "2023-11-15"}}))]
    struct ChangeBody {}
}

with_changes! {
    /// A copy of a period. Settings that are omitted are those of the original.
    #[derive(Debug, Clone, Default, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(as = CopyPeriod, example = json!({"criteria_set_id": "018b88d6-5f80-7000-8000-000000000001", "carry_over": true}))]
    struct CopyBody {
        /// Whether what the units had written is carried over, from a cancelled period; defaults to false.
        #[serde(default)]
        pub carry_over: bool,
    }
}
