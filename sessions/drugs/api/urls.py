"""Addresses of the drug ledger."""

from django.urls import path

from sessions.drugs.api import counts, register, views

urlpatterns = [
    path("drug-lots/", views.LotViewSet.as_view({"get": "list", "post": "create"})),
    path("drug-lots/<uuid:pk>/", views.LotViewSet.as_view({"get": "retrieve"})),
    path("drug-lots/<uuid:pk>/entries/", views.LotViewSet.as_view({"get": "entries"})),
    path("drug-entries/", views.EntryViewSet.as_view({"get": "list", "post": "create"})),
    path("drug-counts/", counts.CountViewSet.as_view({"get": "list", "post": "create"})),
    path("drug-counts/sheet/", counts.CountViewSet.as_view({"get": "sheet"})),
    path("drug-counts/<uuid:pk>/", counts.CountViewSet.as_view({"get": "retrieve"})),
    path("drug-discrepancies/", counts.DiscrepancyViewSet.as_view({"get": "list"})),
    path("drug-discrepancies/<uuid:pk>/", counts.DiscrepancyViewSet.as_view({"get": "retrieve"})),
    *(
        path(f"drug-discrepancies/<uuid:pk>/{move}/", counts.DiscrepancyViewSet.as_view({"post": move}))
        for move in ("explain", "notify", "file", "close")
    ),
    path("drug-register/", register.RegisterViewSet.as_view({"get": "list"})),
    path("drug-register/pdf/", register.RegisterViewSet.as_view({"get": "pdf"})),
]
