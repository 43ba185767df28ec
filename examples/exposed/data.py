"""What lies in the shop. Keys are made from parts at start, so that no file holds one; nobody's data is real."""

import hashlib
import string


ALPHABET = string.ascii_letters + string.digits


def alnum(seed, length):
    digest = hashlib.sha512(seed.encode()).digest()
    return "".join(ALPHABET[byte % 62] for byte in digest[:length])


def key(number):
    return "kt" + "_live_" + alnum(f"parcel key {number}", 32)


def stripe_like(number):
    return "sk" + "_live_" + alnum(f"parcel bundle {number}", 28)


def card(start):
    """With the check digit that fits."""
    for last in "0123456789":
        digits = [int(c) for c in start + last]
        doubled = [d if at % 2 == 0 else sum(divmod(d * 2, 10)) for at, d in enumerate(reversed(digits))]
        if sum(doubled) % 10 == 0:
            return start + last
    return start


USERS = {
    "alice": {"id": "u-alice", "name": "Alice Ash", "email": "alice.ash@mail.example.org", "role": "customer"},
    "bob": {"id": "u-bob", "name": "Bob Beech", "email": "bob.beech@mail.example.org", "role": "customer"},
    "admin": {"id": "u-admin", "name": "Ada Alder", "email": "ada.alder@mail.example.org", "role": "administrator"},
}
ORDERS = {
    101: {"id": 101, "owner": "u-alice", "item": "ash desk", "total": 120},
    102: {"id": 102, "owner": "u-bob", "item": "beech chair", "total": 45},
    103: {"id": 103, "owner": "u-alice", "item": "ash shelf", "total": 60},
    104: {"id": 104, "owner": "u-bob", "item": "beech table", "total": 210},
}
UUIDS = {
    101: "0b8f2c1e-8d3f-4f0a-9c65-7a52f4a1d001", 102: "5c1d7f7a-2f9e-4f52-8a0b-3d7be2f0c102",
    103: "a2e4d9b3-6c1f-4d28-b5e7-91c0f8d2e203", 104: "e7b1c5d8-3a9f-4b64-9d02-6f8a1c3b5e04",
}
CATALOGUE = [{"sku": f"P-{number}", "title": f"Shelf {number}", "price": 10 + number} for number in range(6)]
