from django.contrib import admin

from .models import WebhookEndpoint


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(admin.ModelAdmin):
    list_display = ("team_id", "service", "signing_secret")
    readonly_fields = ("signing_secret",)
