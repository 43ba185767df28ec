//! Settings of a table in Terraform and CloudFormation.

use hcl_edit::expr::Expression;
use hcl_edit::structure::Block;
use keytrail_model::{Encryption, Environment, Table, TableSource, Tri};

use super::Remedy;
use crate::case::{Case, Draft};
use crate::hcl::{Terraform, first_entry};
use crate::template::Template;
use crate::{Change, Piece, Why};

/// The table that is declared at the finding's place.
fn table<'c>(case: &Case<'c>) -> Result<&'c Table, Why> {
    case.facts.tables_at(case.at()).next().ok_or(Why::Shape(
        "it is about a replica, or the table is declared elsewhere",
    ))
}

/// What one kind of template needs.
trait Setting {
    fn terraform(&self, file: &Terraform, block: &Block, table: &Table) -> Result<Vec<Piece>, Why>;
    fn cloudformation(&self, file: &Template, table: &Table) -> Result<Vec<Piece>, Why>;
}

fn set(case: &Case<'_>, setting: &dyn Setting) -> Result<Draft, Why> {
    let table = table(case)?;
    let span = case.at().span();
    let pieces = match table.source {
        TableSource::Terraform if span.path.ends_with(".tf") => {
            let file = Terraform::parse(case.files.text(&span.path)?)?;
            let block = file.resource("aws_dynamodb_table", span.line)?;
            setting.terraform(&file, block, table)?
        }
        TableSource::CloudFormation => {
            let file = Template::parse(
                case.files.text(&span.path)?,
                &table.address,
                "AWS::DynamoDB::Table",
            )?;
            setting.cloudformation(&file, table)?
        }
        _ => {
            return Err(Why::Shape(
                "the table is declared neither in HCL nor in CloudFormation",
            ));
        }
    };
    if pieces.is_empty() {
        return Err(Why::Shape("it is set to something that is computed"));
    }
    Ok(case.change(case.at(), pieces))
}

/// `name = true`, in place of whatever literal stands there.
fn switch_on(file: &Terraform, block: &Block, name: &str) -> Result<Piece, Why> {
    match Terraform::attribute(block, name) {
        Some((Expression::Bool(_), range)) => Ok(Piece::new(range, "true")),
        Some(_) => Err(Why::Shape("it is set to something that is computed")),
        None => file.at_the_end(block, &[format!("{name} = true")]),
    }
}

pub(crate) struct TableProtection;

impl Remedy for TableProtection {
    fn name(&self) -> &'static str {
        "table-protection"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["table-unprotected"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let draft = set(case, self)?;
        let table = table(case)?;
        let (title, note) = match (table.deletion_protection, table.point_in_time_recovery) {
            (Tri::No, Tri::No) => (
                "Switch on deletion protection and point-in-time recovery",
                "recovery costs by the table's size; a protected table is destroyed only after the protection is taken off",
            ),
            (_, Tri::No) => (
                "Switch on point-in-time recovery",
                "recovery costs by the table's size",
            ),
            _ => (
                "Switch on deletion protection",
                "a protected table is destroyed only after the protection is taken off",
            ),
        };
        let draft = draft.title(title).note(note);
        Ok(vec![draft.done()])
    }
}

impl Setting for TableProtection {
    fn terraform(&self, file: &Terraform, block: &Block, table: &Table) -> Result<Vec<Piece>, Why> {
        let mut pieces = Vec::new();
        if table.deletion_protection == Tri::No {
            pieces.push(switch_on(file, block, "deletion_protection_enabled")?);
        }
        if table.point_in_time_recovery == Tri::No {
            let unit = file.unit(block).to_owned();
            pieces.push(match Terraform::inner(block, "point_in_time_recovery") {
                Some(inner) => match Terraform::attribute(inner, "enabled") {
                    Some((Expression::Bool(_), range)) => Piece::new(range, "true"),
                    _ => return Err(Why::Shape("it is set to something that is computed")),
                },
                None => file.at_the_end(
                    block,
                    &[
                        "point_in_time_recovery {".to_owned(),
                        format!("{unit}enabled = true"),
                        "}".to_owned(),
                    ],
                )?,
            });
        }
        Ok(pieces)
    }

    fn cloudformation(&self, file: &Template, table: &Table) -> Result<Vec<Piece>, Why> {
        let mut pieces = Vec::new();
        if table.deletion_protection == Tri::No {
            pieces.push(file.switch_on(&["DeletionProtectionEnabled"])?);
        }
        if table.point_in_time_recovery == Tri::No {
            pieces.push(file.switch_on(&[
                "PointInTimeRecoverySpecification",
                "PointInTimeRecoveryEnabled",
            ])?);
        }
        Ok(pieces)
    }
}

