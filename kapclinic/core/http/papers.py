"""PDF over HTTP: a view that answers with bytes, whatever media type the request prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.renderers import dumps

if TYPE_CHECKING:
    from rest_framework.views import APIView as View
else:
    View = object


class PdfRenderer(BaseRenderer):
    """Bytes as they are; a refusal at the same address is still a problem in JSON."""

    media_type = "application/pdf"
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return data if isinstance(data, bytes) else dumps(data)


class Printed(View):
    """A view some of whose actions (`papers`) answer with a PDF by `print_out`."""

    papers: ClassVar[frozenset[str]] = frozenset({"pdf"})

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        if getattr(self, "action", None) in self.papers:
            return PdfRenderer(), PdfRenderer.media_type
        return super().perform_content_negotiation(request, force)

    @staticmethod
    def print_out(pdf: bytes, *, name: str, sha256: str) -> Response:
        """Answer with the bytes: shown in the browser, under a file name that names no client, and cached nowhere."""
        response = Response(pdf, content_type=PdfRenderer.media_type)
        response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
        response["Cache-Control"] = "private, no-store"
        response["ETag"] = f'"{sha256}"'
        return response

    @staticmethod
    def hand_out(content: bytes, *, name: str, media_type: str, sha256: str) -> Response:
        """Answer with a file to keep, under a name that names no client, and cached nowhere."""
        response = Response(content, content_type=media_type)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "private, no-store"
        response["ETag"] = f'"{sha256}"'
        return response
