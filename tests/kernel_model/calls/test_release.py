"""Programs of two releases, told apart by what their symbols are called."""

import pytest

from kernel_model.calls.release import abi_of
from kernel_model.facts.abi import SBRK_EAGER, SBRK_LAZY, Abi
from tests.kernel_model.support import elf_file, make_hart
from tests.sim.elf import make_elf, patch

E_SHOFF, E_SHENTSIZE, E_SHNUM = 40, 58, 60
SH_SIZE, SH_LINK = 32, 40


def program(*symbols):
    return make_elf([(0, b"\x13\0\0\0", 4)], dict.fromkeys(symbols, 0), entry=0)


#: What `nm` says of programs that xv6's Makefile has built.
STUBS = ("main", "fork", "exit", "printf", "malloc")
LAB = program(*STUBS, "sbrk")
RELEASE_2025 = program("start", *STUBS, "sys_sbrk", "sbrk", "sbrklazy", "pause")
STRIPPED = elf_file()


def test_programs_of_2025_call_the_system_call_by_another_name():
    assert abi_of(RELEASE_2025) is Abi.RELEASE_2025
    assert abi_of(LAB) is Abi.LAB


def test_only_the_whole_name_counts():
    for name in ("my_sys_sbrk", "sys_sbrk2", "sys_sbr"):
        assert abi_of(program("main", name)) is Abi.LAB


def test_text_is_no_symbol():
    """A program that traces system calls knows their names, too."""
    elf = make_elf([(0, b"\0sys_sbrk\0", 16)], {"main": 0}, entry=0)
    assert b"\0sys_sbrk\0" in elf
    assert abi_of(elf) is Abi.LAB


def test_without_symbols_nobody_knows():
    assert abi_of(STRIPPED) is None
    assert abi_of(program()) is None


def test_no_damage_to_the_sections_is_an_error():
    headers = int.from_bytes(RELEASE_2025[E_SHOFF : E_SHOFF + 8], "little")
    for length in range(64, len(RELEASE_2025), 7):
        abi_of(RELEASE_2025[:length])
    for offset in range(headers, len(RELEASE_2025), 4):
        abi_of(patch(RELEASE_2025, offset, b"\xff\xff\xff\xff"))
    assert abi_of(patch(RELEASE_2025, E_SHNUM, b"\xff\xff")) is None


def with_sections(elf, count, size=64):
    """`elf` with so many section headers, the last ones of which are null."""
    more = count - int.from_bytes(elf[E_SHNUM : E_SHNUM + 2], "little")
    header = size.to_bytes(2, "little") + count.to_bytes(2, "little")
    return patch(elf, E_SHENTSIZE, header) + bytes(64 * more)


def test_as_many_sections_are_looked_at_as_a_linker_may_write():
    assert abi_of(with_sections(RELEASE_2025, 256)) is Abi.RELEASE_2025
    assert abi_of(with_sections(RELEASE_2025, 257)) is None
    assert abi_of(with_sections(RELEASE_2025, 3, size=63)) is None


def section(elf, number, field, value):
    """`elf` with a number of eight bytes, or of four, at `field` of a section's header."""
    at = int.from_bytes(elf[E_SHOFF : E_SHOFF + 8], "little") + 64 * number + field
    return patch(elf, at, value)


def test_strings_that_are_no_section_are_none():
    assert abi_of(section(RELEASE_2025, 1, SH_LINK, (3).to_bytes(4, "little"))) is None


def test_a_symbol_that_is_cut_off_is_none():
    size = 24 * 11 - 1  # the null symbol, and ten, the last of them but for a byte
    assert abi_of(section(RELEASE_2025, 1, SH_SIZE, size.to_bytes(8, "little"))) is Abi.RELEASE_2025


class Process:
    """One after another the programs of `elfs` in one process, each of which is put onto the disk.

    `calls_eagerly` is what its `sbrk(4096, SBRK_EAGER)` has done: a frame was taken.
    """

    def __init__(self, first, disk, **options):
        self.hart = make_hart(first, files=lambda: disk, **options)
        self.kernel = self.hart.kernel

    @property
    def abi(self):
        return self.kernel.first.abi

    def exec(self, name):
        process = self.kernel.first
        heap = self.hart.call("sbrk", 4096, SBRK_LAZY)
        self.hart.put(heap, name + b"\0")
        self.hart.put(heap + 64, (heap).to_bytes(8, "little") + bytes(8))
        assert self.hart.call("exec", heap, heap + 64) == 1
        assert self.kernel.first is process

    def is_eager(self):
        used = self.kernel.kmem.used
        self.hart.call("sbrk", 4096, SBRK_EAGER)
        return self.kernel.kmem.used > used


DISK = {"lab": LAB, "new": RELEASE_2025, "bare": STRIPPED}


@pytest.mark.parametrize("first, eager", [(LAB, False), (RELEASE_2025, True), (STRIPPED, False)])
def test_the_first_programs_sbrk_is_its_own(first, eager):
    assert Process(first, DISK).is_eager() == eager


def test_each_program_that_follows_has_its_own():
    """A shell of one release runs a program of the other."""
    process = Process(LAB, DISK)
    for name, abi in [("new", Abi.RELEASE_2025), ("lab", Abi.LAB), ("new", Abi.RELEASE_2025)]:
        process.exec(name.encode())
        assert process.abi is abi
        assert process.is_eager() == (abi is Abi.RELEASE_2025)


def test_a_program_without_symbols_is_as_the_one_that_it_replaces():
    process = Process(RELEASE_2025, DISK)
    process.exec(b"bare")
    assert process.abi is Abi.RELEASE_2025
    process.exec(b"lab")
    process.exec(b"bare")
    assert process.abi is Abi.LAB


def test_a_child_has_its_parents():
    process = Process(RELEASE_2025, DISK)
    process.hart.call("fork")
    assert [proc.abi for proc in process.kernel.procs[1:]] == [Abi.RELEASE_2025] * 2


@pytest.mark.parametrize("abi", Abi)
def test_who_is_told_an_edition_looks_at_no_symbol(abi):
    for first in (LAB, RELEASE_2025, STRIPPED):
        process = Process(first, DISK, abi=abi.value)
        process.exec(b"new" if abi is Abi.LAB else b"lab")
        assert process.abi is abi


def test_accounts_tell_of_it():
    process = Process(RELEASE_2025, DISK)
    assert [account.abi for account in process.kernel.take_accounts(0)] == ["2025"]


@pytest.mark.parametrize(
    "option, elf, blocks",
    [
        ("auto", RELEASE_2025, 1953),
        ("auto", LAB, 1954),
        ("2025", LAB, 1953),
        ("lab", RELEASE_2025, 1954),
    ],
)
def test_the_disk_is_that_of_the_first_programs_release(option, elf, blocks):
    hart = make_hart(elf=elf, abi=option)
    assert hart.kernel.fs.data_blocks == blocks
    assert hart.kernel.fs.free_blocks == blocks - 1
