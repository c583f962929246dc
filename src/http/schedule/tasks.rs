//! `/v1/me/tasks`.

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

/// The operations on `tasks`.
pub fn operations() -> Vec<Operation> {
    operations![Deadlines, "tasks";
        list: lists(Callers::Authenticated),
    ]
}

/// What a task is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskSubject)]
struct TaskSubjectView {
    #[serde(rename = "type")]
    #[schema(example = "submission")]
    kind: &'static str,
    /// Null for what is still to be made.
    id: Option<Id>,
}

/// Something to be done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
struct TaskView {
    /// As in `allowed_actions`.
    #[schema(example = "submit")]
    action: &'static str,
    /// The method of its call.
    #[schema(example = "POST")]
    method: &'static str,
    /// The path of its call.
    #[schema(example = "/v1/submissions/018b88d6-5f80-7000-8000-000000000001/submit")]
    href: String,
    subject: TaskSubjectView,
    organization_id: Id,
    period_id: Id,
    unit_id: Option<Id>,
    #[schema(example = "TH")]
    unit_code: Option<String>,
    /// The deadline that it meets; null where nothing is due.
    deadline_id: Option<Id>,
    due_on: Option<NaiveDate>,
    /// The first instant that is too late.
    until: Option<Instant>,
    /// How the deadline stands.
    status: Option<DeadlineStatus>,
}

impl TaskView {
    /// What tells it apart from the others.
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

/// List what I must do now, until when, and where.
///
/// What is due first comes first. A sheet appears with the one act that is the caller's turn; a period with its next step once nothing keeps
/// it back. Once every sheet is reviewed, who may know of the ranking is told what it still needs: facts of a unit (`write_facts`), the
/// decision on a tie (`decide_tie`).
#[utoipa::path(get, path = "/v1/me/tasks", responses((status = 200, description = "All of them.", body = ListView<TaskView>)))]
async fn list(mut call: Call) -> Reply {
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let tasks = tasks::list(conn, context)?.iter().map(TaskView::from).collect();
        Ok(asked.answer_of_all(tasks, TaskView::key, |task| task)?)
    })
    .await
}
