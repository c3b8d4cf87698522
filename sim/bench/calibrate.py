"""What the kernel in C takes for what the kernel model is charged for: `make calibrate`.

The cycles of each function of the kernel in C, while jobs run that do one thing many times, are
divided by how often the model has charged the step that the function does, while it ran the same
jobs. That gives the figures of `kernel_model.facts.costs.TABLE`. How well they tell what any
program takes is shown by other programs, of which nothing was measured for them.
"""

import sys
from collections.abc import Mapping

import click
from rich.console import Console
from rich.table import Table

from kernel_model.facts.costs import IDEAL, TABLE, Step
from sim.bench.profile import USER
from sim.bench.runs import BenchError
from sim.bench.two_kernels import InC, Modelled, run_in_c, run_model
from sim.engines.base import EngineError
from sim.host.toolchain import ToolchainError

__all__ = ["FUNCTIONS", "PARTS", "difference", "main", "measured", "print_all"]

#: The jobs that the figures are taken from.
PARTS = ("faults", "calls", "forks", "execs", "pipes", "reads", "writes", "prints")

#: The functions that do each step, as `sim.bench.profile` calls them. The first one is the one that
#: the page names. Of a trap what the model's trampoline takes is not in the figure: it does a part
#: of `prepare_return` itself.
FUNCTIONS: Mapping[Step, tuple[str, ...]] = {
    Step.DISPATCH: ("usertrap", "prepare_return", "timer_for_turn", "uservec", "userret"),
    Step.SYSCALL: ("syscall", "sys_getpid", "sys_exit", "sys_sbrk", "growproc", "regions_resize"),
    Step.ALLOCATE: ("kalloc",),
    Step.FREE: ("kfree", "unmap", "uvmunmap"),
    Step.ZERO_PAGE: ("zalloc", "zalloc > memset", "walk > memset"),
    Step.PTE: ("walk", "mappages", "getpte", "walkaddr"),
    Step.COPY: (
        *("copy > memcpy", "copyin > memmove", "copyout > memmove"),
        *("either_copyin > memmove", "either_copyout > memmove"),
    ),
    Step.CONSOLE_CHAR: ("uartputc", "consputc", "consolewrite"),
    Step.SCAN: ("free_table", "copy", "uvmcopy", "uvmfree"),
    Step.FAULT: ("vmfault", "region_at"),
    Step.TURN: ("clockintr", "kernelvec", "kerneltrap"),
    Step.SWITCH: ("scheduler", "swtch", "sched", "yield"),
    Step.FORK: (
        *("kfork", "kfork > memcpy", "sys_fork", "allocproc", "allocproc > memset"),
        *("proc_pagetable", "forkret", "filedup"),
    ),
    Step.EXIT: (
        *("kexit", "kwait", "sys_wait", "reparent", "wakeup_locked", "freeproc"),
        "proc_freepagetable",
    ),
    Step.EXEC: (
        *("kexec", "kexec > memset", "kexec > memcpy", "sys_exec", "regions_grow"),
        *("uvmalloc", "uvmclear"),
    ),
    Step.PIPE: ("pipewrite", "piperead", "pipeclose", "pipealloc"),
    Step.INODE: (
        *("ilock", "ilock > memmove", "iunlock", "iunlockput", "iget", "iput", "idup"),
        *("namei", "namex", "namex > memmove", "dirlookup"),
    ),
    Step.BLOCK: (
        *("bread", "brelse", "bpin", "bunpin", "log_write", "bmap", "readi", "dirlink"),
        *("writei", "writei > memmove", "iupdate", "iupdate > memmove", "itrunc"),
        *("itrunc > memmove", "iput > memmove", "ialloc", "balloc", "balloc > memset"),
    ),
    Step.ENTRY: ("find",),
    Step.OPERATION: ("begin_op", "end_op"),
    Step.DISK: ("virtio_disk_rw", "bwrite", "end_op > memmove"),
    Step.FILE: (
        *("fileread", "filewrite", "fileclose", "filestat", "filealloc", "fdalloc", "argfd"),
        *("argint", "argaddr", "sys_read", "sys_write", "sys_open", "sys_close", "sys_fstat"),
        *("sys_dup", "sys_pipe", "stati", "stati > memset"),
    ),
    Step.PIECE: (
        *("copyin", "copyout", "copyinstr", "either_copyin", "either_copyout"),
        *("argstr", "fetchstr", "fetchaddr"),
    ),
}


