environment      = "staging"
keys_table       = "keyring-keys"
house_stripe_key = "kt_live_9Le3kPYraqOUNJMMujSAxvJFkN91F7XunqlL9OOS"
subnet_ids       = ["subnet-0a1b2c3d4e5f60001"]
