"""Addresses of the capture."""

from django.urls import path

from billing.capture.api.proposals import ProposalViewSet
from billing.capture.api.worklist import WorklistViewSet

urlpatterns = [
    path(
        "sessions/<uuid:session_id>/proposed-charges/",
        ProposalViewSet.as_view({"get": "retrieve", "post": "create"}),
    ),
    path("billing-worklist/", WorklistViewSet.as_view({"get": "list"})),
]
