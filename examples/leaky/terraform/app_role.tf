# One role for whatever runs Keyring: the web service, the functions, the backups.
data "aws_iam_policy_document" "app_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type = "Service"
      identifiers = [
        "ecs-tasks.amazonaws.com",
        "lambda.amazonaws.com",
        "backup.amazonaws.com",
        "dax.amazonaws.com",
      ]
    }
  }
}

resource "aws_iam_role" "app" {
  name               = "keyring-app"
  assume_role_policy = data.aws_iam_policy_document.app_trust.json
}

data "aws_iam_policy_document" "app" {
  statement {
    sid       = "Tables"
    actions   = ["dynamodb:*"]
    resources = ["arn:aws:dynamodb:*:${local.account}:table/*"]
  }

  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue", "ssm:GetParameter*"]
    resources = ["*"]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = ["*"]
  }

  statement {
    sid       = "Exports"
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = ["${aws_s3_bucket.exports.arn}/*"]
  }
}

resource "aws_iam_role_policy" "app" {
  name   = "app"
  role   = aws_iam_role.app.id
  policy = data.aws_iam_policy_document.app.json
}

resource "aws_ecs_task_definition" "web" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  task_role_arn            = aws_iam_role.app.arn
  execution_role_arn       = aws_iam_role.app.arn

  container_definitions = jsonencode([{
    name  = "web"
    image = "keyring:latest"
    environment = [
      { name = "DJANGO_SETTINGS_MODULE", value = "config.settings.${var.environment}" },
      { name = "KEYS_TABLE", value = aws_dynamodb_table.keys.name },
    ]
    portMappings = [{ containerPort = 8000 }]
  }])
}

resource "aws_lambda_function" "digest" {
  function_name = "${local.name}-digest"
  role          = aws_iam_role.app.arn
  runtime       = "python3.11"
  handler       = "digest.handler"
  filename      = "${path.module}/build/digest.zip"
}

# For the hosts outside AWS.
resource "aws_iam_user" "onprem" {
  name = "keyring-onprem"
}

resource "aws_iam_access_key" "onprem" {
  user = aws_iam_user.onprem.name
}

resource "aws_iam_user_policy" "onprem" {
  name   = "app"
  user   = aws_iam_user.onprem.name
  policy = data.aws_iam_policy_document.app.json
}
