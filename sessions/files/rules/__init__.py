"""Pure rules of attachments: what a file is by its own bytes, whatever its name or its sender says."""

from __future__ import annotations

from sessions.files.models import Attachment

MOST_BYTES = 20 * 1024 * 1024
ENDINGS = {
    Attachment.MediaType.PDF: "pdf",
    Attachment.MediaType.PNG: "png",
    Attachment.MediaType.JPEG: "jpg",
}
# The marks at the very beginning: ISO 32000-1, 7.5.2; W3C PNG, 5.2; ITU-T T.81, B.1.1.3.
MARKS = {
    b"%PDF-": Attachment.MediaType.PDF,
    b"\x89PNG\r\n\x1a\n": Attachment.MediaType.PNG,
    b"\xff\xd8\xff": Attachment.MediaType.JPEG,
}


def sniffed(content: bytes) -> Attachment.MediaType | None:
    """The media type by the first bytes; None for anything else. It is only ever handed out as a download."""
    return next((kind for mark, kind in MARKS.items() if content.startswith(mark)), None)


def file_name(row: Attachment) -> str:
    """What a download is called: a name that tells of nobody."""
    return f"attachment-{row.pk}.{ENDINGS[Attachment.MediaType(row.media_type)]}"
