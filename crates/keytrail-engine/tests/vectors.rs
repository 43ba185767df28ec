//! Recall: every leak that `examples/leaky/VECTORS.md` lists is found by the rule that it names.
//!
//! What is told by another finding, and what is not seen yet, is listed here with the reason. A row
//! of either list that is found after all fails the test, so the lists can only shrink.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;

use keytrail_model::{Finding, Location};
use keytrail_rules::find;

/// A finding may stand at the first line of a statement whose telling line is the second.
const NEAR: u32 = 2;

/// A row that one finding elsewhere tells by design: rule, file, what stands in the line; then rule,
/// file and symbol of that finding, and why.
struct Elsewhere {
    row: (&'static str, &'static str, &'static str),
    told: (&'static str, &'static str, &'static str),
    #[expect(dead_code, reason = "for who reads this list")]
    why: &'static str,
}

const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        row: (
            "key-as-primary-key",
            "terraform/main.tf",
            "hash_key = \"api_key\"",
        ),
        told: (
            "key-as-primary-key",
            "terraform/modules/table/main.tf",
            "module.table[\"usage\"].aws_dynamodb_table.this",
        ),
        why: "a table of a module is told where the module declares it",
    },
    Elsewhere {
        row: (
            "key-as-primary-key",
            "terraform/main.tf",
            "token-index = \"token\"",
        ),
        told: (
            "key-as-primary-key",
            "terraform/modules/table/main.tf",
            "module.table[\"tokens\"].aws_dynamodb_table.this",
        ),
        why: "an index of a module is told where the module declares it",
    },
    Elsewhere {
        row: (
            "key-as-primary-key",
            "sam/template.yaml",
            "- AttributeName: api_key",
        ),
        told: ("key-as-primary-key", "sam/template.yaml", "SnapshotsTable"),
        why: "the resource is the place of all that is said of a table",
    },
    Elsewhere {
        row: (
            "weak-wrapping",
            "vendors/wrapping.py",
            "base64.b64encode(key.encode())",
        ),
        told: (
            "weak-wrapping",
            "vendors/store.py",
            "vendors.store.KeyStore.replace_secret",
        ),
        why: "the wrapping is no leak by itself: the write of what it made is",
    },
    Elsewhere {
        row: (
            "key-record-never-expires",
            "terraform/main.tf",
            "events = {",
        ),
        told: (
            "key-record-never-expires",
            "terraform/modules/table/main.tf",
            "module.table[\"events\"].aws_dynamodb_table.this",
        ),
        why: "a table of a module is told where the module declares it",
    },
    Elsewhere {
        row: (
            "copy-carries-key",
            "ops/export.py",
            "s3_client().put_object(",
        ),
        told: (
            "key-to-third-party",
            "ops/export.py",
            "ops.export.export_keys",
        ),
        why: "one finding a place: the path to S3 says more",
    },
    Elsewhere {
        row: (
            "table-unprotected",
            "terraform/keys.tf",
            "deletion_protection_enabled = false",
        ),
        told: (
            "table-unprotected",
            "terraform/keys.tf",
            "aws_dynamodb_table.keys",
        ),
        why: "what is missing has no line of its own, so the resource is the place",
    },
    Elsewhere {
        row: (
            "item-in-response",
            "vendors/serializers.py",
            "return dict(instance)",
        ),
        told: (
            "item-in-response",
            "vendors/views.py",
            "vendors.views.KeyViewSet.list",
        ),
        why: "the response is the place; the path runs through the serializer",
    },
    Elsewhere {
        row: (
            "key-in-response",
            "vendors/serializers.py",
            "api_key = serializers.CharField()",
        ),
        told: (
            "key-in-response",
            "vendors/views.py",
            "vendors.views.KeyViewSet.retrieve",
        ),
        why: "the response is the place; the field decides what it holds",
    },
    Elsewhere {
        row: (
            "key-in-response",
            "templates/console/key.html",
            "{{ record.api_key }}",
        ),
        told: (
            "key-in-response",
            "vendors/console.py",
            "vendors.console.KeyPage.get_context_data",
        ),
        why: "the view that renders is the place; the message names the template",
    },
    Elsewhere {
        row: ("item-in-log", "relay/audit.py", "\"detail\": detail"),
        told: ("raw-key-stored", "relay/audit.py", "relay.audit.record"),
        why: "an audit table is a table: the record in it is a stored key",
    },
    Elsewhere {
        row: ("open-endpoint", "ops/views.py", "class Inactive(APIView)"),
        told: ("open-endpoint", "ops/views.py", "ops.views.Inactive.get"),
        why: "the class names no permission, so the method that answers is the place",
    },
    Elsewhere {
        row: ("open-endpoint", "tokens/views.py", "def verify(request)"),
        told: ("no-throttle", "tokens/views.py", "tokens.views.verify"),
        why: "who asks has the token already; that it can be tried without limit is the fault",
    },
    Elsewhere {
        row: (
            "right-not-used",
            "terraform/app_role.tf",
            "actions   = [\"dynamodb:*\"]",
        ),
        told: (
            "wildcard-on-key-table",
            "terraform/app_role.tf",
            "aws_iam_role_policy.app#Tables",
        ),
        why: "of a wildcard one finding is enough",
    },
    Elsewhere {
        row: (
            "right-not-used",
            "sam/template.yaml",
            "- DynamoDBCrudPolicy:",
        ),
        told: (
            "other-reader",
            "sam/template.yaml",
            "ReportFunction.DynamoDBCrudPolicy#1",
        ),
        why: "the function is not the application: that it reads at all is the finding",
    },
    Elsewhere {
        row: (
            "other-reader",
            "terraform/app_role.tf",
            "aws_iam_user_policy\" \"onprem\"",
        ),
        told: (
            "other-reader",
            "terraform/app_role.tf",
            "aws_iam_user_policy.onprem#Tables",
        ),
        why: "the statement is the place, in the document that the policy shares",
    },
    Elsewhere {
        row: (
            "outside-reader",
            "terraform/keys.tf",
            "aws_dynamodb_resource_policy",
        ),
        told: (
            "outside-reader",
            "terraform/keys.tf",
            "aws_dynamodb_resource_policy.keys#FinanceReads",
        ),
        why: "the statement is the place, not the resource round it",
    },
    Elsewhere {
        row: (
            "outside-reader",
            "terraform/readers.tf",
            "aws_iam_role\" \"partner",
        ),
        told: (
            "outside-reader",
            "terraform/readers.tf",
            "aws_iam_role.partner#1",
        ),
        why: "the statement of the trust policy lets the account in",
    },
    Elsewhere {
        row: (
            "outside-reader",
            "terraform/vault.tf",
            "aws_secretsmanager_secret_policy",
        ),
        told: (
            "outside-reader",
            "terraform/vault.tf",
            "aws_secretsmanager_secret_policy.signing#1",
        ),
        why: "the statement is the place, not the resource round it",
    },
    Elsewhere {
        row: ("shared-role", "sam/template.yaml", "role/keyring-app"),
        told: ("shared-role", "terraform/app_role.tf", "aws_iam_role.app"),
        why: "one finding a role; what runs as it are its steps",
    },
    Elsewhere {
        row: ("stream-not-watched", "sam/template.yaml", "MirrorFunction:"),
        told: (
            "stream-not-watched",
            "terraform/keys.tf",
            "aws_dynamodb_table.keys",
        ),
        why: "the function's stream is a parameter, so the table's stream is the place",
    },
];

