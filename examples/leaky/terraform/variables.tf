variable "environment" {
  type = string
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "replica_region" {
  type    = string
  default = "eu-west-1"
}

variable "keys_table" {
  type    = string
  default = "keyring-keys"
}

variable "house_stripe_key" {
  type    = string
  default = ""
}

variable "subnet_ids" {
  type    = list(string)
  default = []
}

variable "partner_account" {
  type    = string
  default = "444455556666"
}
