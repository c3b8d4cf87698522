"""What of a design is translated, and shown."""

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from sim.engines.native.compiler.translation import TranslatedDesign


class Stores(wiring.Component):
    """Two memories that are written alike, of which nobody reads the second."""

    address: In(2)
    data: In(8)
    seen: Out(8)

    def __init__(self):
        super().__init__()
        self.read, self.unread = (Memory(shape=8, depth=4, init=[]) for _ in range(2))
        self.idle = Signal(8)

    def elaborate(self, platform):
        m = Module()
        for name in ("read", "unread"):
            m.submodules[name] = memory = getattr(self, name)
            write = memory.write_port()
            m.d.comb += [write.addr.eq(self.address), write.data.eq(self.data), write.en.eq(1)]
        port = self.read.read_port(domain="comb")
        m.d.comb += [port.addr.eq(self.address), self.seen.eq(port.data)]
        m.d.sync += self.idle.eq(self.idle + 1)
        return m


@pytest.mark.parametrize(
    "options, memories, registers",
    [
        ({}, ["read"], 2),
        # Who wants to look into it finds it.
        ({"places": ["unread"]}, ["read", "unread"], 2),
        ({"places": ["idle"]}, ["read"], 3),
        ({"everything": True}, ["read", "unread"], 4),
    ],
)
def test_what_nobody_reads_has_no_place_in_the_state(options, memories, registers):
    stores = Stores()
    kept = {"read": stores.read.data, "unread": stores.unread.data, "idle": stores.idle}
    if "places" in options:
        options = {"places": {name: kept[name] for name in options["places"]}}

    translated = TranslatedDesign(stores, [stores.seen], **options)

    numbers = {name: translated.circuit.memories.get(kept[name]) for name in ("read", "unread")}
    assert [name for name in numbers if numbers[name] in translated.layout.memories] == memories
    assert len(translated.layout.registers) == registers
