output "keys_table" {
  value = aws_dynamodb_table.keys.name
}

output "keys_stream_arn" {
  value = aws_dynamodb_table.keys.stream_arn
}

output "app_role_arn" {
  value = aws_iam_role.app.arn
}

output "tables" {
  value = { for key, table in module.table : key => table.name }
}
