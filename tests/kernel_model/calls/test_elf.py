import contextlib

import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.calls.elf import ExecError, read_elf
from kernel_model.facts.memlayout import TRAPFRAME
from tests.kernel_model.support import DATA, TEXT, R, W, X, elf_file, segment


def test_reads_entry_and_segments():
    image = read_elf(elf_file(TEXT, DATA, entry=0x10))

    text, data = image.segments
    assert image.entry == 0x10
    assert (text.vaddr, text.memsz, text.data, text.end) == (0, 64, TEXT[1], PAGE_SIZE)
    assert (data.vaddr, data.memsz, data.data) == (PAGE_SIZE, 0x1800, b"data")
    assert data.end == 3 * PAGE_SIZE


@pytest.mark.parametrize(
    "flags, perm",
    [
        (R, Pte.R),
        (R | W, Pte.R | Pte.W),
        (R | X, Pte.R | Pte.X),
        (X, Pte.R | Pte.X),
        (0, Pte.R),
        (W, Pte.R | Pte.W),
        (R | W | X, Pte.R | Pte.W | Pte.X),
    ],
)
def test_permissions_are_those_of_the_flags(flags, perm):
    assert read_elf(elf_file(segment(0, b"x", flags))).segments[0].perm == perm


@pytest.mark.parametrize(
    "elf, message",
    [
        (b"", "not an ELF file"),
        (b"#!/bin/sh\n", "not an ELF file"),
        (b"\x7fELF", "truncated or damaged ELF file"),
        (elf_file()[:40], "truncated or damaged ELF file"),
        (elf_file()[:100], "truncated: the program headers are past the end of the file"),
        (elf_file()[: 64 + 2 * 56 - 1], "truncated: the program headers are past the end"),
        (elf_file()[:-1], "truncated: segment at 0x1000 is past the end of the file"),
        (elf_file(machine=62), "not for little-endian RV64: .*EM_X86_64"),
        (elf_file(type=3), "not an executable with fixed addresses: type ET_DYN"),
        (elf_file(segment(0, flags=R)), "nothing to load"),
        (elf_file(segment(0x1010, b"x")), "segment at 0x1010 is unaligned"),
        (elf_file(segment(0, b"abc", memsz=2)), "segment at 0x0: 0x2 bytes in memory, but 0x3"),
        (elf_file(segment(0, b"abc", memsz=0)), "segment at 0x0: 0x0 bytes in memory, but 0x3"),
        (
            elf_file(segment(0, b"x", memsz=TRAPFRAME - 2 * PAGE_SIZE + 1)),
            "reach past 0x3fffffc000",
        ),
        (elf_file(segment(TRAPFRAME, b"x")), "segment at 0x3fffffe000: .* reach past"),
        (elf_file(segment((1 << 64) - PAGE_SIZE, b"x", memsz=PAGE_SIZE)), "reach past"),
        (elf_file(segment(0, b"x", offset=(1 << 64) - 1)), "past the end of the file"),
        (elf_file(segment(0, memsz=8, filesz=8)), "past the end of the file"),
    ],
)
def test_says_what_is_wrong_in_one_line(elf, message):
    with pytest.raises(ExecError, match=message) as error:
        read_elf(elf)
    assert "\n" not in str(error.value)


def test_a_segment_may_end_where_guard_and_stack_still_fit():
    image = read_elf(elf_file(segment(0, b"x", memsz=TRAPFRAME - 2 * PAGE_SIZE)))

    assert image.segments[0].end == TRAPFRAME - 2 * PAGE_SIZE


def test_rejects_programs_for_a_dynamic_loader():
    elf = bytearray(elf_file(TEXT, DATA))
    elf[64 + 56 : 64 + 60] = (3).to_bytes(4, "little")  # the second program header: PT_INTERP
    with pytest.raises(ExecError, match="needs a dynamic loader"):
        read_elf(bytes(elf))


def test_rejects_32_bit_files():
    header = bytearray(elf_file())
    header[4] = 1
    with pytest.raises(ExecError, match="not for little-endian RV64: ELFCLASS32"):
        read_elf(bytes(header))


def test_files_that_would_take_for_ever_are_refused():
    assert len(read_elf(elf_file(*[TEXT] * 64)).segments) == 64
    with pytest.raises(ExecError, match="65 program headers, more than 64"):
        read_elf(elf_file(*[TEXT] * 65))

    sizeless = bytearray(elf_file())
    sizeless[54:56] = bytes(2)
    with pytest.raises(ExecError, match="program headers of 0 bytes, not 56"):
        read_elf(bytes(sizeless))


def test_no_truncation_gets_through():
    elf = elf_file()
    for length in range(len(elf)):
        with pytest.raises(ExecError):
            read_elf(elf[:length])


def test_damage_never_crashes():
    for position in range(64 + 2 * 56):
        for value in (0, 1, 0x7F, 0xFF):
            elf = bytearray(elf_file())
            elf[position] = value
            # Whatever else it may raise fails the test.
            with contextlib.suppress(ExecError):
                assert read_elf(bytes(elf)).segments
