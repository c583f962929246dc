//! What is refused, and why: a stable code, its parameters, and every fault found at once.
//!
//! Every room speaks of refusals in these words; only `http::problem` turns them into RFC 9457 text.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

/// One row a code: the enum and the table are the same list, so neither can lack what the other has.
macro_rules! codes {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $code:literal, $status:literal, $retry:ident,
        vi $title_vi:literal, $text_vi:literal,
        en $title_en:literal, $text_en:literal;
    )*) => {
        /// A stable problem code. It never changes meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(clippy::enum_variant_names, reason = "`invalid_code` is about the code that a client chose")]
        pub enum Code { $( $(#[$doc])* $variant, )* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[ $( Code::$variant, )* ];

            /// The row of this code.
            pub const fn row(self) -> &'static $crate::error::Row {
                match self {
                    $( Code::$variant => &$crate::error::Row {
                        code: $code,
                        status: $status,
                        retry: $crate::error::Retry::$retry,
                        title_vi: $title_vi, text_vi: $text_vi,
                        title_en: $title_en, text_en: $text_en,
                    }, )*
                }
            }
        }
    };
}

mod catalogue;
pub use catalogue::Code;

/// What a code says, in both languages.
#[derive(Debug)]
pub struct Row {
    /// The stable name.
    pub code: &'static str,
    /// The HTTP status it is answered with.
    pub status: u16,
    /// Whether trying again helps.
    pub retry: Retry,
    /// Vietnamese title.
    pub title_vi: &'static str,
    /// Vietnamese sentence with `{param}` places.
    pub text_vi: &'static str,
    /// English title.
    pub title_en: &'static str,
    /// English sentence with `{param}` places.
    pub text_en: &'static str,
}

/// Whether trying again helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request will never succeed.
    Never,
    /// Read the resource again and adapt the request.
    AfterChange,
    /// The same request may succeed later.
    Later,
    /// Fetch a new token first.
    NewToken,
}

impl Retry {
    /// The word used in `GET /problems/{code}`.
    pub const fn word(self) -> &'static str {
        match self {
            Retry::Never => "never",
            Retry::AfterChange => "after_change",
            Retry::Later => "later",
            Retry::NewToken => "new_token",
        }
    }
}

/// Values that fill the places of a text and that a machine may read.
pub type Params = Map<String, Value>;

/// One broken rule, at one place of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// RFC 6901 pointer into the body, or empty where the fault is not in the body.
    pub pointer: String,
    /// What is wrong.
    pub code: Code,
    /// The figures of it.
    pub params: Params,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn at(pointer: impl Into<String>, code: Code) -> Self {
        Fault { pointer: pointer.into(), code, params: Params::new() }
    }

    /// Adds a figure.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }
}

/// Why an act did not happen.
#[derive(Debug, Clone)]
pub struct Error {
    /// What is wrong.
    pub code: Code,
    /// The figures of it.
    pub params: Params,
    /// Every broken rule, where there are several.
    pub faults: Vec<Fault>,
    /// For the log only; never shown.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A refusal without figures.
    pub fn new(code: Code) -> Self {
        Error { code, params: Params::new(), faults: Vec::new(), source: None }
    }

    /// Adds a figure.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// A failure of the service itself, with its cause for the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error { source: Some(Arc::from(source.into())), ..Error::new(Code::Internal) }
    }

    /// Several broken rules under one heading.
    pub fn of_faults(code: Code, faults: Vec<Fault>) -> Self {
        Error { faults, ..Error::new(code) }
    }

    /// One broken rule: its code is that of the whole answer.
    pub fn of_fault(fault: Fault) -> Self {
        Error { params: fault.params.clone(), ..Error::of_faults(fault.code, vec![fault]) }
    }

    /// `Ok` when nothing was found, else 422 `validation_failed` with all of it.
    /// A single fault gives its own code to the whole answer.
    pub fn unless_valid(faults: Vec<Fault>) -> Result<(), Self> {
        match faults.as_slice() {
            [] => Ok(()),
            [only] => Err(Error::of_fault(only.clone())),
            _ => Err(Error::of_faults(Code::ValidationFailed, faults)),
        }
    }
}

impl Error {
    /// Several broken rules, of which there is at least one: as [`Error::unless_valid`].
    pub fn of_invalid(faults: Vec<Fault>) -> Self {
        Error::unless_valid(faults).err().unwrap_or_else(|| Error::new(Code::Internal))
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Error::new(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.row().code)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
