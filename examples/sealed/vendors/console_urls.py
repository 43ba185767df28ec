from django.urls import path

from .console import KeyListPage, KeyPage

urlpatterns = [
    path("keys/", KeyListPage.as_view(), name="console-keys"),
    path("keys/<slug:service>/", KeyPage.as_view(), name="console-key"),
]
