"""Outside places that only take: each anchor is a new file there, and nothing that is there is written again.

What the addresses look like:

- `file:///mnt/anchors`: a folder, mounted from where nobody who administers the database may write or delete
- `s3://bucket/prefix?endpoint=https://s3.example&region=us-east-1`: an S3-compatible bucket, with object lock
- `mailto:director@clinic.example`: a mailbox; it can't be read again from here
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from kapclinic.trail.places.files import Folder
from kapclinic.trail.places.mail import Mailbox
from kapclinic.trail.places.s3 import Bucket
from kapclinic.trail.places.troubles import Away

__all__ = ["Away", "Place", "place_at"]


class Place(Protocol):
    """`readable`: what was put there can be asked for again."""

    @property
    def readable(self) -> bool: ...

    def put(self, name: str, text: str) -> None:
        """Put a new file there.

        :raises Away: when the place does not take it, also because it has one of that name
        """

    def names(self, *, after: str = "") -> list[str]:
        """The names that sort behind `after`, in their order.

        :raises Away: when the place does not answer
        """

    def get(self, name: str) -> str:
        """The text of a file.

        :raises Away: when the place does not give it
        """


def place_at(
    url: str, *, at: datetime, access_key: str = "", secret_key: str = "", sender: str = ""
) -> Place:
    """The place that an address names; its requests are made at `at`.

    :raises ValueError: for an address of no known kind, or one that lacks a part
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Folder(parts.path)
    if parts.scheme == "mailto" and "@" in parts.path:
        return Mailbox(to=parts.path, sender=sender)
    if parts.scheme == "s3" and parts.netloc:
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if asked.get("endpoint", "").startswith(("https://", "http://")) and access_key and secret_key:
            return Bucket(
                name=parts.netloc,
                prefix=parts.path.strip("/"),
                endpoint=asked["endpoint"],
                region=asked.get("region", "us-east-1"),
                access_key=access_key,
                secret_key=secret_key,
                at=at,
            )
    raise ValueError(
        "file:///folder, mailto:address, or s3://bucket/prefix?endpoint=https://… with its two keys"
    )
