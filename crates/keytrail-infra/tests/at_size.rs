//! 1,500 roles and 40 tables: every door of every table asked for every role. The time is measured by
//! `cargo test --release -p keytrail-infra --test at_size -- --nocapture`.

use std::fmt::Write as _;
use std::time::Instant;

use keytrail_infra::{TableTarget, collect};
use keytrail_model::{Fact, MemoryTree, Progress};

const ROLES: usize = 1_500;
const TABLES: usize = 40;

/// Every role has an inline policy; some are wide, some bound by conditions, some denied.
fn account() -> MemoryTree {
    let mut out = String::new();
    for table in 0..TABLES {
        let _ = write!(
            out,
            "resource \"aws_dynamodb_table\" \"t{table}\" {{\n  name = \"table-{table}\"\n  hash_key = \"owner_id\"\n  global_secondary_index {{\n    name = \"by-service\"\n    hash_key = \"service\"\n    projection_type = \"ALL\"\n  }}\n}}\n"
        );
    }
    for role in 0..ROLES {
        let own = role % TABLES;
        let statement = match role % 10 {
            0 => r#"[{ Effect = "Allow", Action = "dynamodb:*", Resource = "*" }]"#.to_owned(),
            1 => format!(
                r#"[{{ Effect = "Allow", Action = ["dynamodb:*"], Resource = "*" }}, {{ Effect = "Deny", Action = "dynamodb:*", Resource = [aws_dynamodb_table.t{own}.arn, "${{aws_dynamodb_table.t{own}.arn}}/*"] }}]"#
            ),
            2 => format!(
                r#"[{{ Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query"], Resource = aws_dynamodb_table.t{own}.arn, Condition = {{ "ForAllValues:StringEquals" = {{ "dynamodb:LeadingKeys" = ["$${{aws:PrincipalTag/owner}}"] }} }} }}]"#
            ),
            _ => format!(
                r#"[{{ Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "s3:GetObject"], Resource = ["arn:aws:dynamodb:*:*:table/table-{own}", "arn:aws:dynamodb:*:*:table/table-{own}/index/*", "arn:aws:s3:::b-{role}/*"] }}]"#
            ),
        };
        let _ = write!(
            out,
            "resource \"aws_iam_role\" \"r{role}\" {{\n  name = \"role-{role}\"\n  assume_role_policy = jsonencode({{ Version = \"2012-10-17\", Statement = [{{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = {{ Service = \"ecs-tasks.amazonaws.com\" }} }}] }})\n}}\nresource \"aws_iam_role_policy\" \"p{role}\" {{\n  name = \"p\"\n  role = aws_iam_role.r{role}.id\n  policy = jsonencode({{ Version = \"2012-10-17\", Statement = {statement} }})\n}}\n"
        );
    }
    MemoryTree::new([("main.tf".to_owned(), out.into_bytes())])
}

#[test]
fn a_large_account_is_answered_whole() {
    let tree = account();
    let start = Instant::now();
    let infra = collect(&tree, &Progress::default());
    let read = start.elapsed();
    let tables: Vec<TableTarget> = infra
        .collected
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(TableTarget::of_table(table)),
            _ => None,
        })
        .collect();
    assert_eq!(tables.len(), TABLES);
    let start = Instant::now();
    let grants = infra.access.grants(&tables);
    let asked = start.elapsed();
    eprintln!(
        "{ROLES} roles, {TABLES} tables: read in {read:?}, {} grants in {asked:?}",
        grants.len()
    );
    // Wide roles pass every door of every table; the denied ones of all but their own.
    let of = |role: usize| {
        let address = format!("aws_iam_role.r{role}");
        grants
            .iter()
            .filter(move |grant| *grant.principal == *address)
    };
    let all = of(0).count();
    assert_eq!(of(1).count(), all / TABLES * (TABLES - 1));
    assert!(of(2).all(|grant| grant.leading_keys && &*grant.table == "aws_dynamodb_table.t2"));
    assert!(of(2).count() > 0);
    assert!(of(3).all(|grant| &*grant.table == "aws_dynamodb_table.t3"));
    assert!(of(3).count() > 0);
}
