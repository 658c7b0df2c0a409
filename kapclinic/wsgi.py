"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from kapclinic.core.shipped import refuse_broken

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")

application = get_wsgi_application()
refuse_broken()
