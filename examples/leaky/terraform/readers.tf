# Who else works with the tables.
data "aws_iam_policy_document" "account_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${local.account}:root"]
    }
  }
}

data "aws_iam_policy_document" "partner_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.partner_account}:root"]
    }
  }
}

# The analysts count keys by vendor.
resource "aws_iam_role" "analytics" {
  name               = "keyring-analytics"
  assume_role_policy = data.aws_iam_policy_document.account_trust.json
}

resource "aws_iam_role_policy" "analytics" {
  name = "read"
  role = aws_iam_role.analytics.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "CountKeys"
      Effect   = "Allow"
      Action   = ["dynamodb:Scan", "dynamodb:Query"]
      Resource = [aws_dynamodb_table.keys.arn, "${aws_dynamodb_table.keys.arn}/index/*"]
    }]
  })
}

# Support looks up the label and status of one team's key.
resource "aws_iam_role" "support" {
  name               = "keyring-support"
  assume_role_policy = data.aws_iam_policy_document.account_trust.json
}

resource "aws_iam_role_policy" "support" {
  name = "lookup"
  role = aws_iam_role.support.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "LabelAndStatus"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem"]
      Resource = aws_dynamodb_table.keys.arn
    }]
  })
}

# The partner reads its own team's records.
resource "aws_iam_role" "partner" {
  name               = "keyring-partner"
  assume_role_policy = data.aws_iam_policy_document.partner_trust.json
}

resource "aws_iam_role_policy" "partner" {
  name = "own-team"
  role = aws_iam_role.partner.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "OwnTeam"
      Effect   = "Allow"
      Action   = ["dynamodb:Query", "dynamodb:Scan"]
      Resource = aws_dynamodb_table.keys.arn
      Condition = {
        "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["team-partner"] }
      }
    }]
  })
}

# The night operator restores tables and sends them to the lake.
resource "aws_iam_role" "operator" {
  name               = "keyring-operator"
  assume_role_policy = data.aws_iam_policy_document.account_trust.json
}

resource "aws_iam_role_policy" "operator" {
  name = "copies"
  role = aws_iam_role.operator.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "Copies"
      Effect = "Allow"
      Action = [
        "dynamodb:ExportTableToPointInTime",
        "dynamodb:CreateBackup",
        "dynamodb:RestoreTableFromBackup",
        "dynamodb:EnableKinesisStreamingDestination",
        "dynamodb:PartiQLSelect",
        "dynamodb:PutResourcePolicy",
      ]
      Resource = "*"
    }]
  })
}

# The pipeline deploys.
resource "aws_iam_role" "deploy" {
  name               = "keyring-deploy"
  assume_role_policy = data.aws_iam_policy_document.account_trust.json
}

resource "aws_iam_role_policy" "deploy" {
  name = "deploy"
  role = aws_iam_role.deploy.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "Deploy"
      Effect = "Allow"
      Action = [
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:AttachRolePolicy",
        "lambda:CreateFunction",
        "lambda:UpdateFunctionCode",
        "lambda:InvokeFunction",
      ]
      Resource = "*"
    }]
  })
}

# Staging's worker replays production's traffic.
resource "aws_iam_role" "staging_worker" {
  name               = "keyring-staging-worker"
  assume_role_policy = data.aws_iam_policy_document.app_trust.json

  tags = {
    environment = "staging"
  }
}

resource "aws_iam_role_policy" "staging_worker" {
  name = "replay"
  role = aws_iam_role.staging_worker.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "Replay"
      Effect = "Allow"
      Action = ["dynamodb:Query", "secretsmanager:GetSecretValue"]
      Resource = [
        "arn:aws:dynamodb:${var.region}:${local.account}:table/keyring-production-*",
        "arn:aws:dynamodb:${var.region}:${local.account}:table/keyring-keys",
        "arn:aws:secretsmanager:${var.region}:${local.account}:secret:keyring/production/*",
      ]
    }]
  })
}
