//! Explanations of problem codes.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::error::{Code, Error};
use crate::http::operation::{Callers, Operation, operations, reads};

/// Returns the operations on `problems`.
pub fn operations() -> Vec<Operation> {
    operations![Service, "problems";
        get: reads(Callers::Anybody).refuses(GET_REFUSALS),
    ]
}

const GET_REFUSALS: &[Code] = &[Code::NotFound];

/// The explanation of a problem code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemExplanation)]
struct Explanation {
    /// Stable code.
    #[schema(example = "deadline_passed")]
    code: &'static str,
    /// HTTP status of the response.
    #[schema(example = 409)]
    status: u16,
    /// Whether a retry can succeed. `never`: the same request always fails. `after_change`: after reading the record
    /// again and adapting the request. `later`: after waiting. `new_token`: with a new token.
    #[schema(example = "never")]
    retry: &'static str,
    /// Vietnamese texts.
    vi: Text,
    /// English texts.
    en: Text,
}

/// The texts of a code in one language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemText)]
struct Text {
    /// Short summary.
    title: &'static str,
    /// Message with `{param}` placeholders.
    text: &'static str,
}

/// Explain a problem code.
///
/// The `type` of every problem is this path.
#[utoipa::path(get, path = "/problems/{code}", params(("code" = String, Path, description = "Stable code.", example = "deadline_passed")),
    responses((status = 200, description = "The explanation.", body = Explanation)))]
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
