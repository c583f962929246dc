//! The caller's tasks: `/v1/me/tasks`.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::schedule::deadline::DeadlineStatus;
use crate::http::actions;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Callers, Operation, lists, operations};
use crate::http::page::ListView;
use crate::http::time::Instant;
use crate::service::schedule::tasks::{self, Task};

/// Returns the operations on `tasks`.
pub fn operations() -> Vec<Operation> {
    operations![Deadlines, "tasks";
        list: lists(Callers::Authenticated),
    ]
}

/// The record that a task is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskSubject)]
struct TaskSubjectView {
    /// Type of the record.
    #[serde(rename = "type")]
    #[schema(example = "submission")]
    kind: &'static str,
    /// Id of the record; null if it is yet to be created.
    id: Option<Id>,
}

/// Something that the caller has to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
struct TaskView {
    /// The action to perform, as in `allowed_actions`.
    #[schema(example = "submit")]
    action: &'static str,
    /// HTTP method of the request that performs it.
    #[schema(example = "POST")]
    method: &'static str,
    /// Path of the request that performs it.
    #[schema(example = "/v1/submissions/018b88d6-5f80-7000-8000-000000000001/submit")]
    href: String,
    /// The record that the task is about.
    subject: TaskSubjectView,
    /// The organisation that the task belongs to.
    organization_id: Id,
    /// The period that the task belongs to.
    period_id: Id,
    /// The unit that the task concerns; null if it concerns the whole period.
    unit_id: Option<Id>,
    /// Code of the unit; null if the task concerns the whole period.
    #[schema(example = "TH")]
    unit_code: Option<String>,
    /// The deadline that the task meets; null if there is none.
    deadline_id: Option<Id>,
    /// Due date; null if there is none.
    due_on: Option<NaiveDate>,
    /// Instant from which it is too late; null if there is none.
    until: Option<Instant>,
    /// State of the deadline; null if there is none.
    status: Option<DeadlineStatus>,
}

impl TaskView {
    /// Returns the key that identifies the task in the list.
    fn key(&self) -> String {
        let about = self.subject.id.or(self.unit_id).map(|id| id.to_string()).unwrap_or_default();
        format!("{} {} {about}", self.method, self.href)
    }
}

impl From<&Task> for TaskView {
    fn from(task: &Task) -> Self {
        let (action, method, href) = actions::link(task.action, &task.base);
        TaskView {
            action,
            method,
            href: task.document.as_ref().map_or_else(|| href.clone(), |code| href.replace("{code}", code)),
            subject: TaskSubjectView { kind: task.subject_type, id: task.subject_id },
            organization_id: task.organization_id,
            period_id: task.period_id,
            unit_id: task.unit.as_ref().map(|unit| unit.id),
            unit_code: task.unit.as_ref().map(|unit| unit.code.clone()),
            deadline_id: task.deadline_id,
            due_on: task.due_on,
            until: task.until.map(Instant),
            status: task.status,
        }
    }
}

/// List the caller's tasks.
///
/// Ordered by due date. A submission appears with the one action that is the caller's turn, a period with its next step
/// once nothing prevents it. Once every submission is reviewed, callers who may see the ranking are also told what it
/// still lacks: facts about a unit (`write_facts`) or the decision on a tie (`decide_tie`).
#[utoipa::path(get, path = "/v1/me/tasks", responses((status = 200, description = "A page of tasks.", body = ListView<TaskView>)))]
async fn list(mut call: Call) -> Reply {
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let tasks = tasks::list(conn, context)?.iter().map(TaskView::from).collect();
        Ok(asked.answer_of_all(tasks, TaskView::key, |task| task)?)
    })
    .await
}
