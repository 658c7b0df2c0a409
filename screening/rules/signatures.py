"""A drawn signature: a PNG as a browser's canvas writes it, as a data URL, with something drawn on it.

A sheet that is wholly transparent or wholly white is no signature. That is seen without unpacking the filters of the
PNG: the lines of a picture of one colour look the same whatever filter each has, so any other line is a drawing.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Mapping

from kapclinic.core.errors import FieldError

PREFIX = "data:image/png;base64,"
MAGIC = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 4_000_000  # more is refused before it is unpacked
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples of a pixel, by the colour type
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
PALETTE, WITH_ALPHA = 3, frozenset({4, 6})
WHITE = 0xFF


class Unreadable(ValueError):
    """These bytes are no PNG that can be looked at."""


def drawing_errors(signature: str) -> list[FieldError]:
    """What is wrong with a drawn signature."""
    if not signature:
        return [FieldError("/signature", "required", "A drawn signature comes with its drawing.")]
    try:
        if not signature.startswith(PREFIX):
            raise Unreadable
        inked = has_ink(base64.b64decode(signature.removeprefix(PREFIX), validate=True))
    except (Unreadable, binascii.Error, zlib.error, struct.error):
        detail = f"A drawn signature is a whole PNG picture as a data URL that begins with {PREFIX}"
        return [FieldError("/signature", "invalid", detail)]
    if not inked:
        return [FieldError("/signature", "blank", "Nothing is drawn on it: let the client sign.")]
    return []


def has_ink(png: bytes) -> bool:
    """Is anything drawn: is the picture neither wholly transparent nor wholly white?

    :raises Unreadable: for what is no whole PNG, an interlaced one, or one of too many pixels
    """
    chunks = list(_chunks(png))
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise Unreadable
    width, height, depth, colour, *ways = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth not in DEPTHS.get(colour, ()) or any(ways) or not 0 < width * height <= MOST_PIXELS:
        raise Unreadable
    bits = CHANNELS[colour] * depth
    length, step = (width * bits + 7) // 8, max(bits // 8, 1)
    packed = b"".join(data for name, data in chunks if name == b"IDAT")
    raw = zlib.decompressobj().decompress(packed, (length + 1) * height + 1)
    if len(raw) != (length + 1) * height:
        raise Unreadable
    pixel, padded = raw[1 : 1 + step], width * bits % 8 != 0
    if not _is_one_colour(raw, pixel=pixel, length=length, padded=padded):
        return True
    palette = next((data for name, data in chunks if name == b"PLTE"), b"")
    return not _is_blank(pixel, colour=colour, depth=depth, palette=palette)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(MAGIC):
        raise Unreadable
    at = len(MAGIC)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        name, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", png, at + 8 + length)
        if zlib.crc32(name + data) != checksum:
            raise Unreadable
        yield name, data
        at += 12 + length


def _lines_of_one_colour(pixel: bytes, *, length: int) -> Mapping[tuple[bool, int], bytes]:
    """The lines of a picture that has this pixel alone, by (first line?, filter), as the PNG standard packs them."""
    more = length // len(pixel) - 1
    zero, half = bytes(len(pixel)), bytes(value - value // 2 for value in pixel)
    plain, once, none = pixel * (more + 1), pixel + zero * more, bytes(length)
    first = {0: plain, 1: once, 2: plain, 3: pixel + half * more, 4: once}
    other = {0: plain, 1: once, 2: none, 3: half + zero * more, 4: none}
    return {(True, name): line for name, line in first.items()} | {
        (False, name): line for name, line in other.items()
    }


def _is_one_colour(raw: bytes, *, pixel: bytes, length: int, padded: bool) -> bool:
    lines = _lines_of_one_colour(pixel, length=length)
    seen = length - 1 if padded else length  # the last bits of a padded line say nothing
    for number, start in enumerate(range(0, len(raw), length + 1)):
        expected = lines.get((number == 0, raw[start]))
        if expected is None:
            raise Unreadable
        if raw[start + 1 : start + 1 + seen] != expected[:seen]:
            return False
    return True


def _is_blank(pixel: bytes, *, colour: int, depth: int, palette: bytes) -> bool:
    """Transparent or white, where every pixel is this one; a palette's transparency does not make ink."""
    if colour == PALETTE:
        index = pixel[0] >> (8 - depth) if depth < 8 else pixel[0]
        return palette[3 * index : 3 * index + 3] in {b"", bytes([WHITE] * 3)}
    if colour in WITH_ALPHA:
        alpha = len(pixel) // CHANNELS[colour]
        if not any(pixel[-alpha:]):
            return True
        pixel = pixel[:-alpha]
    return all(value == WHITE for value in pixel)
