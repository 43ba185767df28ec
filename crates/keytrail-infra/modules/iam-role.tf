# terraform-aws-modules/iam/aws//modules/iam-role (from version 6)
variable "create" { default = true }
variable "name" { default = null }
variable "use_name_prefix" { default = true }
variable "permissions_boundary" { default = null }
variable "trust_policy_permissions" { default = {} }
variable "source_trust_policy_documents" { default = [] }
variable "policies" { default = {} }
variable "create_inline_policy" { default = false }
variable "inline_policy_permissions" { default = {} }
variable "create_instance_profile" { default = false }
variable "tags" { default = {} }

data "aws_iam_policy_document" "trust" {
  source_policy_documents = var.source_trust_policy_documents

  dynamic "statement" {
    for_each = var.trust_policy_permissions
    content {
      actions = try(statement.value.actions, ["sts:AssumeRole"])
      effect  = try(statement.value.effect, null)
      dynamic "principals" {
        for_each = try(statement.value.principals, [])
        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }
      dynamic "condition" {
        for_each = try(statement.value.condition, [])
        content {
          test     = condition.value.test
          values   = condition.value.values
          variable = condition.value.variable
        }
      }
    }
  }
}

data "aws_iam_policy_document" "inline" {
  dynamic "statement" {
    for_each = var.inline_policy_permissions
    content {
      sid         = try(statement.value.sid, null)
      effect      = try(statement.value.effect, null)
      actions     = try(statement.value.actions, null)
      not_actions = try(statement.value.not_actions, null)
      resources   = try(statement.value.resources, null)
      dynamic "condition" {
        for_each = try(statement.value.condition, [])
        content {
          test     = condition.value.test
          values   = condition.value.values
          variable = condition.value.variable
        }
      }
    }
  }
}

resource "aws_iam_role" "this" {
  count                = var.create ? 1 : 0
  name                 = var.use_name_prefix ? null : var.name
  name_prefix          = var.use_name_prefix ? "${var.name}-" : null
  permissions_boundary = var.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = var.policies
  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

resource "aws_iam_role_policy" "inline" {
  count  = var.create && var.create_inline_policy ? 1 : 0
  role   = aws_iam_role.this[0].name
  policy = data.aws_iam_policy_document.inline.json
}

resource "aws_iam_instance_profile" "this" {
  count = var.create && var.create_instance_profile ? 1 : 0
  name  = var.name
  role  = aws_iam_role.this[0].name
}

output "arn" { value = aws_iam_role.this[0].arn }
output "name" { value = aws_iam_role.this[0].name }
output "instance_profile_name" { value = aws_iam_instance_profile.this[0].name }
output "instance_profile_arn" { value = aws_iam_instance_profile.this[0].arn }
