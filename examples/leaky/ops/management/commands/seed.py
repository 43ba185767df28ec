"""Makes the tables and two teams to play with. Only for moto: see run.sh."""

import secrets

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from ops import tables
from tokens.store import TokenStore
from vendors.store import KeyStore


class Command(BaseCommand):
    help = "Fills an empty moto server with demonstration data."

    def handle(self, *args, **options):
        if not (settings.AWS_ENDPOINT or "").startswith("http://127.0.0.1"):
            raise CommandError("seed needs AWS_ENDPOINT_URL on 127.0.0.1")
        tables.create_all()
        for name, team in (("ada", "team-abc"), ("bob", "team-xyz")):
            password = secrets.token_urlsafe(9)
            User.objects.create_user(name, password=password, team_id=team)
            for service in ("stripe", "openai"):
                KeyStore().add(team, service, "kt_live_" + secrets.token_hex(20))
            _, token = TokenStore().issue(team, name, "first")
            self.stdout.write(f"{name} of {team}: password {password}, token {token}")
