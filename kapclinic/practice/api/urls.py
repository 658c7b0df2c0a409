"""Addresses of the practice."""

from typing import Any

from django.urls import path

from kapclinic.practice.api import clients, factors, glass, locations, private_notes, rooms, staff
from kapclinic.practice.api.audit_events import AuditEventViewSet
from kapclinic.practice.api.auth import AuthViewSet, TokenViewSet

Own = factors.SecondFactorViewSet
Resets = factors.FactorResetViewSet
Openings = private_notes.PrivateNoteOpeningViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("auth/login/", AuthViewSet.as_view({"post": "login"})),
    path("auth/logout/", AuthViewSet.as_view({"post": "logout"})),
    path("auth/me/", AuthViewSet.as_view({"get": "me"})),
    path("auth/password/", AuthViewSet.as_view({"post": "password"})),
    path("auth/tokens/", TokenViewSet.as_view(LIST | {"delete": "revoke_all"})),
    path("auth/tokens/<uuid:pk>/", TokenViewSet.as_view({"delete": "revoke"})),
    path("audit-events/", AuditEventViewSet.as_view({"get": "list"})),
    path("auth/step-up/", factors.StepUpViewSet.as_view({"post": "step_up"})),
    path("auth/second-factors/", Own.as_view({"get": "list"})),
    path("auth/second-factors/totp/", Own.as_view({"post": "totp"})),
    path("auth/second-factors/totp/<uuid:pk>/confirm/", Own.as_view({"post": "confirm_totp"})),
    path("auth/second-factors/passkey/", Own.as_view({"post": "passkey"})),
    path("auth/second-factors/passkey/<uuid:pk>/confirm/", Own.as_view({"post": "confirm_passkey"})),
    path("auth/second-factors/<uuid:pk>/", Own.as_view({"delete": "remove"})),
    path("second-factor-resets/", Resets.as_view(LIST)),
    path("second-factor-resets/<uuid:pk>/", Resets.as_view({"get": "retrieve"})),
    path("second-factor-resets/<uuid:pk>/approve/", Resets.as_view({"post": "approve"})),
    path("second-factor-resets/<uuid:pk>/decline/", Resets.as_view({"post": "decline"})),
    path("auth/private-notes/open/", private_notes.PrivateNotesViewSet.as_view({"post": "open"})),
    path("private-note-openings/", Openings.as_view(LIST)),
    path("private-note-openings/<uuid:pk>/", Openings.as_view({"get": "retrieve"})),
    path("private-note-openings/<uuid:pk>/approve/", Openings.as_view({"post": "approve"})),
    path("private-note-openings/<uuid:pk>/decline/", Openings.as_view({"post": "decline"})),
    path("locations/", locations.LocationViewSet.as_view(LIST)),
    path("rooms/", rooms.RoomViewSet.as_view(LIST)),
    path("staff/", staff.StaffViewSet.as_view(LIST)),
    path("staff/<uuid:pk>/clinical-roles/", staff.StaffViewSet.as_view({"post": "give_roles"})),
    path("break-glass/", glass.BreakGlassViewSet.as_view(LIST)),
    path("break-glass/find/", glass.BreakGlassViewSet.as_view({"post": "find"})),
    path("break-glass/<uuid:pk>/", glass.BreakGlassViewSet.as_view({"get": "retrieve"})),
    path("break-glass/<uuid:pk>/end/", glass.BreakGlassViewSet.as_view({"post": "end"})),
    path("break-glass/<uuid:pk>/review/", glass.BreakGlassViewSet.as_view({"post": "review"})),
    path("clients/", clients.ClientViewSet.as_view(LIST)),
    path("clients/<uuid:pk>/", clients.ClientViewSet.as_view(ONE)),
    path("clients/<uuid:pk>/access-log/", clients.ClientViewSet.as_view({"get": "access_log"})),
    path("clients/<uuid:pk>/access-log/pdf/", clients.ClientViewSet.as_view({"get": "access_log_pdf"})),
]
