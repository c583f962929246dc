//! `/v1/working-days`.

use actix_web::web;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::call::{Call, Reply, body_tag};
use super::{reading, resource};
use crate::domain::calendar::CountedDay;
use crate::service::{Answer, calendar};

/// The paths of this page.
#[derive(OpenApi)]
#[openapi(paths(add, count), components(schemas(AddView, CountView)))]
pub struct Api;

/// Puts the paths on their handlers.
pub fn mount(config: &mut web::ServiceConfig) {
    config.service(resource("/add").route(reading(add))).service(resource("/count").route(reading(count)));
}

/// A day so many working days on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingDaysAdded)]
struct AddView {
    /// The day of the event, which is not counted.
    from: NaiveDate,
    /// How many working days on.
    days: u32,
    /// The day reached.
    #[schema(example = "2023-12-07")]
    result_on: NaiveDate,
    /// Whether every year touched has its official calendar.
    calendar_confirmed: bool,
    /// Each day on the way.
    explanation: Vec<CountedDay>,
}

/// How many working days there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingDaysCounted)]
struct CountView {
    /// Not counted itself.
    from: NaiveDate,
    /// Counted itself, if it is a working day.
    to: NaiveDate,
    #[schema(example = 5)]
    working_days: u32,
    /// Whether every year touched has its official calendar.
    calendar_confirmed: bool,
    /// Each day on the way.
    explanation: Vec<CountedDay>,
}

/// Which day is so many working days after another?
///
/// Monday to Friday, less holidays and substitute days off, plus swapped working Saturdays. The day of the event is not counted.
#[utoipa::path(get, path = "/v1/working-days/add", tag = "calendar",
    params(("from" = NaiveDate, Query, description = "The day of the event.", example = "2023-11-30"), ("days" = u32, Query, description = "0 to 1000.", example = 5)),
    responses((status = 200, description = "The day, with the way there.", body = AddView)))]
async fn add(mut call: Call) -> Reply {
    let (from, days) = (call.query().required::<NaiveDate>("from"), call.query().required::<u32>("days"));
    let (from, days) = (from.unwrap_or_default(), days.unwrap_or_default());
    call.read(move |conn, context| {
        context.admit_read()?;
        let reckoning = calendar::add(conn, from, days)?;
        let view = AddView {
            from,
            days,
            result_on: reckoning.result_on,
            calendar_confirmed: reckoning.calendar_confirmed,
            explanation: reckoning.explanation,
        };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// How many working days are there after a day, up to and with another?
///
/// The inverse of `add`.
#[utoipa::path(get, path = "/v1/working-days/count", tag = "calendar",
    params(("from" = NaiveDate, Query, description = "Not counted.", example = "2023-11-30"), ("to" = NaiveDate, Query, description = "Counted.", example = "2023-12-07")),
    responses((status = 200, description = "The number, with the way there.", body = CountView)))]
async fn count(mut call: Call) -> Reply {
    let (from, to) = (call.query().required::<NaiveDate>("from"), call.query().required::<NaiveDate>("to"));
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    call.read(move |conn, context| {
        context.admit_read()?;
        let reckoning = calendar::count(conn, from, to)?;
        let view = CountView {
            from,
            to,
            working_days: reckoning.working_days,
            calendar_confirmed: reckoning.calendar_confirmed,
            explanation: reckoning.explanation,
        };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
