"""The rows of a waveform's save file: which signals of the hart, under which names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vcd.gtkw import GTKWColor

from sim.output.waveform import Waveform

__all__ = ["DETAILS", "SIGNALS", "WORDS", "Row", "Shown", "find"]

#: The characters that the name of an enumeration's value may take, and words of the first rows.
_NAME, _WORDS = 12, 42


@dataclass(frozen=True)
class Row:
    """A row, or a row for each signal whose name below the hart is `pattern`, as a whole.

    Without a `label` it has the signal's name, without where it is: that its group says. Of a
    number only the lowest `bits` are shown, if there are any: as many as fit where it changes
    often. A `curve` is a number that is drawn.
    """

    pattern: str
    label: str = ""
    bits: int | None = None
    color: GTKWColor = GTKWColor.normal
    format: str = "hex"
    curve: bool = False


@dataclass(frozen=True)
class Shown:
    """A signal of a waveform that has a row: its full name, and its width (0: a string)."""

    row: Row
    name: str
    width: int

    @property
    def bits(self) -> int:
        """How many of its bits are shown."""
        return min(self.width, self.row.bits or self.width)

    @property
    def label(self) -> str:
        """What stands on the left of the row."""
        label = self.row.label or _short(self.name)
        return f"{label}[{self.bits - 1}:0]" if self.bits < self.width else label

    @property
    def digits(self) -> int:
        """Characters of its value."""
        if self.width:
            return -(-self.bits // 4)
        return _WORDS if self.name.startswith("story.") else _NAME


#: Numbers that change in nearly every cycle are shown as far as they fit: 16 bits of a pc, which
#: is the page's offset and the page's last digit.
_PC, _VA, _PA = 16, 20, 32
_RED, _ORANGE, _YELLOW = GTKWColor.red, GTKWColor.orange, GTKWColor.yellow
_VIOLET = GTKWColor.violet

_GREEN = GTKWColor.green

#: What is on the screen when the waveform is opened, in words; see `sim.output.narration`.
WORDS: tuple[Row, ...] = (
    Row(r"story\.fault", "page fault", color=_RED),
    Row(r"story\.injected", "injected", color=_RED),
    Row(r"story\.phase", "phase", color=_YELLOW),
    Row(r"story\.kernel", "kernel", color=_YELLOW),
    Row(r"story\.kernel_step", "kernel step", color=_YELLOW),
    Row(r"story\.function", "function", color=_YELLOW),
    Row(r"story\.instruction", "instruction", color=_GREEN),
    Row(r"story\.privilege", "privilege", color=_GREEN),
    Row(r"story\.page_table", "page table", color=_GREEN),
    Row(r"story\.fetch_tlb", "fetch TLB", color=_ORANGE),
    Row(r"story\.data_tlb", "data TLB", color=_ORANGE),
    Row(r"story\.walker", "walker", color=_ORANGE),
    Row(r"story\.bus", "bus", color=_VIOLET),
    Row(r"story\.scause", "scause", color=_RED),
    Row(r"story\.stval", "stval", color=_RED),
    # The curve of a number has no scale: its values stand above it.
    Row(r"story\.resident_pages", "resident pages", color=_GREEN, format="dec"),
    Row(r"story\.resident_pages", "as a curve", color=_GREEN, format="dec", curve=True),
    Row(r"story\.free_frames", "free frames", color=_GREEN, format="dec"),
    Row(r"story\.free_frames", "as a curve", color=_GREEN, format="dec", curve=True),
)

#: The signals that a page fault is seen by, from the instruction that touches the page to the
#: kernel's entry. Each group has a title; a waveform that lacks a signal is shown without it.
SIGNALS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "instructions",
        (
            Row("priv"),
            Row(r"fetch\.pc", "fetch pc", _PC),
            Row(r"decode\.valid", "decode"),
            Row(r"decode\.decoded__pc", "decode pc", _PC),
            Row(r"execute\.valid", "execute"),
            Row(r"execute\.executed__pc", "execute pc", _PC),
            Row(r"execute\.executed__insn", "execute insn"),
            Row("retire__valid", "retire"),
            Row("retire__pc_rdata", "retire pc", _PC),
        ),
    ),
    (
        "data address",
        (
            Row(r"execute\.translation__valid", "asked", color=_YELLOW),
            Row(r"execute\.translation__va", "va", _VA, color=_YELLOW),
            Row(r"mmu\.data_side\.answers", "TLB hit", color=_YELLOW),
            Row(r"mmu\.data_side\.miss", "TLB miss", color=_YELLOW),
            Row(r"execute\.translation__done", "done", color=_YELLOW),
            Row(r"execute\.translation__pa", "pa", _PA, color=_YELLOW),
            Row(r"execute\.translation__fault", "fault", color=_RED),
        ),
    ),
    (
        "page-table walk",
        (
            Row(r"mmu\.walker\.state", "walker", color=_ORANGE),
            Row(r"mmu\.walker\.level", "level", color=_ORANGE),
        ),
    ),
    (
        "memory",
        (
            Row("data_port__request__valid", "request", color=_VIOLET),
            Row("data_port__request__source", "for", color=_VIOLET),
            Row("data_port__request__address", "address", _PA, color=_VIOLET),
            Row("data_port__request__write", "write", color=_VIOLET),
            Row("data_port__response__valid", "response", color=_VIOLET),
            Row("data_port__response__data", "data", _PA, color=_VIOLET),
        ),
    ),
    (
        "trap",
        (
            Row(r"trap\.target__valid", "taken", color=_RED),
            Row("retire__trap", "retire trap", color=_RED),
            Row(r"trap\.redirect__valid", "redirect", color=_RED),
            Row(r"trap\.redirect__target", "to", _PC, color=_RED),
            Row(r"trap\.csrs\.scause", "scause", 8, color=_RED),
            Row(r"trap\.csrs\.stval", "stval", _PA, color=_RED),
            Row(r"trap\.csrs\.sepc", "sepc", _PC, color=_RED),
            Row(r"trap\.csrs\.satp", "satp", _PA, color=_RED),
        ),
    ),
)

#: Each part of the hart, from the instruction's fetch to its retirement.
DETAILS: tuple[tuple[str, tuple[Row, ...]], ...] = tuple(
    (title, tuple(Row(pattern) for pattern in patterns))
    for title, patterns in (
        ("registers by field", (r"story\.registers\.\w+",)),
        ("clock", ("clk", "mtime", "priv")),
        ("fetch", (r"fetch\.pc", r"fetch\.redirect__(valid|target)")),
        ("align", (r"align\.valid", r"align\.fetched__(pc|insn|fetch__fault|id)")),
        ("decode", (r"decode\.valid", r"decode\.decoded__(pc|insn|control__unit|fetch__fault|id)")),
        (
            "execute",
            (r"execute\.valid", r"execute\.executed__(pc|insn|data__va|pa|result|data__fault|id)"),
        ),
        ("trap unit", (r"trap\.target__\w+", r"trap\.redirect__\w+")),
        (
            "trap registers",
            (r"trap\.csrs\.(satp|stvec|sepc|scause|stval|sscratch|stimecmp|mcause|mepc)",),
        ),
        (
            "data translation",
            (r"execute\.translation__(valid|va|done|pa|fault)", r"mmu\.data_side\.(answers|miss)"),
        ),
        (
            "fetch translation",
            (r"fetch\.translation__(valid|va|done|pa|fault)", r"mmu\.fetch_side\.(answers|miss)"),
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
)


def find(rows: Iterable[Row], waveform: Waveform) -> list[Shown]:
    """The signals of `waveform` that `rows` show, in their order."""
    local = {_below_hart(name): name for name in waveform.widths}
    return [
        Shown(row, name, waveform.widths[name])
        for row in rows
        for key, name in local.items()
        if re.fullmatch(row.pattern, key)
    ]


def _below_hart(name: str) -> str:
    """`name` without the two scopes around the hart's own."""
    return name.removeprefix("bench.").removeprefix("top.")


def _short(name: str) -> str:
    """`name` without where it is: that its group says."""
    return re.sub(
        r".*\.|(fetch_port|data_port|retire|translation|fetched|decoded|executed)__", "", name
    )
