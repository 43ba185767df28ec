//! `keytrail who TABLE`: what the policies say, beside what the graph says.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::path::Path;
use std::process::Command;

fn who(arguments: &[&str], dir: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .arg("who")
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

/// What follows the line that names a table, to the next empty line that ends its readers.
fn policies(told: &str) -> &str {
    &told[told.find("By the policies").unwrap()..]
}

#[test]
fn leaky_names_the_second_service_and_its_statement() {
    let told = who(&["keyring-keys.api_key"], &example("leaky"));
    let policies = policies(&told);
    for line in [
        "aws_iam_role.analytics  other role",
        "terraform/readers.tf:34  aws_iam_role_policy.analytics#CountKeys",
        "round about: ExportTableToPointInTime, CreateBackup, EnableKinesisStreamingDestination, PutResourcePolicy",
        "aws_iam_role.deploy becomes aws_iam_role.app by iam:PassRole with lambda:CreateFunction and lambda:InvokeFunction",
        "everybody by the policy of bucket aws_s3_bucket.exports: s3:GetObject",
    ] {
        assert!(policies.contains(line), "{line}\n{policies}");
    }
    assert!(
        !policies.contains("create_all"),
        "a table of a test stands beside the declared one"
    );
    // The index without the attribute shows it to nobody.
    let label = who(&["keyring-keys.label"], &example("leaky"));
    assert!(label.contains("may read label of"));
}

#[test]
fn a_table_without_keys_has_readers_too() {
    let dir = tempfile::tempdir().unwrap();
    let template = r#"
resource "aws_dynamodb_table" "t" {
  name     = "orders"
  hash_key = "id"
}
resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "dynamodb:Query", Resource = "${aws_dynamodb_table.t.arn}/index/by-x" }] })
  }
}
resource "aws_iam_user" "u" { name = "u" }
resource "aws_iam_user_policy" "u" {
  user   = "u"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "dynamodb:GetItem", Resource = aws_dynamodb_table.t.arn }] })
}
"#;
    std::fs::write(dir.path().join("main.tf"), template).unwrap();
    let told = who(&["orders"], dir.path());
    assert!(told.contains("No key is known to lie there."), "{told}");
    assert!(told.contains("aws_iam_user.u"), "{told}");
    assert!(
        told.contains("1 principal may read orders (aws_dynamodb_table.t)"),
        "{told}"
    );
}

/// A trail of leaky's account: the application, the second service, and somebody whom no policy names.
#[cfg(feature = "aws")]
#[test]
fn who_really_read_stands_beside_who_may() {
    let dir = tempfile::tempdir().unwrap();
    let event = |name: &str, role: &str, time: &str| {
        serde_json::json!({
            "eventSource": "dynamodb.amazonaws.com", "eventName": name, "eventTime": time,
            "eventID": time, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
            "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::111122223333:role/{role}")}}},
            "requestParameters": {"tableName": "keyring-keys"},
            "resources": [{"ARN": "arn:aws:dynamodb:eu-west-1:111122223333:table/keyring-keys"}],
        })
    };
    let records = [
        event("Query", "keyring-analytics", "2026-11-20T10:00:00Z"),
        event("Scan", "keyring-analytics", "2026-11-21T10:00:00Z"),
        event("GetItem", "intern", "2026-11-22T10:00:00Z"),
    ];
    let file = serde_json::json!({ "Records": records });
    std::fs::write(dir.path().join("events.json"), file.to_string()).unwrap();
    let place = dir.path().to_str().unwrap();
    let told = who(
        &["keyring-keys.api_key", "--trail", place],
        &example("leaky"),
    );
    let seen = &told[told.find("Seen reading, by the trail").unwrap()..];
    let lines: Vec<&str> = seen.lines().skip(1).take(2).collect();
    assert_eq!(
        lines,
        [
            "  arn:aws:iam::111122223333:role/intern  GetItem, 1 call, last 2026-11-22T10:00:00Z  no policy that was read lets it in",
            "  aws_iam_role.analytics  Query, Scan, 2 calls, last 2026-11-21T10:00:00Z",
        ]
    );
    assert!(
        seen.contains("Never seen reading, and may\n  ReportFunctionRole\n  aws_iam_role.operator"),
        "{seen}"
    );
    // The graph has them too, as seen.
    let graph = &told[..told.find("By the policies").unwrap()];
    assert!(
        graph.contains("other role arn:aws:iam::111122223333:role/intern"),
        "{graph}"
    );
}
