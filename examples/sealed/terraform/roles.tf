data "aws_iam_policy_document" "trust" {
  for_each = { web = "ecs-tasks", execution = "ecs-tasks", backup = "backup" }

  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["${each.value}.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account]
    }
  }
}

# The web service: signs tokens in, and takes a team's role for all else.
resource "aws_iam_role" "web" {
  name               = "${local.name}-web"
  assume_role_policy = data.aws_iam_policy_document.trust["web"].json
}

data "aws_iam_policy_document" "web" {
  statement {
    sid       = "TakeATeamsRole"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = [aws_iam_role.tenant.arn, aws_iam_role.vault.arn]
  }

  # By fingerprint: there is no owner to compare with before the token is known.
  statement {
    sid       = "RecogniseTokens"
    actions   = ["dynamodb:GetItem"]
    resources = [module.table["tokens"].arn]
    condition {
      test     = "ForAllValues:StringEquals"
      variable = "dynamodb:Attributes"
      values   = ["token_hash", "owner_id", "username", "token_id", "status", "expires_at"]
    }
    condition {
      test     = "Null"
      variable = "dynamodb:Attributes"
      values   = ["false"]
    }
    condition {
      test     = "StringEquals"
      variable = "dynamodb:Select"
      values   = ["SPECIFIC_ATTRIBUTES"]
    }
  }

  statement {
    sid       = "IssueAndRevokeTokens"
    actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [module.table["tokens"].arn]
    condition {
      test     = "StringEqualsIfExists"
      variable = "dynamodb:ReturnValues"
      values   = ["NONE"]
    }
  }

  statement {
    sid       = "OwnSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [for name in ["pepper", "slack"] : aws_secretsmanager_secret.service[name].arn]
  }

  statement {
    sid       = "WhereHouseKeysAre"
    actions   = ["secretsmanager:DescribeSecret"]
    resources = [for secret in aws_secretsmanager_secret.house : secret.arn]
  }
}

# A team's session. The tag comes from the web service alone, and stands in each condition.
data "aws_iam_policy_document" "team_trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.web.arn]
    }
    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/team_id"
      values   = ["?*"]
    }
    condition {
      test     = "ForAllValues:StringEquals"
      variable = "aws:TagKeys"
      values   = ["team_id"]
    }
  }
}

resource "aws_iam_role" "tenant" {
  name                 = "${local.name}-tenant"
  assume_role_policy   = data.aws_iam_policy_document.team_trust.json
  max_session_duration = 3600
}

resource "aws_iam_role" "vault" {
  name                 = "${local.name}-vault"
  assume_role_policy   = data.aws_iam_policy_document.team_trust.json
  max_session_duration = 3600
}

locals {
  own_partition = {
    "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["$${aws:PrincipalTag/team_id}"] }
    Null                        = { "dynamodb:LeadingKeys" = "false" }
  }

  # Reads of one's own partition, attribute by attribute. Null closes the trap of an empty set.
  reads = {
    tenant = {
      Metadata = {
        actions    = ["dynamodb:GetItem", "dynamodb:Query"]
        resource   = module.table["keys"].arn
        attributes = ["owner_id", "service", "key_alias", "label", "region", "status", "created_at", "rotated_at"]
      }
      Tokens = {
        actions    = ["dynamodb:Query"]
        resource   = "${module.table["tokens"].arn}/index/owner-index"
        attributes = ["owner_id", "token_id", "token_hash", "name", "status", "created_at", "expires_at"]
      }
    }
    vault = {
      Sealed = {
        actions    = ["dynamodb:GetItem"]
        resource   = module.table["keys"].arn
        attributes = ["owner_id", "service", "status", "wrapped_key", "nonce", "sealed_key", "arn"]
      }
    }
  }

  read_statements = {
    for role, reads in local.reads : role => [
      for sid, read in reads : {
        Sid      = sid
        Effect   = "Allow"
        Action   = read.actions
        Resource = read.resource
        Condition = {
          "ForAllValues:StringEquals" = {
            "dynamodb:LeadingKeys" = ["$${aws:PrincipalTag/team_id}"]
            "dynamodb:Attributes"  = read.attributes
          }
          Null         = { "dynamodb:LeadingKeys" = "false", "dynamodb:Attributes" = "false" }
          StringEquals = { "dynamodb:Select" = "SPECIFIC_ATTRIBUTES" }
        }
      }
    ]
  }
}