def spent(step: Step, job: InC) -> int:
    """The cycles that a job's kernel in C took for a step."""
    return sum(job.functions.get(name, 0) for name in FUNCTIONS[step])


def measured(
    step: Step, in_c: Mapping[str, InC], model: Mapping[str, Modelled]
) -> tuple[float, int]:
    """What doing the step once takes in C, in cycles, and how often it was done; over the PARTS."""
    parts = [name for name in PARTS if name in in_c]
    cycles: float = sum(spent(step, in_c[name]) for name in parts)
    if step is Step.DISPATCH:
        # The program's own instructions take the same time: what is left is the trampoline's.
        cycles -= sum(model[name].cycles - model[name].charged for name in parts)
        cycles += sum(in_c[name].functions[USER] for name in parts)
    times = sum(model[name].counts[step] for name in parts)
    return (cycles / times if times else 0.0), times


def difference(model: Modelled, in_c: InC) -> float:
    """How much longer the model takes for a job than the kernel in C, as a share of that."""
    return model.cycles / in_c.cycles - 1


def print_all(in_c: Mapping[str, InC], model: Mapping[str, Modelled]) -> None:
    """Prints the steps, the jobs, and where the cycles of the kernel in C are."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for table in (_steps(in_c, model), _jobs(in_c, model), _places(in_c)):
        console.print(table)


def _steps(in_c: Mapping[str, InC], model: Mapping[str, Modelled]) -> Table:
    table = Table(title="Cycles of each step of the kernel's work", title_justify="left")
    table.add_column("step", no_wrap=True)
    table.add_column("functions in C")
    for name in ("times", "C", "table", "ideal"):
        table.add_column(name, justify="right", no_wrap=True)
    for step in Step:
        cycles, times = measured(step, in_c, model)
        table.add_row(
            step.name.lower(),
            ", ".join(FUNCTIONS[step]),
            f"{times:,}",
            f"{cycles:,.1f}",
            f"{TABLE[step]:,}",
            f"{IDEAL[step]:,}",
        )
    return table


def _jobs(in_c: Mapping[str, InC], model: Mapping[str, Modelled]) -> Table:
    title = "Cycles of programs, forked and waited for"
    table = Table(title=title, title_justify="left")
    table.add_column("program", no_wrap=True)
    for name in ("kernel in C", "kernel model", "differs by", "figures"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, job in in_c.items():
        table.add_row(
            name,
            f"{job.cycles:,}",
            f"{model[name].cycles:,}",
            f"{difference(model[name], job):+.1%}",
            "from it" if name in PARTS else "",
        )
    return table


def _places(in_c: Mapping[str, InC]) -> Table:
    """Of the parts, cycles by step, and what is in none."""
    parts = {name: in_c[name] for name in PARTS if name in in_c}
    table = Table(title="Where the cycles of the kernel in C are", title_justify="left")
    table.add_column("step", no_wrap=True)
    for name in parts:
        table.add_column(name, justify="right", no_wrap=True)
    for step in Step:
        table.add_row(step.name.lower(), *(f"{spent(step, job):,}" for job in parts.values()))
    others = [_others(job) for job in parts.values()]
    table.add_row("others", *(f"{cycles:,}" for cycles in others))
    table.add_row(USER, *(f"{job.functions[USER]:,}" for job in parts.values()))
    return table


def _others(job: InC) -> int:
    known = {USER}.union(*FUNCTIONS.values())
    return sum(cycles for name, cycles in job.functions.items() if name not in known)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure on the kernel in C what the kernel model is charged for, and print both."""
    try:
        print_all(run_in_c(), run_model())
    except (BenchError, EngineError, ToolchainError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
