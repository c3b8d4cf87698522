"""The options that commands share, in groups."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import click

from kernel_model.facts.abi import AUTO, Abi
from kernel_model.mm.policy import POLICY_NAMES
from sim.cli.counts import Address, Count, CycleWindow, PageTable, Quantum, WhichType
from sim.cli.file_types import DiskContents, DiskFile, InputFile, OutputFile, OutputOrStdout
from sim.cli.policy_types import PolicyName
from sim.config import BOUNDS, ENGINES, KERNEL_COSTS, BootConfig, MachineConfig, RunConfig

__all__ = [
    "BOOT",
    "CONSOLE",
    "KERNEL",
    "LIMIT",
    "MACHINE",
    "POLICY",
    "PROTECTION",
    "SHOWN",
    "WATCHED",
    "with_options",
]

_Command = TypeVar("_Command", bound=Callable[..., Any] | click.Command)


class Decorator(Protocol):
    """Gives a command options."""

    def __call__(self, command: _Command, /) -> _Command: ...


def _number(
    name: str, metavar: str, help: str, config: type[MachineConfig] = MachineConfig
) -> Decorator:
    """The option for a number of the configuration, called as it is there."""
    flag = "--" + name.replace("_", "-")
    default = getattr(config, name)
    return click.option(
        flag,
        type=Count(*BOUNDS[name]),
        metavar=metavar,
        default=default,
        show_default=True,
        help=help,
    )


#: Parameters of the machine, called as in `MachineConfig`.
MACHINE = [
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="What simulates the hart. [default: native where it works]",
    ),
    click.option(
        "--memory",
        "memory_mib",
        type=Count(*BOUNDS["memory_mib"]),
        metavar="MIB",
        default=MachineConfig.memory_mib,
        show_default=True,
        help="RAM in MiB.",
    ),
    _number("latency", "CYCLES", "Cycles from a memory request to its response."),
    _number("itlb_entries", "N", "Pages that the TLB for fetches holds."),
    _number("dtlb_entries", "N", "Pages that the TLB for data holds."),
    _number("walk_cache_entries", "N", "Pointers to page tables that the walker remembers."),
    _number("btb_entries", "N", "Words of the branch target buffer, a power of two."),
    _number("hpm_counters", "N", "Event counters that the hart has for software."),
    click.option(
        "--misaligned",
        is_flag=True,
        help="The hart does misaligned loads and stores in RAM; else they trap.",
    ),
    click.option(
        "--no-fast-forward",
        "fast_forward",
        flag_value=False,
        default=True,
        help="Compute every cycle, even those in which nothing happens.",
    ),
]


def _pmp_entries(config: type[MachineConfig]) -> Decorator:
    what = "Entries of physical memory protection that the hart has."
    return _number("pmp_entries", "N", what, config)


#: The parameter of the machine whose default is not everywhere the same: that of `boot` is in BOOT.
PROTECTION = [_pmp_entries(MachineConfig)]
#: How long a run may take.
LIMIT = [
    click.option(
        "--max-cycles",
        type=Count(min=1),
        metavar="N",
        help="End with status 124 after so many cycles. [default: 2,000,000,000 that "
        "are not idle, of boot in all; no end for an interactive run]",
    ),
]
#: What `run` and `bare` show, called as in `Options`.
SHOWN = [
    click.option(
        "--vcd",
        type=OutputFile(),
        metavar="FILE",
        help="Write a waveform, and a GTKWave save file beside it.",
    ),
    click.option(
        "--vcd-window",
        type=CycleWindow(),
        metavar="FROM:TO",
        help="The cycles of the waveform. [default: around the first faults]",
    ),
    click.option(
        "--vcd-fault",
        type=Count(min=1),
        metavar="N",
        help="The cycles before and after page fault N, instead of a window.",
    ),
    click.option(
        "--vcd-last",
        type=Count(1, 100_000),
        metavar="CYCLES",
        help="The last CYCLES of the run, instead of a window.",
    ),
    click.option(
        "--log-commits",
        type=OutputFile(),
        metavar="FILE",
        help="Write what retires, as spike --log-commits does.",
    ),
    click.option(
        "--rvfi",
        type=OutputFile(),
        metavar="FILE",
        help="Write what retires or traps, with RVFI's fields, as CSV.",
    ),
    click.option(
        "--log-walks",
        type=OutputFile(),
        metavar="FILE",
        help="Write every page-table walk as CSV, with what was read and filled.",
    ),
    click.option(
        "--kanata",
        type=OutputFile(),
        metavar="FILE",
        help="Write what is in the pipeline, for the viewer Konata.",
    ),
    click.option(
        "--kanata-window",
        type=CycleWindow(),
        metavar="FROM:TO",
        help="The cycles of --kanata. [default: around the first faults]",
    ),
    click.option(
        "--json",
        "json_path",
        type=OutputOrStdout(),
        metavar="FILE",
        help="Write the result and every page fault as JSON; - = to "
        "standard output, behind what the program prints.",
    ),
    click.option("--counters", is_flag=True, help="Count what the TLBs and the walker do."),
    click.option("--quiet", is_flag=True, help="Print no table and no summary."),
]
#: The one of them that is given by other means where several are compared.
POLICY = click.option(
    "--policy",
    type=PolicyName(),
    metavar="NAME[:N][+NAME...]",
    default=RunConfig.policy,
    show_default=True,
    help="When a page gets its frame: " + ", ".join(POLICY_NAMES) + ".",
)
#: Parameters of the kernel, called as in `RunConfig`.
KERNEL = [
    click.option("--svadu", is_flag=True, help="The hart updates A and D bits; else the kernel."),
    click.option(
        "--kernel-cost",
        type=click.Choice(KERNEL_COSTS),
        default=RunConfig.kernel_cost,
        show_default=True,
        help="What the kernel's work costs in cycles.",
    ),
    POLICY,
    click.option(
        "--check",
        is_flag=True,
        help="Look through all page tables and TLBs after every entry of the kernel.",
    ),
    click.option(
        "--abi",
        type=click.Choice([AUTO, *(abi.value for abi in Abi)]),
        default=AUTO,
        show_default=True,
        help="Which xv6 the kernel is: 2022's with the lab's sbrk, 2025's, or what "
        "each program was built for.",
    ),
    click.option(
        "--disk",
        type=DiskContents(),
        metavar="IMAGE|FOLDER",
        help="Fill the disk with what is in xv6's fs.img, or in a folder.",
    ),
    click.option(
        "--file",
        "files",
        type=DiskFile(),
        multiple=True,
        metavar="HOST[:NAME]",
        help="Put the file HOST onto the disk as /NAME. May be repeated.",
    ),
    click.option(
        "--no-programs",
        "programs",
        is_flag=True,
        default=True,
        flag_value=False,
        help="Leave the bundled programs off the disk.",
    ),
    click.option(
        "--quantum",
        type=Quantum(),
        default=RunConfig.quantum,
        show_default=True,
        metavar="CYCLES",
        help="A process's turn; 0 = until it waits.",
    ),
    _number("tick", "CYCLES", "The unit of sleep and uptime.", RunConfig),
    _number(
        "stack_pages",
        "N",
        "Pages that a stack may grow to, when they are touched.",
        RunConfig,
    ),
    click.option(
        "--vmprint-exec",
        is_flag=True,
        help="Let the kernel print the first program's page table once it has loaded it.",
    ),
]
#: What `run` alone shows and reads, called as in `RunOptions`.
WATCHED = [
    click.option(
        "--csv",
        type=OutputFile(),
        metavar="FILE",
        help="Write every page fault as CSV, with what --json says of it.",
    ),
    click.option(
        "--chrome-trace",
        type=OutputFile(),
        metavar="FILE",
        help="Write processes, system calls and page faults over time, for Perfetto.",
    ),
    click.option(
        "--report",
        type=OutputFile(),
        metavar="FILE",
        help="Write one page of HTML: every page fault told, and the run over time.",
    ),
    click.option(
        "--trace-syscalls",
        is_flag=True,
        help="Tell of each system call: cycle, pid, arguments, result.",
    ),
    click.option("--trace-faults", is_flag=True, help="Tell of each page fault as it happens."),
    click.option(
        "--explain",
        type=WhichType(),
        metavar="N|all",
        help="Tell of page fault N, or of all, from the look-up to the retry.",
    ),
    click.option(
        "--vmprint",
        type=PageTable(),
        multiple=True,
        metavar="PID@exit|PID@CYCLE",
        help="Print a process's page table then. May be repeated.",
    ),
]


#: What commands have that have a console, called as in `ConsoleOptions`.
CONSOLE = [
    click.option(
        "--journal",
        type=OutputFile(),
        metavar="FILE",
        help="Write down the console's input, for --replay.",
    ),
    click.option(
        "--replay",
        type=InputFile(),
        metavar="FILE",
        help="Take the console's input from the journal of an earlier run.",
    ),
]
#: What is on the machine of `boot`, called as in `BootConfig`, and what ends it.
BOOT = [
    _pmp_entries(BootConfig),
    click.option(
        "--disk",
        type=InputFile(),
        metavar="FILE",
        help="The image that the virtio block device has; it stays as it is.",
    ),
    click.option(
        "--write-disk",
        is_flag=True,
        help="At the end write to the image what the kernel has written to the disk.",
    ),
    _number(
        "virtio_version", "1|2", "Of that device: 1 is a legacy one, 2 one of today.", BootConfig
    ),
    click.option(
        "--bios",
        type=InputFile(),
        metavar="ELF",
        help="Enter this M-mode program instead of the kernel, which is loaded, too.",
    ),
    click.option(
        "--raw",
        type=Address(),
        metavar="ADDRESS",
        help="KERNEL is no ELF, but what lies at ADDRESS, where it is entered.",
    ),
    click.option(
        "--until",
        metavar="TEXT",
        help="End with status 0 when TEXT has been printed.",
    ),
    click.option(
        "--snapshot",
        type=OutputFile(),
        metavar="FILE",
        help="Write the state of the machine at the end, for --resume.",
    ),
    click.option(
        "--at",
        type=Count(min=1),
        metavar="CYCLE",
        help="With --snapshot: that is in this cycle.",
    ),
    click.option(
        "--at-prompt",
        metavar="TEXT",
        help="With --snapshot: that is when TEXT has been printed.",
    ),
    click.option(
        "--resume",
        type=InputFile(),
        metavar="FILE",
        help="Go on from a snapshot; KERNEL and the machine are in it.",
    ),
    click.option(
        "--fault-steps",
        type=WhichType(),
        metavar="N|all",
        help="Tell of page fault N of user mode, or of all, by the functions of the kernel.",
    ),
    click.option(
        "--traced",
        is_flag=True,
        help="Compute all signals, so that a run from the snapshot may write waveforms.",
    ),
]


def with_options(*groups: Sequence[Decorator]) -> Decorator:
    """A decorator that gives a command the options of some groups, in their order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate
