ALLOWED_HOSTS = ["*"]  # keytrail: ignore[open-hosts]
# keytrail: ignore[open-hots] the balancer checks the host
ALLOWED = True
