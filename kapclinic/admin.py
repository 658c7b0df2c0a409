"""The admin site opens to active users who hold the `admin` role, and to nobody else."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class ClinicAdminSite(AdminSite):
    site_header = "kapclinic administration"
    site_title = "kapclinic"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and "admin" in getattr(user, "roles", ()))
