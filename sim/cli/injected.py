"""The options that let something go wrong on command."""

import click

from sim.cli.counts import Count
from sim.config import BOUNDS, RunConfig

__all__ = ["INJECTED"]

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
        help="The kernel leaves out the Nth sfence.vma, or the four of trap K. May be repeated.",
    ),
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
        default=RunConfig.drop_tlb,
        help="Empty the TLBs and the walk cache every so many cycles. [default: never]",
    ),
]
