//! Modules of the registry give the facts that their variables say, placed at the call.

mod support;

use keytrail_model::{
    Control, Encryption, Fact, IndexProjection, MemoryTree, StreamView, Table, Tri,
};
use support::run;

fn tree(text: &str) -> MemoryTree {
    MemoryTree::new([("infra/main.tf".to_owned(), text.as_bytes().to_vec())])
}

const STACK: &str = r#"
module "key" {
  source    = "terraform-aws-modules/kms/aws"
  version   = "~> 4.0"
  aliases   = ["keys"]
  key_users = [module.reader.lambda_role_arn]
  enable_default_policy = false
}

module "keys" {
  source = "terraform-aws-modules/dynamodb-table/aws"

  name                                = "keyring-keys"
  hash_key                            = "owner_id"
  range_key                           = "service"
  attributes                          = [{ name = "owner_id", type = "S" }, { name = "service", type = "S" }]
  point_in_time_recovery_enabled      = true
  server_side_encryption_enabled      = true
  server_side_encryption_kms_key_arn  = module.key.key_arn
  stream_enabled                      = true
  stream_view_type                    = "NEW_AND_OLD_IMAGES"
  ttl_enabled                         = true
  ttl_attribute_name                  = "expires_at"
  deletion_protection_enabled         = true
  global_secondary_indexes = [
    { name = "by-service", hash_key = "service", projection_type = "INCLUDE", non_key_attributes = ["label"] },
  ]
  replica_regions = [{ region_name = "eu-central-1", point_in_time_recovery = true }]
  tags = { environment = "production" }
}

module "reader" {
  source = "terraform-aws-modules/lambda/aws"

  function_name            = "reader"
  handler                  = "reader.handler"
  environment_variables    = { KEYS_TABLE = module.keys.dynamodb_table_id }
  attach_policy_statements = true
  policy_statements = {
    read = {
      effect    = "Allow"
      actions   = ["dynamodb:GetItem"]
      resources = [module.keys.dynamodb_table_arn]
    }
  }
  event_source_mapping = {
    changes = { event_source_arn = module.keys.dynamodb_table_stream_arn }
  }
}

module "wide" {
  source = "terraform-aws-modules/iam/aws//modules/iam-policy"
  name   = "wide"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "dynamodb:*", Resource = "*" }] })
}

module "operator" {
  source                  = "git::https://github.com/terraform-aws-modules/terraform-aws-iam.git//modules/iam-assumable-role?ref=v5.30.0"
  create_role             = true
  role_name               = "operator"
  role_requires_mfa       = true
  trusted_role_arns       = ["arn:aws:iam::444455556666:root"]
  custom_role_policy_arns = [module.wide.arn]
}

module "pods" {
  source    = "terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts-eks"
  role_name = "pods"
  role_policy_arns = { wide = module.wide.arn }
  oidc_providers = {
    main = {
      provider_arn               = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
      namespace_service_accounts = ["prod:api"]
    }
  }
}

module "stripe" {
  source     = "terraform-aws-modules/secrets-manager/aws"
  name       = "shop/stripe"
  kms_key_id = module.key.key_id
  enable_rotation     = true
  rotation_lambda_arn = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"
  rotation_rules      = { automatically_after_days = 30 }
}
"#;

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn table(facts: &[Fact]) -> &Table {
    let mut tables = facts.iter().filter_map(|fact| match fact {
        Fact::Table(table) => Some(table),
        _ => None,
    });
    tables.next().unwrap()
}

#[test]
fn a_table_is_what_its_variables_say() {
    let (infra, _) = run(&tree(STACK));
    let table = table(&infra.collected.facts);
    assert_eq!(table.name, "keyring-keys");
    assert_eq!(&*table.address, "module.keys.aws_dynamodb_table.this[0]");
    let span = table.location.span();
    assert_eq!((&*span.path, span.line), ("infra/main.tf", 10));
    assert_eq!(table.keys.len(), 2);
    assert_eq!(
        table.indexes[0].projection,
        IndexProjection::Include(vec!["label".to_owned()])
    );
    assert!(
        matches!(table.encryption, Encryption::CustomerManaged(_)),
        "{:?}",
        table.encryption
    );
    assert_eq!(table.point_in_time_recovery, Tri::Yes);
    assert_eq!(table.deletion_protection, Tri::Yes);
    assert_eq!(table.ttl.as_deref(), Some("expires_at"));
    assert_eq!(table.replicas[0].region, "eu-central-1");
    let stream = table.stream.as_ref().unwrap();
    assert_eq!(stream.view, StreamView::Images);
    assert_eq!(stream.consumers.len(), 1);
    assert_eq!(table.tags.as_ref().unwrap()["environment"], "production");
    for fact in &infra.collected.facts {
        assert!(!format!("{fact:?}").contains("@registry"), "{fact:?}");
    }
}

