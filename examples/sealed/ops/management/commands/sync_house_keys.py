"""Puts a record of each of the house's own keys beside the teams' keys.

The keys themselves stay in Secrets Manager, which rotates them; the record says where.
"""

from django.conf import settings
from django.core.management.base import BaseCommand

from core.vault import arn_of
from vendors.store import KeyStore, Taken

HOUSE = "house"


class Command(BaseCommand):
    help = "Writes where the house's keys are into the key table."

    def handle(self, *args, **options):
        store = KeyStore(HOUSE)
        for service, name in settings.HOUSE_SECRETS.items():
            try:
                store.add(service, {"arn": arn_of(name)})
            except Taken:
                self.stdout.write(f"{service} is there")
            else:
                self.stdout.write(f"{service} added")
