"""A hart whose accesses stand in its registers: one compiled design runs any of them."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.memory.port import MemoryPort
from hdl.pipeline.retire import RetirePort
from hdl.priv.interrupts import InterruptLines

__all__ = ["ACCESSES", "Outcome", "ProgrammedHart", "outcome", "program"]

#: Most accesses of a program.
ACCESSES = 64
_ROWS = 4
_VALID = 1 << 3


@dataclass(frozen=True)
class Outcome:
    """What became of an access.

    `answered` is the cycle of the answer, `lines` a hash of the interrupt lines in all cycles up to
    then.
    """

    data: int
    error: int
    answered: int
    lines: int


def program(engine, accesses) -> None:
    """Writes `accesses`, (address, size, write, data, gap) each, into the hart's registers.

    `size` is that of `Request`, `data` is in its byte lanes already, `gap` are cycles of waiting.
    """
    for number, (address, size, write, data, gap) in enumerate(accesses):
        control = write | size << 1 | _VALID | gap << 8
        for row, value in enumerate((address, data, control, 0)):
            engine.write_register(_ROWS * (number + 1) + row, value)


def outcome(engine, number: int) -> Outcome:
    """What became of access `number`."""
    row = _ROWS * (number + 1)
    lines, told, data = (engine.read_register(row + place) for place in (1, 2, 3))
    return Outcome(data, told >> 63, told & (1 << 48) - 1, lines)


class ProgrammedHart(wiring.Component):
    """The ports of a hart; its data port makes the accesses of `program`, one after the other."""

    fetch_port: Out(MemoryPort())
    data_port: Out(MemoryPort())
    mtime: In(64)
    interrupts: In(InterruptLines())
    retire: Out(RetirePort())

    def __init__(self):
        super().__init__()
        self._registers = Memory(shape=64, depth=_ROWS * (ACCESSES + 2), init=[])
        self.registers = self._registers.data

    def elaborate(self, platform):
        m = Module()
        memory = m.submodules.registers = self._registers
        request, response = self.data_port.request, self.data_port.response
        row = Signal(range(_ROWS * (ACCESSES + 2)), init=_ROWS)
        waiting, waited, done = Signal(), Signal(16), Signal()
        lines = Signal(64)
        address, data, control = (memory.read_port(domain="comb") for _ in range(3))
        size = control.data[1:3]
        m.d.comb += [
            *(port.addr.eq(row + n) for n, port in enumerate((address, data, control))),
            request.address.eq(address.data),
            request.data.eq(data.data),
            request.write.eq(control.data[0]),
            request.size.eq(size),
            request.strobe.eq(((1 << (1 << size)) - 1) << address.data[:3]),
            request.valid.eq(control.data[3] & ~waiting & (waited == control.data[8:24])),
            done.eq(waiting & response.valid),
            self.retire.valid.eq(done),
        ]
        with m.If(control.data[3] & ~waiting & (waited != control.data[8:24])):
            m.d.sync += waited.eq(waited + 1)
        with m.If(request.valid & request.ready):
            m.d.sync += waiting.eq(1)
        with m.If(done):
            m.d.sync += [waiting.eq(0), waited.eq(0), row.eq(row + _ROWS)]
        levels = Cat(*(getattr(self.interrupts, name) for name in InterruptLines().members))
        m.d.sync += lines.eq(lines.rotate_left(5) ^ (levels + self.mtime[:3] * levels.any()))
        told = (lines, Cat(self.mtime[:63], response.error), Mux(response.error, 0, response.data))
        for place, value in enumerate(told):
            port = memory.write_port()
            m.d.comb += [port.en.eq(done), port.addr.eq(row + place + 1), port.data.eq(value)]
        return m
