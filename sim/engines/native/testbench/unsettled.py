"""Logic whose every step counts, since it prints or claims something in the domain `comb`.

Amaranth's own engine runs the `comb` statements of a module whenever something that they read
changes, also while signals that follow from it have still to change: so often they print, and so
often a property has to hold. A model knows settled values only. So the statements of such a module
stay on Amaranth's own engine, and so do those of the modules whose logic they read, down to
registers and inputs, which are the model's.
"""

from collections.abc import Iterable
from typing import Any

from amaranth.hdl import Fragment, Signal

from sim.engines.internals import FragmentCompiler, SignalDict

__all__ = ["processes_of", "signals_of", "unsettled"]


def unsettled(fragments: Iterable[Any], speaking: Iterable[Any]) -> list[Any]:
    """Of a design's `fragments` those whose `comb` statements what is `speaking` depends on.

    Who drives part of a signal that another one drives or reads is among them.
    """
    drivers: Any = SignalDict()
    for fragment in fragments:
        if "comb" in fragment.statements:
            for signal in fragment.statements["comb"]._lhs_signals():
                drivers.setdefault(signal, []).append(fragment)
    found: dict[Any, None] = {}
    left = list(speaking)
    while left:
        fragment = left.pop()
        if fragment not in found:
            found[fragment] = None
            for signal in signals_of(fragment, read=True):
                left += drivers.get(signal, ())
    return list(found)


def signals_of(fragment: Any, *, read: bool = False) -> Iterable[Signal]:
    """The signals that a fragment's `comb` statements drive, and with `read` those they read."""
    statements = fragment.statements["comb"]
    driven: Iterable[Signal] = statements._lhs_signals()
    return [*driven, *statements._rhs_signals()] if read else driven


def processes_of(fragments: Iterable[Any], state: Any, *, begun: bool) -> set[Any]:
    """Amaranth's processes for the `comb` statements of `fragments` alone.

    They run at the start, unless the simulation has begun: then they have, and all has settled.
    """
    processes: set[Any] = set()
    for fragment in fragments:
        alone = Fragment()
        alone.add_statements("comb", fragment.statements["comb"])
        processes |= FragmentCompiler(state)(alone)
    for process in processes:
        process.runnable = not begun
    return processes
