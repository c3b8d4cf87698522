"""What the options of the commands say besides the configuration: what is shown, and where."""

from dataclasses import dataclass
from pathlib import Path

from sim.cli.counts import Which
from sim.output.pages import PagePrint
from sim.output.waves import CycleRange

__all__ = ["BootOptions", "ConsoleOptions", "Options", "RunOptions"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options that all of them have.

    At most one of `vcd_window`, `vcd_fault` and `vcd_last` says which cycles go into `vcd`.
    """

    max_cycles: int | None = None
    vcd: Path | None = None
    vcd_window: CycleRange | None = None
    vcd_fault: int | None = None
    vcd_last: int | None = None
    log_commits: Path | None = None
    rvfi: Path | None = None
    log_walks: Path | None = None
    kanata: Path | None = None
    kanata_window: CycleRange | None = None
    json_path: Path | str | None = None
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class ConsoleOptions(Options):
    """Those of commands that have a console."""

    journal: Path | None = None
    replay: Path | None = None


@dataclass(frozen=True, kw_only=True)
class BootOptions(ConsoleOptions):
    """Those of `boot`."""

    until: str | None = None
    write_disk: bool = False
    snapshot: Path | None = None
    at: int | None = None
    at_prompt: str | None = None
    resume: Path | None = None
    fault_steps: Which | None = None


@dataclass(frozen=True, kw_only=True)
class RunOptions(ConsoleOptions):
    """Those of `run`."""

    csv: Path | None = None
    chrome_trace: Path | None = None
    report: Path | None = None
    trace_syscalls: bool = False
    trace_faults: bool = False
    explain: Which | None = None
    vmprint: tuple[PagePrint, ...] = ()
