//! Problem responses (RFC 9457).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::json::AnyObject;
use crate::domain::time::read_day;
pub use crate::domain::wording::Language;
use crate::error::{Code, Error, Params, Row, term};
use crate::service::IdentifiedCell;

impl Language {
    /// Returns the language that `Accept-Language` prefers.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let quality = |wanted: &str| {
            let ranges = text.split(',').map(|range| range.split_once(";q=").unwrap_or((range, "1")));
            let fitting = ranges
                .filter(|(tag, _)| tag.trim().split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case(wanted)));
            // Compared as text: qualities are written 0, 0.5, 1 with at most three decimals.
            fitting.map(|(_, quality)| quality.trim().to_owned()).max()
        };
        match (quality("vi"), quality("en")) {
            (None, Some(_)) => Language::En,
            (Some(vi), Some(en)) if en > vi => Language::En,
            _ => Language::Vi,
        }
    }

    /// Returns the tag of the language (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Language::Vi => "vi",
            Language::En => "en",
        }
    }

    const fn title(self, row: &Row) -> &'static str {
        match self {
            Language::Vi => row.title_vi,
            Language::En => row.title_en,
        }
    }

    const fn text(self, row: &Row) -> &'static str {
        match self {
            Language::Vi => row.text_vi,
            Language::En => row.text_en,
        }
    }
}

/// The parameters that hold a day or an instant.
const TIMES: [&str; 6] = ["closed_at", "due_on", "earliest", "held_on", "latest", "not_before"];

/// Formats a day or an instant as Vietnamese texts write it. Returns `None` for any other text.
fn vietnamese_time(text: &str) -> Option<String> {
    if let Some(day) = read_day(text) {
        return Some(day.format("%d/%m/%Y").to_string());
    }
    // A sentence does not know its organisation's zone, so it names the zone that it uses.
    let local = text.parse::<DateTime<Utc>>().ok()?.with_timezone(&chrono_tz::Asia::Ho_Chi_Minh);
    Some(local.format("%H:%M ngày %d/%m/%Y (giờ Việt Nam)").to_string())
}

/// Returns the text of a parameter in a sentence: the term of a code, a time as the language writes it, or the text as
/// it is.
fn localized(name: &str, text: &str, language: Language) -> String {
    match (term(name, text), language) {
        (Some((vi, _)), Language::Vi) => vi.to_owned(),
        (Some((_, en)), Language::En) => en.to_owned(),
        (None, Language::Vi) if TIMES.contains(&name) => vietnamese_time(text).unwrap_or_else(|| text.to_owned()),
        (None, Language::Vi | Language::En) => text.to_owned(),
    }
}

/// Returns the sentence of a code with its placeholders filled, or the title alone if a parameter is missing.
fn sentence(code: Code, params: &Params, language: Language) -> String {
    let row = code.row();
    let mut text = language.text(row).to_owned();
    for (name, value) in params {
        let localized = |text: &str| localized(name, text, language);
        let value = match value {
            Value::String(text) => localized(text),
            Value::Array(items) => {
                let item = |item: &Value| item.as_str().map_or_else(|| item.to_string(), localized);
                items.iter().map(item).collect::<Vec<_>>().join(", ")
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        };
        text = text.replace(&format!("{{{name}}}"), &value);
    }
    if text.contains('{') { format!("{}.", language.title(row)) } else { text }
}

/// An error response.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Path of the explanation of the code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/score_out_of_range")]
    pub kind: String,
    /// Short summary, in the requested language.
    #[schema(example = "Điểm vượt mức tối đa")]
    pub title: String,
    /// HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// Stable code.
    #[schema(example = "score_out_of_range")]
    pub code: String,
    /// Message for users, in the requested language.
    pub detail: String,
    /// Path of the request.
    pub instance: String,
    /// Id of the request, to quote when asking for support.
    pub request_id: String,
    /// Parameters of the message.
    #[schema(value_type = AnyObject)]
    pub params: Params,
    /// All errors, if there are several or if one has a place in the request.
    pub errors: Vec<FaultBody>,
    /// RFC 6749 error code, at the token endpoint only; otherwise null.
    pub error: Option<&'static str>,
}

