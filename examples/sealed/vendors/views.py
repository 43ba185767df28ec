"""The API of vendor keys. The team is always that of the caller."""

from django.http import Http404
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from core.permissions import HasTeam

from . import importer, services
from .serializers import (
    ImportInput,
    KeyInput,
    KeyOutput,
    LabelInput,
    RotateInput,
    SearchInput,
    TransferInput,
)
from .store import Missing, Taken


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "there is a key for this service: rotate it"


def checked(form_class, data):
    form = form_class(data=data)
    form.is_valid(raise_exception=True)
    return form.validated_data


class ServiceDirectory(APIView):
    permission_classes = [IsAuthenticated, HasTeam]

    def get(self, request, service):
        records = services.keys_for_service(request.user.team_id, service)
        return Response(KeyOutput(records, many=True).data)


class KeyViewSet(viewsets.ViewSet):
    permission_classes = [IsAuthenticated, HasTeam]
    lookup_field = "service"

    def list(self, request):
        return Response(KeyOutput(services.keys_for_team(request.user.team_id), many=True).data)

    def create(self, request):
        data = checked(KeyInput, request.data)
        try:
            services.store_key(request.user.team_id, data)
        except Taken:
            raise Conflict from None
        return Response({"service": data["service"]}, status=status.HTTP_201_CREATED)

    def retrieve(self, request, service):
        try:
            return Response(KeyOutput(services.key_record(request.user.team_id, service)).data)
        except Missing:
            raise Http404 from None

    def partial_update(self, request, service):
        data = checked(LabelInput, request.data)
        try:
            services.relabel(request.user.team_id, service, data["label"])
        except Missing:
            raise Http404 from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    def destroy(self, request, service):
        services.remove(request.user.team_id, service)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def rotate(self, request, service):
        data = checked(RotateInput, request.data)
        try:
            rotated_at = services.rotate(request.user.team_id, service, data["api_key"])
        except Missing:
            raise Http404 from None
        return Response({"service": service, "rotated_at": rotated_at})

    @action(detail=True, methods=["post"], permission_classes=[IsAdminUser, HasTeam])
    def transfer(self, request, service):
        data = checked(TransferInput, request.data)
        try:
            services.move(request.user.team_id, data["team"], service)
        except Missing:
            raise Http404 from None
        except Taken:
            raise Conflict from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=False, methods=["post"], url_path="import")
    def bulk_import(self, request):
        data = checked(ImportInput, request.data)
        count = importer.import_keys(request.user.team_id, data["keys"])
        return Response({"imported": count}, status=status.HTTP_201_CREATED)

    @action(detail=False, methods=["get"])
    def search(self, request):
        data = checked(SearchInput, request.query_params)
        found = services.search(request.user.team_id, data["field"], data["q"])
        return Response([{"service": record["service"]} for record in found])