#[test]
fn roles_policies_and_keys_are_joined_over_modules() {
    let (infra, grants) = run(&tree(STACK));
    let mut readers: Vec<String> = grants
        .iter()
        .filter(|grant| grant.door == keytrail_model::Door::GetItem)
        .map(|grant| {
            let span = grant.statements[0].location.span();
            format!(
                "{} {:?} {}:{}",
                grant.principal, grant.decision, span.path, span.line
            )
        })
        .collect();
    readers.sort();
    // The key's policy names the function's role and nobody else.
    assert_eq!(
        readers,
        ["module.reader.aws_iam_role.lambda[0] Allowed infra/main.tf:32"]
    );
    let principal = |address: &str| {
        let facts = infra.collected.facts.iter();
        let mut found = facts.filter_map(|fact| match fact {
            Fact::Principal(it) if &*it.address == address => Some(it),
            _ => None,
        });
        found.next().unwrap_or_else(|| panic!("{address}"))
    };
    let reader = principal("module.reader.aws_iam_role.lambda[0]");
    assert_eq!(reader.runs.len(), 1);
    assert_eq!(reader.trusts, ["lambda.amazonaws.com"]);
    let operator = principal("module.operator.aws_iam_role.this[0]");
    assert_eq!(operator.trusts, ["arn:aws:iam::444455556666:root"]);
    assert_eq!(principal("module.pods.aws_iam_role.this[0]").runs.len(), 1);
    let bound = infra.collected.facts.iter().any(|fact| {
        matches!(fact, Fact::EnvBinding(it) if it.variable == "KEYS_TABLE" && &*it.table == "module.keys.aws_dynamodb_table.this[0]")
    });
    assert!(bound);
    let secret = infra.collected.facts.iter().find_map(|fact| match fact {
        Fact::Asset(it) if it.name == "shop/stripe" => Some(it),
        _ => None,
    });
    let rotated = secret.unwrap().posture(Control::RotatedInTime);
    assert_eq!(rotated.unwrap().state, Tri::Yes);
    assert_eq!(infra.collected.coverage.counts["remote_modules"], 0);
}

#[test]
fn what_has_no_stand_in_is_counted_and_told() {
    let text = r#"
module "vpc" { source = "terraform-aws-modules/vpc/aws" }
module "table" {
  source = "cloudposse/dynamodb/aws"
  name   = "keys"
}
"#;
    let (infra, _) = run(&tree(text));
    let coverage = &infra.collected.coverage;
    assert_eq!(coverage.counts["remote_modules"], 2);
    assert!(
        coverage
            .problems
            .iter()
            .any(|it| it.message.contains("cloudposse/dynamodb"))
    );
}

#[test]
fn a_variable_that_is_not_known_makes_nothing_up() {
    let text = r#"
variable "encrypted" { type = bool }
module "keys" {
  source                         = "terraform-aws-modules/dynamodb-table/aws"
  name                           = "keys-${var.stage}"
  hash_key                       = "id"
  server_side_encryption_enabled = var.encrypted
  point_in_time_recovery_enabled = var.recovery
}
"#;
    let (infra, _) = run(&tree(text));
    let table = table(&infra.collected.facts);
    assert_eq!(table.name, "keys-*");
    assert_eq!(table.encryption, Encryption::Unknown);
    assert_eq!(table.point_in_time_recovery, Tri::Unknown);
    assert_eq!(table.deletion_protection, Tri::No);
}

#[test]
fn the_workspace_is_what_somebody_says_and_else_both() {
    let text = r#"
resource "aws_dynamodb_table" "keys" {
  name                        = "keys-${terraform.workspace}"
  hash_key                    = "id"
  deletion_protection_enabled = terraform.workspace == "production" ? true : false
}
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = "{}"
  inline_policy {
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "dynamodb:GetItem", Resource = "arn:aws:dynamodb:*:*:table/keys-${terraform.workspace}" }] })
  }
}
"#;
    let (infra, grants) = run(&tree(text));
    let open = table(&infra.collected.facts);
    assert_eq!(open.name, "keys-*");
    assert_eq!(open.deletion_protection, Tri::Unknown);
    // What is not known equals itself.
    assert_eq!(grants.len(), 1);
    let options = keytrail_infra::InfraOptions {
        workspace: Some("production".to_owned()),
    };
    let progress = keytrail_model::Progress::default();
    let said = keytrail_infra::collect_with(&tree(text), &progress, &options);
    let said = table(&said.collected.facts);
    assert_eq!(said.name, "keys-production");
    assert_eq!(said.deletion_protection, Tri::Yes);
}