/// An error at a place in the request.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultBody {
    /// RFC 6901 JSON pointer into the body; empty if the error has no place in it.
    #[schema(example = "/scores/3/answer/points")]
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// Parameters of the message.
    #[schema(value_type = AnyObject)]
    pub params: Params,
    /// Message for users, in the requested language.
    pub message: String,
}

/// Returns the errors with their messages.
pub fn fault_bodies(faults: &[crate::error::Fault], language: Language) -> Vec<FaultBody> {
    let body = |fault: &crate::error::Fault| FaultBody {
        pointer: fault.pointer.clone(),
        code: fault.code.row().code.to_owned(),
        params: fault.params.clone(),
        message: sentence(fault.code, &fault.params, language),
    };
    faults.iter().map(body).collect()
}

impl ProblemBody {
    /// Returns the body of an error.
    pub fn of(error: &Error, language: Language, instance: &str, request_id: &str) -> Self {
        let row = error.code.row();
        ProblemBody {
            kind: format!("/problems/{}", row.code),
            title: language.title(row).to_owned(),
            status: row.status,
            code: row.code.to_owned(),
            detail: sentence(error.code, &error.params, language),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            params: error.params.clone(),
            errors: fault_bodies(&error.faults, language),
            error: None,
        }
    }
}

/// The id of a request, stored in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// An error with what its response needs from the request.
#[derive(Debug)]
pub struct Problem {
    error: Error,
    language: Language,
    body: Box<ProblemBody>,
    allow: Option<String>,
}

impl Problem {
    /// Returns the problem response to a request.
    pub fn new(request: &HttpRequest, error: Error) -> Self {
        Self::detached(error, Language::of(request.headers()), request.path(), &request_id(request))
    }

    /// Returns a problem response without access to the request.
    pub fn detached(error: Error, language: Language, path: &str, request_id: &str) -> Self {
        let body = Box::new(ProblemBody::of(&error, language, path, request_id));
        Problem { error, language, body, allow: None }
    }

    /// Adds the allowed methods.
    pub fn allowing(mut self, methods: String) -> Self {
        self.allow = Some(methods);
        self
    }

    /// Adds the RFC 6749 error code.
    pub fn oauth(mut self, word: &'static str) -> Self {
        self.body.error = Some(word);
        self
    }
}

/// Returns the cell that tells the middleware who made the request.
pub fn identified(request: &HttpRequest) -> IdentifiedCell {
    use actix_web::HttpMessage;
    request.extensions().get::<IdentifiedCell>().cloned().unwrap_or_default()
}

