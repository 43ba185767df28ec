variable "name" { type = string }

variable "hash_key" { type = string }

variable "range_key" {
  type    = string
  default = null
}

variable "stream_view" {
  type    = string
  default = null
}

variable "index" {
  type = object({
    name       = string
    hash_key   = string
    range_key  = string
    attributes = list(string)
  })
  default = null
}

variable "kms_key_arn" { type = string }

variable "tags" { type = map(string) }

locals {
  index      = var.index == null ? [] : [var.index]
  attributes = compact(concat([var.hash_key, var.range_key], flatten([for i in local.index : [i.hash_key, i.range_key]])))
}

resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.hash_key
  range_key                   = var.range_key
  stream_enabled              = var.stream_view != null
  stream_view_type            = var.stream_view
  deletion_protection_enabled = true

  dynamic "attribute" {
    for_each = toset(local.attributes)
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.index
    content {
      name               = global_secondary_index.value.name
      hash_key           = global_secondary_index.value.hash_key
      range_key          = global_secondary_index.value.range_key
      projection_type    = "INCLUDE"
      non_key_attributes = global_secondary_index.value.attributes
    }
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = true
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  tags = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

output "arn" {
  value = aws_dynamodb_table.this.arn
}

output "name" {
  value = aws_dynamodb_table.this.name
}

output "stream_arn" {
  value = aws_dynamodb_table.this.stream_arn
}
