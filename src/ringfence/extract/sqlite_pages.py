"""What SQLite keeps in a file although nobody can select it any more: rows that were deleted.

The rule: only bytes that are in no row are taken: pages of the free list, whole; of pages in use, the gap between the pointers and
the cells and the blocks that were set free. The format is the one of https://www.sqlite.org/fileformat2.html, 1.5 and 1.6.
"""

from collections.abc import Callable, Iterator
from typing import Final

_HEADER: Final = 100
_LEAVES: Final = {2: 12, 5: 12, 10: 8, 13: 8}
"""The kinds of pages of trees, and how long their heads are."""


def free_stretches(size: int, page: Callable[[int], bytes]) -> Iterator[bytes]:
    """Give what is free, page by page. `page` gives a page by its number, from 1; `size` is the file's."""
    head = page(1)
    width = page_size(head)
    pages = size // width
    free = _free_pages(head, pages, page)
    for number in range(1, pages + 1):
        data = page(number)
        if number in free:
            yield data[free[number] :]
        else:
            gap = b"\0".join(_gaps(data, _HEADER if number == 1 else 0, width - head[20]))
            if gap:
                yield gap


def page_size(head: bytes) -> int:
    """Give the size of a file's pages, by its head; 4096 where it says none that may be."""
    width = int.from_bytes(head[16:18], "big")
    width = 65536 if width == 1 else width
    return width if 512 <= width <= 65536 and not width & (width - 1) else 4096


def is_cut(head: bytes, size: int) -> bool:
    """Whether a file ends before its last page does. Old programs do not keep the number of pages; two other numbers tell of it."""
    width = page_size(head)
    pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 0
    return (pages or -(-size // width)) * width > size


def _free_pages(head: bytes, pages: int, page: Callable[[int], bytes]) -> dict[int, int]:
    """Give the free pages, and from where on they hold what was in them."""
    free: dict[int, int] = {}
    trunk = int.from_bytes(head[32:36], "big")
    while 1 < trunk <= pages and trunk not in free:
        data = page(trunk)
        count = min(int.from_bytes(data[4:8], "big"), len(data) // 4 - 2)
        free[trunk] = 8 + 4 * count
        for at in range(8, 8 + 4 * count, 4):
            leaf = int.from_bytes(data[at : at + 4], "big")
            if 1 < leaf <= pages:
                free.setdefault(leaf, 0)
        trunk = int.from_bytes(data[:4], "big")
    return free


def _gaps(data: bytes, at: int, usable: int) -> Iterator[bytes]:
    """Give what is free in a page of a tree."""
    if len(data) <= at or data[at] not in _LEAVES:
        return
    block = int.from_bytes(data[at + 1 : at + 3], "big")
    cells = int.from_bytes(data[at + 3 : at + 5], "big")
    content = int.from_bytes(data[at + 5 : at + 7], "big") or 65536
    gap = data[at + _LEAVES[data[at]] + 2 * cells : min(content, usable)].strip(b"\0")
    if gap:
        yield gap
    last = 0  # byte of the block before: no block lies over another
    while last < block <= usable - 4:
        length = int.from_bytes(data[block + 2 : block + 4], "big")
        yield data[block + 4 : block + length]
        last, block = block + max(length, 4) - 1, int.from_bytes(data[block : block + 2], "big")
