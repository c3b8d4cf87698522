"""A part whose memory ports have become those of another bus."""

from collections.abc import Callable

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from hdl.memory.port import MemoryPort

__all__ = ["OnBus"]


class OnBus(wiring.Component):
    """A part such as the MMU or the hart, with an adapter behind each of its memory ports.

    Its members are those of the part, with the same names; only that each `MemoryPort` is the `bus`
    of an adapter.

    Parameters
    ----------
    part : Component
        What makes requests.
    adapter : function
        A new adapter: a component with an `In(MemoryPort())` called `port` and a `bus`.
    """

    def __init__(self, part: wiring.Component, adapter: Callable[[], wiring.Component]) -> None:
        members = dict(part.signature.members.items())
        self.part = part
        self.adapters = {
            name: adapter()
            for name, member in members.items()
            if member.is_signature and isinstance(member.signature, MemoryPort)
        }
        buses = {name: each.signature.members["bus"] for name, each in self.adapters.items()}
        super().__init__(members | buses)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.part = self.part
        for name, member in self.part.signature.members.items():
            inner, outer = getattr(self.part, name), getattr(self, name)
            if name in self.adapters:
                m.submodules[f"{name}_adapter"] = adapter = self.adapters[name]
                wiring.connect(m, inner, adapter.port)
                wiring.connect(m, adapter.bus, wiring.flipped(outer))
            elif member.is_signature:
                wiring.connect(m, inner, wiring.flipped(outer))
            else:
                given, taken = (outer, inner) if member.flow == In else (inner, outer)
                m.d.comb += taken.eq(given)
        return m
