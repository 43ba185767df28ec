//! What code does that a rule asks about by itself: logs of the SDK, monitoring, guessable values.

use keytrail_model::OperationKind;

use super::Machine;
use super::arguments::Arguments;
use super::record::PracticeRecord;
use super::shape::Shape;
use super::taint::{Label, What, hop};
use super::value::Value;
use crate::program::Site;
use crate::syntax::ir::{Expr, ExprId, FormatPart};

/// Of an identifier written in sixteen characters, fewer than this many can be tried out.
const SHORT: i64 = 12;

impl Machine<'_> {
    pub(super) fn guessable(site: Site) -> Value {
        Value::tainted(Label::Guessable(site), hop(site, What::Source, &None))
    }

    /// `level` absent: DEBUG.
    pub(super) fn sdk_log(&mut self, site: Site, how: &'static str, level: &Value) {
        if self.is_debug(level) || level.is_nothing() {
            self.out.practices.push(PracticeRecord::SdkLog(site, how));
        }
    }

    fn is_debug(&self, level: &Value) -> bool {
        level.shapes.iter().any(|shape| match shape {
            Shape::External(path) => path.last().is_some_and(|&last| self.text(last) == "DEBUG"),
            Shape::Str(text) => self.text(*text) == "DEBUG",
            Shape::Int(level) => *level <= 10,
            _ => false,
        })
    }

    /// `logging.getLogger("botocore").setLevel(logging.DEBUG)`.
    pub(super) fn sdk_level(&mut self, site: Site, object: ExprId, arguments: &Arguments) {
        let Expr::Call(function, given) = self.module.ir.expr(object) else {
            return;
        };
        let (Expr::Name(name) | Expr::Attribute(_, name)) = self.module.ir.expr(*function) else {
            return;
        };
        let logger = given.first().map(|argument| self.expr(argument.value));
        let logger = logger.and_then(|logger| logger.constant());
        let of_sdk = logger.is_some_and(|logger| {
            let name = self.text(logger).split('.').next().unwrap_or("");
            matches!(name, "boto3" | "botocore" | "boto")
        });
        let level = arguments.first();
        if self.module.ir.text(*name) == "getLogger" && of_sdk && self.is_debug(&level) {
            self.sdk_log(site, "the level of botocore's logger", &level);
        }
    }

    pub(super) fn monitoring(&mut self, arguments: &Arguments) -> Value {
        let named = |name: &str| {
            let name = self.shared.program.symbols.find(name)?;
            arguments.named(name)
        };
        let scrubbed = ["before_send", "event_scrubber"]
            .iter()
            .any(|name| named(name).is_some_and(|value| !value.shapes.contains(&Shape::None)));
        for (name, value, place) in &arguments.keyword {
            let how = match self.text(*name) {
                "send_default_pii" => "send_default_pii=True",
                "include_local_variables" | "with_locals" => "include_local_variables=True",
                _ => continue,
            };
            if value.is_bool(true) && !scrubbed {
                self.out
                    .practices
                    .push(PracticeRecord::Monitoring(*place, how));
            }
        }
        Value::default()
    }

    /// `str(uuid.uuid4())[:6]`, `uuid4().hex[:8]`: too little of it.
    pub(super) fn short_part(&self, object: ExprId, end: Option<i64>) -> bool {
        end.is_some_and(|end| (1..SHORT).contains(&end)) && self.is_uuid(object, 0)
    }

    fn is_uuid(&self, expr: ExprId, depth: u32) -> bool {
        let ir = &self.module.ir;
        match ir.expr(expr) {
            Expr::Attribute(inner, _) if depth < 4 => self.is_uuid(*inner, depth + 1),
            Expr::Call(function, arguments) => {
                let (Expr::Name(name) | Expr::Attribute(_, name)) = ir.expr(*function) else {
                    return false;
                };
                match (ir.text(*name), arguments.first()) {
                    ("uuid4", _) => true,
                    ("str", Some(first)) if depth < 4 => self.is_uuid(first.value, depth + 1),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// `f"tok-{int(answer["Attributes"]["n"])}"` of what a call has just counted up.
    pub(super) fn counted(&mut self, parts: &[FormatPart]) -> bool {
        parts.iter().any(|part| {
            let FormatPart::Value(inner) = part else {
                return false;
            };
            let Expr::Call(function, arguments) = self.module.ir.expr(*inner) else {
                return false;
            };
            let is_int = matches!(self.module.ir.expr(*function), Expr::Name(name)
                if self.module.ir.text(*name) == "int");
            let Some(first) = arguments.first().filter(|_| is_int) else {
                return false;
            };
            let value = self.expr(first.value);
            value.taints.iter().any(|taint| self.is_update(taint.label))
        })
    }

    fn is_update(&self, label: Label) -> bool {
        let Label::Item(site) = label else {
            return false;
        };
        let known = self.out.operations.iter();
        known
            .chain(&self.out.summary.operations)
            .any(|record| record.site == site && record.kind == OperationKind::UpdateItem)
    }

    /// `len(records) + 1`: the next number.
    pub(super) fn next_number(&self, left: ExprId, right: ExprId) -> bool {
        let ir = &self.module.ir;
        let (Expr::Call(function, _), Expr::Int(1)) = (ir.expr(left), ir.expr(right)) else {
            return false;
        };
        matches!(ir.expr(*function), Expr::Name(name) if ir.text(*name) == "len")
    }
}

/// Whom a method of a library's object hands what it is given: a span's attribute, an event's extra.
pub(super) fn monitor_of(object: &str, method: &str) -> Option<&'static str> {
    let (library, _) = object.split_once('.')?;
    match (library, method) {
        ("opentelemetry", "set_attribute" | "set_attributes" | "add_event") => {
            Some("OpenTelemetry")
        }
        ("ddtrace", "set_tag" | "set_tags" | "set_metric" | "set_baggage_item") => Some("Datadog"),
        ("sentry_sdk", "set_extra" | "set_tag" | "set_context" | "set_data" | "set_user") => {
            Some("Sentry")
        }
        _ => None,
    }
}

/// `secrets.token_hex(4)`: random, and too short.
pub(super) fn random_of(site: Site, least: i64, arguments: &Arguments) -> Value {
    let mut value = Value::tainted(Label::Generated(site), hop(site, What::Source, &None));
    let bytes = arguments.first();
    let short = bytes
        .shapes
        .iter()
        .any(|shape| matches!(shape, Shape::Int(count) if *count < least));
    if short {
        value.join(&Value::tainted(
            Label::Guessable(site),
            hop(site, What::Source, &None),
        ));
    }
    value
}
