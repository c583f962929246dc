//! Errors: a stable code, its parameters, and all faults found in one request.
//!
//! Every layer uses this type; only `http::problem` turns it into an RFC 9457 problem.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

/// Declares the enum and the table of codes from one list, so that neither can lack an entry of the other.
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

            /// Returns the table row of the code.
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
mod terms;
pub use catalogue::Code;
pub use terms::term;

/// A row of the table of codes.
#[derive(Debug)]
pub struct Row {
    /// The code as clients see it.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Whether a retry can succeed.
    pub retry: Retry,
    /// The Vietnamese title.
    pub title_vi: &'static str,
    /// The Vietnamese sentence, with `{param}` placeholders.
    pub text_vi: &'static str,
    /// The English title.
    pub title_en: &'static str,
    /// The English sentence, with `{param}` placeholders.
    pub text_en: &'static str,
}

/// Whether a retry can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request will never succeed.
    Never,
    /// The request may succeed after the client has read the resource again and adapted it.
    AfterChange,
    /// The same request may succeed later.
    Later,
    /// The request may succeed with a new token.
    NewToken,
}

impl Retry {
    /// Returns the name used in `GET /problems/{code}`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Retry::Never => "never",
            Retry::AfterChange => "after_change",
            Retry::Later => "later",
            Retry::NewToken => "new_token",
        }
    }
}

/// The named values that fill the placeholders of a sentence and that a client may read.
pub type Params = Map<String, Value>;

/// A broken rule, at one place in the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// An RFC 6901 pointer into the body; empty for a fault outside of it.
    pub pointer: String,
    /// The code.
    pub code: Code,
    /// The parameters of its sentence.
    pub params: Params,
}

impl Fault {
    /// Returns a fault at `pointer`.
    pub fn at(pointer: impl Into<String>, code: Code) -> Self {
        Fault { pointer: pointer.into(), code, params: Params::new() }
    }

    /// Adds a parameter.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }
}

/// The reason why an operation failed.
#[derive(Debug, Clone)]
pub struct Error {
    /// The code.
    pub code: Code,
    /// The parameters of its sentence.
    pub params: Params,
    /// Every broken rule; empty for an error that has no place in the request.
    pub faults: Vec<Fault>,
    /// The underlying error, which is logged but never sent to clients.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Returns an error without parameters.
    pub fn new(code: Code) -> Self {
        Error { code, params: Params::new(), faults: Vec::new(), source: None }
    }

    /// Adds a parameter.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// Returns an `internal` error, with its cause for the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error { source: Some(Arc::from(source.into())), ..Error::new(Code::Internal) }
    }

    /// Returns an error with several broken rules under a common code.
    pub fn of_faults(code: Code, faults: Vec<Fault>) -> Self {
        Error { faults, ..Error::new(code) }
    }

    /// Returns an error with one broken rule, whose code and parameters it takes over.
    pub fn of_fault(fault: Fault) -> Self {
        Error { params: fault.params.clone(), ..Error::of_faults(fault.code, vec![fault]) }
    }

    /// Returns an error unless `faults` is empty.
    ///
    /// # Errors
    /// The code of the fault where there is only one, otherwise `validation_failed` with all of them.
    pub fn unless_valid(faults: Vec<Fault>) -> Result<(), Self> {
        match faults.as_slice() {
            [] => Ok(()),
            [only] => Err(Error::of_fault(only.clone())),
            _ => Err(Error::of_faults(Code::ValidationFailed, faults)),
        }
    }
}

impl Error {
    /// Returns the error of [`Error::unless_valid`] for at least one broken rule.
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
