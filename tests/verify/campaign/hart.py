"""The whole hart as one that performs accesses: the program that Spike runs, on the native machine.

Every case is an instruction here: CSRs are written, `mret` or a jump leads to it, it is translated
twice, as code and as data, and its trap says how it ended.
"""

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice

from elftools.elf.elffile import ELFFile

from hdl.hart import Hart
from sim.config import MachineConfig
from sim.machine import End, Machine
from sim.platform.device import Device, Refused
from sim.platform.events import Event, Halt
from tests.verify.golden.cases import DEVICE, RESERVED, content
from tests.verify.golden.protections import ENTRIES
from tests.verify.oracle.delivery import Delivery
from tests.verify.oracle.expected import Outcome
from tests.verify.oracle.runner import BATCH, Runner

__all__ = ["HartStuck", "NativeHart"]

RAM_BASE = 0x8000_0000
#: Cycles within which a case has to be done; it takes hundreds.
PATIENCE = 5000
#: auipc t0, 0x100; jalr zero, 0(t0): from the reset address to `RESERVED`; and c.jr ra.
JUMP = 0x0002_8067_0010_0297
RET = bytes.fromhex("8280")


class HartStuck(AssertionError):
    """The hart has not done its cases within so many cycles."""


class NativeHart:
    """A hart that performs accesses, as `SpikeHart` is one.

    Parameters
    ----------
    hart : Hart or None
        Another one than the usual.
    latency : int
        Cycles from request to response.
    engine : str
        What runs it.
    protected : bool
        It has physical memory protection, and cases have some.
    misaligned : bool
        It does misaligned loads and stores.
    """

    def __init__(
        self,
        *,
        hart: Hart | None = None,
        latency: int = 1,
        engine: str = "native",
        protected: bool = False,
        misaligned: bool = False,
    ):
        self.protected, self.misaligned = protected, misaligned
        self._runner = Runner(protected=protected, misaligned=misaligned)
        self.stubs = symbols = self._runner.symbols
        entries = ENTRIES if protected else 0
        config = MachineConfig(
            latency=latency, engine=engine, pmp_entries=entries, misaligned=misaligned
        )
        self._ram = ram = Machine.make_ram(config)
        _fill(ram)
        _load(self._runner.elf, ram)
        # RAM is filled already.
        ram.write(symbols["fill"], RET)
        ram.write_u64(RAM_BASE, JUMP | symbols["_start"] - RESERVED.start << 52)
        self._host = _Host(ram, symbols["tohost"], symbols["fromhost"])
        self._machine = Machine(config, ram, devices=[_Mtimecmp(), self._host], hart=hart)
        self._run(1)
        ram.write_u64(RAM_BASE, content(RAM_BASE))

    @property
    def cycles(self) -> int:
        """Cycles that have passed."""
        return self._machine.engine.cycle

    def perform(self, deliveries: Iterable[Delivery]) -> Iterator[Outcome]:
        """What became of each of `deliveries`, in order; draws BATCH of them at a time."""
        deliveries = iter(deliveries)
        while batch := list(islice(deliveries, BATCH)):
            self._host.input += self._runner.pack(batch)
            self._run(len(batch))
            results = bytes(self._host.output)
            self._host.output.clear()
            assert len(results) == len(batch) * self._runner.result_bytes
            yield from self._runner.unpack(batch, results)

    def _run(self, cases):
        """Lets the program go on until it wants more input than there is."""
        self._host.waits = False
        limit = self._machine.engine.cycle + PATIENCE * (1 + cases)
        if self._host.wants:
            self._host.serve()
        end = self._machine.run(self._host, max_cycles=limit)
        if end is not End.FINISHED:
            raise HartStuck(f"not done after {PATIENCE} cycles for each case")


class _Host(Device):
    """Serves the program's reads and writes; the guest of the machine, and a device of it."""

    def __init__(self, ram, tohost, fromhost):
        self.watched = tohost
        self.input, self.output = bytearray(), bytearray()
        #: The program waits for input.
        self.waits = self.wants = False
        self._ram, self._tohost, self._fromhost = ram, tohost, fromhost

    @property
    def finished(self):
        return self.waits

    def handle(self, machine: Machine, event: Event):
        assert isinstance(event, Halt), event

    def written(self, strobe: int, cycle: int) -> Halt | None:
        self.serve()
        return Halt() if self.waits else None

    def serve(self):
        """Does what the program asks for, if it can be done."""
        ram = self._ram
        request = ram.read_u64(self._tohost)
        call, _, address, count = (ram.read_u64(request + 8 * index) for index in range(4))
        self.wants = self.waits = call == 63 and not self.input
        if self.waits:
            return
        if call == 63:
            count = min(count, len(self.input))
            ram.write(address, bytes(self.input[:count]))
            del self.input[:count]
        else:
            self.output += ram.read(address, count)
        ram.write_u64(request, count)
        ram.write_u64(self._tohost, 0)
        ram.write_u64(self._fromhost, 1)


class _Mtimecmp(Device):
    """The one device: a register of 8 bytes that keeps what is stored."""

    base, size = DEVICE & ~0xFFF, 0x1000

    def __init__(self):
        self._value = bytearray(8)

    def load(self, offset: int, count: int, cycle: int) -> int:
        start = self._check(offset)
        return int.from_bytes(self._value[start : start + count], "little")

    def store(self, offset: int, count: int, value: int, cycle: int) -> None:
        start = self._check(offset)
        self._value[start : start + count] = value.to_bytes(count, "little")

    def _check(self, offset):
        if offset & ~7 != DEVICE & 0xFFF:
            raise Refused
        return offset & 7


def _fill(ram):
    """All RAM is as `content` says."""
    rows, step = ram.size // 128, content(RAM_BASE + 128) - content(RAM_BASE)
    for column in range(16):
        first = content(RAM_BASE + 8 * column)
        ram.words[column::16] = array("Q", range(first, first + rows * step, step))


def _load(elf, ram):
    """The program's one segment, code and zeros, into the RAM that no case touches."""
    ram.zero(RESERVED.start, len(RESERVED))
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            ram.write(segment["p_paddr"], segment.data())
