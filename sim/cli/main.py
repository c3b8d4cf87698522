"""The command `trapline`: its options, its exit statuses, and its errors of one line each.

The shell runs it at each Tab. So here, and in what is imported above, is only what tells of the
options; the machine is imported where it is run.
"""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sim import __version__
from sim.cli.boot import boot
from sim.cli.checks import check_files, check_kanata, check_vcd
from sim.cli.comparing import compare
from sim.cli.completion import complete_program
from sim.cli.counts import Address, Count, Moment, MomentType, Which, WhichType
from sim.cli.file_types import InputFile, OutputFile
from sim.cli.filling import config_of, fill
from sim.cli.help import Commands, RunCommand
from sim.cli.injected import INJECTED, INTO_MACHINE
from sim.cli.parameters import (
    CONSOLE,
    KERNEL,
    LIMIT,
    MACHINE,
    PROTECTION,
    SHOWN,
    WATCHED,
    with_options,
)
from sim.cli.sweep import sweep
from sim.config import MachineConfig, RunConfig
from sim.exercises.names import KINDS
from sim.host.interrupts import ENDING, INTERRUPTED, Interrupted, completing, leaving_at_once
from sim.host.own_programs import SUFFIXES, compile_program, is_source
from sim.host.streams import UNREAD, OutputError, standard_streams
from sim.host.terminals import visible

__all__ = ["main"]

