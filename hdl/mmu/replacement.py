"""How a fully associative table takes a new entry."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring

__all__ = ["replace", "victim"]


def victim(valid: Value, turn: Value) -> Value:
    """The entry to replace, one-hot: the lowest invalid one, else the one whose `turn` it is.

    `valid` has a bit per entry and `turn` is one-hot.
    """
    return Mux(valid.all(), turn, ~valid & (valid + 1))[: len(valid)]


def replace(
    m: Module, table: wiring.Component, overlaps: Value, fills: Value
) -> tuple[Signal, Signal]:
    """Makes room for a new entry in `table`, dropping those it overlaps, at the end of the cycle.

    If `fills` is 1, which may be known late: call it in no condition.

    Returns where the caller has to put it then, one-hot; and, one-hot or 0, the valid entry that
    has to make room although the new one does not overlap it.

    `table` has a `valid` bit for each entry, and a one-hot `turn`. `overlaps` has a bit for each,
    too: it and the new one could both match one look-up.
    """
    # Signals: an expression would be built anew for each of its bits.
    chosen = Signal.like(table.valid)
    displaced = Signal.like(table.valid)
    m.d.comb += [
        chosen.eq(victim(table.valid, table.turn)),
        displaced.eq(Mux(fills, chosen & table.valid & ~overlaps, 0)),
    ]
    with m.If(fills):
        m.d.sync += [
            table.valid.eq(table.valid & ~overlaps | chosen),
            table.turn.eq(table.turn.rotate_left(1)),
        ]
    return chosen, displaced
