"""What the kernel in C takes for what the kernel model is charged for: `make calibrate`.

A program (`programs/bench/calibrate.c`) runs on our own kernel, whose functions are followed as by
`boot --fault-steps`: from each page fault and system call to the next instruction of user mode.
The cycles are those of code that a compiler has made, on the hart as it is, beside the table that
the kernel model has for them (`kernel_model.facts.costs`), which nothing here changes.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from hdl.arch import PAGE_FAULTS, PAGE_SIZE, Cause
from kernel_model.facts.costs import TABLE, Step
from sim.bench.runs import BenchError
from sim.boot.session import BootSession
from sim.config import BootConfig
from sim.engines.base import EngineError
from sim.guests.boot_image import read_boot
from sim.guests.image_writer import write_image
from sim.guests.kernel_steps import FaultSteps, KernelSteps
from sim.host.own_kernel import build_kernel
from sim.host.programs import build_user, bundled_files, programs_directory, strip
from sim.host.toolchain import ToolchainError
from sim.platform.devices.captured import Captured

__all__ = ["ITEMS", "Item", "Measured", "main", "measure", "print_items"]

#: What the program does in a round, as its source says.
PAGES, CHARACTERS = 32, 64
#: Entries of page tables that a fault reads or writes: three levels to look, three to map.
_FAULT_ENTRIES = 6
_MAX_CYCLES = 20_000_000
#: The shell is there when it prompts; what is before is of no interest.
_PROMPT, _STEP = b"$ ", 50_000

_LOCK = ("acquire", "release", "push_off", "pop_off", "mycpu")


@dataclass(frozen=True)
class Measured:
    """What was followed: page faults that were served, and system calls."""

    faults: Sequence[FaultSteps]
    calls: Sequence[FaultSteps]


@dataclass(frozen=True)
class Item:
    """A step of the kernel's work: in words, the functions that do it, how to find its cycles."""

    step: Step | None
    what: str
    functions: tuple[str, ...]
    cycles: Callable[["Item", Measured], float]


def measure() -> Measured:
    """Boots our own kernel, and follows it while the program runs."""
    elf = build_kernel().read_bytes()
    program = build_user(programs_directory() / "bench" / "calibrate.c").read_bytes()
    image = write_image(bundled_files() | {"calibrate": strip(program)})
    console = Captured(b"calibrate\nexit\n")
    booted = read_boot(BootConfig(memory_mib=4, traced=True), elf, image)
    with BootSession(booted, console) as session:
        while _PROMPT not in console.printed and session.cycle < _MAX_CYCLES:
            session.step(_STEP)
        steps = KernelSteps(elf, session.image.symbols, {*PAGE_FAULTS, Cause.ECALL_U})
        traps: list[FaultSteps] = []
        steps.settled.append(traps.append)
        session.machine.engine.observe(steps.record)
        session.run(_MAX_CYCLES)
        if session.exit_code != 0:
            raise BenchError(f"the kernel in C ended with status {session.exit_code}")
    calls = [trap for trap in traps if trap.cause == Cause.ECALL_U]
    return Measured([trap for trap in traps if trap.served], calls)


def _spent(functions: Iterable[str], done: FaultSteps) -> int:
    return sum(done.steps.get(name, 0) for name in functions)


def _a_fault(times: int = 1) -> Callable[[Item, Measured], float]:
    """The item's cycles, of those of a page fault, which does it so many times."""

    def cycles(item: Item, measured: Measured) -> float:
        return median(_spent(item.functions, fault) for fault in measured.faults) / times

    return cycles


def _a_call(name: str, of: str, times: int = 1) -> Callable[[Item, Measured], float]:
    """The same of a system call in which the functions `name` and `of` take part."""

    def cycles(item: Item, measured: Measured) -> float:
        calls = [call for call in measured.calls if name in call.steps and of in call.steps]
        return median(_spent(item.functions, call) for call in calls) / times

    return cycles


def _copy(item: Item, measured: Measured) -> float:
    """What a fork takes longer for the pages that the other one has not, for 8 bytes."""
    forks = sorted(_spent(item.functions, call) for call in measured.calls if "kfork" in call.steps)
    half = len(forks) // 2
    more = median(forks[-half:]) - median(forks[:half])
    return more / PAGES / (PAGE_SIZE // 8)


ITEMS = (
    Item(
        Step.DISPATCH,
        "one trap",
        ("usertrap", "prepare_return", "killed", "myproc", "timer_for_turn"),
        _a_call("sys_getpid", "sys_getpid"),
    ),
    Item(
        Step.SYSCALL,
        "one system call",
        ("syscall", "sys_getpid"),
        _a_call("sys_getpid", "sys_getpid"),
    ),
    Item(Step.ALLOCATE, "a frame taken", ("kalloc", *_LOCK), _a_fault()),
    Item(
        Step.FREE, "a frame put back", ("kfree", *_LOCK), _a_call("sys_sbrk", "kfree", times=PAGES)
    ),
    Item(Step.ZERO_PAGE, "clearing a page", ("memset",), _a_fault()),
    Item(
        Step.PTE,
        "one PTE read or written",
        ("walk", "getpte", "mappages"),
        _a_fault(_FAULT_ENTRIES),
    ),
    Item(Step.COPY, "8 bytes copied", ("memcpy",), _copy),
    Item(
        Step.CONSOLE_CHAR,
        "one character printed",
        ("consolewrite", "consputc", "uartputc", *_LOCK),
        _a_call("sys_write", "consolewrite", times=CHARACTERS),
    ),
    Item(None, "whose page it is", ("vmfault", "region_at", "zalloc"), _a_fault()),
    Item(None, "the way in and out", ("uservec", "userret"), _a_fault()),
)


def print_items(measured: Measured) -> None:
    """Prints the table."""
    table = Table(title="Cycles of the kernel's work", title_justify="left")
    table.add_column("step", no_wrap=True)
    table.add_column("functions in C")
    table.add_column("C", justify="right", no_wrap=True)
    table.add_column("table", justify="right", no_wrap=True)
    there = {name for done in (*measured.faults, *measured.calls) for name in done.steps}
    for item in ITEMS:
        charged = "-" if item.step is None else f"{TABLE[item.step]:,}"
        # A compiler may have put some of them into others.
        functions = ", ".join(name for name in item.functions if name in there)
        table.add_row(item.what, functions, f"{item.cycles(item, measured):,.1f}", charged)
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure on the kernel in C what the kernel model is charged for, and print both."""
    try:
        print_items(measure())
    except (BenchError, EngineError, ToolchainError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