pub(crate) struct OwnKey;

impl Remedy for OwnKey {
    fn name(&self) -> &'static str {
        "own-key"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["table-without-own-key"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let draft = set(case, self)?
            .title("Encrypt the table under a key of its own")
            .changes("whoever reads or writes the table needs kms:Decrypt on the key; a key costs about a dollar a month");
        Ok(vec![draft.done()])
    }
}

impl Setting for OwnKey {
    fn terraform(&self, file: &Terraform, block: &Block, table: &Table) -> Result<Vec<Piece>, Why> {
        if table.encryption != Encryption::AwsOwned
            || Terraform::inner(block, "server_side_encryption").is_some()
        {
            return Err(Why::Shape(
                "the table names how it is encrypted: name the key there",
            ));
        }
        let name = block.labels.get(1).map_or("table", |label| label.as_str());
        let unit = file.unit(block).to_owned();
        let encryption = file.at_the_end(
            block,
            &[
                "server_side_encryption {".to_owned(),
                format!("{unit}enabled     = true"),
                format!("{unit}kms_key_arn = aws_kms_key.{name}.arn"),
                "}".to_owned(),
            ],
        )?;
        let mut pieces = vec![encryption];
        if !file.names("aws_kms_key").contains(&name) {
            pieces.push(file.behind_all(&format!(
                "resource \"aws_kms_key\" \"{name}\" {{\n{unit}description         = \"Encrypts the items of a DynamoDB table\"\n{unit}enable_key_rotation = true\n}}\n"
            )));
        }
        Ok(pieces)
    }

    fn cloudformation(&self, _: &Template, _: &Table) -> Result<Vec<Piece>, Why> {
        Err(Why::Shape(
            "a key needs a policy of its own, which says who may use it",
        ))
    }
}

pub(crate) struct TableTags;

impl Remedy for TableTags {
    fn name(&self) -> &'static str {
        "table-tags"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["untagged-table"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let draft = set(case, self)?
            .title("Tag the table with its environment")
            .note("policies can then tell environments apart by aws:ResourceTag/Environment");
        Ok(vec![draft.done()])
    }
}

/// As paths and names say it.
fn environment(table: &Table) -> Option<&'static str> {
    (table.environment != Environment::Unspecified).then(|| table.environment.as_str())
}

impl Setting for TableTags {
    fn terraform(&self, file: &Terraform, block: &Block, table: &Table) -> Result<Vec<Piece>, Why> {
        let value = environment(table).map_or("terraform.workspace".to_owned(), |name| {
            format!("\"{name}\"")
        });
        let piece = match Terraform::attribute(block, "tags") {
            Some((Expression::Object(map), range)) => {
                let entry = format!("Environment = {value}");
                first_entry(&file.text, map, range, &entry).ok_or(Why::Broken)?
            }
            Some(_) => return Err(Why::Shape("the tags are computed")),
            None => file.at_the_end(
                block,
                &[
                    "tags = {".to_owned(),
                    format!("{}Environment = {value}", file.unit(block)),
                    "}".to_owned(),
                ],
            )?,
        };
        Ok(vec![piece])
    }

    fn cloudformation(&self, file: &Template, table: &Table) -> Result<Vec<Piece>, Why> {
        let value = environment(table).ok_or(Why::Shape(
            "which environment it is can't be told from its name or path",
        ))?;
        Ok(vec![file.tag("Environment", value)?])
    }
}

pub(crate) struct TableTtl;

impl Remedy for TableTtl {
    fn name(&self) -> &'static str {
        "table-ttl"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-record-never-expires"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let draft = set(case, self)?
            .title("Let items expire by their attribute expires_at")
            .changes("items go some time after expires_at, in seconds since 1970: write it where strangers write; items without it stay");
        Ok(vec![draft.done()])
    }
}

impl Setting for TableTtl {
    fn terraform(&self, file: &Terraform, block: &Block, _: &Table) -> Result<Vec<Piece>, Why> {
        if Terraform::inner(block, "ttl").is_some() {
            return Err(Why::Shape("the table has a ttl block that is switched off"));
        }
        let unit = file.unit(block).to_owned();
        let lines = [
            "ttl {".to_owned(),
            format!("{unit}attribute_name = \"expires_at\""),
            format!("{unit}enabled        = true"),
            "}".to_owned(),
        ];
        Ok(vec![file.at_the_end(block, &lines)?])
    }

    fn cloudformation(&self, file: &Template, _: &Table) -> Result<Vec<Piece>, Why> {
        Ok(vec![file.block(
            "TimeToLiveSpecification",
            &[("AttributeName", "\"expires_at\""), ("Enabled", "true")],
        )?])
    }
}
