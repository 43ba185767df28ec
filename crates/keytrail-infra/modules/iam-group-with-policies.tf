# terraform-aws-modules/iam/aws//modules/iam-group-with-policies (to version 5)
variable "create_group" { default = true }
variable "name" { default = "" }
variable "group_users" { default = [] }
variable "custom_group_policy_arns" { default = [] }
variable "custom_group_policies" { default = [] }

resource "aws_iam_group" "this" {
  count = var.create_group ? 1 : 0
  name  = var.name
}

resource "aws_iam_group_membership" "this" {
  count = length(var.group_users) > 0 ? 1 : 0
  group = var.create_group ? aws_iam_group.this[0].name : var.name
  users = var.group_users
}

resource "aws_iam_group_policy_attachment" "custom_arns" {
  count      = length(var.custom_group_policy_arns)
  group      = var.create_group ? aws_iam_group.this[0].name : var.name
  policy_arn = var.custom_group_policy_arns[count.index]
}

resource "aws_iam_group_policy" "custom" {
  count  = length(var.custom_group_policies)
  group  = var.create_group ? aws_iam_group.this[0].name : var.name
  policy = var.custom_group_policies[count.index]["policy"]
}

output "group_arn" { value = aws_iam_group.this[0].arn }
output "group_name" { value = aws_iam_group.this[0].name }
