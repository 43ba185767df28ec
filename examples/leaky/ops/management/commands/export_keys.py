from django.core.management.base import BaseCommand

from ops.export import export_keys


class Command(BaseCommand):
    help = "Copies the key table to the export bucket."

    def handle(self, *args, **options):
        name, count = export_keys()
        self.stdout.write(f"{count} records in {name}")