/// Rows that nothing finds yet: rule, file, what stands in the line, and why.
const NOT_YET: &[(&str, &str, &str, &str)] = &[
    (
        "stream-carries-key",
        "sam/template.yaml",
        "Type: DynamoDB",
        "the stream of another stack, handed over by a parameter, is not joined to its table",
    ),
    (
        "key-in-response",
        "hooks/serializers.py",
        "fields = \"__all__\"",
        "models of Django's own database are no source of keys",
    ),
    (
        "item-in-log",
        "sam/consumer/mirror.py",
        "print(\"change\"",
        "the records of a stream event are no source of items",
    ),
    (
        "key-to-third-party",
        "sam/consumer/mirror.py",
        "urllib.request.Request(",
        "the records of a stream event are no source of items",
    ),
    (
        "exception-shown",
        "tokens/authentication.py",
        "AuthenticationFailed(f\"unknown token {token}\")",
        "the text of an exception that is raised is no response",
    ),
    (
        "environment-shown",
        ".github/workflows/ci.yml",
        "env \\| sort",
        "commands of workflows are not read",
    ),
    (
        "long-lived-aws-key",
        "terraform/app_role.tf",
        "aws_iam_access_key\" \"onprem\"",
        "access keys of users in templates are no facts",
    ),
    (
        "table-shared-by-environments",
        "terraform/staging.tfvars",
        "keys_table",
        "a table that has one name under all variable files does not say which files",
    ),
    (
        "table-shared-by-environments",
        "terraform/production.tfvars",
        "keys_table",
        "a table that has one name under all variable files does not say which files",
    ),
];

