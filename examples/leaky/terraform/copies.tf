# Every place outside the table that holds its items.

resource "aws_s3_bucket" "exports" {
  bucket = "keyring-exports"
}

resource "aws_s3_bucket_policy" "exports" {
  bucket = aws_s3_bucket.exports.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "BiReads"
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.exports.arn}/*"
    }]
  })
}

resource "aws_dynamodb_table_export" "keys" {
  table_arn     = aws_dynamodb_table.keys.arn
  s3_bucket     = aws_s3_bucket.exports.id
  export_format = "DYNAMODB_JSON"
}

resource "aws_kinesis_stream" "changes" {
  name             = "${local.name}-changes"
  retention_period = 168

  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

resource "aws_dynamodb_kinesis_streaming_destination" "keys" {
  table_name = aws_dynamodb_table.keys.name
  stream_arn = aws_kinesis_stream.changes.arn
}

resource "aws_backup_vault" "main" {
  name = "keyring"
}

resource "aws_backup_plan" "weekly" {
  name = "keyring-weekly"

  rule {
    rule_name         = "weekly"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 3 ? * SUN *)"
  }
}

resource "aws_backup_selection" "keys" {
  name         = "keys"
  plan_id      = aws_backup_plan.weekly.id
  iam_role_arn = aws_iam_role.app.arn
  resources    = [aws_dynamodb_table.keys.arn]
}

resource "aws_dax_subnet_group" "keys" {
  name       = "keyring"
  subnet_ids = var.subnet_ids
}

resource "aws_dax_cluster" "keys" {
  cluster_name                     = "keyring"
  subnet_group_name                = aws_dax_subnet_group.keys.name
  node_type                        = "dax.t3.small"
  replication_factor               = 1
  iam_role_arn                     = aws_iam_role.app.arn
  cluster_endpoint_encryption_type = "NONE"

  server_side_encryption {
    enabled = false
  }
}
