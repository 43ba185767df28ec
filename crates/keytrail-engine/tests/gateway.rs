//! A template says who may call a Lambda function: the code's route takes its path and door.

use keytrail_engine::{Date, Options, Watch, scan};

const CODE: &str = r#"import json

import boto3

TABLE = boto3.resource("dynamodb").Table("keys")


def handler(event, context):
    item = TABLE.get_item(Key={"owner_id": event["pathParameters"]["owner"]})["Item"]
    return {"statusCode": 200, "body": json.dumps({"key": item["api_key"]})}
"#;

fn template(auth: &str) -> String {
    format!(
        r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Web:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: web.handler
      Events:
        Get: {{Type: HttpApi, Properties: {{Path: "/keys/{{owner}}", Method: get, Auth: {{Authorizer: {auth}}}}}}}
"#
    )
}

/// Who gets the key by the response, and by which URL.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn found(auth: Option<&str>) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("src")).unwrap();
    std::fs::write(dir.path().join("src/web.py"), CODE).unwrap();
    if let Some(auth) = auth {
        std::fs::write(dir.path().join("template.yaml"), template(auth)).unwrap();
    }
    let options = Options {
        paths: vec![dir.path().to_owned()],
        only: Some(vec!["code".to_owned(), "infra".to_owned()]),
        ..Options::new("0", Date::today())
    };
    let outcome = scan(&options, &Watch::default()).unwrap();
    let findings = outcome.report.findings.iter();
    let given = findings.filter(|it| it.rule == "key-in-response");
    let mut all: Vec<String> = given
        .map(|it| {
            let actor = it.actor.as_ref().map(ToString::to_string);
            let url = it
                .path
                .iter()
                .find(|step| step.label.contains("/keys/{owner}"));
            format!("{} {}", actor.unwrap_or_default(), url.is_some())
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn an_open_route_opens_to_anybody() {
    let all = found(Some("NONE"));
    assert!(all.contains(&"anonymous caller true".to_owned()), "{all:?}");
    // Without a template nothing is known of the door.
    let none = found(None);
    assert!(
        !none.iter().any(|it| it.starts_with("anonymous")),
        "{none:?}"
    );
}

#[test]
fn an_authorizer_keeps_strangers_out() {
    for auth in ["Users", "AWS_IAM"] {
        let all = found(Some(auth));
        assert!(
            !all.iter().any(|it| it.starts_with("anonymous")),
            "{auth}: {all:?}"
        );
    }
}
