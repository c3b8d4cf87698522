"""What every system call returns, as xv6 does it: each line's reason is written beside it."""

import re
from pathlib import Path

import pytest

from kernel_model.facts.abi import Abi, Syscall
from sim.host.programs import build_user
from tests.programs.running import run

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "calls"
STDIN = b"abcdef\nwxyz\n"


def recorded(abi):
    """The lines that `calls` is to print, by what calls.txt says of them."""
    lines = []
    for line in (FOLDER / "calls.txt").read_text().splitlines():
        if line and not line.startswith(("#", " ")):
            call, _, results = line.rpartition(" = ")
            lab, _, newer = results.partition(", in 2025 ")
            lines.append(f"{call} = {newer or lab if abi is Abi.RELEASE_2025 else lab}")
    return lines


@pytest.mark.parametrize("svadu", [False, True], ids=["svade", "svadu"])
@pytest.mark.parametrize("abi", Abi)
def test_every_call_returns_what_is_recorded(abi, svadu):
    done = run(
        build_user(FOLDER / "calls.c"),
        stdin=STDIN,
        abi=abi.value,
        svadu=svadu,
        max_cycles=4_000_000,
    )
    assert [line for line in done.output.splitlines() if " = " in line] == recorded(abi)
    assert (done.status, done.frames_lost) == (0, 0)


def test_every_line_has_its_reason():
    """An indented paragraph, of one line or several, stands under each line or group of lines."""
    blocks = re.split(r"\n\n+", (FOLDER / "calls.txt").read_text().strip())
    for block in blocks[1:]:  # the first one says what the file is
        assert re.fullmatch(r"(?:\S.* = .+\n)+(?:    \S.*\n?)+", block + "\n"), block


def test_every_system_call_is_made():
    """Those of the labs by their own tests, where what they return depends on the policy."""
    labtests = sorted((ROOT / "programs" / "labtests").glob("*.c"))
    text = "\n".join(path.read_text() for path in (FOLDER / "calls.c", *labtests))
    for call in Syscall:
        assert re.search(rf"\b{'sbrk2?' if call is Syscall.SBRK else call.name.lower()}\(", text), (
            call
        )


@pytest.mark.parametrize("abi", [abi.value for abi in Abi])
@pytest.mark.parametrize("svadu", [False, True], ids=["svade", "svadu"])
@pytest.mark.parametrize("name", ["removed_directory", "null_pointer"])
def test_it_is_as_in_xv6(name, svadu, abi):
    """Programs that print what is wrong, and return how much."""
    source, script = FOLDER / f"{name}.c", FOLDER / f"{name}.ld"
    elf = build_user(source, script if script.exists() else None)
    done = run(elf, abi=abi, svadu=svadu)
    assert (done.status, done.frames_lost) == (0, 0), done.output
    killed = re.findall(r"scause (0x[0-9a-f]+) .*\n.*stval=(0x[0-9a-f]+)", done.output)
    assert killed == (
        [("0xf", "0x0"), ("0xf", "0xf000"), ("0x2", "0x0")] if script.exists() else []
    )
