"""Small circuits for the tests of the native engine's passes, written out cell by cell."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import split
from sim.engines.native.compiler.dead_bits import live_bits, prune

__all__ = ["assign", "circuit", "flip_flop", "operator", "out", "source", "split_for"]

#: Where every cell here comes from.
source = "test.py:1"


def circuit(*cells) -> c.Circuit:
    """A circuit of `cells`, numbered from 1."""
    return c.Circuit([None, *cells])


def out(cell, low=0, high=None):
    """Output bits of cell number `cell`: from `low` up to `high`, or that one bit as a value."""
    return tuple(c.net(cell, bit) for bit in range(low, low + 1 if high is None else high))


def flip_flop(width, data=None, init=0):
    """A flip-flop; without `data` an input."""
    return c.FlipFlop(width, source, data, init)


def operator(op, width, *inputs):
    return c.Operator(width, source, op, inputs)


def assign(default, *assignments):
    """An `Assign`; `assignments` are (condition, start, value)."""
    return c.Assign(len(default), source, default, tuple(c.Assignment(*a) for a in assignments))


def split_for(design, *roots):
    """The pieces of what the values `roots` depend on, and which bits those are."""
    live = live_bits(design, [net for value in roots for net in value])
    return split(prune(design, live), live), live
