"""Request log and JSON errors."""

import logging
import traceback

from django.http import JsonResponse

logger = logging.getLogger("keyring.requests")


class RequestLogMiddleware:
    """One line for each request, with what support needs to repeat it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        logger.info(
            "%s %s %s authorization=%s",
            request.method,
            request.get_full_path(),
            response.status_code,
            request.headers.get("Authorization"),
        )
        return response


class JsonErrorMiddleware:
    """API clients get errors as JSON, not as Django's HTML page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not request.path.startswith("/api/"):
            return None
        logger.exception("failed: %s", request.path)
        return JsonResponse(
            {"detail": str(exception), "trace": traceback.format_exc()},
            status=500,
        )
