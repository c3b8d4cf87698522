"""Physical page numbers of a table whose entries are compared with an address, in a memory."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory, ReadPort
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from hdl.arch import PPN_BITS

__all__ = ["PageNumbers", "number"]


class PageNumbers(wiring.Component):
    """A page number for each entry, by a one-hot signal.

    They are in a memory, since just one of them is looked at, by the number of the entry that
    matches: on an FPGA that is RAM made of look-up tables, where registers would need a
    multiplexer. Who needs two look-ups in a cycle has two of these, since a tool that sees two of
    one memory may find that never both count, and choose between them before it reads.

    Parameters
    ----------
    entries : int
        How many there are; at least 1.

    Members
    -------
    found_at, found : In(entries), Out(PPN_BITS)
        The entry that is looked at, one-hot, and its page number, in the same cycle; that of any
        entry if no bit is set.
    write, at, ppn : In(1), In(entries), In(PPN_BITS)
        The entry `at`, one-hot, takes `ppn` at the end of the cycle.

    Attributes
    ----------
    rows : list of Signal
        All of them, for who looks from outside.
    """

    def __init__(self, *, entries: int) -> None:
        super().__init__(
            {
                "found_at": In(entries),
                "found": Out(PPN_BITS),
                "write": In(1),
                "at": In(entries),
                "ppn": In(PPN_BITS),
            }
        )
        self.rows = [Signal(PPN_BITS, name=f"row{i}") for i in range(entries)]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Of one row the address would have no bit, which Verilog has no word for.
        depth = max(2, len(self.rows))
        memory = m.submodules.memory = Memory(shape=PPN_BITS, depth=depth, init=[])
        look = self._port(memory, "look")
        write = memory.write_port()
        m.d.comb += [
            look.addr.eq(number(self.found_at)),
            self.found.eq(look.data),
            write.en.eq(self.write),
            write.addr.eq(number(self.at)),
            write.data.eq(self.ppn),
        ]
        for i, row in enumerate(self.rows):
            shown = self._port(memory, f"shown{i}")
            m.d.comb += [shown.addr.eq(i), row.eq(shown.data)]
        return m

    def _port(self, memory: Memory, name: str) -> ReadPort:
        """A combinational read port."""
        signature = ReadPort.Signature(addr_width=ceil_log2(memory.depth), shape=PPN_BITS)
        return ReadPort(signature, memory=memory, domain="comb", path=(name,))


def number(one_hot: Value) -> Value:
    """The number of the bit of `one_hot` that is set; 0 if none is."""
    bits = range(ceil_log2(len(one_hot)))
    return Cat(Cat(one_hot[i] for i in range(len(one_hot)) if i >> bit & 1).any() for bit in bits)
