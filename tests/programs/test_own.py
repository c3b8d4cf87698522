"""Programs as students write them: compiled with the whole library, and run under the kernel."""

import random
import re
from pathlib import Path

import pytest

from sim.host.own_programs import compile_program
from sim.host.programs import programs_directory
from tests.programs.running import run

FOLDER = Path(__file__).parent / "own"
TEXT = b"a line\none two\nthree"

#: By the program's name: what it prints, its status, its arguments, and whether it has warnings.
OWN = {
    "args": ("4 numbers, sum 5, mean 1.25\n", 5, ("1", "2", "-7", "9"), False),
    "arrays": (
        "  -9   0   1   3   5   7   7 100\n49 228 (0,1)+ two\n"
        "zero  |    ze|\none   |    on|\ntwo   |    tw|\n",
        0,
        (),
        False,
    ),
    "bits": (
        "44 0x11223344 BEEF 10 z %\n"
        "-2147483648 4294967295 -9223372036854775808 18446744073709551615\n"
        "0 4 6 11 4\n0x1234 text|   42|42   |00042|+42\none\ntwo\n",
        7,
        (),
        True,
    ),
    "copy": ("first: a line\none two\nthree1 lines, 3 words\n", 0, (), False),
    "knr": ("  0    -17\n 50     10\n100     37\n1024 -27\n", 0, (), True),
    "list": ("node-0    |    node-1|\ntotal 332833500\n0 1\n", 0, (), False),
    "recursion": ("A->C A->B C->B 31\nfib 610, ackermann 9\n", 0, (), False),
    "strings": (
        "Hello, World DLROw ,OLLEh 12\n1 0 1\nWorld ld lo, World\n"
        "[one][two][three] abcd -42 123456789012 0xff\nend\n",
        0,
        (),
        False,
    ),
    "xv6": ("child 3 10 4096\n1 4\n", 0, (), False),
}


@pytest.mark.parametrize("name", OWN)
def test_an_ordinary_program_compiles_and_runs(capsys, tmp_path, name):
    output, status, arguments, has_warnings = OWN[name]

    elf = compile_program([FOLDER / f"{name}.c"], tmp_path / name)
    assert ("warning: " in capsys.readouterr().err) == has_warnings
    done = run(elf, *arguments, stdin=TEXT, max_cycles=4_000_000)

    assert (done.output, done.status) == (output, status)


def test_each_of_the_ordinary_programs_is_run():
    assert sorted(OWN) == sorted(path.stem for path in FOLDER.glob("*.c"))


def conversions(rng):
    """A conversion of C's printf, the argument in C, and what it prints, by Python's own `%`."""
    flags = "".join(rng.sample("-0+ #", rng.randrange(3)))
    width = rng.choice(["", "1", "5", "12"])
    letter = rng.choice("diouxXcs")
    if letter == "s":
        text, precision = rng.choice(["", "a", "hello"]), rng.choice(["", ".0", ".3"])
        spec = flags.replace("0", "").replace("#", "") + width + precision
        return f"%{spec}s", f'"{text}"', f"%{spec}s" % text
    if letter == "c":
        spec = flags.replace("0", "").replace("#", "") + width
        return f"%{spec}c", "'x'", f"%{spec}s" % "x"
    bits = rng.choice([8, 16, 32, 64])
    length = {8: "hh", 16: "h", 32: "", 64: rng.choice(["l", "ll", "z", "j", "t"])}[bits]
    number = rng.choice([0, 1, 7, rng.getrandbits(bits), 1 << bits - 1, (1 << bits) - 1])
    if letter in "di":
        number -= number >> bits - 1 << bits
    else:
        flags = flags.replace("+", "").replace(" ", "")
    if letter == "o":
        flags = flags.replace("#", "")  # Python has another prefix
    if number == 0:
        flags = flags.replace("#", "")  # C has none for 0
    spec = flags + width
    argument = (
        f"(int64_t)0x{number & (1 << 64) - 1:x}"
        if bits == 64
        else f"(int)0x{number & (1 << 32) - 1:x}"
    )
    return f"%{spec}{length}{letter}", argument, f"%{spec}{letter}" % number


