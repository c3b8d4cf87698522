"""What the testbenches of the MMU share: page tables, a memory for walks, and requesters."""

from collections import deque
from dataclasses import dataclass, fields

from hdl.arch import Priv
from hdl.mmu.mmu import Mmu
from hdl.mmu.vocabulary import Access, Fault
from tests.rigs import shared
from tests.support import simulate
from tests.verify.golden import sv39 as golden
from tests.verify.golden.pmp import fields_of

__all__ = [
    "A", "D", "G", "R", "U", "V", "W", "X", "DATA", "CODE", "ROOT", "Memory", "Result", "Tables",
    "agree", "response_signals", "drive", "drop", "fence", "read_response", "run", "serve",
    "set_context", "set_fence", "translate", "update",
]  # fmt: skip

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
#: Flags of a usable page of data and of code of the kernel.
DATA = V | R | W | A | D
CODE = V | X | A
#: Page number of the default root table.
ROOT = 0x80000


@dataclass(frozen=True)
class BusRequest:
    """A request that the memory accepted, and in which cycle."""

    cycle: int
    address: int
    write: int
    data: int
    strobe: int
    size: int
    source: int
    level: int
    lock: int
    id: int


FIELDS = [field.name for field in fields(BusRequest)[1:]]


class Memory:
    """Words of memory by address; absent ones read as zero. Refuses the addresses in `refused`.

    `noise` is the data of a response that refuses.
    """

    noise = 0xDEAD_BEEF_DEAD_BEEF

    def __init__(self):
        self.words = {}
        self.refused = set()
        self.refused_writes = set()
        self.log = []
        #: Called with each request that is accepted, before it is served.
        self.on_accept = lambda request: None

    def read(self, address):
        return None if address in self.refused else self.words.get(address, 0)

    def access(self, request):
        """Serves `request`; returns (data, error)."""
        self.log.append(request)
        self.on_accept(request)
        refused = self.refused | (self.refused_writes if request.write else set())
        if request.address in refused:
            return self.noise, 1
        if request.write:
            assert request.strobe == 0xFF
            self.words[request.address] = request.data
            return 0, 0
        assert request.strobe == 0
        return self.words.get(request.address, 0), 0

    def addresses(self):
        """The addresses of all requests so far."""
        return [request.address for request in self.log]


class Tables:
    """A page table in a `Memory`, its tables allocated from `first` upwards."""

    def __init__(self, memory, *, root=ROOT, first=0x80100):
        self.memory = memory
        self.root = root
        self._next = first

    def slot(self, va, level=0, *, flags=0):
        """The address of the PTE of `va` at `level`; makes the pointers on the way to it.

        `flags` are added to those pointers.
        """
        table = self.root
        for i in range(2, level, -1):
            address = self._index(table, va, i)
            if not self.memory.words.get(address, 0) & V:
                self.memory.words[address] = self._next << 10 | V | flags
                self._next += 1
            table = self.memory.words[address] >> 10
        return self._index(table, va, level)

    def map(self, va, pa, flags, level=0):
        """Maps the page of `va` to that of `pa`; returns the address of the leaf PTE."""
        address = self.slot(va, level)
        self.memory.words[address] = pa >> 12 << 10 | flags
        return address

    def trail(self, va):
        """The addresses of the three PTEs of `va`, root first."""
        return [self.slot(va, level) for level in (2, 1, 0)]

    @staticmethod
    def _index(table, va, level):
        return table * 4096 + (va >> (12 + 9 * level) & 511) * 8


def serve(port, memory, *, latency=lambda: 1, ready=lambda: 1, is_ram=golden.is_ram):
    """A background testbench that responds on `port` in order, `latency()` cycles after acceptance.

    `ready()` is asked in every cycle. It checks that the design never asks for what is not RAM as
    `is_ram(address)` has it, offers a refused request again, and lets nothing pass between a locked
    read and what follows it.
    """

    async def bench(ctx):
        request, response = port.request, port.response
        owed, cycle = deque(), 0
        ctx.set(request.ready, ready())
        signals = [getattr(request, name) for name in FIELDS]
        while True:
            _, _, taken, *values = await ctx.tick().sample(request.valid & request.ready, *signals)
            if taken:
                accepted = BusRequest(cycle, *map(int, values))
                assert is_ram(accepted.address), f"{accepted.address:#x} is not RAM"
                assert (accepted.size, accepted.source) == (3, 2)
                assert not owed, "two requests are outstanding"
                owed.append([cycle + max(1, latency()), *memory.access(accepted)])
            cycle += 1
            due = owed and owed[0][0] <= cycle
            _, word, error = owed.popleft() if due else (0, 0xBAD0_BAD0_BAD0_BAD0, 1)
            ctx.set(response.valid, bool(due))
            ctx.set(response.data, word)
            ctx.set(response.error, error)
            ctx.set(request.ready, ready())

    return bench


