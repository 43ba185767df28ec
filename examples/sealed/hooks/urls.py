from django.urls import path

from . import views

urlpatterns = [
    path("webhooks/", views.WebhookEndpoints.as_view(), name="webhooks"),
    path("webhooks/<slug:team>/<slug:service>/", views.Receive.as_view(), name="webhook-receive"),
]