#: The exit status after a mistake of the user's.
USAGE = 2


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def trapline(ctx: click.Context) -> None:
    """An RV64 hart in simulation, and a kernel in Python that serves its page faults."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@trapline.command(
    cls=RunCommand,
    short_help="Run a program under the kernel model.",
    context_settings={"allow_interspersed_args": False},
)
@with_options(MACHINE, PROTECTION, LIMIT, SHOWN, KERNEL, INJECTED, WATCHED, CONSOLE)
@click.argument("program", shell_complete=complete_program)
@click.argument("arguments", metavar="[ARGS]...", nargs=-1, type=click.UNPROCESSED)
def run(program: str, arguments: tuple[str, ...], notice: str | None, **options: Any) -> int:
    """Run PROGRAM, an ELF file, a C file or a bundled program, under the kernel model.

    A C file is compiled first, with the library of docs/programs.md.

    Options come before PROGRAM; what follows it is the program's. The exit status is the
    program's; 124 if --max-cycles ends it, 125 if no process can ever run again.
    """
    check_vcd(options)
    check_kanata(options)
    config = config_of(RunConfig, options)
    with leaving_at_once():
        from sim.cli.commands import run_program
        from sim.cli.options import RunOptions

    check_files()
    return run_program(config, fill(RunOptions, options), program, arguments, notice)


@trapline.command(short_help="Run a bare-metal program.")
@with_options(MACHINE, PROTECTION, LIMIT, SHOWN, INTO_MACHINE)
@click.option(
    "--signature",
    type=OutputFile(),
    metavar="FILE",
    help="Write begin_signature to end_signature, one word a line.",
)
@click.option(
    "--signature-granularity",
    type=click.Choice(["4", "8"]),
    default="8",
    show_default=True,
    help="Bytes of a word of the signature.",
)
@click.argument("file", type=InputFile())
def bare(file: Path, signature: Path | None, signature_granularity: str, **common: Any) -> int:
    """Run FILE, a bare-metal M-mode ELF at 0x80000000, until it ends through HTIF.

    A FILE that ends in .S is assembled first.

    The exit status is 0 if it passed, else the number of the test that failed.
    """
    check_vcd(common)
    check_kanata(common)
    with leaving_at_once():
        from sim.cli.commands import run_bare
        from sim.cli.options import Options

    config, options = config_of(MachineConfig, common), fill(Options, common)
    check_files()
    granularity = int(signature_granularity)
    return run_bare(config, options, file, signature=signature, granularity=granularity)


trapline.add_command(boot)


@trapline.command(short_help="Tell of a page fault from the look-up to the retry.")
@with_options(MACHINE, PROTECTION, LIMIT, KERNEL, INJECTED)
@click.argument("program", shell_complete=complete_program)
@click.argument("which", type=WhichType(), default="1", metavar="[N|all]")
@click.argument("arguments", metavar="[ARGS]...", nargs=-1, type=click.UNPROCESSED)
def explain(
    program: str,
    which: Which,
    arguments: tuple[str, ...],
    max_cycles: int | None,
    **options: Any,
) -> None:
    """Run PROGRAM and tell of its page fault N, the first by default, or of all.

    Where the program was, what the page-table walker read and concluded, how many cycles each part
    of the machine took, what the kernel decided and why, and what it wrote. The program's output is
    not shown, and it reads nothing. Its arguments that begin with - stand behind --.
    """
    check_files()
    config = config_of(RunConfig, options)
    with leaving_at_once():
        from sim.cli.explain import explain_program

    explain_program(config, program, arguments, which, max_cycles, click.echo)


@trapline.command(short_help="Say what an address means at a moment of a run.")
@with_options(MACHINE, PROTECTION, LIMIT, KERNEL)
@click.option(
    "--at",
    "moment",
    type=MomentType(),
    default="exit",
    show_default=True,
    metavar="WHEN",
    help="The moment: fault:N, cycle:N, or exit.",
)
@click.argument("program", shell_complete=complete_program)
@click.argument("va", type=Address())
@click.argument("arguments", metavar="[ARGS]...", nargs=-1, type=click.UNPROCESSED)
def translate(
    program: str,
    va: int,
    arguments: tuple[str, ...],
    moment: Moment,
    max_cycles: int | None,
    **options: Any,
) -> None:
    """Say what the virtual address VA means to PROGRAM at a moment of its run.

    Shows each page-table entry that the walker reads and what follows from it, what comes of a
    load, a store and a fetch there, and whose the address is for the kernel. The program's own
    arguments that begin with - stand behind --.
    """
    check_files()
    config = config_of(RunConfig, options)
    with leaving_at_once():
        from sim.cli.translate import translate_program

    translate_program(config, program, arguments, va, moment, max_cycles, click.echo)


@trapline.command(short_help="Ask what an access does on a page table.")
@click.option(
    "--seed",
    type=Count(min=0),
    metavar="N",
    help="The exercises of seed N, always the same. [default: a new one, which is told]",
)
@click.option("--kind", type=click.Choice(list(KINDS)), help="Of one kind. [default: all in turn]")
@click.option(
    "--count",
    type=Count(1, 1000),
    metavar="N",
    default=1,
    show_default=True,
    help="How many.",
)
@click.option("--answers", is_flag=True, help="Show the answers, with their reasons.")
@click.option("--quiz", is_flag=True, help="Ask for what comes of it, and say what is right.")
def exercise(seed: int | None, kind: str | None, count: int, answers: bool, quiz: bool) -> None:
    """Ask what an access does on a page table: exercises for those who learn, and their answers.

    Is it translated, or which exception is raised, with which stval? Which page-table entries are
    read, and in how many cycles? What does the kernel do?
    """
    if answers and quiz:
        raise click.UsageError("--answers and --quiz exclude each other")
    with leaving_at_once():
        from sim.cli.exercise import ask_exercises, say_exercises

    if quiz:
        ask_exercises(seed, kind, count, say=click.echo, ask=_typed)
    else:
        say_exercises(seed, kind, count, solved=answers, say=click.echo)


def _typed() -> str:
    """A line of standard input. Raises EOFError if there is none, or no standard input."""
    if sys.stdin is None:
        raise EOFError
    return input("  > ")


@trapline.command(short_help="Step through a run, forth and back.")
@with_options(MACHINE, PROTECTION, KERNEL, INJECTED)
@click.option(
    "--max-cycles",
    type=Count(min=1),
    metavar="N",
    help="The most cycles that one command goes on. [default: 2,000,000,000]",
)
@click.option(
    "--command",
    "commands",
    multiple=True,
    metavar="COMMAND",
    help="Carry out COMMAND; may be repeated. [default: the lines of standard input]",
)
@click.option(
    "--stdin",
    type=InputFile(),
    metavar="FILE",
    help="What the program reads. [default: what the command input types]",
)
@click.option("--tui", is_flag=True, help="Show it all on the whole terminal, with keys and mouse.")
@click.option(
    "--gdb",
    "port",
    type=Count(0, 65535),
    metavar="PORT",
    help="Wait for gdb at PORT of this machine; 0 is any that is free.",
)
@click.option(
    "--gdb-host",
    "host",
    metavar="HOST",
    help="With --gdb, listen at this address instead: whoever reaches it sees all. "
    "[default: 127.0.0.1]",
)
@click.argument("program", shell_complete=complete_program)
@click.argument("arguments", metavar="[ARGS]...", nargs=-1, type=click.UNPROCESSED)
def debug(
    program: str,
    arguments: tuple[str, ...],
    commands: tuple[str, ...],
    stdin: Path | None,
    max_cycles: int | None,
    port: int | None,
    host: str | None,
    tui: bool,
    **options: Any,
) -> None:
    """Step through a run of PROGRAM, forth and back, and look at it.

    By cycles, instructions, page faults, traps and system calls, to breakpoints, to any cycle;
    going back lands on exactly what was there. The command help lists the commands. The program's
    own arguments that begin with - stand behind --.
    """
    check_files()
    if host is not None and port is None:
        raise click.UsageError("--gdb-host needs --gdb PORT")
    if tui and port is not None:
        raise click.UsageError("--tui and --gdb cannot both be given")
    if tui and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("--tui needs a terminal")
    config = config_of(RunConfig, options)
    with leaving_at_once():
        from sim.cli.debug import debug_program

    where = None if port is None else (host, port)
    debug_program(
        config, program, arguments, commands, stdin=stdin, max_cycles=max_cycles, gdb=where, tui=tui
    )


trapline.add_command(compare)
trapline.add_command(sweep)


@trapline.command(short_help="Compile C files into a program for run.")
@click.option(
    "-o", "--output", type=OutputFile(), required=True, metavar="ELF", help="The program to write."
)
@click.argument("sources", nargs=-1, required=True, type=InputFile())
def cc(output: Path, sources: tuple[Path, ...]) -> None:
    """Compile SOURCES, files in C or assembly, into one ELF for `trapline run`.

    It is linked with the library of docs/programs.md, as `run FILE.c` does it for one file.
    """
    for path in sources:
        if not is_source(path):
            raise click.UsageError(f"{path}: no file that ends in {', '.join(SUFFIXES)}")
    check_files()
    if output.suffix in SUFFIXES:
        raise click.UsageError(f"-o {output}: would be taken for a source")
    compile_program(sources, output)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line `arguments`, by default the process's; returns the exit status."""
    with standard_streams():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    handlers = {number: signal.getsignal(number) for number in ENDING}
    try:
        status = trapline.main(arguments, prog_name="trapline", standalone_mode=False)
        return status or 0
    except click.ClickException as error:
        return _complain(error.format_message(), USAGE)
    except OutputError as error:
        return UNREAD if error.unread else _complain(str(error), USAGE)
    except (KeyboardInterrupt, click.Abort) as error:
        cause = error.__cause__ if isinstance(error, click.Abort) else error
        status = cause.status if isinstance(cause, Interrupted) else INTERRUPTED
        return status if completing() else _complain("interrupted", status)
    except Exception as error:
        from sim.cli.errors import explain

        explanation = explain(error)
        if explanation is None:
            raise
        return _complain(*explanation)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _complain(message: str, status: int) -> int:
    shown = "\n".join(map(visible, message.split("\n")))
    print(f"trapline: error: {shown}", file=sys.stderr)
    return status
