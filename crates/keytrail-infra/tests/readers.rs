//! Readers beyond the grant: the key under a table, roles that are assumed or passed.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use keytrail_infra::{Becoming, KeyUse, Readers, TableTarget, collect};
use keytrail_model::{Decision, Door, Fact, MemoryTree, Progress};

fn tree(name: &str, text: &str) -> MemoryTree {
    MemoryTree::new([(name.to_owned(), text.as_bytes().to_vec())])
}

fn readers(tree: &MemoryTree) -> (Readers, Vec<Becoming>) {
    let infra = collect(tree, &Progress::default());
    let facts = infra.collected.facts.iter();
    let tables: Vec<TableTarget> = facts
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(TableTarget::of_table(table)),
            _ => None,
        })
        .collect();
    let readers = infra.access.readers(&tables);
    let roles: BTreeSet<Arc<str>> = readers
        .grants
        .iter()
        .filter(|grant| grant.door != Door::Write)
        .map(|grant| Arc::clone(&grant.principal))
        .collect();
    let becoming = infra.access.becoming(&roles);
    (readers, becoming)
}

/// Who reads items, and under which conditions.
fn who(readers: &Readers) -> Vec<String> {
    let items = readers.grants.iter().filter(|it| it.door == Door::GetItem);
    items
        .map(|grant| match &grant.decision {
            Decision::Allowed => grant.principal.to_string(),
            Decision::AllowedIf(conditions) => {
                format!("{} if {}", grant.principal, conditions.join(" and "))
            }
        })
        .collect()
}

fn held_off(readers: &Readers) -> Vec<String> {
    let mut all: Vec<String> = readers
        .held_off
        .iter()
        .map(|it| match &it.by {
            KeyUse::Closed { reason, .. } => {
                format!("{}: {reason} ({})", it.grant.principal, it.keys.join(", "))
            }
            KeyUse::Open { .. } => panic!("{it:?}"),
        })
        .collect();
    all.dedup();
    all
}

fn chains(becoming: &[Becoming]) -> Vec<String> {
    let line = |it: &Becoming| {
        let conditions = if it.conditions.is_empty() {
            String::new()
        } else {
            format!(" if {}", it.conditions.join(" and "))
        };
        format!("{} -> {} by {}{conditions}", it.from, it.to, it.how)
    };
    becoming.iter().map(line).collect()
}

const ROLES: &str = r#"
resource "aws_dynamodb_table" "keys" {
  name     = "keys"
  hash_key = "owner_id"
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.data.arn
  }
}
data "aws_caller_identity" "here" {}
locals {
  trust = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }] })
  read  = { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = aws_dynamodb_table.keys.arn }
  open  = { Effect = "Allow", Action = ["kms:Decrypt"], Resource = aws_kms_key.data.arn }
}
resource "aws_iam_role" "with" {
  name               = "with"
  assume_role_policy = local.trust
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [local.read, local.open] })
  }
}
resource "aws_iam_role" "without" {
  name               = "without"
  assume_role_policy = local.trust
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] })
  }
}
resource "aws_iam_role" "other_key" {
  name               = "other_key"
  assume_role_policy = local.trust
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [local.read, merge(local.open, { Resource = aws_kms_key.other.arn })] })
  }
}
resource "aws_iam_role" "elsewhere" {
  name               = "elsewhere"
  assume_role_policy = local.trust
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [local.read, merge(local.open, { Resource = "arn:aws:kms:eu-west-1:111122223333:key/0f0e0d0c-1111-2222-3333-444455556666" })] })
  }
}
resource "aws_iam_role" "named" {
  name               = "named"
  assume_role_policy = local.trust
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] })
  }
}
resource "aws_kms_key" "other" {}
"#;

fn with_key(policy: &str) -> MemoryTree {
    tree(
        "main.tf",
        &format!("{ROLES}\nresource \"aws_kms_key\" \"data\" {{\n{policy}\n}}\n"),
    )
}

