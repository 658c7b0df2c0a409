"""Large pages change nothing but where memory lies."""

from __future__ import annotations

import ctypes
import mmap
import sys
from pathlib import Path

import pytest

from tests.memory import PAGE, _pieces, in_large_pages

MAPS = """\
10000000-10400000 rw-p 00000000 00:00 0                                  [heap]
7f0000100000-7f0000700000 rw-p 00000000 00:00 0
7f0001000000-7f00011ff000 rw-p 00000000 00:00 0
7f0002000000-7f0002400000 rw-s 00000000 00:01 9                          /dev/zero (deleted)
7f0003000000-7f0003400000 rw-p 00100000 fe:00 26933                      /usr/lib/libpython3.11.so.1.0
7f0004000000-7f0004400000 r--p 00000000 00:00 0
7ffc00000000-7ffc00800000 rw-p 00000000 00:00 0                          [stack]
"""


def test_only_whole_pages_of_memory_of_ones_own_are_large() -> None:
    assert list(_pieces(MAPS)) == [(0x10000000, 2 * PAGE), (0x7F0000200000, 2 * PAGE)]


@pytest.mark.skipif(sys.platform != "linux", reason="the pages are Linux's")
def test_what_memory_holds_stays() -> None:
    with mmap.mmap(-1, 4 * PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        words = bytes(range(256)) * (len(held) // 256)
        held.write(words)
        assert in_large_pages() >= 0
        assert held[:] == words
        place = ctypes.addressof(ctypes.c_char.from_buffer(held))
        taken = Path("/sys/kernel/mm/transparent_hugepage").exists()
        assert not taken or "hg" in _flags(-(-place // PAGE) * PAGE)


def _flags(place: int) -> list[str]:
    """What the system was told about the memory there."""
    found, flags = False, []
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head = line.split(" ", 1)[0]
        if "-" in head and not head.endswith(":"):
            begin, end = (int(word, 16) for word in head.split("-"))
            found = begin <= place < end
        elif found and head == "VmFlags:":
            flags = line.split()[1:]
    return flags
