"""The admin site opens to active users who hold the `admin` role, and to nobody else.

It has no way in of its own: one page signs everybody in, counts wrong passwords and locks, and one page changes them.
"""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import urlencode


class ClinicAdminSite(AdminSite):
    site_header = "kapclinic administration"
    site_title = "kapclinic"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and "admin" in getattr(user, "roles", ()))

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponseBase:  # type: ignore[override]
        return redirect(f"/sign-in?{urlencode({'next': request.GET.get('next', '/admin/')})}")

    def password_change(self, request: HttpRequest, extra_context: object = None) -> HttpResponseBase:  # type: ignore[override]
        return redirect("password")

    password_change_done = password_change  # type: ignore[assignment]
