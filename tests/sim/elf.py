"""Small ELF files, made by hand so that each can be wrong in one place; what is in whole ones."""

import struct

from elftools.elf.elffile import ELFFile

__all__ = ["PF_R", "PF_W", "PF_X", "make_elf", "patch", "segments", "symbols"]

#: Rights of a segment.
PF_X, PF_W, PF_R = 1, 2, 4

_SYMBOL = struct.Struct("<IBBHQQ")


def make_elf(
    segments=((0x8000_0000, b"\x13\0\0\0", 16),),
    symbols=None,
    *,
    entry=0x8000_0000,
    machine=243,
    kind=2,
    align=0x1000,
):
    """A little-endian ELF64 with `segments` of (address, bytes, size in memory)."""
    symbols = {"tohost": 0x8000_0008} if symbols is None else symbols
    body = bytearray(64 + 56 * len(segments))
    headers = b""
    for address, data, memsz in segments:
        body += bytes((address - len(body)) % align)
        headers += struct.pack(
            "<IIQQQQQQ", 1, 7, len(body), address, address, len(data), memsz, align
        )
        body += data
    sections, section_offset = _sections(body, symbols)
    body[:64] = struct.pack(
        "<4sBBBB8sHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, b"", kind, machine, 1, entry, 64,
        section_offset, 0, 64, 56, len(segments), 64, sections, 2,
    )  # fmt: skip
    body[64 : 64 + len(headers)] = headers
    return bytes(body)


def patch(elf, offset, data):
    """`elf` with `data` at `offset`."""
    return elf[:offset] + data + elf[offset + len(data) :]


def segments(path):
    """The headers of the segments that are loaded."""
    with path.open("rb") as file:
        return [dict(s.header) for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD"]


def symbols(path):
    """The values of symbols by name."""
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def _sections(body, symbols):
    """Appends a symbol table, its strings and the section headers; returns count and offset."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in symbols)
    table = bytes(_SYMBOL.size) + b"".join(
        _SYMBOL.pack(names.index(b"\0" + name.encode() + b"\0") + 1, 0x10, 0, 0xFFF1, value, 0)
        for name, value in symbols.items()
    )
    strings = names + b".symtab\0.strtab\0"
    at_table, at_strings = len(body), len(body) + len(table)
    body += table + strings
    headers = [
        (0, 0, 0, 0, 0, 0),
        (strings.index(b".symtab"), 2, at_table, len(table), 2, _SYMBOL.size),
        (strings.index(b".strtab"), 3, at_strings, len(strings), 0, 0),
    ]
    offset = len(body)
    for name, kind, at, size, link, entry_size in headers:
        body += struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, at, size, link, 1, 8, entry_size)
    return len(headers), offset
