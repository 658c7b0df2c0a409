"""Put a file into a client's record, take it back, and seal the files with another key."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core import crypto
from kapclinic.core.errors import AlreadyVoid, Invalid
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import User
from kapclinic.practice.rules import CLINICIANS
from sessions.files import rules, selectors
from sessions.files.models import Attachment, AttachmentContent, AttachmentVoid
from sessions.files.services.holds import require_no_hold


@transaction.atomic
def attach(
    *, client_id: UUID, content: bytes, file_name: str, title: str, by: User, at: datetime
) -> Attachment:
    """Keep a file with the record, sealed; the caller has seen that the actor sees the client.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for more than 20 MB, or what is neither PDF nor PNG nor JPEG by its own bytes
    """
    require_role(by, CLINICIANS, what="Attaching a file")
    if len(content) > rules.MOST_BYTES:
        raise Invalid.field("file", "A file may hold 20 MB at most.", code="too_large")
    media_type = rules.sniffed(content)
    if media_type is None:
        raise Invalid.field("file", "This is neither a PDF nor a PNG nor a JPEG.", code="media_type")
    row = Attachment(
        client_id=client_id,
        title=title,
        file_name=file_name[-200:],
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    row.insert_by(by, at=at)
    AttachmentContent(attachment=row, sealed=crypto.seal(content, aad=row.bound_to())).save(force_insert=True)
    return row


@transaction.atomic
def void_attachment(*, attachment: Attachment, reason: str, by: User, at: datetime) -> AttachmentVoid:
    """Say that a file does not belong to this record. Its bytes stay; only the medical director still opens it.

    :raises NotPermitted: unless `by` is a clinician
    :raises UnderLegalHold: while the record is held
    :raises AlreadyVoid: the second time
    """
    require_role(by, CLINICIANS, what="Voiding an attachment")
    require_no_hold(attachment.client_id)
    try:
        with transaction.atomic():
            return AttachmentVoid(attachment=attachment, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc


def reseal_attachments() -> int:
    """Seal again, with the first key, what an older key sealed; returns how many files that were.

    :raises Undecipherable: for one whose key is not among FIELD_KEYS any more
    """
    done = 0
    for key in selectors.attachments_to_reseal():
        with transaction.atomic():
            row = AttachmentContent.objects.select_for_update(of=("self",)).get(pk=key)
            row.sealed = crypto.rotate(bytes(row.sealed), aad=row.attachment.bound_to())
            row.save(update_fields=["sealed"])
        done += 1
    return done
