"""What is known of a program's instructions, held against what the compiler was given."""

import contextlib
import os
import random
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from kernel_model.facts.memlayout import KERNBASE
from sim.host.debug_info import DebugInfo, SourceLine, disassemble
from sim.host.own_programs import compile_program
from sim.host.programs import build_program, programs_directory, strip, trampoline_elf
from sim.host.toolchain import run_compiler

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


#: A program of two sections, of which the linker puts the second first, with data behind them.
TWO = """\
#include "more/add.h"
int data = 7;
__attribute__((section(".text.first"), noinline)) int first(int *at) {
  return add(*at);
}
__attribute__((section(".text.second"))) int second(void) {
  first(&data);
  __asm__ volatile("label: ebreak");
  return first(&data);
}
"""
ADD = """\
static inline int add(int to) {
  __asm__ volatile("nop");
  return to + 1;
}
"""
SCRIPT = """\
SECTIONS
{
  . = %#x;
  .text : { *(.text.second) *(.text.first) }
  .data : { *(.data .data.* .sdata) }
}
"""


def built(folder, name, *flags, base=0x4000_0000):
    """A program in `folder`, compiled by the names that the files have there."""
    (folder / "script.ld").write_text(SCRIPT % base)
    options = ["-O1", *flags, "-Wl,-e,second", "-T", "script.ld"]
    with contextlib.chdir(folder):
        result = run_compiler([Path(name)], folder / "built", options)
    assert result.returncode == 0, result.stderr
    return DebugInfo((folder / "built").read_bytes())


def two(folder, *flags, base=0x4000_0000):
    """That program, compiled."""
    (folder / "more").mkdir()
    (folder / "more" / "add.h").write_text(ADD)
    (folder / "two.c").write_text(TWO)
    return built(folder, "two.c", *flags, base=base)


def told(info, base=0x4000_0000):
    """Function, line and assembly of each instruction of `two`, in order."""
    addresses = range(base, base + 64, 2)
    known = [(info.function(pc), info.line(pc), info.instruction(pc)) for pc in addresses]
    return known[: known.index((None, None, None))]


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


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("base", [0, 0x4000_0000])
def test_all_is_known_wherever_a_program_lies_by_either_version_of_dwarf(tmp_path, version, base):
    known = told(two(tmp_path, f"-gdwarf-{version}", base=base), base)
    functions = [function for function, _, _ in known]
    lines = [line for _, line, _ in known]

    assert functions[:2] == ["second", "second+0x2"]
    start = functions.index("first")
    assert functions[start + 1 :] == [f"first+{2 * at:#x}" for at in range(1, len(known) - start)]
    assert {line.number for line in lines[:start]} <= {6, 7, 8, 9, 10}
    assert {(line.file, line.number) for line in lines[start:]} >= {("add.h", 2), ("two.c", 4)}
    sources = {"two.c": TWO.splitlines(), "add.h": ADD.splitlines()}
    for line in lines:
        text = sources[line.file][line.number - 1].strip()
        assert line == SourceLine(line.file, line.number, text)


def test_instructions_may_be_compressed_and_of_64_bits(tmp_path):
    assembly = [instruction for _, _, instruction in told(two(tmp_path))]

    assert "c.ebreak" in assembly
    assert "c.addiw a0, 1" in assembly


def test_data_are_no_code_and_labels_no_functions(tmp_path):
    info = two(tmp_path)
    end = 0x4000_0000 + 2 * len(told(info))

    assert all(info.instruction(pc) is None for pc in range(end, end + 0x2000, 2))
    assert {function.split("+")[0] for function, _, _ in told(info)} == {"first", "second"}


def test_a_source_that_has_become_shorter_leaves_file_and_number(tmp_path):
    info = two(tmp_path)
    (tmp_path / "two.c").write_text("int data = 7;\n")

    assert info.line(0x4000_0000).text == ""


def test_line_0_is_none(tmp_path):
    """That is what a compiler says of code of its own."""
    asm = r'__asm__ volatile(".loc 1 0\n ebreak");'
    head = '__attribute__((section(".text.second"))) int second(void) {'
    (tmp_path / "none.c").write_text(f"{head}\n  {asm}\n  return 3;\n}}\n")

    lines = [line for _, line, _ in told(built(tmp_path, "none.c"))]
    assert SourceLine("none.c", 3, "return 3;") in lines
    assert all(line.number for line in lines)


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


def test_lines_are_counted_as_the_compiler_does(tmp_path):
    """A form feed between functions ends no line, nor does what only Python takes for an end."""
    text = (
        "// \x0b \x85 \u2028\n\x0c\nint one(void) {\r\n  return 1;\r\n}\n\x0cint second(void) {\n"
    )
    text += '  __asm__ volatile("nop");\n  return 2;\n}\n'
    (tmp_path / "odd.c").write_text(text, newline="")
    info = built(tmp_path, "odd.c", "-g", "-Wno-all")
    lines = {info.line(pc) for pc in range(0x4000_0000, 0x4000_0010, 2) if info.line(pc)}
    assert SourceLine("odd.c", 7, '__asm__ volatile("nop");') in lines
    assert info.source(0x4000_0000)[-1] == "}"


def test_a_source_that_is_a_pipe_now_is_not_waited_for(tmp_path):
    info = two(tmp_path, "-g")
    (tmp_path / "two.c").unlink()
    os.mkfifo(tmp_path / "two.c")
    assert {line.text for _, line, _ in told(info) if line.file == "two.c"} == {""}


def test_what_lies_outside_the_program_is_of_no_file(tmp_path):
    info = two(tmp_path, "-g")
    last = max(pc for pc in range(0x4000_0000, 0x4000_0100, 2) if info.line(pc))
    assert info.source(last)
    for pc in (0, 0x4000_0000 - 2, last + 0x1000, (1 << 64) - 2):
        assert info.source(pc) == []


def test_the_first_instruction_is_of_its_file(tmp_path):
    info = two(tmp_path, "-g")
    first = min(pc for pc in range(0x4000_0000, 0x4000_0100, 2) if info.line(pc))
    row = min(pc for pc in range(0x4000_0000, 0x4000_0100, 2) if info._lines[0][0] == pc)
    assert row == first
    assert info.source(first)
