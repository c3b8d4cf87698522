"""The command `trapline boot`."""

from pathlib import Path
from typing import Any

import click

from sim.cli.checks import check_files, check_kanata, check_vcd
from sim.cli.file_types import InputFile
from sim.cli.filling import config_of, fill
from sim.cli.parameters import BOOT, CONSOLE, LIMIT, MACHINE, SHOWN, with_options
from sim.config import BootConfig
from sim.host.interrupts import leaving_at_once

__all__ = ["boot"]


@click.command(short_help="Boot a kernel on the devices of QEMU's virt.")
@with_options(MACHINE, LIMIT, SHOWN, BOOT, CONSOLE)
@click.argument("kernel", type=InputFile())
def boot(kernel: Path, **options: Any) -> int:
    """Boot KERNEL, an ELF in RAM from 0x80000000 on, on the devices of QEMU's machine virt.

    A KERNEL that ends in .c or .S is compiled first, without any library.

    The UART is standard input and output. The exit status is the one with which the kernel powers
    off; 124 if --max-cycles ends it, 125 if nothing can ever happen again.
    """
    check_vcd(options)
    check_kanata(options)
    if options["write_disk"] and options["disk"] is None:
        raise click.UsageError("--write-disk needs --disk FILE")
    if options["until"] == "":
        raise click.UsageError("--until: the text is empty")
    config = config_of(BootConfig, options)
    with leaving_at_once():
        from sim.cli.booting import boot_kernel
        from sim.cli.options import BootOptions

    check_files()
    return boot_kernel(config, fill(BootOptions, options), kernel)
