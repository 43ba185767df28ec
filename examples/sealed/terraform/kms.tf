# Two keys: one under the storage of tables, buckets and secrets, one that seals vendor keys inside the items.
data "aws_iam_policy_document" "data_key" {
  statement {
    sid       = "Administration"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account}:root"]
    }
  }

  statement {
    sid       = "ThroughServices"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.web.arn, aws_iam_role.tenant.arn, aws_iam_role.vault.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["dynamodb", "s3", "secretsmanager"] : "${service}.${var.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "Trail"
    actions   = ["kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${var.account}:log-group:/keyring/${var.environment}/trail"]
    }
  }
}

resource "aws_kms_key" "data" {
  description             = "${local.name}: storage"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.data_key.json
}

data "aws_iam_policy_document" "envelope_key" {
  statement {
    sid = "Administration"
    actions = [
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey",
      "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription",
    ]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account}:root"]
    }
  }

  statement {
    sid       = "SealAndOpenOwn"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.vault.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:owner_id"
      values   = ["$${aws:PrincipalTag/team_id}"]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:table"
      values   = ["${local.name}-keys"]
    }
  }
}

resource "aws_kms_key" "envelope" {
  description             = "${local.name}: vendor keys"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.envelope_key.json
}

resource "aws_kms_alias" "envelope" {
  name          = "alias/${local.name}-envelope"
  target_key_id = aws_kms_key.envelope.key_id
}

# Secrets of the service. Terraform makes the names; the values are put by the rotation or by an operator.
resource "aws_secretsmanager_secret" "service" {
  for_each   = toset(["pepper", "slack", "django", "database"])
  name       = "keyring/${var.environment}/${each.key}"
  kms_key_id = aws_kms_key.data.arn
}

resource "aws_secretsmanager_secret" "house" {
  for_each   = var.house_services
  name       = "keyring/${var.environment}/house/${each.key}"
  kms_key_id = aws_kms_key.data.arn
}

resource "aws_secretsmanager_secret_rotation" "house" {
  for_each            = var.house_services
  secret_id           = aws_secretsmanager_secret.house[each.key].id
  rotation_lambda_arn = var.rotation_function_arn

  rotation_rules {
    automatically_after_days = 30
  }
}

# The pepper stays out: to change it ends all tokens and signing secrets. See VECTORS.md.
resource "aws_secretsmanager_secret_rotation" "service" {
  for_each            = toset(["slack", "django", "database"])
  secret_id           = aws_secretsmanager_secret.service[each.key].id
  rotation_lambda_arn = var.rotation_function_arn

  rotation_rules {
    automatically_after_days = 90
  }
}
