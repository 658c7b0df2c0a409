"""The API's own description and its page: read from files once a process, and the same for everybody.

The schema is docs/openapi.yaml as it was released; `make check` sees that it is what the code says. Nothing of it is
made for a request, so a crowd that asks for it costs what a file costs. As JSON it is written once a checkout, or when
the image is built.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from kapclinic.core.errors import ClinicError
from kapclinic.core.http.problems import plain

SCHEMA = Path(settings.BASE_DIR) / "docs/openapi.yaml"
SCRIPT = Path(__file__).with_name("swagger.js")
YAML, JSON = "application/vnd.oai.openapi; charset=utf-8", "application/vnd.oai.openapi+json; charset=utf-8"
READS = ("GET", "HEAD", "OPTIONS")


class MethodNotAllowed(ClinicError):
    code, status, title = "method_not_allowed", 405, "Method not allowed"


@dataclass(frozen=True)
class Page:
    """Bytes that do not change as long as the process runs."""

    body: bytes
    small: bytes  # the same, gzipped
    kind: str
    etag: str

    @classmethod
    def of(cls, body: bytes, kind: str) -> Page:
        return cls(body, gzip.compress(body, mtime=0), kind, hashlib.sha256(body).hexdigest()[:32])

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """The bytes, gzipped for whoever takes that, or 304 for whoever has them."""
        if request.method not in READS:
            refused = plain(MethodNotAllowed("This page can only be read."))
            refused["Allow"] = ", ".join(READS)
            return refused
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        etag = f'"{self.etag}{"-gzip" if packed else ""}"'
        known = {one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))}
        if known & {etag, "*"}:
            answer = HttpResponse(status=304)
            del answer["Content-Type"]
        else:
            answer = HttpResponse(self.small if packed else self.body, content_type=self.kind)
            if packed:
                answer["Content-Encoding"] = "gzip"
        answer["ETag"], answer["Cache-Control"] = etag, "public, no-cache"
        patch_vary_headers(answer, ("Accept", "Accept-Encoding"))
        return answer


@cache
def _schema() -> Page:
    return Page.of(SCHEMA.read_bytes(), YAML)


@cache
def _schema_as_json() -> Page:
    """Kept in a file beside the collected ones under the hash of what it was made from."""
    kept = Path(settings.STATIC_ROOT) / f"openapi-{_schema().etag}.json"
    try:
        return Page.of(kept.read_bytes(), JSON)
    except OSError:
        body = json.dumps(yaml.load(_schema().body, yaml.CSafeLoader), ensure_ascii=False).encode()
        _keep(kept, body)
        return Page.of(body, JSON)


def _keep(path: Path, body: bytes) -> None:
    """Write beside and rename; where nothing can be written, the next process makes it again."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        fresh.write_bytes(body)
        fresh.replace(path)
    except OSError:
        return


@cache
def _docs() -> Page:
    there = {
        name: static(f"drf_spectacular_sidecar/swagger-ui-dist/{file}")
        for name, file in {
            "swagger_ui_css": "swagger-ui.css",
            "swagger_ui_bundle": "swagger-ui-bundle.js",
            "swagger_ui_standalone": "swagger-ui-standalone-preset.js",
            "favicon_href": "favicon-32x32.png",
        }.items()
    }
    words = there | {"title": settings.SPECTACULAR_SETTINGS["TITLE"], "script_url": "?script="}
    page = render_to_string("drf_spectacular/swagger_ui.html", words)
    return Page.of(page.encode(), "text/html; charset=utf-8")


@cache
def _script() -> Page:
    return Page.of(SCRIPT.read_bytes(), "text/javascript; charset=utf-8")


def prepare() -> None:
    """Have ready what takes time to make, so that no request waits for it."""
    for page in (_schema, _schema_as_json):
        page()


def _wants_json(request: HttpRequest) -> bool:
    named = request.GET.get("format", "")
    if named:
        return "json" in named
    accepted = request.headers.get("Accept", "")
    return (
        "json" in accepted and "yaml" not in accepted and "application/vnd.oai.openapi," not in f"{accepted},"
    )


def schema(request: HttpRequest) -> HttpResponseBase:
    """OpenAPI 3.1: YAML, or JSON by `?format=json` or `Accept`. Open to everybody, as the code is."""
    page: Callable[[], Page] = _schema_as_json if _wants_json(request) else _schema
    return page().answer(request)


def docs(request: HttpRequest) -> HttpResponseBase:
    """Swagger's page for it, and the page's script."""
    return (_script() if "script" in request.GET else _docs()).answer(request)
