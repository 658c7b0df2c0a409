"""Django admin is for the administrator alone; clinical work goes through the API."""

from django.contrib.admin.apps import AdminConfig


class ClinicAdminConfig(AdminConfig):
    default_site = "kapclinic.admin.ClinicAdminSite"
