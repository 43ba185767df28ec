"""The API of vendor keys."""

import logging

from botocore.exceptions import ClientError
from django.http import Http404
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from . import importer, services
from .serializers import KeyInput, KeyOutput, RecordSerializer
from .transfer import move_key

logger = logging.getLogger(__name__)


class ServiceDirectory(APIView):
    """The integrations page asks this before anybody has signed in."""

    permission_classes = [AllowAny]

    def get(self, request, service):
        return Response(services.keys_for_service(service))


class KeyViewSet(viewsets.ViewSet):
    permission_classes = [IsAuthenticated]
    lookup_field = "service"

    def list(self, request):
        items = services.keys_for_team(request.user.team_id)
        return Response(RecordSerializer(items, many=True).data)

    def create(self, request):
        form = KeyInput(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            services.store_key(request.user.team_id, form.validated_data)
        except ClientError as error:
            return Response({"detail": str(error)}, status=status.HTTP_502_BAD_GATEWAY)
        return Response({"service": form.validated_data["service"]}, status=status.HTTP_201_CREATED)

    def retrieve(self, request, service):
        team = request.query_params.get("team", request.user.team_id)
        item = services.key_record(team, service)
        if item is None:
            raise Http404
        return Response(KeyOutput(item).data)

    def partial_update(self, request, service):
        services.amend(request.user.team_id, service, request.data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def destroy(self, request, service):
        services.KeyStore().remove(request.user.team_id, service)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def rotate(self, request, service):
        record = services.rotate(request.user.team_id, service, request.data["api_key"])
        logger.info("rotated: %s", record)
        return Response({"service": service, "rotated_at": record["rotated_at"]})

    @action(detail=True, methods=["post"])
    def transfer(self, request, service):
        item = services.key_record(request.user.team_id, service)
        if item is None:
            raise Http404
        move_key(request.user.team_id, request.data["team"], service, item["api_key"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=False, methods=["post"], url_path="import")
    def bulk_import(self, request):
        count = importer.import_keys(request.user.team_id, request.data["keys"])
        return Response({"imported": count}, status=status.HTTP_201_CREATED)

    @action(detail=False, methods=["get"])
    def search(self, request):
        field = request.query_params.get("field", "label")
        items = services.search(field, request.query_params.get("q", ""))
        return Response(
            [{"owner_id": item["owner_id"], "service": item["service"]} for item in items]
        )
