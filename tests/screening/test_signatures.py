"""Whether anything is drawn on a picture, whichever way the picture is packed."""

from __future__ import annotations

import itertools
import struct
import zlib

import pytest

from screening.rules.signatures import Unreadable, has_ink
from tests.screening.drawing import CLEAR, INK, MAGIC, WHITE, png, sheet

FILTERS = list(itertools.product(range(5), repeat=2))


@pytest.mark.parametrize("filters", FILTERS)
def test_a_page_of_one_colour_is_known_under_every_filter(filters: tuple[int, int]) -> None:
    assert not has_ink(png(sheet(CLEAR), filters=filters))
    assert not has_ink(png(sheet(WHITE), filters=filters))
    assert has_ink(png(sheet(INK), filters=filters))


@pytest.mark.parametrize("filters", FILTERS)
def test_one_pixel_of_ink_is_seen_under_every_filter(filters: tuple[int, int]) -> None:
    for row, column in itertools.product(range(4), range(5)):
        for page, pen in ((CLEAR, INK), (WHITE, INK), (CLEAR, WHITE)):
            rows = sheet(page)
            rows[row][column] = pen
            assert has_ink(png(rows, filters=filters)), (row, column)


@pytest.mark.parametrize(
    ("pixel", "colour", "palette", "inked"),
    [
        (b"\xff", 0, b"", False),
        (b"\x00", 0, b"", True),
        (b"\xff\xff\xff", 2, b"", False),
        (b"\xff\xff\xfe", 2, b"", True),
        (b"\x07\x00", 4, b"", False),
        (b"\x07\xff", 4, b"", True),
        (b"\x01", 3, b"\x00\x00\x00\xff\xff\xff", False),
        (b"\x00", 3, b"\x00\x00\x00\xff\xff\xff", True),
        (b"\x07\x07\x07\x00", 6, b"", False),
    ],
)
def test_each_kind_of_colour_has_its_white(pixel: bytes, colour: int, palette: bytes, inked: bool) -> None:
    assert has_ink(png(sheet(pixel), colour=colour, palette=palette)) is inked


def _with_head(*fields: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", *fields)
    rest = png(sheet(INK))[len(MAGIC) + 25 :]
    return MAGIC + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + rest


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"x",
        MAGIC,
        png(sheet(INK))[:-12],  # without its end
        png(sheet(INK)).replace(b"IDAT", b"iDAT"),
        _with_head(5, 4, 8, 6, 0, 0, 1),  # interlaced
        _with_head(5, 9, 8, 6, 0, 0, 0),  # more lines than it has
        _with_head(5, 3, 8, 6, 0, 0, 0),  # fewer
        _with_head(100_000, 100_000, 8, 6, 0, 0, 0),
        _with_head(0, 4, 8, 6, 0, 0, 0),
        _with_head(5, 4, 7, 6, 0, 0, 0),
    ],
)
def test_what_is_no_whole_picture_is_not_looked_at(picture: bytes) -> None:
    with pytest.raises((Unreadable, struct.error)):
        has_ink(picture)
