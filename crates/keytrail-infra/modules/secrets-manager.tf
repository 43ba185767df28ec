# terraform-aws-modules/secrets-manager/aws, by its documented inputs. Values of secrets are never read.
variable "create" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "kms_key_id" { default = null }
variable "recovery_window_in_days" { default = null }
variable "create_policy" { default = false }
variable "source_policy_documents" { default = [] }
variable "override_policy_documents" { default = [] }
variable "policy_statements" { default = {} }
variable "enable_rotation" { default = false }
variable "rotation_lambda_arn" { default = "" }
variable "rotation_rules" { default = {} }
variable "tags" { default = {} }

resource "aws_secretsmanager_secret" "this" {
  count = var.create ? 1 : 0

  name                    = var.name
  name_prefix             = var.name_prefix
  kms_key_id              = var.kms_key_id
  recovery_window_in_days = var.recovery_window_in_days
  tags                    = var.tags
}

data "aws_iam_policy_document" "this" {
  source_policy_documents   = var.source_policy_documents
  override_policy_documents = var.override_policy_documents

  dynamic "statement" {
    for_each = var.policy_statements
    content {
      sid       = try(statement.value.sid, null)
      actions   = try(statement.value.actions, null)
      effect    = try(statement.value.effect, null)
      resources = try(statement.value.resources, null)

      dynamic "principals" {
        for_each = try(statement.value.principals, [])
        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }
      dynamic "condition" {
        for_each = try(statement.value.conditions, statement.value.condition, [])
        content {
          test     = condition.value.test
          values   = condition.value.values
          variable = condition.value.variable
        }
      }
    }
  }
}

resource "aws_secretsmanager_secret_policy" "this" {
  count      = var.create && var.create_policy ? 1 : 0
  secret_arn = aws_secretsmanager_secret.this[0].arn
  policy     = data.aws_iam_policy_document.this.json
}

resource "aws_secretsmanager_secret_rotation" "this" {
  count               = var.create && var.enable_rotation ? 1 : 0
  secret_id           = aws_secretsmanager_secret.this[0].id
  rotation_lambda_arn = var.rotation_lambda_arn

  rotation_rules {
    automatically_after_days = lookup(var.rotation_rules, "automatically_after_days", null)
    schedule_expression      = lookup(var.rotation_rules, "schedule_expression", null)
  }
}

output "secret_arn" { value = aws_secretsmanager_secret.this[0].arn }
output "secret_id" { value = aws_secretsmanager_secret.this[0].id }
output "secret_name" { value = aws_secretsmanager_secret.this[0].name }
