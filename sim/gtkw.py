"""The GTKWave save file of a waveform: its signals in groups, its page faults as markers."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vcd.gtkw import GTKWSave

from sim.engines.base import CYCLE_FS
from sim.faults import Fault
from sim.output_files import open_output

__all__ = ["GROUPS", "Waveform", "read_waveform", "select", "write_save_file"]

#: Cycles to the left of the first fault, and 2**26 fs a pixel: 15 pixels a cycle.
_CYCLES_BEFORE = 10
_ZOOM = -26.0
#: GTKWave has one marker for each letter.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: The end of a file that holds its last time, in bytes.
_TAIL = 1 << 16

#: What the save file shows, from the instruction's fetch to its retirement: groups of patterns for
#: names below the hart. A waveform that lacks a signal is shown without it.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("clock", ("clk", "mtime", "priv")),
    ("fetch", (r"fetch\.pc", r"fetch\.redirect__(valid|target)")),
    ("align", (r"align\.valid", r"align\.fetched__(pc|insn|fault|id)")),
    ("decode", (r"decode\.valid", r"decode\.decoded__(pc|insn|control__unit|fault|id)")),
    ("execute", (r"execute\.valid", r"execute\.executed__(pc|insn|va|pa|result|data_fault|id)")),
    ("trap unit", (r"trap\.target__\w+", r"trap\.redirect__\w+")),
    (
        "trap registers",
        (r"trap\.csrs\.(satp|stvec|sepc|scause|stval|sscratch|stimecmp|mcause|mepc)",),
    ),
    (
        "data translation",
        (r"execute\.translation__(valid|va|done|pa|fault)", r"mmu\.data_side\.(hit|miss)"),
    ),
    (
        "fetch translation",
        (r"fetch\.translation__(valid|va|done|pa|fault)", r"mmu\.fetch_side\.(hit|miss)"),
    ),
    (
        "walker",
        (
            r"mmu\.walker\.(state|id|level|pte)",
            r"mmu\.walker\.(start|fill|lookup)__(valid|hit|side)",
        ),
    ),
    ("fetch port", (r"fetch_port__\w+",)),
    ("data port", (r"data_port__\w+",)),
    ("retire", (r"retire__\w+",)),
)


@dataclass(frozen=True)
class Waveform:
    """What a VCD holds: the width in bits of each variable (0: a string), and its time in fs."""

    widths: dict[str, int]
    start: int
    end: int


def read_waveform(path: Path) -> Waveform:
    """Reads the definitions of the VCD `path`, and its first and last time."""
    widths: dict[str, int] = {}
    scopes: list[str] = []
    start = end = 0
    with path.open("rb") as file:
        for line in file:
            words = line.decode().split()
            if words[:1] == ["$scope"]:
                scopes.append(words[2])
            elif words[:1] == ["$upscope"]:
                scopes.pop()
            elif words[:1] == ["$var"]:
                widths[".".join([*scopes, words[4]])] = 0 if words[1] == "string" else int(words[2])
            elif line.startswith(b"#"):
                start = int(line[1:])
                break
        file.seek(max(file.tell(), file.seek(0, os.SEEK_END) - _TAIL))
        for line in file:
            if re.fullmatch(rb"#\d+\s*", line):
                end = int(line[1:])
    return Waveform(widths, start, max(start, end))


def select(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Those of `names`, full names of a VCD's variables, that match a pattern, in its order."""
    local = {_below_hart(name): name for name in names}
    return [name for pattern in patterns for key, name in local.items()
            if re.fullmatch(pattern, key)]  # fmt: skip


def write_save_file(
    vcd: Path, faults: Sequence[Fault] = (), *, waveform: Waveform | None = None
) -> Path:
    """Writes a GTKWave save file beside the waveform `vcd` and returns its path.

    It shows `GROUPS` and marks the `faults` inside the waveform by A, B, C... It names `vcd` as it
    was given, so it is opened in the folder where it was written. What `vcd` holds is read from it
    unless `waveform` says so: that is how an FST gets its save file.
    """
    waveform = waveform or read_waveform(vcd)
    times = {fault.trap.cycle * CYCLE_FS: fault for fault in faults}
    marked = [time for time in times if waveform.start <= time <= waveform.end][: len(_LETTERS)]
    save = vcd.with_suffix(".gtkw")
    # A file may be called anything, even what is not UTF-8.
    with open_output(save, errors="surrogateescape") as file:
        gtkw = GTKWSave(file)
        gtkw.dumpfile(str(vcd), abspath=False)
        left = marked[0] - _CYCLES_BEFORE * CYCLE_FS if marked else 0
        gtkw.timestart(max(waveform.start, left))
        gtkw.zoom_markers(_ZOOM, marked[0] if marked else -1,
                          **dict(zip(_LETTERS, marked, strict=False)))  # fmt: skip
        for letter, time in zip(_LETTERS.upper(), marked, strict=False):
            # pyvcd has no call for it.
            fault = times[time]
            file.write(f"[markername] {letter}fault {fault.number}: {fault.cause_name}\n")
        gtkw.sst_expanded(True)
        _write_groups(gtkw, waveform.widths)
    return save


def _write_groups(gtkw: GTKWSave, widths: dict[str, int]) -> None:
    for title, patterns in GROUPS:
        names = select(widths, patterns)
        if not names:
            continue
        with gtkw.group(title):
            for name in names:
                width = widths[name]
                suffix = f"[{width - 1}:0]" if width > 1 else ""
                gtkw.trace(name + suffix, datafmt="hex" if width > 1 else "bin")


def _below_hart(name: str) -> str:
    """`name` without the two scopes around the hart's own."""
    return name.removeprefix("bench.").removeprefix("top.")
