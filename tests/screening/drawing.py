"""Pictures as a browser's canvas writes them: PNG, each line with a filter of its own."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

MAGIC = b"\x89PNG\r\n\x1a\n"
CLEAR, WHITE, INK = bytes(4), bytes([255] * 4), bytes([20, 30, 90, 255])


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    """PNG (third edition), 9.2 and 9.4: what each filter takes a byte to be."""
    nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
    return (0, left, up, (left + up) // 2, nearest)[kind]


def _filtered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    found = bytearray([kind])
    for i, value in enumerate(line):
        left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
        found.append((value - _predicted(kind, left, above[i], corner)) % 256)
    return bytes(found)


def png(
    rows: Sequence[Sequence[bytes]], *, filters: Sequence[int] = (0,), colour: int = 6, palette: bytes = b""
) -> bytes:
    """A picture of 8-bit pixels; `filters` of the lines in turn, the last one for the rest."""
    step, above, lines = len(rows[0][0]), bytes(len(rows[0]) * len(rows[0][0])), []
    for i, row in enumerate(rows):
        line = b"".join(row)
        lines.append(_filtered(filters[min(i, len(filters) - 1)], line, above, step))
        above = line
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, colour, 0, 0, 0)
    extra = _chunk(b"PLTE", palette) if palette else b""
    data = _chunk(b"IDAT", zlib.compress(b"".join(lines)))
    return MAGIC + _chunk(b"IHDR", head) + extra + data + _chunk(b"IEND", b"")


def sheet(pixel: bytes, *, width: int = 5, height: int = 4) -> list[list[bytes]]:
    """A page of one colour."""
    return [[pixel] * width for _ in range(height)]


def url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def signature() -> str:
    """A stroke of the pen on a clear page."""
    rows = sheet(CLEAR)
    rows[2][1:4] = [INK] * 3
    return url(png(rows, filters=(1, 2, 4)))
