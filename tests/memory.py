"""What a process of tests holds lies in large pages, where the system has them: a tenth of its time went to finding it.

A few hundred MB of classes, code and tests, read again and again, are more than a processor knows the places of, by
pages of 4 KiB. Linux makes pages of 2 MiB of what it is advised to, as long as nobody has forbidden it
(`transparent_hugepage`); elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PAGE = 2 << 20
LARGE, AT_ONCE = 14, 25  # MADV_HUGEPAGE: when there is time, and for what grows; MADV_COLLAPSE: now
OURS = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ 00:00 0 *(?:\[heap\])?$", re.MULTILINE)


def in_large_pages() -> int:
    """Put there whatever is not yet; of how many bytes the system took the advice."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(
        length
        for begin, length in _pieces(Path("/proc/self/maps").read_text())
        if not libc.madvise(begin, length, LARGE) and not libc.madvise(begin, length, AT_ONCE)
    )


def _pieces(maps: str) -> Iterator[tuple[int, int]]:
    """Where whole large pages find room in memory that is this process's own: begin and length."""
    for found in OURS.finditer(maps):
        begin = -(-int(found[1], 16) // PAGE) * PAGE
        length = int(found[2], 16) // PAGE * PAGE - begin
        if length > 0:
            yield begin, length
