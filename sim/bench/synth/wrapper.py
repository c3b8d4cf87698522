"""Puts shift registers around a component, so that a place and route tool sees its clock alone."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

__all__ = ["wrap"]


def wrap(part: wiring.Component, unused: tuple[str, ...] = ()) -> tuple[Module, list[Signal]]:
    """A module with a register behind each bit of the ports of `part`, and its three pins.

    A chip has fewer pins than an MMU has bits of ports, and what goes to a pin is as slow as the
    pin. Here every path of `part` begins and ends at a register: its inputs are those of one shift
    register, and its outputs are loaded into another one. Ports, and members of ports, named in
    `unused` are left open, such as one for logs: nothing is kept for them alone, and inputs are 0.
    """
    m = Module()
    m.submodules.part = part
    inputs: list[Value] = []
    outputs: list[Value] = []
    for path, member, value in part.signature.flatten(part):
        if not set(path) & set(unused):
            (inputs if member.flow == In else outputs).append(Value.cast(value))
    driven, shown = Cat(inputs), Cat(outputs)
    shift_in, load, shift_out = Signal(), Signal(), Signal()
    given = Signal(len(driven), reset_less=True)
    taken = Signal(len(shown), reset_less=True)
    m.d.sync += [
        given.eq(Cat(shift_in, given)),
        taken.eq(Mux(load, shown, Cat(taken[1:], taken[0]))),
    ]
    m.d.comb += [driven.eq(given), shift_out.eq(taken[0])]
    return m, [shift_in, load, shift_out]
