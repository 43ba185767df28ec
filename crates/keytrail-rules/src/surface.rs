//! What the checks of a running service saw, as findings: which rule it is, how bad, what to do. One table.

use keytrail_model::{
    Confidence, Finding, FixSafety, Outside, Severity, Step, Surface, SurfaceKind,
};

use crate::{Context, Meta};

/// What a kind of observation is to a rule.
struct Means {
    rule: &'static str,
    severity: Severity,
    /// For the worse of its two forms.
    worse: Severity,
    fix: &'static str,
}

const fn means(
    rule: &'static str,
    severity: Severity,
    worse: Severity,
    fix: &'static str,
) -> Means {
    Means {
        rule,
        severity,
        worse,
        fix,
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one row a kind; a table is read as a whole"
)]
fn of_kind(kind: SurfaceKind) -> Means {
    use Severity::{Critical, High, Info, Low, Medium};
    use SurfaceKind as K;
    match kind {
        K::OpenData => means(
            "open-endpoint",
            High,
            Critical,
            "Require a sign-in on this operation",
        ),
        K::OpenHead => means(
            "open-endpoint",
            Low,
            Low,
            "Ask for credentials whatever the method is",
        ),
        K::WrongCredentials => means(
            "credentials-not-checked",
            Critical,
            Critical,
            "Check the credential against what was issued, and refuse with 401",
        ),
        K::UnverifiedToken => means(
            "unverified-token",
            Critical,
            Critical,
            "Verify each token's signature with the one algorithm that is used, and its `exp`",
        ),
        K::WeakToken => means(
            "weak-token",
            Low,
            High,
            "Sign with a random key of 256 bits, let tokens end within the hour, and keep personal data out of them",
        ),
        K::NoChallenge => means(
            "no-challenge",
            Info,
            Info,
            "Answer 401 with WWW-Authenticate",
        ),
        K::OthersObject | K::NeighbourObject => means(
            "unowned-lookup",
            High,
            Critical,
            "Take the owner from the session, and answer 404 for objects of others",
        ),
        K::CountedIdentifiers => means(
            "predictable-identifier",
            Low,
            Low,
            "Use random identifiers (UUID version 4) for what has an owner",
        ),
        K::Traversal => means(
            "identifier-traversal",
            Critical,
            Critical,
            "Look identifiers up; never make them part of a path",
        ),
        K::OpenAdmin => means(
            "admin-function-open",
            High,
            Critical,
            "Require an administrator's permission on this operation",
        ),
        K::MethodOffered => means(
            "dangerous-method",
            Low,
            Low,
            "Take the method off, or tell of it in the specification",
        ),
        K::DangerousMethod => means(
            "dangerous-method",
            Low,
            Low,
            "Switch the method off in the server",
        ),
        K::InternalField => means(
            "internal-field-shown",
            Medium,
            High,
            "Name the fields of the answer, and leave this one out",
        ),
        K::UndeclaredField => means(
            "specification-drift",
            Low,
            Low,
            "Leave the field out of the answer, or tell of it in the specification",
        ),
        K::Drift => means(
            "specification-drift",
            Info,
            Info,
            "Make specification and answer agree",
        ),
        K::MassAssignment => means(
            "mass-assignment",
            Low,
            Medium,
            "Make the field read-only, or take it out of the request's schema",
        ),
        K::WideOrigin => means(
            "wide-cors",
            Low,
            High,
            "Allow a list of origins, compared as a whole",
        ),
        K::DebugPage => means(
            "debug-page-open",
            Medium,
            High,
            "Switch debugging off where outsiders get to",
        ),
        K::Environment => means("environment-shown", High, Critical, "Take the page away"),
        K::NoLimit => means(
            "no-throttle",
            Low,
            Low,
            "Limit how often each caller may ask, and tell of the limit in headers",
        ),
        K::Unpaginated => means(
            "unbounded-answer",
            Low,
            Low,
            "Give pages with a bounded size",
        ),
        K::KeyInAnswer => means(
            "key-in-response",
            High,
            Critical,
            "Leave the key out of this answer; show an alias",
        ),
        K::KeyInUrl => means("key-in-url", Medium, Medium, "Carry the key in a header"),
        K::PersonalData => means(
            "personal-data-shown",
            Medium,
            High,
            "Leave the data out of the answer, or require a sign-in",
        ),
        K::Trace => means(
            "exception-shown",
            Medium,
            Medium,
            "Answer errors with a fixed message",
        ),
        K::SourceMap => means(
            "source-map-open",
            Low,
            Low,
            "Keep source maps off the public server",
        ),
        K::PlainHttp => means(
            "plain-transport-to-clients",
            High,
            High,
            "Redirect http to https, and send HSTS",
        ),
        K::NoHsts => means(
            "plain-transport-to-clients",
            Low,
            Low,
            "Send Strict-Transport-Security with half a year or more",
        ),
        K::WeakCookie => means(
            "plain-transport-to-clients",
            Low,
            Low,
            "Set HttpOnly, Secure and SameSite on the cookie",
        ),
        K::MixedContent => means(
            "plain-transport-to-clients",
            Low,
            Low,
            "Load every part over https",
        ),
        K::OldTls => means("weak-tls", Medium, Medium, "Take TLS 1.2 and 1.3 only"),
        K::BadCertificate => means(
            "weak-tls",
            Medium,
            Medium,
            "Serve a certificate for this name that a known authority signed and that is not over",
        ),
        K::UrlParameter => means(
            "url-parameter",
            Low,
            Low,
            "Allow a list of hosts, and refuse private addresses after the name was resolved",
        ),
        K::OldVersion => means(
            "old-version-live",
            Low,
            High,
            "Switch the old version off, or give it the checks of the new one",
        ),
        K::Undocumented => means(
            "undocumented-operation",
            Low,
            Low,
            "Tell of it in the specification, or take it away",
        ),
        K::Version => means(
            "version-shown",
            Info,
            Info,
            "Leave names and versions of software out of headers",
        ),
        K::PlainThirdParty => means("plain-third-party", Low, Low, "Give https addresses only"),
        K::OpenRedirect => means(
            "open-redirect",
            Medium,
            Medium,
            "Redirect to paths of this site only",
        ),
        K::OpenModel => means(
            "open-llm-endpoint",
            Medium,
            Medium,
            "Require a sign-in on this operation",
        ),
        K::ModelCost => means(
            "open-llm-endpoint",
            Low,
            Low,
            "Limit how often each caller may ask, and how long answers may be",
        ),
        K::PromptLeak => means(
            "llm-follows-strangers",
            Medium,
            Medium,
            "Keep nothing in the instructions that a caller must not know",
        ),
        K::PromptOverride => means(
            "llm-follows-strangers",
            Medium,
            Medium,
            "Treat the caller's text as data, and check answers before they leave",
        ),
        K::ModelAgency => means(
            "llm-follows-strangers",
            Medium,
            Medium,
            "Give the model no tools that the caller may not use",
        ),
    }
}

