# terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts-eks (to version 5) and
# iam-role-for-service-accounts (from 6). Left out: the ready-made policies for controllers of clusters.
variable "create" { default = true }
variable "create_role" { default = true }
variable "role_name" { default = null }
variable "name" { default = null }
variable "role_name_prefix" { default = null }
variable "role_permissions_boundary_arn" { default = null }
variable "role_policy_arns" { default = {} }
variable "policies" { default = {} }
variable "oidc_providers" { default = {} }
variable "assume_role_condition_test" { default = "StringEquals" }
variable "tags" { default = {} }

data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = var.oidc_providers
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [statement.value.provider_arn]
      }
      condition {
        test     = var.assume_role_condition_test
        variable = "${replace(statement.value.provider_arn, "/^(.*provider/)/", "")}:sub"
        values   = [for account in statement.value.namespace_service_accounts : "system:serviceaccount:${account}"]
      }
    }
  }
}

resource "aws_iam_role" "this" {
  count                = var.create && var.create_role ? 1 : 0
  name                 = var.role_name != null ? var.role_name : var.name
  name_prefix          = var.role_name_prefix
  permissions_boundary = var.role_permissions_boundary_arn
  assume_role_policy   = data.aws_iam_policy_document.this.json
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = merge(var.role_policy_arns, var.policies)
  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

# The pods that run as it are in the cluster.
resource "kubernetes_service_account" "of" {
  for_each = var.oidc_providers
  metadata {
    name        = join(", ", each.value.namespace_service_accounts)
    annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.this[0].arn }
  }
}

output "iam_role_arn" { value = aws_iam_role.this[0].arn }
output "iam_role_name" { value = aws_iam_role.this[0].name }
output "arn" { value = aws_iam_role.this[0].arn }
output "name" { value = aws_iam_role.this[0].name }
