"""Broken ELF files: a good one, and what can be wrong with it."""

import struct
from collections.abc import Callable
from random import Random

__all__ = ["DAMAGE", "damaged"]

_EHDR, _PHDR, _SHDR, _SYM = 64, 56, 64, 24
#: Offset and size of the fields of the file header, of a program header and of a section header.
_EHDR_FIELDS = [(4, 1), (5, 1), (6, 1), (7, 1), (16, 2), (18, 2), (20, 4), (24, 8), (32, 8),
                (40, 8), (48, 4), (52, 2), (54, 2), (56, 2), (58, 2), (60, 2), (62, 2)]  # fmt: skip
_PHDR_FIELDS = [(0, 4), (4, 4), *((offset, 8) for offset in range(8, _PHDR, 8))]
_SHDR_FIELDS = [(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8),
                (56, 8)]  # fmt: skip
#: Numbers at which something ends, besides random ones.
_EDGES = [0, 1, 2, 3, 7, 8, 24, 56, 64, 0xFFF, 0x1000, 0x1001, 0xFFFF, 0x10000, 0x7FFF_FFFF,
          0x8000_0000, 0x8000_1000, 0xFFFF_FFFF, 0x3F_FFFF_C000, 0x3F_FFFF_E000, 1 << 38, 1 << 63,
          (1 << 64) - 0x1000, (1 << 64) - 1]  # fmt: skip


def damaged(elf: bytes, random: Random) -> bytes:
    """`elf`, an ELF64 file, with one to four things wrong."""
    file = bytearray(elf)
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        random.choice(DAMAGE)(file, random)
    return bytes(file)


def _truncate(file, random):
    del file[random.randrange(len(file) + 1) if random.random() < 0.7 else random.randrange(80) :]


def _extend(file, random):
    file += random.randbytes(random.choice((1, 100, 5000)))


def _flip(file, random):
    for _ in range(random.choice((1, 1, 8, 100)) if file else 0):
        # Most bytes of a program are its code, which no loader looks at.
        place = random.randrange(min(len(file), 256) if random.random() < 0.5 else len(file))
        file[place] ^= 1 << random.randrange(8)


def _garble(file, random):
    start = random.randrange(len(file) + 1)
    count = min(random.randrange(200), len(file) - start)
    file[start : start + count] = random.randbytes(count)


def _header(file, random):
    _set_field(file, 0, random.choice(_EHDR_FIELDS), random)


def _program_header(file, random):
    start, count = _table(file, 32, 56)
    if count:
        _set_field(
            file, start + _PHDR * random.randrange(count), random.choice(_PHDR_FIELDS), random
        )


def _section_header(file, random):
    start, count = _table(file, 40, 60)
    if count:
        _set_field(
            file, start + _SHDR * random.randrange(count), random.choice(_SHDR_FIELDS), random
        )


def _copied_header(file, random):
    """One program header a second time, instead of another one or past the last: an overlap."""
    start, count = _table(file, 32, 56)
    if count:
        source, target = (start + _PHDR * random.randrange(count + more) for more in (0, 1))
        file[target : target + _PHDR] = file[source : source + _PHDR]
        _put(file, 56, 2, count + random.randrange(2))


def _many_headers(file, random):
    """As many program headers as a file can name, all alike or all different."""
    start, count = _table(file, 32, 56)
    if not count:
        return
    header = bytes(file[start : start + _PHDR])
    many = random.choice((100, 1000, 0xFFFE, 0xFFFF))
    _put(file, 32, 8, len(file))
    _put(file, 56, 2, many)
    file += header * many


def _repeated_sections(file, random):
    """Sections without a size of their headers: the same one again and again."""
    _put(file, 58, 2, random.choice((0, 1, 64)))
    _put(file, 60, 2, random.choice((0, 0, 5, 0xFFFF)))
    start, _ = _table(file, 40, 60)
    if start + _SHDR <= len(file):
        _put(file, start + 32, 8, random.choice(_EDGES))


def _table(file, offset_at, count_at):
    """Where a table of headers is, and how many there are: none if it is not in the file."""
    if len(file) < _EHDR:
        return len(file), 0
    (start,) = struct.unpack_from("<Q", file, offset_at)
    (count,) = struct.unpack_from("<H", file, count_at)
    inside = start + count * _SHDR <= len(file)
    return (start, count) if inside else (len(file), 0)


def _set_field(file, start, field, random):
    offset, size = field
    edges = [*_EDGES, len(file), len(file) - 1, random.getrandbits(64), random.getrandbits(16)]
    old = int.from_bytes(file[start + offset : start + offset + size], "little")
    edges += [old + delta for delta in (-8, -1, 1, 8, 0x1000)]
    _put(file, start + offset, size, random.choice(edges))


def _put(file, offset, size, value):
    """Stores a number, if there is room for it."""
    if offset + size <= len(file):
        file[offset : offset + size] = (value % (1 << 8 * size)).to_bytes(size, "little")


#: All kinds: functions that change a file in place.
DAMAGE: list[Callable[[bytearray, Random], None]] = [
    _truncate, _extend, _flip, _flip, _garble, _header, _header, _program_header, _program_header,
    _program_header, _section_header, _section_header, _copied_header, _many_headers,
    _repeated_sections,
]  # fmt: skip
