# terraform-aws-modules/iam/aws//modules/iam-user
variable "create" { default = true }
variable "create_user" { default = true }
variable "name" { default = null }
variable "permissions_boundary" { default = "" }
variable "policy_arns" { default = [] }
variable "policies" { default = {} }
variable "create_iam_access_key" { default = true }

resource "aws_iam_user" "this" {
  count                = var.create && var.create_user ? 1 : 0
  name                 = var.name
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : null
}

resource "aws_iam_access_key" "this" {
  count = var.create && var.create_user && var.create_iam_access_key ? 1 : 0
  user  = aws_iam_user.this[0].name
}

resource "aws_iam_user_policy_attachment" "this" {
  for_each   = toset(var.policy_arns)
  user       = aws_iam_user.this[0].name
  policy_arn = each.value
}

resource "aws_iam_user_policy_attachment" "additional" {
  for_each   = var.policies
  user       = aws_iam_user.this[0].name
  policy_arn = each.value
}

output "iam_user_arn" { value = aws_iam_user.this[0].arn }
output "iam_user_name" { value = aws_iam_user.this[0].name }
output "arn" { value = aws_iam_user.this[0].arn }
output "name" { value = aws_iam_user.this[0].name }