/// Adds what was seen of a rule's kinds.
pub(crate) fn add(cx: &Context<'_>, meta: &'static Meta, out: &mut Vec<Finding>) {
    for surface in &cx.joined.surfaces {
        let means = of_kind(surface.kind);
        if means.rule == meta.id {
            out.push(finding(cx, meta, surface, &means));
        }
    }
}

fn finding(cx: &Context<'_>, meta: &'static Meta, surface: &Surface, means: &Means) -> Finding {
    let severity = if surface.worse {
        means.worse
    } else {
        means.severity
    };
    let outside = Outside {
        check: surface.check,
        compared: surface.compared.clone(),
        exchange: surface.exchange.clone(),
    };
    let mut finding = Finding::at(meta.id, surface.location.clone())
        .cwe(meta.cwe)
        .subject(surface.subject.clone())
        .message(surface.seen.clone())
        .severity(severity)
        .confidence(surface.confidence)
        .outside(outside);
    // Only a key makes a path; what the graph knows of it then says how bad it is.
    let path = surface.key.as_ref().and_then(|key| {
        cx.path_of_seen(&surface.location, key)
            .or_else(|| cx.path_seen_at(&surface.location))
    });
    if let Some(path) = path.filter(|path| path.confidence >= Confidence::Likely) {
        finding = finding
            .severity(path.severity)
            .confidence(path.confidence)
            .guards(cx.graph.guards(&path.edges))
            .actor(path.actor)
            .path(path.steps);
    } else {
        let step = Step::new(step(surface), surface.location.clone());
        finding = finding.path(vec![step]);
    }
    finding.fix(FixSafety::Unsafe, means.fix).build()
}

fn step(surface: &Surface) -> String {
    let status = surface
        .exchange
        .response
        .first()
        .map_or("no answer", String::as_str);
    let request = surface
        .exchange
        .request
        .first()
        .map_or("the request", String::as_str);
    format!("{request} → {status}")
}
