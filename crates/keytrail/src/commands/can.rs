//! `keytrail can`.

use std::sync::Arc;

use keytrail_engine::{Question, Replies, Reply, Verdict, Watch};
use keytrail_report::Allowance;

use super::{cases, options};
use crate::cli::{Can, Global};
use crate::failure::usage;
use crate::output;
use crate::progress::Shown;

pub(super) fn run(global: &Global, can: &Can) -> anyhow::Result<u8> {
    if let Some(file) = &can.cases {
        return cases::run(global, file);
    }
    let question = question(can)?;
    let options = options(&can.paths, &can.reading);
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let answer = keytrail_engine::can(&options, &question, &watch);
    drop(shown);
    let answer = answer?;
    if answer.replies.is_empty() {
        return Err(unknown(
            &question.principal,
            answer.nearest.as_deref(),
            &answer.known,
        ));
    }
    output::print(&told(&question, &answer))?;
    Ok(0)
}

fn told(question: &Question, answer: &Replies) -> String {
    let all: Vec<Allowance> = answer.replies.iter().map(allowance).collect();
    keytrail_report::allowances(&question.action, &question.resource, &all)
}

fn allowance(reply: &Reply) -> Allowance {
    Allowance {
        principal: reply.principal.to_string(),
        word: match reply.verdict {
            Verdict::Allowed => "allowed",
            Verdict::AllowedIf => "allowed under conditions",
            Verdict::Denied => "denied",
            Verdict::NotAllowed => "not allowed",
        },
        ways: reply.ways.clone(),
        missing: reply.missing.clone(),
    }
}

pub(super) fn unknown(principal: &str, nearest: Option<&str>, known: &[String]) -> anyhow::Error {
    let hint = match (nearest, known) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, []) => "no template with a role, user or group was found in this tree".to_owned(),
        (None, known) => format!("known here: {}", known.join(", ")),
    };
    usage(format!("no principal here is called `{principal}`"), hint)
}

fn question(can: &Can) -> anyhow::Result<Question> {
    let action = can.action.clone().unwrap_or_default();
    if !action.contains(':') {
        let hint = "write it as SERVICE:ACTION, for example `dynamodb:GetItem`";
        return Err(usage(format!("`{action}` is no action"), hint));
    }
    let mut context = Vec::new();
    for given in &can.context {
        let Some((key, values)) = given.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            let told = format!("`{given}` is no condition key with a value");
            return Err(usage(told, "write it as KEY=VALUE"));
        };
        let values = values.split(',').filter(|value| !value.is_empty());
        context.push((key.to_owned(), values.map(str::to_owned).collect()));
    }
    Ok(Question {
        principal: can.principal.clone().unwrap_or_default(),
        action,
        resource: can.resource.clone(),
        context,
        complete: can.complete,
    })
}
