# terraform-aws-modules/iam/aws//modules/iam-policy
variable "create" { default = true }
variable "create_policy" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "policy" { default = "" }

resource "aws_iam_policy" "policy" {
  count       = var.create && var.create_policy ? 1 : 0
  name        = var.name
  name_prefix = var.name_prefix
  policy      = var.policy
}

output "arn" { value = aws_iam_policy.policy[0].arn }
output "id" { value = aws_iam_policy.policy[0].arn }
output "name" { value = aws_iam_policy.policy[0].name }
output "policy" { value = var.policy }
