//! Facts about a running service, seen from outside: what its operations answer to whom, and what
//! was seen that a rule should know. Nothing here holds a key or a raw answer: excerpts are redacted
//! where they are made.

use serde::{Deserialize, Serialize};

use super::AttributePath;
use crate::{Confidence, Fingerprint, Location};

/// Which of the twelve checks of a service saw something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SurfaceCheck {
    /// Data without credentials, or with wrong ones.
    Authentication,
    /// Another caller's objects.
    ObjectLevel,
    /// Functions that are not for everybody.
    FunctionLevel,
    /// Fields that are not for everybody.
    Property,
    /// Origins, methods, debug paths.
    InputValidation,
    /// Answers without limits.
    ResourceConsumption,
    /// Keys, personal data and traces in answers.
    DataExposure,
    /// Transport.
    Encryption,
    /// Parameters that take a URL.
    Ssrf,
    /// Operations that nobody told of, or that should be gone.
    Inventory,
    /// What the service makes its callers trust.
    UnsafeConsumption,
    /// Endpoints with a language model behind them.
    Llm,
}

impl SurfaceCheck {
    /// All, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::Authentication,
        Self::ObjectLevel,
        Self::FunctionLevel,
        Self::Property,
        Self::InputValidation,
        Self::ResourceConsumption,
        Self::DataExposure,
        Self::Encryption,
        Self::Ssrf,
        Self::Inventory,
        Self::UnsafeConsumption,
        Self::Llm,
    ];

    /// As in JSON v1: `authentication`, `object-level`…
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::ObjectLevel => "object-level",
            Self::FunctionLevel => "function-level",
            Self::Property => "property",
            Self::InputValidation => "input-validation",
            Self::ResourceConsumption => "resource-consumption",
            Self::DataExposure => "data-exposure",
            Self::Encryption => "encryption",
            Self::Ssrf => "ssrf",
            Self::Inventory => "inventory",
            Self::UnsafeConsumption => "unsafe-consumption",
            Self::Llm => "llm",
        }
    }

    /// What the check's observations mean in OWASP API Security 2023, PCI DSS 4.0 and SOC 2, as the
    /// documents number it.
    pub fn standards(self) -> [&'static str; 3] {
        let (owasp, pci, soc) = match self {
            Self::Authentication => ("API2:2023", "8.3.1", "CC6.1"),
            Self::ObjectLevel => ("API1:2023", "7.2.1", "CC6.1"),
            Self::FunctionLevel => ("API5:2023", "7.2.2", "CC6.3"),
            Self::Property => ("API3:2023", "6.2.4", "CC6.1"),
            Self::InputValidation => ("API8:2023", "6.2.4", "CC7.1"),
            Self::ResourceConsumption => ("API4:2023", "6.2.4", "A1.1"),
            Self::DataExposure => ("API3:2023", "3.5.1", "C1.1"),
            Self::Encryption => ("API8:2023", "4.2.1", "CC6.7"),
            Self::Ssrf => ("API7:2023", "6.2.4", "CC6.6"),
            Self::Inventory => ("API9:2023", "6.3.2", "CC7.1"),
            Self::UnsafeConsumption => ("API10:2023", "6.2.4", "CC9.2"),
            Self::Llm => ("LLM01:2025", "6.2.4", "CC7.2"),
        };
        [owasp, pci, soc]
    }
}

