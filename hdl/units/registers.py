"""The integer register file."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory, MemoryData
from amaranth.lib.wiring import In, Out

__all__ = ["RegisterFile"]


class RegisterFile(wiring.Component):
    """The registers x0 to x31: two read ports and a write port.

    Reads are combinational. A write shows in reads from the next cycle on: forwarding is left to
    the pipeline. x0 is never written and reads as 0.

    Attributes
    ----------
    data : MemoryData
        The 32 rows of 64 bits, for a simulator that looks at registers or sets them.
    """

    rs1: In(5)
    #: The value of register `rs1`, in the same cycle.
    rs1_data: Out(64)
    rs2: In(5)
    #: The value of register `rs2`, in the same cycle.
    rs2_data: Out(64)
    #: The register that takes `wdata` at the clock edge while `wen` is high.
    rd: In(5)
    wdata: In(64)
    wen: In(1)

    def __init__(self) -> None:
        super().__init__()
        self.data = MemoryData(shape=64, depth=32, init=[])

    def elaborate(self, platform: object) -> Module:
        m = Module()
        rows = m.submodules.rows = Memory(self.data)
        read_1 = rows.read_port(domain="comb")
        read_2 = rows.read_port(domain="comb")
        write = rows.write_port()
        m.d.comb += [
            read_1.addr.eq(self.rs1),
            self.rs1_data.eq(read_1.data),
            read_2.addr.eq(self.rs2),
            self.rs2_data.eq(read_2.data),
            write.addr.eq(self.rd),
            write.data.eq(self.wdata),
            write.en.eq(self.wen & (self.rd != 0)),
        ]
        return m
