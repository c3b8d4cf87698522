"""Numbers of the command line as people write them: 10000, 10,000, 10_000, 10k, 2M, 1G."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from kernel_model.facts.param import MIN_QUANTUM
from sim.config import LONGEST
from sim.host.numbers import parse_address, parse_count

if TYPE_CHECKING:  # the shell runs this at each Tab; what only a run needs is imported there
    from sim.output.pages import PagePrint
    from sim.output.waves import CycleRange

__all__ = [
    "Address",
    "Count",
    "CycleWindow",
    "Moment",
    "MomentType",
    "PageTable",
    "Quantum",
    "Which",
    "WhichType",
    "parse_count",
]


class Count(click.IntRange):
    """A number of cycles or of other things, in a range."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        number = parse_count(value) if isinstance(value, str) else None
        return super().convert(value if number is None else number, param, ctx)


class Quantum(click.ParamType[int]):
    """Cycles of a process's turn: 0, or at least MIN_QUANTUM."""

    name = "cycles"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        cycles = Count().convert(value, param, ctx)
        if cycles != 0 and not MIN_QUANTUM <= cycles <= LONGEST:
            self.fail(f"{cycles} is neither 0 nor {MIN_QUANTUM} to {LONGEST}", param, ctx)
        return cycles


class Address(click.ParamType[int]):
    """A virtual address of 64 bits, in hexadecimal with 0x, or decimal."""

    name = "va"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        number = parse_address(str(value))
        if number is None:
            self.fail(f"{str(value)!r} is no address of 64 bits, such as 0x4ff8", param, ctx)
        return number


class CycleWindow(click.ParamType["CycleRange"]):
    """FROM:TO in cycles; either may be missing."""

    name = "from:to"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> "CycleRange":
        """The window."""
        start, colon, end = value.partition(":")
        first = parse_count(start or "0")
        last = parse_count(end) if end else None
        if not colon or first is None or (end and last is None):
            self.fail(f"{value!r} is not FROM:TO in cycles", param, ctx)
        if last is not None and first >= last:
            self.fail(f"{value!r} is empty: FROM must be less than TO", param, ctx)
        from sim.output.waves import CycleRange

        return CycleRange(first, last)


@dataclass(frozen=True)
class Moment:
    """When: `kind` is "fault" or "cycle", and `number` which; or "exit", the end of the run."""

    kind: str
    number: int = 0

    def __str__(self) -> str:
        return self.kind if self.kind == "exit" else f"{self.kind}:{self.number}"


class MomentType(click.ParamType[Moment]):
    """fault:N, cycle:N or exit."""

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Moment:
        """The moment."""
        kind, _, text = str(value).partition(":")
        number = parse_count(text)
        if value == "exit":
            return Moment("exit")
        if kind == "cycle" and number is not None:
            return Moment(kind, number)
        if kind == "fault" and number:
            return Moment(kind, number)
        return self.fail(f"{value!r} is none of fault:N, cycle:N, exit", param, ctx)


@dataclass(frozen=True)
class Which:
    """Which page faults: number `number`, or all of them if that is None."""

    number: int | None

    def __str__(self) -> str:
        return "a page fault" if self.number is None else f"page fault {self.number:,}"


class WhichType(click.ParamType[Which]):
    """N or all."""

    name = "n"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Which:
        """Which."""
        number = parse_count(str(value))
        if value == "all":
            return Which(None)
        if not number:
            self.fail(f"{value!r} is neither a number from 1 on nor all", param, ctx)
        return Which(number)


class PageTable(click.ParamType["PagePrint"]):
    """PID@exit or PID@CYCLE."""

    name = "pid@when"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> "PagePrint":
        """The `PagePrint`."""
        process, _, when = value.partition("@")
        pid, cycle = parse_count(process), parse_count(when)
        if pid is None or (cycle is None and when != "exit"):
            self.fail(f"{value!r} is neither PID@exit nor PID@CYCLE", param, ctx)
        from sim.output.pages import PagePrint

        return PagePrint(pid, cycle)
