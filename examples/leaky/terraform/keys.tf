# The table of vendor keys.
resource "aws_dynamodb_table" "keys" {
  name             = var.keys_table
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "owner_id"
  range_key        = "service"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "owner_id"
    type = "S"
  }

  attribute {
    name = "service"
    type = "S"
  }

  attribute {
    name = "status"
    type = "S"
  }

  global_secondary_index {
    name            = "service-index"
    hash_key        = "service"
    projection_type = "ALL"
  }

  global_secondary_index {
    name               = "status-index"
    hash_key           = "status"
    range_key          = "owner_id"
    projection_type    = "INCLUDE"
    non_key_attributes = ["api_key"]
  }

  replica {
    region_name = var.replica_region
  }

  point_in_time_recovery {
    enabled = true
  }

  deletion_protection_enabled = false
}

# The house's own key is there from the first day.
resource "aws_dynamodb_table_item" "house_stripe" {
  table_name = aws_dynamodb_table.keys.name
  hash_key   = aws_dynamodb_table.keys.hash_key
  range_key  = aws_dynamodb_table.keys.range_key

  item = jsonencode({
    owner_id = { S = "house" }
    service  = { S = "stripe" }
    api_key  = { S = var.house_stripe_key }
    status   = { S = "active" }
  })
}

module "table" {
  source   = "./modules/table"
  for_each = local.tables

  name      = "keyring-${each.key}"
  hash_key  = each.value.hash_key
  range_key = each.value.range_key
  indexes   = each.value.indexes
}

# Finance reads the table from its own account.
resource "aws_dynamodb_resource_policy" "keys" {
  resource_arn = aws_dynamodb_table.keys.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "FinanceReads"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${var.partner_account}:root" }
      Action    = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"]
      Resource  = aws_dynamodb_table.keys.arn
    }]
  })
}
