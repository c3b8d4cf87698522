"""The command `trapline boot`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sim.cli.checks import check_files, check_kanata, check_vcd
from sim.cli.file_types import KernelFile
from sim.cli.filling import config_of, fill
from sim.cli.injected import INTO_MACHINE
from sim.cli.parameters import BOOT, CONSOLE, LIMIT, MACHINE, SHOWN, with_options
from sim.config import BootConfig
from sim.host.interrupts import leaving_at_once

__all__ = ["boot"]


@click.command(short_help="Boot a kernel on the devices of QEMU's virt.")
@with_options(MACHINE, LIMIT, SHOWN, BOOT, INTO_MACHINE, CONSOLE)
@click.argument("kernel", type=KernelFile(), required=False)
def boot(kernel: Path | None, **options: Any) -> int:
    """Boot KERNEL, an ELF in RAM from 0x80000000 on, on the devices of QEMU's machine virt.

    A KERNEL that ends in .c or .S is compiled first, without any library. Without KERNEL it is the
    one that comes along, in C, with the bundled programs on its disk; `exit` in its shell ends it.
    A folder is a copy of that one's sources, programs/kernel, with changes of one's own.

    The UART is standard input and output. The exit status is the one with which the kernel powers
    off; 124 if --max-cycles ends it, 125 if nothing can ever happen again.
    """
    check_vcd(options)
    check_kanata(options)
    _check_run(kernel, options)
    _check_ends(options)
    config = config_of(BootConfig, options)
    with leaving_at_once():
        from sim.cli.booting import boot_kernel, resume_kernel
        from sim.cli.options import BootOptions

    check_files()
    filled = fill(BootOptions, options)
    return boot_kernel(config, filled, kernel) if filled.resume is None else resume_kernel(filled)


def _check_run(kernel: Path | None, options: Mapping[str, Any]) -> None:
    """Raises UsageError unless it is said once what runs."""
    context = click.get_current_context()
    if options["resume"] is None and options["raw"] is not None:
        if kernel is None:
            raise click.UsageError("--raw ADDRESS needs KERNEL")
        if kernel.is_dir():
            raise click.UsageError("--raw ADDRESS needs a file, and KERNEL is a folder")
    if options["resume"] is not None:
        if kernel is not None:
            raise click.UsageError("KERNEL and --resume FILE, which has one, cannot both be given")
        for param in context.command.params:
            name = param.name or ""
            given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
            if given and hasattr(BootConfig, name):
                raise click.UsageError(f"{param.opts[0]} cannot be given: --resume FILE says it")
    elif options["write_disk"] and options["disk"] is None:
        raise click.UsageError("--write-disk needs --disk FILE")


def _check_ends(options: Mapping[str, Any]) -> None:
    """Raises UsageError if what ends the run does not fit."""
    given = [name for name in ("at", "at_prompt", "until") if options[name] is not None]
    flags = ["--" + name.replace("_", "-") for name in given]
    if len(flags) > 1:
        raise click.UsageError(f"{flags[0]} and {flags[1]} cannot both be given")
    if options["snapshot"] is None and flags and flags[0] != "--until":
        raise click.UsageError(f"{flags[0]} needs --snapshot FILE")
    if options["snapshot"] is None and options["traced"]:
        raise click.UsageError("--traced needs --snapshot FILE")
    if flags and options[given[0]] == "":
        raise click.UsageError(f"{flags[0]}: the text is empty")
    if options["at"] is not None and options["max_cycles"] is not None:
        raise click.UsageError("--at and --max-cycles cannot both be given")
