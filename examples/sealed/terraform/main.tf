terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }

  # Bucket and key come from a file for each environment: see README.md.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]

  default_tags {
    tags = local.tags
  }
}

locals {
  name = "keyring-${var.environment}"

  tags = {
    environment = var.environment
    owner       = "keyring-team"
    data-class  = "restricted"
  }

  # No index projects more than it lists, no stream carries more than keys.
  tables = {
    keys = {
      hash_key    = "owner_id"
      range_key   = "service"
      stream_view = "KEYS_ONLY"
      index       = null
    }
    tokens = {
      hash_key    = "token_hash"
      range_key   = null
      stream_view = null
      index = {
        name       = "owner-index"
        hash_key   = "owner_id"
        range_key  = "token_id"
        attributes = ["name", "status", "created_at", "expires_at"]
      }
    }
    usage  = { hash_key = "owner_id", range_key = "day_service", stream_view = null, index = null }
    events = { hash_key = "owner_id", range_key = "event_id", stream_view = null, index = null }
    audit  = { hash_key = "owner_id", range_key = "at", stream_view = null, index = null }
  }
}
