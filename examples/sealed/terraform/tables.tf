module "table" {
  source   = "./modules/table"
  for_each = local.tables

  name        = "${local.name}-${each.key}"
  hash_key    = each.value.hash_key
  range_key   = each.value.range_key
  stream_view = each.value.stream_view
  index       = each.value.index
  kms_key_arn = aws_kms_key.data.arn
  tags        = local.tags
}

# Nobody but the application and the backup reads vendor keys, whatever other policies say.
resource "aws_dynamodb_resource_policy" "keys" {
  resource_arn = module.table["keys"].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTheApplicationReads"
      Effect    = "Deny"
      Principal = "*"
      Action = [
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:ExportTableToPointInTime",
        "dynamodb:PartiQLSelect",
        "dynamodb:Query",
        "dynamodb:Scan",
      ]
      Resource = module.table["keys"].arn
      Condition = {
        ArnNotEquals = {
          "aws:PrincipalArn" = [aws_iam_role.tenant.arn, aws_iam_role.vault.arn]
        }
      }
    }]
  })
}

resource "aws_backup_vault" "main" {
  name        = local.name
  kms_key_arn = aws_kms_key.data.arn
}

resource "aws_backup_plan" "weekly" {
  name = local.name

  rule {
    rule_name         = "weekly"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 3 ? * SUN *)"

    lifecycle {
      delete_after = 35
    }
  }
}

resource "aws_backup_selection" "tables" {
  name         = "tables"
  plan_id      = aws_backup_plan.weekly.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [for table in module.table : table.arn]
}