def test_printf_is_that_of_c(tmp_path, capsys):
    seed = 1
    print(f"seed {seed}")
    rng = random.Random(seed)
    rows = [conversions(rng) for _ in range(300)]
    # What Python's `%` does not have, or has otherwise.
    rows += [
        ("%5.3d", "7", "  007"), ("%-6.2x", "10", "0a    "), ("%.0d", "0", ""),
        ("%5.0u", "0", "     "), ("%08.3d", "7", "     007"), ("%#o", "8", "010"),
        ("%#x", "0", "0"), ("%*d", "6, 42", "    42"), ("%-*d", "6, 42", "42    "),
        ("%*d", "-6, 42", "42    "), ("%.*s", '2, "hello"', "he"), ("%5%", "", "%"),
        ("%p", "(void *)0x40", "0x40"), ("%12p", "(void *)0x40", "        0x40"),
        ("%s", "(char *)0", "(null)"), ("%lx", "-1L", "f" * 16),
    ]  # fmt: skip
    lines = "".join(
        f'  fprintf(1, "[{spec}]\\n"{", " if argument else ""}{argument});\n'
        for spec, argument, _ in rows
    )
    source = tmp_path / "many.c"
    source.write_text(f"#include <stdio.h>\nint main(void) {{\n{lines}  return 0;\n}}\n")

    done = run(compile_program([source], tmp_path / "many"), max_cycles=4_000_000)

    assert done.output.splitlines() == [f"[{expected}]" for _, _, expected in rows]


def test_what_printf_has_not_shifts_no_argument(tmp_path, capsys):
    source = tmp_path / "unknown.c"
    source.write_text(
        '#include <stdio.h>\nint main(void) { return printf("%f %d\\n", 1.5, 42); }\n'
    )

    done = run(compile_program([source], tmp_path / "unknown"))

    assert (done.output, done.status) == ("%f 42\n", 6)


def test_text_in_memory_is_cut_and_ended(tmp_path):
    source = tmp_path / "cut.c"
    source.write_text("""\
#include <stdio.h>
#include <string.h>
int main(void) {
  char text[8] = "-------";
  int whole = snprintf(text, 5, "%d", 123456), none = snprintf(text + 6, 0, "abc");
  printf("%s %d %d %c", text, whole, none, text[6]);
  return sprintf(text, "%s", "");
}
""")

    done = run(compile_program([source], tmp_path / "cut"))

    assert (done.output, done.status) == ("1234 6 3 -", 0)


def test_address_0_is_text_to_the_compiler_as_it_is_to_the_kernel(tmp_path):
    """Clang takes a store there for something that cannot happen, and drops it or what follows."""
    source = tmp_path / "null.c"
    source.write_text("int main(void) { int *p = 0; *p = 5; return 3; }\n")

    done = run(compile_program([source], tmp_path / "null"))

    assert "usertrap(): unexpected scause 0xf" in done.output
    assert done.status == -1


def test_every_function_of_the_library_is_described():
    page = (Path(__file__).parents[2] / "docs" / "programs.md").read_text()
    table = page[page.index("| header | has |") :]
    for header in ("lib/user.h", "libc/stdio.h", "libc/stdlib.h", "libc/string.h"):
        text = (programs_directory() / header).read_text()
        text = re.sub(r"// System calls.*?\n\n", "", text, flags=re.S)
        names = re.findall(r"^[\w ]*(?:__attribute__\(\(.*?\)\) )?[\w ]+[ *](\w+)\(.*;", text, re.M)
        names = [name for name in names if not name.startswith("v")]  # "and its kind"

        assert len(names) > 5
        assert [name for name in names if f"`{name}`" not in table] == []
