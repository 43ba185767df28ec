"""The pages for people."""

from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.http import Http404
from django.views.generic import TemplateView

from . import services
from .store import Missing


class TeamPage(LoginRequiredMixin, UserPassesTestMixin, TemplateView):
    def test_func(self):
        return bool(getattr(self.request.user, "team_id", ""))


class KeyListPage(TeamPage):
    template_name = "console/keys.html"

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context["records"] = services.keys_for_team(self.request.user.team_id)
        return context


class KeyPage(TeamPage):
    template_name = "console/key.html"

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        try:
            context["record"] = services.key_record(self.request.user.team_id, kwargs["service"])
        except Missing:
            raise Http404 from None
        return context
