"""Makes the tables and two teams to play with. Only for moto: see run.sh."""

import getpass
import os
import secrets

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from ops import tables
from vendors import services


class Command(BaseCommand):
    help = "Fills an empty moto server with demonstration data."

    def add_arguments(self, parser):
        parser.add_argument("--ask", action="store_true", help="ask for the users' password")

    def handle(self, *args, **options):
        if not os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1"):
            raise CommandError("seed needs AWS_ENDPOINT_URL on 127.0.0.1")
        password = getpass.getpass("password for ada and bob: ") if options["ask"] else None
        tables.create_all()
        for name, team in (("ada", "team-abc"), ("bob", "team-xyz")):
            User.objects.create_user(name, password=password, team_id=team)
            for service in ("stripe", "openai"):
                key = "kt_live_" + secrets.token_hex(20)
                data = {"service": service, "api_key": key, "label": "", "region": "us"}
                services.store_key(team, data)
        self.stdout.write("ada of team-abc and bob of team-xyz")
