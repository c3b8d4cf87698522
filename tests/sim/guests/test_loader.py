import random
import struct

import pytest

from sim.guests.loader import LoadError, load_bare
from sim.platform.ram import Ram
from tests.sim.elf import make_elf, patch

BASE = 0x8000_0000
CODE = b"\x13\0\0\0"


def make_ram():
    return Ram(BASE, 0x10000)


def test_a_good_file_is_loaded_with_its_symbols():
    ram = make_ram()
    symbols = {"tohost": BASE + 8, "fromhost": BASE + 16}

    image = load_bare(make_elf(symbols=symbols), ram)

    assert ram.read(BASE, 8) == CODE + bytes(4)
    assert (image.tohost, image.fromhost) == (BASE + 8, BASE + 16)


def test_bss_is_zeroed():
    ram = make_ram()
    ram.write(BASE, b"\xff" * 64)

    load_bare(make_elf([(BASE, CODE, 40)]), ram)

    assert ram.read(BASE, 48) == CODE + bytes(36) + b"\xff" * 8


def test_several_segments_go_where_they_belong():
    ram = make_ram()

    load_bare(make_elf([(BASE, b"text", 4), (BASE + 0x2010, b"data", 4)]), ram)

    assert ram.read(BASE, 4) + ram.read(BASE + 0x2010, 4) == b"textdata"


def test_fromhost_may_be_missing():
    assert load_bare(make_elf(), make_ram()).fromhost is None