#[test]
fn who_may_not_use_the_key_is_no_reader() {
    // The default policy leaves it to the account's own policies.
    let (found, _) = readers(&with_key(""));
    assert_eq!(
        who(&found),
        [
            "aws_iam_role.elsewhere if kms:Decrypt on aws_kms_key.data is allowed",
            "aws_iam_role.with"
        ]
    );
    assert_eq!(
        held_off(&found),
        [
            "aws_iam_role.named: no identity policy allows kms:Decrypt (aws_kms_key.data)",
            "aws_iam_role.other_key: no identity policy allows kms:Decrypt (aws_kms_key.data)",
            "aws_iam_role.without: no identity policy allows kms:Decrypt (aws_kms_key.data)",
        ]
    );
}

#[test]
fn a_key_policy_that_hands_nothing_to_the_account_decides_alone() {
    let policy = r#"policy = jsonencode({ Version = "2012-10-17", Statement = [
        { Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = aws_iam_role.admin.arn } },
        { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = { AWS = aws_iam_role.named.arn },
          Condition = { StringEquals = { "kms:ViaService" = "dynamodb.eu-west-1.amazonaws.com" } } },
    ] })"#;
    let (found, _) = readers(&with_key(policy));
    assert_eq!(who(&found), ["aws_iam_role.named"]);
    assert!(
        held_off(&found).contains(
            &"aws_iam_role.with: the key's policy does not allow kms:Decrypt (aws_kms_key.data)"
                .to_owned()
        ),
        "{:?}",
        held_off(&found)
    );
}

#[test]
fn a_key_that_is_used_through_other_services_reads_no_table() {
    let policy = r#"policy = jsonencode({ Version = "2012-10-17", Statement = [
        { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = { AWS = aws_iam_role.named.arn },
          Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } } },
        { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = { AWS = aws_iam_role.with.arn },
          Condition = { StringEquals = { "kms:EncryptionContext:aws:dynamodb:tableName" = "keys" } } },
    ] })"#;
    let (found, _) = readers(&with_key(policy));
    assert_eq!(who(&found), ["aws_iam_role.with"]);
}

#[test]
fn the_accounts_root_is_the_keys_account_however_it_is_written() {
    for account in [
        "111122223333",
        "${data.aws_caller_identity.here.account_id}",
    ] {
        let policy = format!(
            r#"policy = jsonencode({{ Version = "2012-10-17", Statement = [
            {{ Effect = "Allow", Action = "kms:*", Resource = "*", Principal = {{ AWS = "arn:aws:iam::{account}:root" }} }},
        ] }})"#
        );
        let (found, _) = readers(&with_key(&policy));
        assert!(
            who(&found).contains(&"aws_iam_role.with".to_owned()),
            "{account}"
        );
        assert!(
            held_off(&found)
                .iter()
                .any(|it| it.starts_with("aws_iam_role.without:"))
        );
    }
}

#[test]
fn a_grant_of_the_key_opens_it_to_its_grantee() {
    let grant = r#"}
resource "aws_kms_grant" "reader" {
  key_id            = aws_kms_key.data.key_id
  grantee_principal = aws_iam_role.without.arn
  operations        = ["Decrypt"]"#;
    let (found, _) = readers(&with_key(grant));
    assert!(
        who(&found).contains(&"aws_iam_role.without".to_owned()),
        "{:?}",
        who(&found)
    );
}

#[test]
fn an_alias_means_its_key_and_awss_own_key_is_open_to_all_readers() {
    let text = ROLES.replace(
        "kms_key_arn = aws_kms_key.data.arn",
        "kms_key_arn = aws_kms_alias.a.target_key_arn",
    );
    let alias = "resource \"aws_kms_key\" \"data\" {}\nresource \"aws_kms_alias\" \"a\" {\n name = \"alias/x\"\n target_key_id = aws_kms_key.data.key_id\n}\n";
    let (found, _) = readers(&tree("main.tf", &format!("{text}{alias}")));
    assert_eq!(held_off(&found).len(), 3, "{:?}", held_off(&found));
    let text = ROLES.replace("kms_key_arn = aws_kms_key.data.arn", "");
    let (found, _) = readers(&tree("main.tf", &format!("{text}{alias}")));
    assert!(found.held_off.is_empty());
    assert_eq!(who(&found).len(), 5);
}

#[test]
fn cloudformation_keys_are_read_as_well() {
    let template = r#"
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: "kms:*", Resource: "*", Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}}
  Keys:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: keys
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      SSESpecification: {SSEEnabled: true, KMSMasterKeyId: !Ref Key}
  Reader:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Keys.Arn}
              - {Effect: Allow, Action: "kms:Decrypt", Resource: !Sub "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}"}
  Keyless:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Keys.Arn}
