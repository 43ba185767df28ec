from django.core.management.base import BaseCommand

from ops.export import export_keys


class Command(BaseCommand):
    help = "Copies a team's inventory of keys to the export bucket."

    def add_arguments(self, parser):
        parser.add_argument("team")

    def handle(self, *args, **options):
        name, count = export_keys(options["team"])
        self.stdout.write(f"{count} records in {name}")
