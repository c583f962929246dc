//! RFC 9457: what every refusal looks like on the wire.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::json::AnyObject;

use crate::error::{Code, Error, Params, Row, term};

/// The languages that texts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese, unless the client asks otherwise.
    Vi,
    /// English.
    En,
}

impl Language {
    /// What `Accept-Language` prefers of the two.
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

    const fn tag(self) -> &'static str {
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

/// The sentence of a code with its places filled, codes by their terms in its language. Where a figure is not known the
/// title says it all.
fn sentence(code: Code, params: &Params, language: Language) -> String {
    let row = code.row();
    let mut text = language.text(row).to_owned();
    for (name, value) in params {
        let said = |code: &str| match (term(name, code), language) {
            (Some((vi, _)), Language::Vi) => vi.to_owned(),
            (Some((_, en)), Language::En) => en.to_owned(),
            (None, Language::Vi | Language::En) => code.to_owned(),
        };
        let shown = match value {
            Value::String(text) => said(text),
            Value::Array(items) => {
                let said = |item: &Value| item.as_str().map_or_else(|| item.to_string(), said);
                items.iter().map(said).collect::<Vec<_>>().join(", ")
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        };
        text = text.replace(&format!("{{{name}}}"), &shown);
    }
    if text.contains('{') { format!("{}.", language.title(row)) } else { text }
}

/// A refusal as it is answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/problems/score_out_of_range")]
    pub kind: String,
    /// What it is, in the asked language.
    #[schema(example = "Điểm vượt mức tối đa")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// The stable code.
    #[schema(example = "score_out_of_range")]
    pub code: String,
    /// A sentence for people.
    pub detail: String,
    /// The path that was asked.
    pub instance: String,
    /// To be quoted when asking for help.
    pub request_id: String,
    /// The figures of it.
    #[schema(value_type = AnyObject)]
    pub params: Params,
    /// Every broken rule, where there are several or where one has a place.
    pub errors: Vec<FaultBody>,
    /// The word of RFC 6749, at the token endpoint alone; else null.
    pub error: Option<&'static str>,
}

/// One broken rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultBody {
    /// RFC 6901 pointer into the body.
    #[schema(example = "/scores/3/answer/points")]
    pub pointer: String,
    /// The stable code.
    pub code: String,
    /// The figures of it.
    #[schema(value_type = AnyObject)]
    pub params: Params,
    /// A sentence for people.
    pub message: String,
}

/// Broken rules with their sentences.
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
    /// The body of a refusal.
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

/// The name under which a request carries its id.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// A refusal with what its answer needs of the request.
#[derive(Debug)]
pub struct Problem {
    error: Error,
    language: Language,
    body: Box<ProblemBody>,
    allow: Option<String>,
}

impl Problem {
    /// A refusal of this request.
    pub fn new(request: &HttpRequest, error: Error) -> Self {
        Self::detached(error, Language::of(request.headers()), request.path(), &request_id(request))
    }

    /// The same where the request itself is gone.
    pub fn detached(error: Error, language: Language, path: &str, request_id: &str) -> Self {
        let body = Box::new(ProblemBody::of(&error, language, path, request_id));
        Problem { error, language, body, allow: None }
    }

    /// Adds the methods that there are.
    pub fn allowing(mut self, methods: String) -> Self {
        self.allow = Some(methods);
        self
    }

    /// Adds the word of RFC 6749.
    pub fn oauth(mut self, word: &'static str) -> Self {
        self.body.error = Some(word);
        self
    }
}

/// The id that the gate gave the request.
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
        #[expect(clippy::wildcard_enum_match_arm, reason = "most codes have no header of their own")]
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
            Code::Busy | Code::NotReady | Code::RateLimited | Code::IdempotencyInProgress => {
                answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static("1")));
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
    use crate::domain::assessment::submission::SubmissionStatus;
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

    /// A sentence for people names a state, a rule and the like in its own language; the parameters keep the codes.
    #[test]
    fn every_state_and_rule_has_a_term_in_both_languages() {
        fn states<S: VariantArray + Serialize>() -> impl Iterator<Item = (&'static str, String)> {
            S::VARIANTS.iter().map(|state| ("state", json!(state).as_str().unwrap().to_owned()))
        }
        let terms = states::<SubmissionStatus>()
            .chain(states::<PeriodStatus>())
            .chain(states::<CriteriaSetStatus>())
            .chain(states::<SessionStatus>())
            .chain(states::<ProposalStatus>())
            .chain(states::<DeadlineStatus>())
            .chain(Rule::NAMES.iter().map(|name| ("rule", (*name).to_owned())));
        for (param, code) in terms {
            let terms = term(param, &code);
            assert!(terms.is_some_and(|(vi, en)| vi != code && !vi.is_empty() && !en.contains('_')), "{param} {code}");
        }
        let refusal = wrong_state(SubmissionStatus::Missed, &[SubmissionStatus::Draft, SubmissionStatus::Returned]);
        let text = sentence(refusal.code, &refusal.params, Language::Vi);
        assert!(text.contains("không nộp đúng hạn") && text.contains("dự thảo, đã trả lại"), "{text}");
        assert_eq!(refusal.params["state"], "missed");
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