resource "aws_iam_role_policy" "web" {
  name   = "web"
  role   = aws_iam_role.web.id
  policy = data.aws_iam_policy_document.web.json
}

resource "aws_iam_role_policy" "tenant" {
  name = "tenant"
  role = aws_iam_role.tenant.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.read_statements["tenant"], [
      {
        Sid      = "LabelAndRemove"
        Effect   = "Allow"
        Action   = ["dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        Resource = module.table["keys"].arn
        Condition = {
          "ForAllValues:StringEquals" = {
            "dynamodb:LeadingKeys" = ["$${aws:PrincipalTag/team_id}"]
            "dynamodb:Attributes"  = ["owner_id", "service", "label"]
          }
          Null                 = { "dynamodb:LeadingKeys" = "false", "dynamodb:Attributes" = "false" }
          StringEqualsIfExists = { "dynamodb:ReturnValues" = "NONE" }
        }
      },
      {
        Sid       = "Count"
        Effect    = "Allow"
        Action    = "dynamodb:UpdateItem"
        Resource  = module.table["usage"].arn
        Condition = merge(local.own_partition, { StringEqualsIfExists = { "dynamodb:ReturnValues" = "NONE" } })
      },
      {
        Sid       = "Record"
        Effect    = "Allow"
        Action    = "dynamodb:PutItem"
        Resource  = [module.table["events"].arn, module.table["audit"].arn]
        Condition = merge(local.own_partition, { StringEqualsIfExists = { "dynamodb:ReturnValues" = "NONE" } })
      },
      {
        Sid      = "Inventory"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${aws_s3_bucket.this["exports"].arn}/$${aws:PrincipalTag/team_id}/*"
      },
    ])
  })
}

resource "aws_iam_role_policy" "vault" {
  name = "vault"
  role = aws_iam_role.vault.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.read_statements["vault"], [
      {
        Sid       = "Store"
        Effect    = "Allow"
        Action    = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource  = module.table["keys"].arn
        Condition = merge(local.own_partition, { StringEqualsIfExists = { "dynamodb:ReturnValues" = "NONE" } })
      },
      {
        Sid      = "SealAndOpen"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.envelope.arn
        Condition = {
          StringEquals = {
            "kms:EncryptionContext:owner_id" = "$${aws:PrincipalTag/team_id}"
            "kms:EncryptionContext:table"    = "${local.name}-keys"
          }
        }
      },
      {
        Sid       = "HouseKeys"
        Effect    = "Allow"
        Action    = "secretsmanager:GetSecretValue"
        Resource  = [for secret in aws_secretsmanager_secret.house : secret.arn]
        Condition = { StringEquals = { "aws:PrincipalTag/team_id" = "house" } }
      },
    ])
  })
}

# Starts the container: image, log and the two secrets that Django reads from its environment.
resource "aws_iam_role" "execution" {
  name               = "${local.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.trust["execution"].json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "StartSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [for name in ["django", "database"] : aws_secretsmanager_secret.service[name].arn]
  }

  statement {
    sid       = "OpenThem"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.data.arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# Backups only: restoring is done by hand, by a person with another role.
resource "aws_iam_role" "backup" {
  name               = "${local.name}-backup"
  assume_role_policy = data.aws_iam_policy_document.trust["backup"].json
}

resource "aws_iam_role_policy_attachment" "backup" {
  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}

resource "aws_ecs_task_definition" "web" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  task_role_arn            = aws_iam_role.web.arn
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([{
    name                   = "web"
    image                  = var.image
    user                   = "10001"
    readonlyRootFilesystem = true
    environment = [
      { name = "DJANGO_SETTINGS_MODULE", value = "config.settings.${var.environment}" },
      { name = "TENANT_ROLE_ARN", value = aws_iam_role.tenant.arn },
      { name = "VAULT_ROLE_ARN", value = aws_iam_role.vault.arn },
    ]
    secrets = [
      { name = "SECRET_KEY", valueFrom = aws_secretsmanager_secret.service["django"].arn },
      { name = "DATABASE_URL", valueFrom = aws_secretsmanager_secret.service["database"].arn },
    ]
    mountPoints  = [{ sourceVolume = "tls", containerPath = "/run/tls", readOnly = true }]
    portMappings = [{ containerPort = 8443 }]
  }])

  volume {
    name = "tls"

    efs_volume_configuration {
      file_system_id     = var.tls_file_system_id
      transit_encryption = "ENABLED"
    }
  }
}
