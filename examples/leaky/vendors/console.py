"""The pages for people."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404
from django.views.generic import TemplateView

from . import services


class KeyListPage(LoginRequiredMixin, TemplateView):
    template_name = "console/keys.html"

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context["records"] = services.keys_for_team(self.request.user.team_id)
        return context


class KeyPage(LoginRequiredMixin, TemplateView):
    template_name = "console/key.html"

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        record = services.active_key(self.request.user.team_id, kwargs["service"])
        if record is None:
            raise Http404
        context["record"] = record
        return context
