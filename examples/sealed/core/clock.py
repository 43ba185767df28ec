from datetime import UTC, datetime, timedelta


def now():
    """The time as DynamoDB items keep it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def today():
    return datetime.now(UTC).date().isoformat()


def epoch(days=0):
    """Seconds since 1970, as time to live wants them."""
    return int((datetime.now(UTC) + timedelta(days=days)).timestamp())
