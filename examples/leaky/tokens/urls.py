from django.urls import path

from . import views

urlpatterns = [
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/verify/", views.verify, name="token-verify"),
    path("tokens/<str:token_id>/", views.token, name="token"),
]
