//! Input made to hurt: it may cost a problem in the coverage, never a panic, a hang or a guess.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use keytrail_infra::{Infra, TableTarget, collect};
use keytrail_model::{CoverageStatus, Fact, MemoryTree, Progress};

fn read<B: Into<Vec<u8>>>(files: Vec<(&str, B)>) -> Infra {
    let started = Instant::now();
    let infra = collect(&MemoryTree::new(files), &Progress::default());
    infra
        .access
        .grants(&[TableTarget::named("keys"), TableTarget::named("*")]);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    infra
}

fn table_names(infra: &Infra) -> Vec<String> {
    let mut names: Vec<String> = infra
        .collected
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(table.name.clone()),
            _ => None,
        })
        .collect();
    names.sort();
    names
}

const GOOD: &str =
    "resource \"aws_dynamodb_table\" \"good\" {\n  name = \"good\"\n  hash_key = \"id\"\n}\n";

#[test]
fn deep_nesting_in_hcl() {
    let openings = [
        ("[", "]"),
        ("(", ")"),
        ("{ a = ", "}"),
        ("f(", ")"),
        ("\"${", "}\""),
        ("!", ""),
        ("[for x in ", " : x]"),
        ("a ? b : ", ""),
        ("1 + ", ""),
        ("-", ""),
        ("x[", "]"),
    ];
    for (open, close) in openings {
        for depth in [50, 63, 200, 20_000] {
            let text = format!(
                "locals {{\n  a = {}1{}\n}}\n{GOOD}",
                open.repeat(depth),
                close.repeat(depth)
            );
            let infra = read(vec![("main.tf", text)]);
            assert_eq!(table_names(&infra), ["good"], "{open} {depth}");
        }
    }
    let blocks = format!("{}{}\n{GOOD}", "a {\n".repeat(5000), "}\n".repeat(5000));
    assert_eq!(table_names(&read(vec![("main.tf", blocks)])), ["good"]);
}

#[test]
fn deep_nesting_in_json_and_yaml() {
    let head = "{\"AWSTemplateFormatVersion\":\"2010-09-09\",\"Resources\":{\"A\":{\"Type\":\"AWS::X\",\"P\":";
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!(
            "{head}{}1{}}}}}}}",
            open.repeat(50_000),
            close.repeat(50_000)
        );
        assert_eq!(
            read(vec![("a.json", text)]).collected.coverage.status,
            CoverageStatus::Partial
        );
    }
    let head = "AWSTemplateFormatVersion: '2010-09-09'\nResources: {A: {Type: 'AWS::X'}}\nX:\n";
    for line in ["- ", "? ", "[", "{a: ", "!Sub ", "&a "] {
        let text = format!("{head}{}", line.repeat(50_000));
        assert_eq!(
            read(vec![("a.yaml", text)]).collected.coverage.status,
            CoverageStatus::Partial
        );
    }
}

#[test]
fn a_bomb_of_aliases() {
    let mut text =
        String::from("AWSTemplateFormatVersion: '2010-09-09'\nl0: &l0 [dynamodb:Scan]\n");
    for level in 1..40 {
        let before = level - 1;
        let items = vec![format!("*l{before}"); 10].join(", ");
        writeln!(text, "l{level}: &l{level} [{items}]").expect("text takes text");
    }
    text.push_str("Resources:\n  U:\n    Type: AWS::IAM::User\n    Properties: {Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: *l39, Resource: '*'}]}}]}\n");
    let infra = read(vec![("a.yaml", text)]);
    assert_eq!(infra.collected.coverage.status, CoverageStatus::Partial);
}

#[test]
fn values_that_double() {
    let mut text = String::from("locals {\n  l0 = [\"dynamodb:Scan\"]\n  s0 = \"ab\"\n");
    for level in 1..60 {
        let before = level - 1;
        writeln!(text, "  l{level} = [local.l{before}, local.l{before}]").expect("text takes text");
        writeln!(
            text,
            "  s{level} = \"${{local.s{before}}}${{local.s{before}}}\""
        )
        .expect("text takes text");
    }
    text.push_str("}\nresource \"aws_dynamodb_table\" \"a\" {\n  name = \"x-${length(flatten(local.l59))}-${local.s59}\"\n}\n");
    text.push_str("resource \"aws_iam_user_policy\" \"a\" {\n  user = \"u\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = local.l59, Resource = \"*\" }] })\n}\n");
    text.push_str(GOOD);
    let infra = read(vec![("main.tf", text)]);
    assert_eq!(table_names(&infra).len(), 2);
}

#[test]
fn loops_within_loops() {
    let text = format!(
        "locals {{\n  n = range(4000)\n  a = [for a in local.n : [for b in local.n : [for c in local.n : a + b + c]]]\n}}\nresource \"aws_dynamodb_table\" \"a\" {{\n  name = \"x${{local.a[0][0][0]}}\"\n}}\n{GOOD}"
    );
    let infra = read(vec![("main.tf", text)]);
    assert!(
        table_names(&infra).contains(&"good".to_owned())
            || infra.collected.coverage.status == CoverageStatus::Partial
    );
}

