"""How a replaced key is kept until it is no longer needed."""

import base64


def wrap(key):
    return base64.b64encode(key.encode()).decode()


def unwrap(wrapped):
    return base64.b64decode(wrapped).decode()
