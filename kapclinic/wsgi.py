"""WSGI entry point."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from kapclinic.core import logs, reporting
from kapclinic.core.postgresql import held
from kapclinic.core.shipped import refuse_broken
from kapclinic.core.whole import Whole

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")

application = Whole(
    get_wsgi_application(), most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE, uploads=settings.UPLOADS
)
refuse_broken()
held.instead()
logs.lean()
import_string("kapclinic.core.http.description.prepare")()  # by name: it wants the settings
reporting.start()