/// What was seen. Rules say what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SurfaceKind {
    /// An operation that should ask for credentials answers with data without any.
    OpenData,
    /// GET asks for credentials, HEAD does not.
    OpenHead,
    /// Wrong credentials are as good as right ones, and none are not.
    WrongCredentials,
    /// A token whose signature does not fit, or that is over, is taken.
    UnverifiedToken,
    /// The token that was given is signed with a word, never ends, or tells too much.
    WeakToken,
    /// A refusal does not say how to authenticate.
    NoChallenge,
    /// One caller gets another caller's object.
    OthersObject,
    /// The neighbour of an identifier gives another object.
    NeighbourObject,
    /// A path in an identifier is followed.
    Traversal,
    /// Identifiers can be counted through.
    CountedIdentifiers,
    /// A function for administrators or for inside is reached.
    OpenAdmin,
    /// OPTIONS offers a writing method to a caller that nothing declares.
    MethodOffered,
    /// An answer has a field that only the service should know.
    InternalField,
    /// An answer has a field that its schema does not.
    UndeclaredField,
    /// A request may set a field that decides rights or ownership.
    MassAssignment,
    /// Another origin may read answers.
    WideOrigin,
    /// OPTIONS offers TRACE and its like.
    DangerousMethod,
    /// A framework's debug page.
    DebugPage,
    /// Environment variables or settings.
    Environment,
    /// Nothing limits how often is asked.
    NoLimit,
    /// A whole collection in one answer.
    Unpaginated,
    /// A key in an answer.
    KeyInAnswer,
    /// A key in a URL of an answer.
    KeyInUrl,
    /// Personal data in an answer that anybody gets.
    PersonalData,
    /// A stack trace.
    Trace,
    /// A source map with sources.
    SourceMap,
    /// The service answers over plain http.
    PlainHttp,
    /// No Strict-Transport-Security, or too short.
    NoHsts,
    /// A cookie without the flags that protect it.
    WeakCookie,
    /// A page served over https loads something over http.
    MixedContent,
    /// TLS 1.0 or 1.1.
    OldTls,
    /// The certificate does not stand for the host.
    BadCertificate,
    /// A parameter takes a URL.
    UrlParameter,
    /// A declared-as-deprecated operation, or an older version, still answers.
    OldVersion,
    /// An operation that the specification does not tell of.
    Undocumented,
    /// An answer differs from what the specification says.
    Drift,
    /// Names and versions of software.
    Version,
    /// Answers send their readers to third parties over plain http.
    PlainThirdParty,
    /// A parameter decides where a redirect leads.
    OpenRedirect,
    /// A language model answers anybody.
    OpenModel,
    /// The model gives its instructions away.
    PromptLeak,
    /// The model follows a stranger's instructions in place of its own.
    PromptOverride,
    /// The model offers tools to a stranger.
    ModelAgency,
    /// Nothing bounds what an answer of the model costs.
    ModelCost,
}

/// As whom a request was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Caller {
    /// Without credentials.
    Anonymous,
    /// As one of the identities that the user gave.
    Named(String),
}

/// One request with its answer, for people: redacted and cut.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Exchange {
    /// Request line and headers; credentials by the name of a variable.
    pub request: Vec<String>,
    /// Status line and telling headers.
    pub response: Vec<String>,
    /// The start of the body.
    pub body: String,
    /// A `curl` line that repeats it; credentials by the name of a variable.
    pub curl: String,
}

/// Something that a check saw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Surface {
    /// Where ([`Location::Exchange`]).
    pub location: Location,
    /// By which check.
    pub check: SurfaceCheck,
    /// What.
    pub kind: SurfaceKind,
    /// What tells it from others of its kind at one operation: a field, a header, a path.
    pub subject: String,
    /// What was seen, one or two sentences.
    pub seen: String,
    /// What was compared with what, or what proves it; a sentence.
    pub compared: String,
    /// True for the worse of two forms: with cookies, without credentials, the whole item.
    pub worse: bool,
    /// How sure: [`Confidence::Observed`] where the content proves it.
    pub confidence: Confidence,
    /// As whom.
    pub caller: Caller,
    /// The key, for what is about one.
    pub key: Option<SeenKey>,
    /// The request and its answer.
    pub exchange: Exchange,
}

/// A key in an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeenKey {
    /// Provider's id.
    pub provider: String,
    /// `None` for keys of low entropy.
    pub fingerprint: Option<Fingerprint>,
    /// What a person may see of it.
    pub masked: String,
    /// Where in the answer: `results.api_key`; elements of lists go by the list's name.
    pub field: AttributePath,
}

/// What one operation answers to one caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// Where ([`Location::Exchange`]).
    pub location: Location,
    /// To whom.
    pub caller: Caller,
    /// Fields of the records in it, sorted; empty for what is no JSON.
    pub fields: Vec<AttributePath>,
    /// The keys in it, sorted.
    pub keys: Vec<SeenKey>,
    /// True where the content was compared, and is another caller's.
    pub of_another: bool,
}
