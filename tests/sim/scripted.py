"""A hart that follows a script of memory accesses: for tests of all that stands around a hart."""

from dataclasses import dataclass

from amaranth.hdl import Array, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.memory.port import MemoryPort, Source
from hdl.pipeline.retire import RetirePort
from hdl.priv.interrupts import InterruptLines
from sim import machine

__all__ = ["Access", "ScriptedHart", "load", "machines_run", "store"]


@dataclass(frozen=True)
class Access:
    """One request, and what the retire port says when it has been answered."""

    address: int
    write: int = 0
    #: Data and strobe in their byte lanes.
    data: int = 0
    strobe: int = 0
    size: int = 3
    lock: int = 0
    source: Source = Source.DATA
    #: Cycles to wait before it is offered.
    gap: int = 0
    pc: int = 0
    mode: int = 3
    trap: int = 0
    cause: int = 0
    tval: int = 0


def load(address, size=3, **fields):
    return Access(address, size=size, **fields)


def store(address, value, size=3, **fields):
    lane = address & 7
    strobe = ((1 << (1 << size)) - 1) << lane
    return Access(address, write=1, data=value << 8 * lane, strobe=strobe, size=size, **fields)


class ScriptedPort(wiring.Component):
    """Makes the accesses of `script` one after the other; `done` is high as each is answered."""

    def __init__(self, script):
        super().__init__({"port": Out(MemoryPort()), "index": Out(16), "done": Out(1)})
        self.script = script

    def elaborate(self, platform):
        m = Module()
        request, response = self.port.request, self.port.response
        waiting = Signal()
        gap = Signal(16, init=self.script[0].gap if self.script else 0)
        if not self.script:
            return m
        for name in ("address", "write", "data", "strobe", "size", "lock", "source"):
            m.d.comb += getattr(request, name).eq(self.field(name, self.index))
        m.d.comb += [
            self.done.eq(waiting & response.valid),
            request.valid.eq(~waiting & (gap == 0) & (self.index < len(self.script))),
        ]
        with m.If(gap != 0):
            m.d.sync += gap.eq(gap - 1)
        with m.If(request.valid & request.ready):
            m.d.sync += waiting.eq(1)
        with m.If(self.done):
            m.d.sync += [
                waiting.eq(0),
                self.index.eq(self.index + 1),
                gap.eq(self.field("gap", self.index + 1)),
            ]
        return m

    def field(self, name, index):
        values = Array(Const(int(getattr(access, name)), 64) for access in self.script)
        return values[Mux(index < len(self.script), index, 0)]


class ScriptedHart(wiring.Component):
    """The ports of a hart; `script` is for its data port, `fetches` for its fetch port.

    What access number n of the data port read ends up in register n + 1; an error as all ones.
    """

    fetch_port: Out(MemoryPort())
    data_port: Out(MemoryPort())
    mtime: In(64)
    interrupts: In(InterruptLines())
    retire: Out(RetirePort())

    def __init__(self, script=(), fetches=()):
        super().__init__()
        self._data = ScriptedPort(list(script))
        self._fetch = ScriptedPort(list(fetches))
        self._registers = Memory(shape=64, depth=32, init=[])
        self.registers = self._registers.data

    def elaborate(self, platform):
        m = Module()
        # An input that nothing reads is in no waveform.
        m.d.comb += Signal(64, name="clock").eq(self.mtime)
        data = m.submodules.data = self._data
        fetch = m.submodules.fetch = self._fetch
        m.submodules.registers = self._registers
        wiring.connect(m, wiring.flipped(self.data_port), data.port)
        wiring.connect(m, wiring.flipped(self.fetch_port), fetch.port)
        write = self._registers.write_port()
        response = data.port.response
        m.d.comb += [
            write.en.eq(data.done),
            write.addr.eq(data.index + 1),
            write.data.eq(Mux(response.error, ~Const(0, 64), response.data)),
            self.retire.valid.eq(data.done),
            self.retire.order.eq(data.index),
        ]
        if data.script:
            for name, field in (
                ("pc", "pc_rdata"),
                ("mode", "mode"),
                ("trap", "trap"),
                ("cause", "cause"),
                ("tval", "tval"),
            ):
                m.d.comb += getattr(self.retire, field).eq(data.field(name, data.index))
        return m


def machines_run(monkeypatch, script):
    """Machines have `ScriptedHart(script)` for their hart, which no recipe tells of."""
    monkeypatch.setattr(machine, "real_hart", lambda config, ram: ScriptedHart(script))
    monkeypatch.setattr(machine, "recipe_of", lambda config, ram: None)
