# terraform-aws-modules/lambda/aws, by its documented inputs. Left out: the policies that the module attaches
# for logs, dead letters, networks and tracing, none of which opens a table.
variable "create" { default = true }
variable "create_function" { default = true }
variable "create_role" { default = true }
variable "function_name" { default = "" }
variable "handler" { default = "" }
variable "runtime" { default = "" }
variable "lambda_role" { default = "" }
variable "role_name" { default = null }
variable "role_permissions_boundary" { default = null }
variable "trusted_entities" { default = [] }
variable "environment_variables" { default = {} }
variable "attach_policy" { default = false }
variable "policy" { default = null }
variable "attach_policies" { default = false }
variable "policies" { default = [] }
variable "attach_policy_json" { default = false }
variable "policy_json" { default = null }
variable "attach_policy_jsons" { default = false }
variable "policy_jsons" { default = [] }
variable "attach_policy_statements" { default = false }
variable "policy_statements" { default = {} }
variable "event_source_mapping" { default = {} }
variable "tags" { default = {} }

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
  dynamic "statement" {
    for_each = var.trusted_entities
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = try(statement.value.type, "Service")
        identifiers = try(statement.value.identifiers, [statement.value])
      }
    }
  }
}

resource "aws_iam_role" "lambda" {
  count                = var.create && var.create_function && var.create_role ? 1 : 0
  name                 = var.role_name != null ? var.role_name : var.function_name
  permissions_boundary = var.role_permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "additional_json" {
  count  = var.create && var.create_role && var.attach_policy_json ? 1 : 0
  role   = aws_iam_role.lambda[0].name
  policy = var.policy_json
}

resource "aws_iam_role_policy" "additional_jsons" {
  count  = var.create && var.create_role && var.attach_policy_jsons ? length(var.policy_jsons) : 0
  role   = aws_iam_role.lambda[0].name
  policy = var.policy_jsons[count.index]
}

resource "aws_iam_role_policy_attachment" "additional_one" {
  count      = var.create && var.create_role && var.attach_policy ? 1 : 0
  role       = aws_iam_role.lambda[0].name
  policy_arn = var.policy
}

resource "aws_iam_role_policy_attachment" "additional_many" {
  count      = var.create && var.create_role && var.attach_policies ? length(var.policies) : 0
  role       = aws_iam_role.lambda[0].name
  policy_arn = var.policies[count.index]
}

data "aws_iam_policy_document" "additional_inline" {
  dynamic "statement" {
    for_each = var.policy_statements
    content {
      sid           = try(statement.value.sid, null)
      effect        = try(statement.value.effect, null)
      actions       = try(statement.value.actions, null)
      not_actions   = try(statement.value.not_actions, null)
      resources     = try(statement.value.resources, null)
      not_resources = try(statement.value.not_resources, null)

      dynamic "condition" {
        for_each = try(statement.value.condition, [])
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role_policy" "additional_inline" {
  count  = var.create && var.create_role && var.attach_policy_statements ? 1 : 0
  role   = aws_iam_role.lambda[0].name
  policy = data.aws_iam_policy_document.additional_inline.json
}

resource "aws_lambda_function" "this" {
  count         = var.create && var.create_function ? 1 : 0
  function_name = var.function_name
  handler       = var.handler
  runtime       = var.runtime
  role          = var.create_role ? aws_iam_role.lambda[0].arn : var.lambda_role

  environment {
    variables = var.environment_variables
  }
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each         = var.event_source_mapping
  function_name    = aws_lambda_function.this[0].arn
  event_source_arn = each.value.event_source_arn
}

output "lambda_function_arn" { value = aws_lambda_function.this[0].arn }
output "lambda_function_name" { value = aws_lambda_function.this[0].function_name }
output "lambda_role_arn" { value = aws_iam_role.lambda[0].arn }
output "lambda_role_name" { value = aws_iam_role.lambda[0].name }
