"""Puts the house's own keys beside the teams' keys, so that the relay finds them in one place."""

from django.conf import settings
from django.core.management.base import BaseCommand

from core.clock import now
from core.dynamo import keys_table
from vendors.store import KeyStore

HOUSE = "house"


class Command(BaseCommand):
    help = "Writes the keys from the settings into the key table."

    def handle(self, *args, **options):
        KeyStore().add(HOUSE, "sendgrid", settings.VENDOR_API_KEY)
        keys_table().put_item(
            Item={
                "owner_id": HOUSE,
                "service": "aws",
                "access_key_id": settings.AWS_ACCESS_KEY_ID,
                "secret_access_key": settings.AWS_SECRET_ACCESS_KEY,
                "status": "active",
                "created_at": now(),
            }
        )
        self.stdout.write(f"stored sendgrid key {settings.VENDOR_API_KEY}")
