//! What a code means.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::error::{Code, Error};
use crate::http::operation::{Callers, Operation, operations, reads};

/// The operations on `problems`.
pub fn operations() -> Vec<Operation> {
    operations![Service, "problems";
        get: reads(Callers::Anybody).refuses(GET_REFUSALS),
    ]
}

const GET_REFUSALS: &[Code] = &[Code::NotFound];

/// A code explained.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemExplanation)]
struct Explanation {
    /// The stable code.
    #[schema(example = "deadline_passed")]
    code: &'static str,
    /// The status it is answered with.
    #[schema(example = 409)]
    status: u16,
    /// `never`: the same request will never succeed. `after_change`: read again and adapt. `later`: wait. `new_token`: fetch one.
    #[schema(example = "never")]
    retry: &'static str,
    /// In Vietnamese.
    vi: Text,
    /// In English.
    en: Text,
}

/// A title and a sentence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemText)]
struct Text {
    /// A few words.
    title: &'static str,
    /// A sentence with `{param}` places.
    text: &'static str,
}

/// Explain a problem code.
///
/// Every problem's `type` leads here.
#[utoipa::path(get, path = "/problems/{code}", params(("code" = String, Path, description = "A stable code.", example = "deadline_passed")),
    responses((status = 200, description = "What it means.", body = Explanation)))]
async fn get(request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let found = Code::ALL.iter().map(|known| known.row()).find(|row| row.code == code.as_str());
    let row = found.ok_or_else(|| Problem::new(&request, Error::new(Code::NotFound)))?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(Explanation {
        code: row.code,
        status: row.status,
        retry: row.retry.as_str(),
        vi: Text { title: row.title_vi, text: row.text_vi },
        en: Text { title: row.title_en, text: row.text_en },
    }))
}
