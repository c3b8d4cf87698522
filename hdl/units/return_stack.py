"""The return stack: where the calls lead back to whose returns have not been fetched yet."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.units.btb import TARGET_BITS

__all__ = ["DEPTH_BITS", "ENTRIES", "ReturnStack", "StackRepair"]

#: Addresses that are remembered: of more calls the last ones.
ENTRIES = 8
#: Bits of the number of calls less that of returns, of which no more counts.
DEPTH_BITS = 3


class StackRepair(wiring.Signature):
    """What the stack is behind an instruction from which on fetches go elsewhere."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: Calls less returns, this instruction included.
                "depth": Out(DEPTH_BITS),
                #: It is a call, which leads back to `address`.
                "calls": Out(1),
                "address": Out(TARGET_BITS),
            }
        )


class ReturnStack(wiring.Component):
    """Follows calls and returns as they are predicted; what it says is a prediction, too.

    It goes round: what is pushed on a full stack replaces the oldest address, and below an empty
    one are old ones. After a wrong prediction the depth is repaired, and what a call pushes that
    was not foreseen; addresses that were overwritten meanwhile are lost.

    Members
    -------
    push, address
        A call is predicted, which leads back to `address` (its low bits).
    pop, top
        A return is predicted, to `top`.
    repair, repaired
        In place of these: the stack is as `repaired` says. All act at the end of the cycle.
    """

    push: In(1)
    address: In(TARGET_BITS)
    pop: In(1)
    top: Out(TARGET_BITS)
    repair: In(1)
    repaired: In(StackRepair())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth, after = Signal(DEPTH_BITS, name="depth"), Signal(DEPTH_BITS, name="after")
        memory = Memory(shape=TARGET_BITS - 1, depth=ENTRIES, init=[])
        m.submodules.addresses = memory
        read = memory.read_port(domain="comb")
        write = memory.write_port()
        m.d.comb += [
            read.addr.eq(depth),
            self.top[1:].eq(read.data),
            after.eq(Mux(self.repair, self.repaired.depth, depth + self.push - self.pop)),
            write.addr.eq(after),
            write.data.eq(Mux(self.repair, self.repaired.address, self.address)[1:]),
            write.en.eq(Mux(self.repair, self.repaired.calls, self.push)),
        ]
        m.d.sync += depth.eq(after)
        return m
