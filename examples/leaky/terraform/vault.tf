resource "aws_secretsmanager_secret" "signing" {
  name = "keyring/signing"
}

resource "aws_secretsmanager_secret_policy" "signing" {
  secret_arn = aws_secretsmanager_secret.signing.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${var.partner_account}:root" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}

resource "aws_cloudtrail" "main" {
  name           = "keyring"
  s3_bucket_name = aws_s3_bucket.trail.id

  event_selector {
    read_write_type           = "WriteOnly"
    include_management_events = true
  }
}

resource "aws_s3_bucket" "trail" {
  bucket = "keyring-trail-${local.account}"
}
