from django.urls import path

from . import views

urlpatterns = [
    path("tokens/", views.Tokens.as_view(), name="tokens"),
    path("tokens/verify/", views.Verify.as_view(), name="token-verify"),
    path("tokens/<slug:token_id>/", views.Token.as_view(), name="token"),
]
