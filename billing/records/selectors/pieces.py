"""What lies in pieces, as one: from one byte to before another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kapclinic.core import crypto


def cut(
    sizes: Sequence[int], read: Callable[[int], bytes | None], *, start: int, stop: int
) -> Iterator[bytes]:
    """Of pieces with these `sizes`, which `read` opens by their place: what lies from `start` to before `stop`.

    :raises Undecipherable: from the iterator, when a piece is not there or not as long as it was, and as `read` does
    """
    begins = 0
    for position, size in enumerate(sizes):
        ends = begins + size
        if begins < stop and start < ends:
            content = read(position)
            if content is None or len(content) != size:
                raise crypto.Undecipherable("A piece of the archive is not there.")
            yield content[max(0, start - begins) : stop - begins]
        begins = ends
