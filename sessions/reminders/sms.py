"""SMS leaves as a signed webhook; the gateway behind it is the clinic's choice (docs/operations.md)."""

from __future__ import annotations

import hashlib
import hmac
import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

SECONDS = 5


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would turn the POST into a GET that sends nothing and answers 200."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = build_opener(_NoRedirect)


def signature(body: bytes) -> str:
    """`sha256=` and the HMAC of the exact bytes under SMS_WEBHOOK_SECRET, in hexadecimal."""
    return "sha256=" + hmac.new(settings.SMS_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()


def post(*, message_id: str, to: str, text: str) -> None:
    """Hand one message to the gateway, which must act once per X-Idempotency-Key.

    :raises OSError: unless it answers 2xx within 5 seconds
    """
    body = json.dumps({"id": message_id, "to": to, "text": text}).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Kapclinic-Signature": signature(body),
        "X-Idempotency-Key": message_id,
    }
    request = Request(settings.SMS_WEBHOOK_URL, body, headers, method="POST")  # noqa: S310  (the operator names it)
    try:
        with _opener.open(request, timeout=SECONDS):
            pass
    except HTTPError as exc:
        exc.close()
        raise
    except HTTPException as exc:
        raise OSError(type(exc).__name__) from exc
