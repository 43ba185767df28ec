variable "environment" {
  type = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "environment is staging or production."
  }
}

variable "account" {
  description = "Each environment has an account of its own."
  type        = string
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "image" {
  type = string
}

variable "tls_file_system_id" {
  description = "Where the container finds its certificate."
  type        = string
}

variable "rotation_function_arn" {
  description = "Rotates the house's vendor keys and the service's own secrets."
  type        = string
}

variable "house_services" {
  type    = set(string)
  default = ["sendgrid"]
}
