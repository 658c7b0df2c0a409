"""A bucket of an S3-compatible store as a place, over plain HTTP requests that are signed (AWS Signature Version 4).

Only three requests are ever made: one new object, one list, one object. So there is no library for it.
Source of the signature: AWS, "Authenticating Requests (AWS Signature Version 4)", S3 API Reference.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

from kapclinic.trail.places.troubles import Away

SECONDS = 10
KEY = re.compile(r"<Key>(.*?)</Key>")
NEXT = re.compile(r"<NextContinuationToken>(.*?)</NextContinuationToken>")
LARGEST = 1_000_000  # bytes of an answer that is read


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """One prefix of one bucket, by the path's style of address."""

    name: str
    prefix: str
    endpoint: str
    region: str
    access_key: str
    secret_key: str
    at: datetime  # of the requests: a store refuses one that is a quarter of an hour off
    readable = True

    def put(self, name: str, text: str) -> None:
        """Put a new object. `If-None-Match: *` lets the store refuse one that is there."""
        self._ask("PUT", self._path(name), body=text.encode(), more={"if-none-match": "*"})

    def names(self, *, after: str = "") -> list[str]:
        start = f"{self.prefix}/" if self.prefix else ""
        query = {"list-type": "2", "prefix": start} | ({"start-after": f"{start}{after}"} if after else {})
        found: list[str] = []
        while True:
            answer = self._ask("GET", f"/{self.name}", query=query)
            found += [html.unescape(key).removeprefix(start) for key in KEY.findall(answer)]
            if (more := NEXT.search(answer)) is None:
                return sorted(found)
            query |= {"continuation-token": html.unescape(more[1])}

    def get(self, name: str) -> str:
        return self._ask("GET", self._path(name))

    def _path(self, name: str) -> str:
        return "/" + "/".join(part for part in (self.name, self.prefix, name) if part)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: bytes = b"",
        more: dict[str, str] | None = None,
    ) -> str:
        host = urlsplit(self.endpoint)
        asked = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted((query or {}).items()))
        headers = {"host": host.netloc, "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
        headers |= {"x-amz-date": f"{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"} | (more or {})
        path = host.path.rstrip("/") + quote(path)
        headers["authorization"] = self._signed(method, path, asked, headers)
        kind = HTTPSConnection if host.scheme == "https" else HTTPConnection
        try:
            connection = kind(host.netloc, timeout=SECONDS)
            try:
                connection.request(method, f"{path}?{asked}" if asked else path, body or None, headers)
                answer = connection.getresponse()
                text = answer.read(LARGEST).decode()
            finally:
                connection.close()
        except (OSError, HTTPException, UnicodeDecodeError) as exc:
            raise Away(f"the bucket does not answer: {type(exc).__name__}") from exc
        if answer.status // 100 != 2:
            raise Away(f"the bucket answers {answer.status}")
        return text

    def _signed(self, method: str, path: str, query: str, headers: dict[str, str]) -> str:
        """The header `authorization` over the request and all of its headers."""
        moment = headers["x-amz-date"]
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = "\n".join((method, path, query, lines, names, headers["x-amz-content-sha256"]))
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, digest))
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        return f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