@dataclass(frozen=True)
class Result:
    """A response, and the cycle in which it came; the request was first put in cycle 0."""

    kind: str
    pa: int = 0
    device: bool = False
    cycle: int = 0


def set_context(ctx, dut, request):
    """Sets the CSR fields that `request` is subject to."""
    for name in ("sv39", "asid", "root", "sum_", "mxr", "adue"):
        ctx.set(getattr(dut.context, name), getattr(request, name))
    if request.pmp.count:
        ctx.set(dut.context.pmp, fields_of(request.pmp))


def drive(ctx, port, request, *, id=0):
    """Puts `request` on `port`, a translation or update port, from this cycle on."""
    ctx.set(port.va, request.va)
    ctx.set(port.priv, Priv[request.priv])
    ctx.set(port.access, Access[request.access])
    if request.access != "FETCH" and hasattr(port, "size"):
        ctx.set(port.size, request.size.bit_length() - 1)
    ctx.set(port.id, id)
    ctx.set(port.valid, 1)


def drop(ctx, *ports):
    """Takes away what stands on `ports`."""
    for port in ports:
        ctx.set(port.valid, 0)


def response_signals(port):
    """What `read_response` makes a `Result` of."""
    return port.done, port.pa, port.device, port.fault, port.update


def read_response(values, cycle=0):
    """The `Result` that sampled `response_signals` mean, or None if the port is not done."""
    done, pa, device, fault, wants_update = values
    if not done:
        return None
    fault = Fault(fault)
    assert fault is Fault.NONE or not wants_update, "a fault and an update at once"
    if fault is not Fault.NONE:
        return Result(fault.name.lower(), cycle=cycle)
    if wants_update:
        return Result("update", cycle=cycle)
    return Result("ok", pa, bool(device), cycle=cycle)


async def translate(ctx, dut, request, *, id=0, max_cycles=100):
    """Puts `request` to the port that it belongs to until the response; returns a `Result`."""
    port = dut.fetch if request.access == "FETCH" else dut.data
    set_context(ctx, dut, request)
    drive(ctx, port, request, id=id)
    for cycle in range(max_cycles):
        values = (await ctx.tick().sample(*response_signals(port)))[2:]
        result = read_response(values, cycle)
        if result:
            drop(ctx, port)
            return result
    raise TimeoutError(f"no response within {max_cycles} cycles: {request}")


async def update(ctx, dut, request, *, id=0, max_cycles=100):
    """Asks the update port until it is done; returns (fault, cycle)."""
    set_context(ctx, dut, request)
    drive(ctx, dut.update, request, id=id)
    for cycle in range(max_cycles):
        _, _, done, fault = await ctx.tick().sample(dut.update.done, dut.update.fault)
        if done:
            drop(ctx, dut.update)
            return Fault(fault), cycle
    raise TimeoutError(f"no update within {max_cycles} cycles: {request}")


def set_fence(ctx, dut, *, va=None, asid=None):
    """Raises `sfence` with the form that the given operands make."""
    sfence = dut.sfence
    ctx.set(sfence.has_va, va is not None)
    ctx.set(sfence.va, va or 0)
    ctx.set(sfence.has_asid, asid is not None)
    ctx.set(sfence.asid, asid or 0)
    ctx.set(sfence.valid, 1)


async def fence(ctx, dut, *, va=None, asid=None):
    """Executes an `sfence.vma` in one cycle; None stands for x0."""
    set_fence(ctx, dut, va=va, asid=asid)
    await ctx.tick()
    ctx.set(dut.sfence.valid, 0)


def agree(result, response):
    """Whether the design's `Result` is the golden model's `Response`."""
    if result.kind != response.kind:
        return False
    return result.kind != "ok" or (result.pa, result.device) == (response.pa, response.device)


def run(testbench, *, latency=lambda: 1, ready=lambda: 1, max_cycles=10_000, **parameters):
    """Simulates `testbench(ctx, dut, memory, tables)` with an `Mmu` in front of a `Memory`."""
    dut, memory = shared(Mmu, **parameters), Memory()

    async def bench(ctx):
        await testbench(ctx, dut, memory, Tables(memory))

    background = [serve(dut.port, memory, latency=latency, ready=ready)]
    simulate(dut, bench, background=background, max_cycles=max_cycles)