"#;
    let (found, _) = readers(&tree("template.yaml", template));
    assert_eq!(who(&found), ["Reader"]);
    assert_eq!(
        held_off(&found),
        ["Keyless: no identity policy allows kms:Decrypt (Key)"]
    );
}

const CHAINS: &str = r#"
resource "aws_dynamodb_table" "keys" {
  name     = "keys"
  hash_key = "owner_id"
}
resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"] } },
    { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_role.ops.arn }, Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } } },
  ] })
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "dynamodb:GetItem", Resource = aws_dynamodb_table.keys.arn }] })
  }
}
resource "aws_iam_role" "ops" {
  name = "ops"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.here.account_id}:root" } },
  ] })
}
data "aws_caller_identity" "here" {}
resource "aws_iam_user" "ann" { name = "ann" }
resource "aws_iam_user_policy" "ann" {
  user   = aws_iam_user.ann.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = aws_iam_role.ops.arn }] })
}
resource "aws_iam_user" "bob" { name = "bob" }
resource "aws_iam_user_policy" "bob" {
  user   = aws_iam_user.bob.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = aws_iam_role.app.arn }] })
}
resource "aws_iam_role" "ci" {
  name = "ci"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "codebuild.amazonaws.com" } }] })
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [
      { Effect = "Allow", Action = "iam:PassRole", Resource = aws_iam_role.app.arn, Condition = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } } },
      { Effect = "Allow", Action = ["lambda:CreateFunction", "lambda:InvokeFunction"], Resource = "arn:aws:lambda:*:*:function:ci-*" },
    ] })
  }
}
resource "aws_iam_role" "ci_ec2" {
  name = "ci_ec2"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "codebuild.amazonaws.com" } }] })
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [
      { Effect = "Allow", Action = ["iam:PassRole", "ec2:RunInstances"], Resource = "*" },
    ] })
  }
}
resource "aws_lambda_function" "worker" {
  function_name = "worker"
  role          = aws_iam_role.app.arn
}
resource "aws_iam_role" "deployer" {
  name = "deployer"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "codebuild.amazonaws.com" } }] })
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [
      { Effect = "Allow", Action = "lambda:UpdateFunctionCode", Resource = "arn:aws:lambda:*:*:function:worker" },
    ] })
  }
}
"#;

#[test]
fn roles_are_assumed_and_passed() {
    let (_, becoming) = readers(&tree("main.tf", CHAINS));
    assert_eq!(
        chains(&becoming),
        [
            "aws_iam_role.ci -> aws_iam_role.app by iam:PassRole with lambda:CreateFunction and lambda:InvokeFunction",
            "aws_iam_role.deployer -> aws_iam_role.app by lambda:UpdateFunctionCode",
            "aws_iam_role.ops -> aws_iam_role.app by sts:AssumeRole if aws:MultiFactorAuthPresent is `true`",
            "aws_iam_user.ann -> aws_iam_role.ops by sts:AssumeRole",
        ]
    );
    // Bob's own policy is not enough: the role does not trust him. No role here trusts EC2.
    let by_trust = &becoming[2].statements;
    assert!(
        by_trust[0]
            .location
            .symbol()
            .unwrap_or_default()
            .contains("aws_iam_role.app#2")
    );
}

#[test]
fn a_role_passed_to_a_service_that_it_does_not_trust_is_not_become() {
    let text = CHAINS.replace("\"lambda.amazonaws.com\"] }", "\"batch.amazonaws.com\"] }");
    let (_, becoming) = readers(&tree("main.tf", &text));
    let shown = chains(&becoming);
    assert!(
        !shown.iter().any(|it| it.starts_with("aws_iam_role.ci ")),
        "{shown:?}"
    );
}
