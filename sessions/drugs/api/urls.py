"""Addresses of the drug ledger."""

from django.urls import path

from sessions.drugs.api import counts, discrepancies, entries, lots, register, witness

urlpatterns = [
    path("drug-lots/", lots.LotViewSet.as_view({"get": "list", "post": "create"})),
    path("drug-lots/<uuid:pk>/", lots.LotViewSet.as_view({"get": "retrieve"})),
    path("drug-lots/<uuid:pk>/void/", lots.LotViewSet.as_view({"post": "void"})),
    path("drug-lots/<uuid:pk>/entries/", lots.LotViewSet.as_view({"get": "entries"})),
    path("drug-entries/", entries.EntryViewSet.as_view({"get": "list", "post": "create"})),
    path("drug-counts/", counts.CountViewSet.as_view({"get": "list", "post": "create"})),
    path("drug-counts/sheet/", counts.CountViewSet.as_view({"get": "sheet"})),
    path("drug-counts/<uuid:pk>/", counts.CountViewSet.as_view({"get": "retrieve"})),
    path("drug-discrepancies/", discrepancies.DiscrepancyViewSet.as_view({"get": "list"})),
    path("drug-discrepancies/<uuid:pk>/", discrepancies.DiscrepancyViewSet.as_view({"get": "retrieve"})),
    *(
        path(
            f"drug-discrepancies/<uuid:pk>/{move}/", discrepancies.DiscrepancyViewSet.as_view({"post": move})
        )
        for move in ("explain", "notify", "file", "close")
    ),
    path("witnesses/passkey/", witness.WitnessViewSet.as_view({"post": "passkey"})),
    path("drug-register/", register.RegisterViewSet.as_view({"get": "list"})),
    path("drug-register/pdf/", register.RegisterViewSet.as_view({"get": "pdf"})),
]
