output "tables" {
  value = { for key, table in module.table : key => table.name }
}

output "keys_stream_arn" {
  value = module.table["keys"].stream_arn
}

output "data_key_arn" {
  value = aws_kms_key.data.arn
}
