terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  name    = "keyring-${var.environment}"

  # The smaller tables, all of one make.
  tables = {
    tokens = { hash_key = "token_id", range_key = null, indexes = { token-index = "token", owner-index = "owner_id" } }
    usage  = { hash_key = "api_key", range_key = "day", indexes = {} }
    events = { hash_key = "team_id", range_key = "event_id", indexes = {} }
    audit  = { hash_key = "team_id", range_key = "at", indexes = {} }
  }
}