/// Rules of the catalogue that the table names and that do not exist yet.
const RULES_TO_COME: &[&str] = &["unsafe-credential-chain"];

#[derive(Debug)]
struct Row {
    rule: String,
    path: String,
    line: u32,
    text: String,
}

impl Row {
    fn is(&self, (rule, path, text): (&str, &str, &str)) -> bool {
        self.rule == rule && self.path == path && self.text.contains(text)
    }

    fn is_at(&self, location: &Location) -> bool {
        let span = location.span();
        let lines = span.line.saturating_sub(NEAR)..=span.end_line.max(span.line) + NEAR;
        *span.path == *self.path && lines.contains(&self.line)
    }

    fn is_found(&self, findings: &[Finding]) -> bool {
        findings
            .iter()
            .filter(|finding| finding.rule == self.rule)
            .any(|finding| {
                let path = finding.path.iter().map(|step| &step.location);
                std::iter::once(&finding.location)
                    .chain(path)
                    .any(|location| self.is_at(location))
            })
    }
}

/// The rows of all tables: `` | `rule` | `file:line` | `symbol` | what | ``.
fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(support::example("leaky").join("VECTORS.md")).unwrap();
    let rows: Vec<Row> = text.lines().filter_map(row).collect();
    assert!(rows.len() > 100, "only {} rows were read", rows.len());
    rows
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.strip_prefix("| `")?.split("` | `");
    let rule = cells.next()?;
    let (path, number) = cells.next()?.rsplit_once(':')?;
    let rest: Vec<&str> = cells.collect();
    Some(Row {
        rule: rule.to_owned(),
        path: path.to_owned(),
        line: number.parse().ok()?,
        text: rest.join(" "),
    })
}

#[test]
fn every_listed_leak_is_found() {
    let outcome = support::scanned("leaky");
    let findings = &outcome.report.findings;
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| find(&row.rule).is_some()) {
        let elsewhere = ELSEWHERE.iter().find(|it| row.is(it.row));
        let not_yet = NOT_YET
            .iter()
            .any(|&(rule, path, text, _)| row.is((rule, path, text)));
        match (row.is_found(findings), elsewhere, not_yet) {
            (true, None, false) | (false, None, true) => {}
            (true, ..) => wrong.push(format!("found, so take it off its list: {row:?}")),
            (false, Some(elsewhere), _) => {
                if !is_told(findings, elsewhere.told) {
                    wrong.push(format!("not told by {:?}: {row:?}", elsewhere.told));
                }
            }
            (false, None, false) => wrong.push(format!("not found: {row:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_told(findings: &[Finding], (rule, path, symbol): (&str, &str, &str)) -> bool {
    findings.iter().any(|finding| {
        finding.rule == rule
            && *finding.location.span().path == *path
            && finding.location.symbol() == Some(symbol)
    })
}

#[test]
fn every_entry_of_the_lists_is_a_row() {
    let rows = rows();
    for it in ELSEWHERE {
        assert!(rows.iter().any(|row| row.is(it.row)), "{:?}", it.row);
    }
    for &(rule, path, text, why) in NOT_YET {
        let listed = rows.iter().any(|row| row.is((rule, path, text)));
        assert!(listed && !why.is_empty(), "{rule} {path} {text}");
    }
}

#[test]
fn rules_to_come_are_told() {
    let named: BTreeSet<String> = rows().into_iter().map(|row| row.rule).collect();
    let missing: Vec<&str> = named
        .iter()
        .map(String::as_str)
        .filter(|rule| find(rule).is_none())
        .collect();
    assert_eq!(missing, RULES_TO_COME);
}