#[test]
fn endless_instances() {
    let text = format!(
        "resource \"aws_dynamodb_table\" \"n\" {{\n  count = 1e18\n  name = \"t${{count.index}}\"\n}}\n{GOOD}"
    );
    let infra = read(vec![("main.tf", text)]);
    assert!(table_names(&infra).len() < 1000);
    assert_eq!(infra.collected.coverage.status, CoverageStatus::Partial);
}

#[test]
fn modules_that_multiply() {
    // Each calls the next ten times: a million by the sixth.
    let mut files: Vec<(String, String)> = Vec::new();
    for level in 0..8 {
        let next = level + 1;
        let text = format!("module \"m\" {{\n  source = \"../m{next}\"\n  count = 10\n}}\n{GOOD}");
        files.push((format!("m{level}/main.tf"), text));
    }
    files.push(("m8/main.tf".to_owned(), GOOD.to_owned()));
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect();
    let infra = read(files);
    assert_eq!(infra.collected.coverage.status, CoverageStatus::Partial);
}

#[test]
fn rings_of_all_kinds() {
    let text = "locals { a = local.b, b = [local.c], c = { x = local.a } }\n\
        variable \"v\" { default = \"x\" }\n\
        resource \"aws_dynamodb_table\" \"a\" {\n  for_each = aws_dynamodb_table.b\n  name = each.key\n}\n\
        resource \"aws_dynamodb_table\" \"b\" {\n  for_each = aws_dynamodb_table.a\n  name = each.key\n}\n\
        module \"self\" {\n  source = \"./\"\n  in = module.self.out\n}\n\
        output \"out\" { value = module.self.out }\n\
        data \"aws_iam_policy_document\" \"d\" { source_policy_documents = [data.aws_iam_policy_document.d.json] }\n\
        resource \"aws_iam_user_policy\" \"p\" {\n  user = \"u\"\n  policy = data.aws_iam_policy_document.d.json\n}\n";
    read(vec![("main.tf", text)]);
    let text = "AWSTemplateFormatVersion: '2010-09-09'\nParameters: {P: {Default: !Ref P}}\nResources:\n  T: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: !Sub ['${A}', {A: !Sub ['${B}', {B: !Ref T}]}]}}\n";
    read(vec![("a.yaml", text)]);
}

#[test]
fn not_text() {
    let files = vec![
        ("a.tf", b"\xff\xfe\x00\x01resource".to_vec()),
        ("b.tf", GOOD.as_bytes().to_vec()),
        (
            "c.yaml",
            b"AWSTemplateFormatVersion Resources AWS:: \xff\xff".to_vec(),
        ),
        ("d.json", b"\x00\x01\x02Resources AWS::".to_vec()),
        ("e.tf", Vec::new()),
        ("f.tfvars", b"\x00".to_vec()),
        ("g.tf.json", b"[]".to_vec()),
    ];
    let infra = read(files);
    assert_eq!(table_names(&infra), ["good"]);
    let paths: Vec<&str> = infra
        .collected
        .coverage
        .problems
        .iter()
        .map(|problem| &*problem.path)
        .collect();
    assert_eq!(paths, ["a.tf", "c.yaml", "f.tfvars"]);
}

#[test]
fn huge_files_are_told() {
    let infra = read(vec![
        ("huge.tf", vec![b' '; 5 * 1024 * 1024]),
        ("good.tf", GOOD.as_bytes().to_vec()),
    ]);
    assert_eq!(table_names(&infra), ["good"]);
    assert_eq!(infra.collected.coverage.problems.len(), 1);
}

#[test]
fn every_cut_of_a_template_is_survived() {
    for (name, text) in [
        ("main.tf", include_str!("fixtures/tf_policies/in/main.tf")),
        (
            "template.yaml",
            include_str!("fixtures/cfn/in/template.yaml"),
        ),
        ("other.json", include_str!("fixtures/cfn/in/other.json")),
    ] {
        for end in (0..text.len()).step_by(97) {
            if let Some(cut) = text.get(..end) {
                read(vec![(name, cut)]);
            }
        }
    }
}

#[test]
fn no_value_of_a_template_is_in_the_output() {
    // Built here, so that no scanner of this repository takes it for a key.
    let key = format!("kt_live_{}", "Zq7".repeat(11));
    let text = format!(
        "variable \"k\" {{ default = \"{key}\" }}\nlocals {{ k = var.k }}\n{GOOD}\
        resource \"aws_dynamodb_table_item\" \"i\" {{\n  table_name = aws_dynamodb_table.good.name\n  item = jsonencode({{ api_key = {{ S = var.k }} }})\n}}\n\
        resource \"aws_lambda_function\" \"f\" {{\n  function_name = \"f\"\n  environment {{\n    variables = {{ K = local.k, T = aws_dynamodb_table.good.name }}\n  }}\n}}\n\
        resource \"aws_dynamodb_table\" \"b\" {{\n  name = \"b\"\n  tags = {{ api_key = var.k }}\n}}\n\
        broken \"{key} {{\n"
    );
    let infra = read(vec![
        ("main.tf", text.as_str()),
        ("p.tfvars", &format!("k = \"{key}\"\n = {key}\n")),
    ]);
    let shown = format!("{infra:?}");
    assert!(!shown.contains("Zq7"), "a value got out");
    assert!(shown.contains("api_key"));
}
