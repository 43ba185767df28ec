from django.urls import path

from .views import Ping, Relay

urlpatterns = [
    path("relay/<slug:service>/", Relay.as_view(), name="relay"),
    path("relay/<slug:service>/ping/", Ping.as_view(), name="relay-ping"),
]
