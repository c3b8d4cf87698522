"""What is known of a program's instructions, held against what the compiler was given."""

import random
from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile

from kernel_model.facts.memlayout import KERNBASE
from sim.host.debug_info import DebugInfo, SourceLine, disassemble
from sim.host.own_programs import compile_program
from sim.host.programs import build_program, programs_directory, strip, trampoline_elf

SOURCE = """\
#include "user.h"

__attribute__((noinline)) void touch(volatile char *at) {
  *at = 1;  // here
}

int main(void) {
  touch(sbrk(4096));
  return 0;
}
"""


@pytest.fixture(scope="module")
def elf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mine")
    (folder / "mine.c").write_text(SOURCE)
    return compile_program([folder / "mine.c"], folder / "mine").read_bytes()


@pytest.fixture(scope="module")
def info(elf):
    return DebugInfo(elf)


def store_of(info):
    """Where `touch` stores."""
    start = next(pc for pc in range(0, 4096, 2) if info.function(pc) == "touch")
    return next(pc for pc in range(start, start + 32, 2) if info.instruction(pc).startswith("sb "))


def test_an_instruction_is_told_with_its_function_and_line(info):
    pc = store_of(info)

    assert info.line(pc) == SourceLine("mine.c", 4, "*at = 1;  // here")
    assert info.function(pc).split("+")[0] == "touch"
    assert info.instruction(pc) == "sb a1, 0(a0)"


def test_what_the_linker_left_out_is_at_no_address(info):
    """Its lines say address 0, where the program begins."""
    text = (programs_directory() / "lib" / "start.S").read_text().splitlines()
    line = info.line(0)

    assert (line.file, line.text) == ("start.S", text[line.number - 1].strip())


def test_outside_the_code_nothing_is_known(info):
    for pc in (0x9999_9999, (1 << 64) - 1):
        assert (info.function(pc), info.line(pc), info.instruction(pc)) == (None, None, None)


def test_a_source_that_has_gone_leaves_file_and_number(elf, info, tmp_path):
    moved = elf.replace(b"mine.c\0", b"gone.c\0")

    assert DebugInfo(moved).line(store_of(info)) == SourceLine("gone.c", 4, "")


def test_of_a_stripped_program_only_the_code_is_known(elf, info):
    pc, stripped = store_of(info), DebugInfo(strip(elf))

    assert (stripped.function(pc), stripped.line(pc)) == (None, None)
    assert stripped.instruction(pc) == "sb a1, 0(a0)"


@pytest.mark.parametrize("seed", range(40))
def test_of_damaged_information_nothing_is_known_or_something(elf, info, seed):
    """Never an exception: who asks for a fault's story gets it without."""
    choose = random.Random(seed)
    sections = [section for section in ELFFile(BytesIO(elf)).iter_sections()
                if section.name.startswith((".debug", ".symtab"))]  # fmt: skip
    broken = bytearray(elf)
    for _ in range(20):
        section = choose.choice(sections)
        broken[section["sh_offset"] + choose.randrange(section["sh_size"])] = choose.randrange(256)
    table = int.from_bytes(elf[40:48], "little")  # e_shoff
    if seed % 4 == 0:
        broken[table + choose.randrange(640)] = choose.randrange(256)
    damaged, pc = DebugInfo(bytes(broken)), store_of(info)

    damaged.line(pc)
    damaged.function(pc)
    assert damaged.instruction(pc) == "sb a1, 0(a0)"


def test_what_is_no_instruction_is_a_word(elf, info):
    pc = store_of(info)
    at = elf.index(bytes.fromhex("2300b500"))  # sb a1, 0(a0)
    broken = elf[:at] + b"\xff\xff\xff\xff" + elf[at + 4 :]

    assert DebugInfo(broken).instruction(pc) == ".word 0xffffffff"


def test_every_line_of_a_bundled_program_is_of_one_of_its_files(info):
    lazy = DebugInfo(build_program("lazy").read_bytes())
    known = [lazy.line(pc) for pc in range(0, 0x1000, 2)]
    sources = {path.name for path in programs_directory().rglob("*") if path.suffix in (".c", ".S")}

    assert {line.file for line in known if line} <= sources | {"user.h"}
    assert sum(line is not None for line in known) > 500


def test_a_program_without_functions_has_its_labels():
    info = DebugInfo(trampoline_elf())
    starts = {name: KERNBASE + at for at in range(4096) if (name := info.function(KERNBASE + at))}
    assert {"reset", "uservec", "userret"} <= starts.keys()
    # None that the assembler has made.
    assert all(name[0].isalpha() for name in starts)
    assert info.function(starts["uservec"] + 4) == "uservec+0x4"


def test_an_instruction_may_be_given_as_bytes():
    assert disassemble(bytes.fromhex("73002010"), 0) == "sret"
    assert disassemble(bytes.fromhex("0100"), 0) == "c.nop"
    assert disassemble(bytes.fromhex("ffffffff"), 0) == ".word 0xffffffff"
