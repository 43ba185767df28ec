//! Marked values of the user's own making, looked for in everything that the service answers: in bodies and
//! headers, as they are and as encodings that anybody can undo.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use keytrail_model::{
    Answer as AnswerFact, Caller, Fingerprint, Location, Masked, Secret, SeenKey,
};
use zeroize::Zeroizing;

use crate::client::{Answer, Ask, Who};
use crate::json;
use crate::scan::Scan;

/// A marked value that was put somewhere behind the service.
#[derive(Debug)]
pub struct Colour {
    /// The value.
    pub value: Secret,
    /// Its fingerprint.
    pub fingerprint: Option<Fingerprint>,
}

/// Where a colour came out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coloured {
    /// Which: its place in the list that was given.
    pub colour: usize,
    /// The exchange.
    pub location: Location,
    /// To whom.
    pub caller: Caller,
    /// The field or header that has it; empty where it stands in a text.
    pub field: String,
    /// How it is written there: `as it is`, `in base64`.
    pub form: &'static str,
}

/// The forms in which a value may come out, each with its name.
#[derive(Debug)]
pub struct Forms(Vec<(&'static str, Zeroizing<Vec<u8>>)>);

impl Forms {
    /// Of one value.
    pub fn of(value: &Secret) -> Self {
        value.with_bytes(|bytes| {
            let hex = hex(bytes);
            // The last characters of an encoding depend on what follows; those before are enough.
            let whole = |text: String| {
                let end = text.len() / 4 * 4;
                Zeroizing::new(text.as_bytes()[..end].to_vec())
            };
            let mut forms = vec![("as it is", Zeroizing::new(bytes.to_vec()))];
            forms.push(("in base64", whole(STANDARD_NO_PAD.encode(bytes))));
            forms.push(("in base64 of URLs", whole(URL_SAFE_NO_PAD.encode(bytes))));
            forms.push(("in hexadecimal", Zeroizing::new(hex.into_bytes())));
            let text = String::from_utf8_lossy(bytes);
            forms.push((
                "encoded for a URL",
                Zeroizing::new(crate::fill::encode(&text).into_bytes()),
            ));
            Self(forms)
        })
    }

    /// The first form that is in a text.
    pub fn find(&self, text: &[u8]) -> Option<&'static str> {
        self.0
            .iter()
            .find(|(_, form)| !form.is_empty() && memchr::memmem::find(text, form).is_some())
            .map(|(name, _)| *name)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Looks through every answer of the run. Answers that have a colour have its fingerprint among their keys, so
/// that the graph ties them to the item.
pub(crate) fn seen(scan: &mut Scan<'_>, colours: &[Colour]) -> Vec<Coloured> {
    let mut found = Vec::new();
    let routes: BTreeMap<String, String> = scan
        .reads
        .iter()
        .flat_map(|read| {
            let route = &read.operation.route;
            read.targets()
                .map(move |target| (bare(target).to_owned(), route.clone()))
        })
        .collect();
    let asks: Vec<(Ask, Answer)> = scan
        .client
        .answered()
        .filter(|(ask, _)| matches!(ask.who, Who::Anonymous | Who::Identity(_)))
        .map(|(ask, answer)| (ask.clone(), answer.clone()))
        .collect();
    for (number, colour) in colours.iter().enumerate() {
        let forms = Forms::of(&colour.value);
        for (ask, answer) in &asks {
            let Some((field, form)) = place(answer, &forms) else {
                continue;
            };
            let path = bare(&ask.target);
            let route = routes.get(path).map_or(path, String::as_str);
            let one = Coloured {
                colour: number,
                location: scan.client.location(route, ask),
                caller: scan.caller(ask.who),
                field,
                form,
            };
            tie(scan, colour, &one);
            found.push(one);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn bare(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

/// The field that has it, else a header, else the body as a text.
fn place(answer: &Answer, forms: &Forms) -> Option<(String, &'static str)> {
    for leaf in answer.json.iter().flat_map(json::leaves) {
        let form = leaf
            .value
            .as_str()
            .and_then(|text| forms.find(text.as_bytes()));
        if let Some(form) = form {
            return Some((json::attribute(&leaf.path).to_owned(), form));
        }
    }
    if let Some(form) = forms.find(&answer.body) {
        return Some((String::new(), form));
    }
    let mut headers = answer.headers.iter();
    headers.find_map(|(name, value)| Some((name.clone(), forms.find(value.as_bytes())?)))
}

fn tie(scan: &mut Scan<'_>, colour: &Colour, seen: &Coloured) {
    let key = SeenKey {
        provider: "generic".to_owned(),
        fingerprint: colour.fingerprint,
        masked: Masked::of(&colour.value, 0).to_string(),
        field: seen.field.clone(),
    };
    let mut known = scan
        .answers
        .iter_mut()
        .filter(|answer| answer.location == seen.location && answer.caller == seen.caller)
        .peekable();
    if known.peek().is_none() {
        scan.answers.push(AnswerFact {
            location: seen.location.clone(),
            caller: seen.caller.clone(),
            fields: Vec::new(),
            keys: vec![key],
            of_another: false,
        });
        return;
    }
    for answer in known {
        if !answer
            .keys
            .iter()
            .any(|it| it.fingerprint == key.fingerprint)
        {
            answer.keys.push(key.clone());
            answer.keys.sort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_found_and_nothing_else() {
        let value = format!("kt_{}_{}", "dye", "Zp4Vx9LmR2tYw8BnC5dF");
        let forms = Forms::of(&Secret::new(value.as_bytes()));
        let text = |inner: &str| format!("before {inner} after");
        for inner in [
            value.clone(),
            STANDARD_NO_PAD.encode(&value),
            base64::engine::general_purpose::STANDARD.encode(&value),
            hex(value.as_bytes()),
        ] {
            assert!(forms.find(text(&inner).as_bytes()).is_some(), "{inner}");
        }
        assert_eq!(forms.find(text(&value[..20]).as_bytes()), None);
    }
}
