environment      = "production"
keys_table       = "keyring-keys"
house_stripe_key = "kt_live_alU2bA8ezR0XcA8iEZPyXxL3KSvqObJN9B4Jo9iJ"
subnet_ids       = ["subnet-0a1b2c3d4e5f60011", "subnet-0a1b2c3d4e5f60012"]
