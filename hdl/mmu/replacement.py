"""How a fully associative table takes a new entry."""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Value
from amaranth.lib import data, wiring

__all__ = ["replace", "victim"]


def victim(valid: Value, turn: Value) -> Value:
    """The entry to replace, one-hot: the lowest invalid one, else the one whose `turn` it is.

    `valid` has a bit per entry and `turn` is one-hot.
    """
    return Mux(valid.all(), turn, ~valid & (valid + 1))[: len(valid)]


def replace(
    m: Module, table: wiring.Component, new: data.View, overlaps: Callable[[Any], Value]
) -> Value:
    """Puts `new` into `table` and drops the entries that it overlaps, at the end of this cycle.

    Returns the valid entry that has to make room although `new` does not overlap it, one-hot or 0.

    `table` has `entries`, a `valid` bit for each, and a one-hot `turn`. `overlaps(entry)` tells
    whether `entry` and `new` could both match one look-up.
    """
    chosen = victim(table.valid, table.turn)
    dropped = Cat(overlaps(entry) for entry in table.entries)
    m.d.sync += table.valid.eq(table.valid & ~dropped | chosen)
    m.d.sync += table.turn.eq(table.turn.rotate_left(1))
    for i, entry in enumerate(table.entries):
        with m.If(chosen[i]):
            m.d.sync += entry.eq(new)
    return chosen & table.valid & ~dropped
