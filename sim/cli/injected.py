"""The options that let something go wrong on command."""

from typing import Any

import click

from sim.cli.counts import Count
from sim.config import BOUNDS, MachineConfig

__all__ = ["INJECTED", "INTO_MACHINE"]


def _not_there(ctx: click.Context, param: click.Parameter, given: Any) -> Any:
    """Raises UsageError if it is given: it is about a kernel that is not there."""
    if given:
        raise click.UsageError(
            f"{param.opts[0]} is about the kernel model, which is not here: only --bus-error and "
            "--drop-tlb can be given"
        )
    return given


_HARDWARE = [
    click.option(
        "--bus-error",
        multiple=True,
        metavar="ADDRESS@N",
        help="The Nth access to a physical address goes wrong. May be repeated.",
    ),
    click.option(
        "--drop-tlb",
        type=Count(*BOUNDS["drop_tlb"]),
        metavar="CYCLES",
        default=MachineConfig.drop_tlb,
        help="Empty the TLBs and the walk cache every so many cycles. [default: never]",
    ),
]
#: Faults on command, called as in `RunConfig`.
INJECTED = [
    click.option(
        "--fail",
        multiple=True,
        metavar="kalloc:N|pte:VA:BIT@fault:N",
        help="The Nth kalloc finds no frame; or BIT of the entry for VA is flipped as page "
        "fault N has been served. May be repeated.",
    ),
    click.option(
        "--skip-fence",
        multiple=True,
        metavar="N|trap:K",
        help="The kernel leaves out the Nth sfence.vma, or both of trap K. May be repeated.",
    ),
    *_HARDWARE,
]
#: Those of a machine without the kernel model, called as in `MachineConfig`.
INTO_MACHINE = [
    *_HARDWARE,
    *(
        click.option(name, multiple=True, hidden=True, expose_value=False, callback=_not_there)
        for name in ("--fail", "--skip-fence")
    ),
]
