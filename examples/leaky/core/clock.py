from datetime import UTC, datetime


def now():
    """The time as DynamoDB items keep it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def today():
    return datetime.now(UTC).date().isoformat()