GOOD = make_elf()
BAD_FILES = {
    "empty": (b"", "not an ELF file"),
    "text": (b"#!/bin/sh\n" * 20, "not an ELF file"),
    "only the magic number": (b"\x7fELF", "truncated: 4 bytes do not hold an ELF header"),
    "32-bit": (patch(GOOD, 4, b"\x01"), "not a 64-bit ELF file"),
    "big-endian": (patch(GOOD, 5, b"\x02"), "not little-endian"),
    "x86": (make_elf(machine=62), "not for RISC-V: machine EM_X86_64"),
    "unknown machine": (make_elf(machine=9999), "not for RISC-V: machine 9999"),
    "object file": (make_elf(kind=1), "not an executable with fixed addresses: type ET_REL"),
    "shared object": (make_elf(kind=3), "not an executable with fixed addresses: type ET_DYN"),
    "other entry": (make_elf(entry=BASE + 4), "entry 0x80000004, but the hart starts at 0x80000"),
    "no segment": (make_elf([]), "nothing to load"),
    "below RAM": (
        make_elf([(BASE - 0x1000, CODE, 4)]),
        "segment at 0x7ffff000 ends at 0x7ffff004: outside RAM, which is 0x80000000 to 0x80010000",
    ),
    "past RAM": (
        make_elf([(BASE + 0xF000, CODE, 0x1001)]),
        "segment at 0x8000f000 ends at 0x80010001: outside RAM",
    ),
    "overlap": (
        make_elf([(BASE, bytes(32), 32), (BASE + 16, CODE, 4)]),
        "segments at 0x80000000 and 0x80000010 overlap",
    ),
    "less memory than file": (
        make_elf([(BASE, bytes(8), 4)]),
        "segment at 0x80000000: 0x4 bytes in memory, but 0x8 in the file",
    ),
    "no tohost": (make_elf(symbols={"main": BASE}), "no symbol tohost"),
    "unaligned tohost": (
        make_elf(symbols={"tohost": BASE + 4}),
        "tohost at 0x80000004 is unaligned: not a multiple of 8",
    ),
    "tohost outside RAM": (make_elf(symbols={"tohost": 0x1000}), "tohost at 0x1000 is outside RAM"),
    "unaligned fromhost": (
        make_elf(symbols={"tohost": BASE, "fromhost": BASE + 12}),
        "fromhost at 0x8000000c is unaligned",
    ),
    "segment data cut off": (
        patch(GOOD, 64 + 32, struct.pack("<QQ", 0x10_0000, 0x10_0000)),
        "truncated: segment at 0x80000000 needs 0x100000 bytes from file offset 0x1000",
    ),
    "program headers on top of each other": (
        patch(GOOD, 54, struct.pack("<H", 0)),
        "program headers of 0 bytes, not 56",
    ),
    "more program headers than a program has": (
        patch(GOOD, 56, struct.pack("<H", 65)),
        "65 program headers, more than 64",
    ),
    "section headers on top of each other": (
        patch(GOOD, 58, struct.pack("<HH", 0, 0)),
        "section headers of 0 bytes, not 64",
    ),
    "program headers cut off": (
        patch(GOOD, 32, struct.pack("<Q", 0x10_0000)),
        "truncated: the program headers are past the end of the file",
    ),
    "section headers cut off": (
        patch(GOOD, 40, struct.pack("<Q", len(GOOD) - 64)),
        "truncated: the section headers are past the end of the file",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_with_what_is_wrong_and_where(name):
    elf, complaint = BAD_FILES[name]
    ram = make_ram()

    with pytest.raises(LoadError) as error:
        load_bare(elf, ram)

    assert not any(ram.bytes)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_segment_or_its_header_may_be_the_end_of_the_file():
    # At an offset that fits the alignment.
    last = patch(GOOD.ljust(0x2000) + b"last", 64 + 8, struct.pack("<Q", 0x2000))
    ram = make_ram()
    load_bare(last, ram)
    assert ram.read(BASE, 4) == b"last"

    header = patch(GOOD + GOOD[64 : 64 + 56], 32, struct.pack("<Q", len(GOOD)))
    ram = make_ram()
    load_bare(header, ram)
    assert ram.read(BASE, 4) == CODE


def test_there_may_be_64_segments():
    ram = make_ram()
    load_bare(make_elf([(BASE + 8 * n, bytes([n]), 1) for n in range(64)], align=1), ram)
    assert ram.read(BASE + 8 * 63, 1) == b"\x3f"


def test_a_segment_may_begin_where_another_one_ends():
    ram = make_ram()
    load_bare(make_elf([(BASE, b"text", 4), (BASE + 4, b"data", 4)]), ram)
    assert ram.read(BASE, 8) == b"textdata"


def test_a_header_alone_is_whole():
    header = patch(patch(GOOD[:64], 40, bytes(8)), 56, bytes(8))

    with pytest.raises(LoadError, match="nothing to load"):
        load_bare(header, make_ram())


def test_sections_that_only_the_first_one_counts_are_none():
    """For more than 65,279 sections the file says 0, and the first section has their number."""
    elf = patch(GOOD, 60, struct.pack("<H", 0))
    first = struct.unpack_from("<Q", elf, 40)[0]
    endless = patch(elf, first + 32, struct.pack("<Q", 1 << 60))

    with pytest.raises(LoadError, match="no symbol tohost"):
        load_bare(endless, make_ram())


def test_an_unaligned_segment_is_refused():
    elf = patch(GOOD, 64 + 16, struct.pack("<QQ", BASE + 4, BASE + 4))

    with pytest.raises(LoadError, match="segment at 0x80000004 is unaligned"):
        load_bare(elf, make_ram())


@pytest.mark.parametrize("size", range(0, len(GOOD), 37))
def test_a_file_cut_short_anywhere_is_refused(size):
    with pytest.raises(LoadError):
        load_bare(GOOD[:size], make_ram())


def test_damage_anywhere_is_refused_or_harmless():
    """No other exception than LoadError, whatever the bytes of the headers are."""
    rng = random.Random(1)
    section_headers = len(GOOD) - 3 * 64
    refused = 0
    for _ in range(600):
        offset = rng.choice([rng.randrange(64 + 56), rng.randrange(section_headers, len(GOOD))])
        damaged = patch(GOOD, offset, rng.randbytes(min(rng.choice([1, 4, 8]), len(GOOD) - offset)))
        try:
            load_bare(damaged, make_ram())
        except LoadError:
            refused += 1
    assert refused > 100


def test_the_signature_lies_between_its_symbols():
    symbols = {"tohost": BASE, "begin_signature": BASE + 0x100, "end_signature": BASE + 0x110}
    ram = make_ram()

    assert load_bare(make_elf(symbols=symbols), ram).signature(ram) == (BASE + 0x100, BASE + 0x110)


def test_the_signature_may_be_all_of_ram_or_nothing():
    ram = make_ram()
    symbols = {"tohost": BASE, "begin_signature": BASE, "end_signature": BASE + 0x10000}
    assert load_bare(make_elf(symbols=symbols), ram).signature(ram) == (BASE, BASE + 0x10000)

    symbols["end_signature"] = BASE
    assert load_bare(make_elf(symbols=symbols), ram).signature(ram) == (BASE, BASE)


@pytest.mark.parametrize(
    ("symbols", "complaint"),
    [
        ({"end_signature": BASE}, "no symbol begin_signature"),
        ({"begin_signature": BASE}, "no symbol end_signature"),
        ({"begin_signature": BASE + 8, "end_signature": BASE}, "is below begin_signature"),
        ({"begin_signature": BASE, "end_signature": BASE + 0x10001}, "outside RAM"),
    ],
)
def test_a_bad_signature_is_refused(symbols, complaint):
    ram = make_ram()
    image = load_bare(make_elf(symbols={"tohost": BASE} | symbols), ram)

    with pytest.raises(LoadError, match=complaint):
        image.signature(ram)
