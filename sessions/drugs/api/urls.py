"""Addresses of the drug ledger."""

from django.urls import path

from sessions.drugs.api import views

urlpatterns = [
    path("drug-lots/", views.LotViewSet.as_view({"get": "list", "post": "create"})),
    path("drug-lots/<uuid:pk>/", views.LotViewSet.as_view({"get": "retrieve"})),
    path("drug-lots/<uuid:pk>/entries/", views.LotViewSet.as_view({"get": "entries"})),
    path("drug-entries/", views.EntryViewSet.as_view({"get": "list", "post": "create"})),
]
