"""Spike's side: a case with the processor of Spike as the hart.

The doorbell is a device of Spike's in Python: a store to it is served by the kernel model before
Spike goes on. The kernel reads and writes the same memory as Spike, where it lies in this process.
"""

import ctypes
import os
from collections.abc import Callable

from hdl.arch import PAGE_SIZE
from kernel_model.facts.doorbell import Action, Register
from kernel_model.facts.memlayout import DOORBELL, KERNBASE
from tests import spike
from tests.verify.lockstep.reference import (
    HOST,
    MTIME,
    STORE,
    address_of,
    far_devices,
    library,
)
from tests.verify.samekernel.cases import Case
from tests.verify.samekernel.record import RecordedKernel, Run, make_kernel

__all__ = ["SpikeMemory", "run_kernel", "run_on_spike"]

_ISA = f"{spike.ISA}_svadu"
_DEVICE = "trapline-doorbell"
#: Instructions at a time, unless a trap ends them; how often without a trap that is no loop.
_CHUNK, _QUIET = 20_000, 50
#: Traps after which a program is taken to run for ever.
_MOST = 200_000


class SpikeMemory:
    """RAM of a machine of Spike's, as `kernel_model.mm.memory.PhysicalMemory`.

    Spike allots it a page at a time, wherever there is room: each is looked up once.
    """

    def __init__(self, machine, processor):
        self.base, self.size = KERNBASE, spike.RAM_SIZE
        self._find = library()[HOST]
        self._store = library()[STORE]
        self._time = 0
        self._kept = machine, processor  # the memory is theirs
        self._machine = address_of(machine, processor)
        self._pages: dict[int, tuple[memoryview, memoryview]] = {}

    def read(self, pa: int, n: int) -> bytes:
        """The `n` bytes at `pa`."""
        return b"".join(bytes(part) for part in self._parts(pa, n))

    def write(self, pa: int, data: bytes) -> None:
        """Stores `data` at `pa`."""
        done = 0
        for part in self._parts(pa, len(data)):
            part[:] = data[done : done + len(part)]
            done += len(part)

    def read_u64(self, pa: int) -> int:
        """The 8 bytes at `pa`, as a number."""
        return self._page(pa)[1][pa % PAGE_SIZE >> 3]

    def write_u64(self, pa: int, value: int) -> None:
        """Stores `value` into the 8 bytes at `pa`."""
        self._page(pa)[1][pa % PAGE_SIZE >> 3] = value

    def zero(self, pa: int, n: int) -> None:
        """Clears the `n` bytes at `pa`."""
        self.write(pa, bytes(n))

    def pass_time(self, cycles: int) -> None:
        """Lets the clock, which else stands, go on: a hart that idles waits for the timer."""
        self._time += cycles
        assert self._store(self._machine, MTIME, 8, self._time.to_bytes(8, "little"))

    def _parts(self, pa, n):
        """The bytes from `pa` on, by the page."""
        while n > 0:
            start = pa % PAGE_SIZE
            part = self._page(pa)[0][start : start + n]
            yield part
            pa += len(part)
            n -= len(part)

    def _page(self, pa):
        """A page as bytes and as words."""
        number = pa // PAGE_SIZE
        page = self._pages.get(number)
        if page is None:
            if not self.base <= pa < self.base + self.size:
                raise IndexError(f"{pa:#x} is outside RAM")
            address = self._find(self._machine, number * PAGE_SIZE)
            raw = memoryview((ctypes.c_char * PAGE_SIZE).from_address(address)).cast("B")
            page = self._pages[number] = raw, raw.cast("Q")
        return page


def run_on_spike(case: Case) -> Run:
    """Runs the case to its end."""
    kernel = run_kernel(lambda ram: make_kernel(case, ram))
    assert kernel.halted, f"{case.name}: it has not ended after {len(kernel.traps):,} traps"
    return kernel.result()


def run_kernel(
    make: Callable[[SpikeMemory], RecordedKernel], most_traps: int = _MOST
) -> RecordedKernel:
    """Runs the kernel that `make` puts into a new machine's RAM.

    Until it halts, has had more than `most_traps`, or runs for long without any.
    """
    bell, machine = _machine()
    processor = machine.get_core(0)
    memory = SpikeMemory(machine, processor)
    kernel = bell.kernel = make(memory)
    processor.state.pc = KERNBASE
    quiet = 0
    while not kernel.halted and quiet <= _QUIET and len(kernel.traps) <= most_traps:
        traps = len(kernel.traps)
        processor.step(_CHUNK)
        if bell.error is not None:
            raise bell.error
        quiet = quiet + 1 if len(kernel.traps) == traps else 0
        registers = kernel.doorbell.registers
        if registers[Register.ACTION] == Action.IDLE:
            memory.pass_time(registers[Register.QUANTUM])
    return kernel


def _machine():
    """A doorbell without a kernel yet, and a machine of Spike's that has it."""
    from riscv.cfg import cfg_t, mem_cfg_t
    from riscv.devices import abstract_device_t, device_factory_t, mmio_device_map
    from riscv.sim import sim_t

    class Bell(abstract_device_t):
        kernel = None
        error = None

        def size(self):
            return PAGE_SIZE

        def load(self, offset, size):
            assert size == 8, f"a load of {size} bytes from the doorbell"
            return self._serve(lambda: self.kernel.doorbell.read(offset)).to_bytes(8, "little")

        def store(self, offset, data):
            value = int.from_bytes(data, "little")
            if offset == Register.RING:
                self._serve(lambda: self.kernel.ring(value))
            else:
                self._serve(lambda: self.kernel.doorbell.write(offset, value))

        def _serve(self, what):
            # Spike has no way to hand on an exception: it is kept.
            try:
                return what() or 0
            except Exception as error:
                self.error = self.error or error
                return 0

        def tick(self, ticks):
            """Never called: the processor is stepped, not the machine."""

    bell = Bell()

    class Factory(device_factory_t):
        def parse_from_fdt(self, fdt, machine, *arguments):
            return bell, DOORBELL

        def generate_dts(self, machine, *arguments):
            return ""

    mmio_device_map[_DEVICE] = Factory()
    config = cfg_t(
        isa=_ISA, priv="msu", mem_layout=[mem_cfg_t(KERNBASE, spike.RAM_SIZE)], start_pc=KERNBASE
    )
    machine = sim_t(
        cfg=config,
        halted=False,
        plugin_device_factories=[(_DEVICE, [])],
        args=[os.devnull],
        dtb_file=str(far_devices()),
        log_path=os.devnull,
    )
    return bell, machine