/// Returns the id that the middleware assigned to the request.
pub fn request_id(request: &HttpRequest) -> String {
    use actix_web::HttpMessage;
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(source) = &self.error.source {
            log::error!(request_id = self.body.request_id.as_str(), code = self.body.code.as_str(), error:% = source; "failed");
        }
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type("application/problem+json");
        answer.insert_header((header::CONTENT_LANGUAGE, self.language.tag()));
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        answer.insert_header(("X-Request-Id", self.body.request_id.as_str()));
        if let Some(allow) = &self.allow {
            answer.insert_header((header::ALLOW, allow.as_str()));
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "most codes add no header")]
        match self.error.code {
            Code::TokenMissing => {
                answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Code::TokenInvalid | Code::TokenExpired => {
                answer.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
            }
            Code::InvalidClient => {
                answer.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"thidua\""));
            }
            Code::Busy
            | Code::ProviderUnavailable
            | Code::NotReady
            | Code::RateLimited
            | Code::IdempotencyInProgress => {
                let seconds = self.error.params.get("retry_after_seconds").and_then(Value::as_u64).unwrap_or(1);
                answer.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
            }
            _ => {}
        }
        answer.body(serde_json::to_string(&self.body).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strum::VariantArray;

    use super::*;
    use crate::domain::access::action::wrong_state;
    use crate::domain::assessment::period::PeriodStatus;
    use crate::domain::assessment::recusal::{RecusalGround, RecusalStatus};
    use crate::domain::assessment::review::ReviewStatus;
    use crate::domain::assessment::submission::SubmissionStatus;
    use crate::domain::award::amendment::AmendmentStatus;
    use crate::domain::award::award_proposal::ProposalStatus;
    use crate::domain::award::council_session::SessionStatus;
    use crate::domain::criteria::criteria_set::CriteriaSetStatus;
    use crate::domain::criteria::rules::Rule;
    use crate::domain::schedule::deadline::DeadlineStatus;
    use crate::error::Fault;

    #[test]
    fn every_code_is_unique_and_has_both_languages() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            let row = code.row();
            assert!(seen.insert(row.code), "{}", row.code);
            assert!((400..=599).contains(&row.status), "{}", row.code);
            for text in [row.title_vi, row.title_en, row.text_vi, row.text_en] {
                assert!(!text.is_empty(), "{}", row.code);
            }
            let places = |text: &str| text.matches('{').count();
            assert_eq!(places(row.text_vi), places(row.text_en), "{}", row.code);
        }
    }

    /// Returns the codes of all variants of an enum, as parameters hold them.
    fn codes<T: serde::Serialize>(variants: &[T]) -> Vec<String> {
        variants.iter().map(|variant| json!(variant).as_str().unwrap().to_owned()).collect()
    }

    /// Returns every code that a sentence can name, with the parameter that holds it.
    fn named_codes() -> Vec<(&'static str, String)> {
        let states = [
            codes(SubmissionStatus::VARIANTS),
            codes(PeriodStatus::VARIANTS),
            codes(CriteriaSetStatus::VARIANTS),
            codes(ReviewStatus::VARIANTS),
            codes(SessionStatus::VARIANTS),
            codes(RecusalStatus::VARIANTS),
            codes(ProposalStatus::VARIANTS),
            codes(AmendmentStatus::VARIANTS),
            codes(DeadlineStatus::VARIANTS),
            // Of evidence and of reviews, as states that are no variants.
            vec!["removed".to_owned(), "superseded".to_owned()],
        ];
        let states = states.concat().into_iter().flat_map(|state| [("state", state.clone()), ("needs", state)]);
        let rules = Rule::NAMES.iter().map(|name| ("rule", (*name).to_owned()));
        let problems = ["wrong_type", "missing_field", "unknown_field", "duplicate_field", "unknown_value", "too_deep"];
        let problems = problems.map(|problem| ("problem", problem.to_owned()));
        let limits = ["rows", "columns", "bytes", "sheets"].map(|limit| ("limit", limit.to_owned()));
        let grounds = [vec!["own_unit".to_owned()], codes(RecusalGround::VARIANTS)].concat();
        let grounds = grounds.into_iter().map(|ground| ("ground", ground));
        states.chain(rules).chain(problems).chain(limits).chain(grounds).collect()
    }

    /// The other parameters of sentences: figures, times, and what the client or the author of a table has written.
    const SHOWN_AS_GIVEN: [&str; 41] = [
        "choice",
        "closed_at",
        "column",
        "criteria",
        "criterion",
        "decimals",
        "declared",
        "due_on",
        "earliest",
        "expected",
        "found",
        "from",
        "got",
        "group_code",
        "heading",
        "held_on",
        "known",
        "latest",
        "limit_code",
        "max",
        "max_bytes",
        "min",
        "min_score",
        "missing",
        "most",
        "name",
        "not_before",
        "parent",
        "part",
        "periods",
        "rank",
        "retry_after_seconds",
        "row",
        "score",
        "sheet",
        "step",
        "sum",
        "title",
        "to",
        "unit_code",
        "value",
    ];

    /// Returns the names of the placeholders in a text.
    fn placeholders(text: &str) -> impl Iterator<Item = &str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }

    /// Whether a word of a text is a code in `snake_case`.
    fn shows_code(text: &str) -> bool {
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.any(|word| word.trim_matches('_').contains('_') && !word.chars().any(char::is_uppercase))
    }

    #[test]
    fn every_code_that_a_sentence_names_has_a_term_in_both_languages() {
        for (param, code) in named_codes() {
            let (vi, en) = term(param, &code).unwrap_or_else(|| panic!("{param} {code}"));
            assert!(!vi.is_empty() && vi != code && !en.is_empty(), "{param} {code}");
            assert!(!shows_code(vi) && !shows_code(en), "{param} {code}");
        }
        let refusal = wrong_state(SubmissionStatus::Missed, &[SubmissionStatus::Draft, SubmissionStatus::Returned]);
        let text = sentence(refusal.code, &refusal.params, Language::Vi);
        assert!(text.contains("không nộp đúng hạn") && text.contains("dự thảo, đã trả lại"), "{text}");
        assert_eq!(refusal.params["state"], "missed");
    }

    /// A parameter is either known to hold codes, which have terms, or known to hold none.
    #[test]
    fn no_sentence_shows_a_code() {
        let named = named_codes();
        for code in Code::ALL {
            let row = code.row();
            for (text, language) in [(row.text_vi, Language::Vi), (row.text_en, Language::En)] {
                let mut params = Params::new();
                for name in placeholders(text) {
                    let of_param: Vec<&str> =
                        named.iter().filter(|(param, _)| *param == name).map(|(_, code)| code.as_str()).collect();
                    assert!(of_param.is_empty() == SHOWN_AS_GIVEN.contains(&name), "{} {name}", row.code);
                    params.insert(name.to_owned(), if of_param.is_empty() { json!("x") } else { json!(of_param) });
                }
                let text = sentence(*code, &params, language);
                assert!(!shows_code(&text) && !shows_code(language.title(row)), "{text}");
            }
        }
    }

    #[test]
    fn vietnamese_sentences_write_days_and_instants_as_offices_do() {
        let text =
            |code, name, value, language| sentence(code, &Fault::at("", code).with(name, value).params, language);
        for (code, name, value, vi) in [
            (Code::DueOnTooLate, "latest", "2023-11-20", "sau ngày 20/11/2023."),
            (Code::NoticeBeforeSession, "held_on", "2023-11-05", "họp Hội đồng 05/11/2023."),
            (Code::TooEarly, "not_before", "2023-12-07", "từ 07/12/2023."),
            (Code::TooEarly, "not_before", "2023-12-06T17:00:00.000Z", "từ 00:00 ngày 07/12/2023 (giờ Việt Nam)."),
            (
                Code::DeadlinePassed,
                "closed_at",
                "2023-11-10T17:00:00.000Z",
                "lúc 00:00 ngày 11/11/2023 (giờ Việt Nam);",
            ),
            // What the client has written is no time, whatever it looks like.
            (Code::Duplicate, "value", "2023-11-10", "Giá trị 2023-11-10 bị"),
        ] {
            let (vietnamese, english) = (text(code, name, value, Language::Vi), text(code, name, value, Language::En));
            assert!(vietnamese.contains(vi), "{vietnamese}");
            assert!(english.contains(value), "{english}");
        }
    }

    #[test]
    fn the_sentence_shows_the_figures_and_never_an_empty_place() {
        let fault = Fault::at("/x", Code::ScoreOutOfRange).with("criterion", "A.II.1").with("max", 30).with("got", 35);
        let text = sentence(fault.code, &fault.params, Language::En);
        assert!(text.contains("A.II.1") && text.contains("30") && text.contains("35"), "{text}");
        for code in Code::ALL {
            for language in [Language::Vi, Language::En] {
                assert!(!sentence(*code, &Params::new(), language).contains('{'), "{code:?}");
            }
        }
    }

    #[test]
    fn vietnamese_unless_english_is_preferred() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::of(&headers), Language::Vi);
        for (text, language) in [
            ("en", Language::En),
            ("en-US,en;q=0.9", Language::En),
            ("vi-VN,vi;q=0.9,en;q=0.8", Language::Vi),
            ("en;q=0.3, vi;q=0.7", Language::Vi),
            ("fr", Language::Vi),
        ] {
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(text).unwrap());
            assert_eq!(Language::of(&headers), language, "{text}");
        }
    }
}
