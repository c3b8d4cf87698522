"""An `Mmu` in compiled code with a table of commands in front of it and a memory behind it.

Python writes what should happen, cycle by cycle, as a `Script`; `bench.cpp` does it and records
what the MMU did. A thousand cycles take some tens of microseconds.
"""

import ctypes
import mmap
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from amaranth.hdl import Value

from hdl.mmu.mmu import Mmu
from sim.engines.native.compiler.cxx import LEVEL
from sim.engines.native.compiler.model import Model
from sim.host.toolchain import cache_directory
from tests.verify.campaign.bins import effective_privilege
from tests.verify.golden.sv39 import Request

__all__ = ["DATA", "FETCH", "PORTS", "UPDATE", "Bench", "BenchError", "Script", "Trace"]

#: Ports of the MMU.
DATA, FETCH, UPDATE = range(3)
PORTS = ("data", "fetch", "update")
_PRIVS = {"U": 0, "S": 1, "M": 3}
_ACCESSES = {"FETCH": 0, "LOAD": 1, "STORE": 2, "LR": 5, "SC": 6, "AMO": 7}
_RULES = {
    1: "a request outside RAM",
    2: "a request of the wrong size, source or strobe",
    3: "two requests at once",
    4: "a write without a locked read before it",
    5: "a write to another address than the locked read",
}

_CLEAR, _POKE, _REFUSE, _MEMORY, _CONTEXT, _FENCE, _SQUASH, _ASK, _RUN = range(9)
_ANSWER, _READ, _WRITE, _POKED, _VIOLATION, _END = range(6)
_RAM_BASE, _RAM_SIZE = 0x8000_0000, 128 << 20
_RECORDS = 1 << 16
_REFUSALS, _DIRTY = 64, 1 << 16
_u64 = ctypes.c_uint64


class BenchError(Exception):
    """The script cannot be run: too many commands, refusals or records."""


class Script:
    """Commands for a `Bench`. Those with `when` take effect in that cycle of the next `run`."""

    def __init__(self):
        self.words = array("Q")
        self.runs = 0

    def _add(self, command, when, *operands):
        self.words.extend((command | when << 8, *operands, *(0,) * (7 - len(operands))))

    def clear(self):
        """Memory is zero everywhere and refuses nothing."""
        self._add(_CLEAR, 0)

    def poke(self, address: int, value: int, when: int = 0):
        """Another hart writes 8 bytes to RAM, as soon as the memory is not locked."""
        self._add(_POKE, when, address, value)

    def refuse(self, address: int, *, reads: bool = False, writes: bool = False, when: int = 0):
        """From now on the bus refuses these accesses to the 8 bytes at `address`, and no others."""
        self._add(_REFUSE, when, address, reads | writes << 1)

    def memory(self, seed: int, latency: int = 1, stalls: int = 0, when: int = 0):
        """Responses take 1 to `latency` cycles, and `stalls`/256 of the offers are not taken."""
        self._add(_MEMORY, when, seed | 1, latency, stalls)

    def context(self, request: Request, when: int = 0):
        """The CSR fields that `request` is subject to."""
        q = request
        self._add(_CONTEXT, when, q.sv39, q.asid, q.root, q.sum_, q.mxr, q.adue)

    def fence(self, va: int | None = None, asid: int | None = None, when: int = 0):
        """An `sfence.vma`; None stands for x0."""
        self._add(_FENCE, when, va is not None, va or 0, asid is not None, asid or 0)

    def squash(self, port: int, when: int = 0):
        """What `port`, DATA or FETCH, asked for up to this cycle is squashed."""
        self._add(_SQUASH, when, 1 << port)

    def ask(self, request: Request, port: int | None = None, when: int = 0, id: int = 0):
        """Puts `request` to the port it belongs to, or to `port`, until there is a response."""
        if port is None:
            port = FETCH if request.access == "FETCH" else DATA
        # Whoever asks applies MPRV.
        priv = _PRIVS[effective_privilege(request)]
        self._add(_ASK, when, port, request.va, priv, _ACCESSES[request.access], id)

    def run(self, *, reads: bool = False, rest: int = 0):
        """Performs all that was put off, until every request has got its response.

        Reads are recorded if `reads`; `rest` are cycles to pass after that.
        """
        self._add(_RUN, 0, reads, rest)
        self.runs += 1


@dataclass
class Trace:
    """What happened in one run of a script.

    Members
    -------
    responses : list of (cycle, port, kind, pa, device)
        Every response, in each cycle up to that behind the last command, then the last.
    reads : list of (address, data, level, locked, refused, id)
        If they were wanted.
    memory : list of (cycle, address, value, before, mine, refused)
        Writes, of the MMU (`mine`) and of others, in the order in which they took place.
    violations : list of str
        Rules of the memory port that were broken.
    unfinished : bool
        The run was given up.
    cycles : int
        How many it took.
    """

    responses: list = field(default_factory=list)
    reads: list = field(default_factory=list)
    memory: list = field(default_factory=list)
    violations: list = field(default_factory=list)
    unfinished: bool = False
    cycles: int = 0


class _Bench(ctypes.Structure):
    """The struct of the same name in bench.cpp; its inputs are the words from `_INPUTS` on."""

    _fields_ = [
        *((name, _u64) for name in ("state", "ram", "ram_base", "ram_size")),
        ("inputs", _u64 * 32),
        *((name, _u64) for name in ("out", "out_end", "random", "latency", "stalls", "refusals")),
        ("refused_at", _u64 * _REFUSALS),
        ("refused", _u64 * _REFUSALS),
        ("dirty_count", _u64),
        ("dirty", _u64 * _DIRTY),
        ("due", _u64 * 4),
        ("locked", _u64 * 2),
        ("waiting", _u64 * (1 + 2 * _REFUSALS)),
        ("asks", _u64 * 12),
        ("others", _u64 * 3),
    ]


class Bench:
    """Runs scripts on `mmu`, by default an `Mmu` with its default parameters.

    `level` is how much the compiler optimises.

    Raises BenchError, CompilerError or Unsupported.
    """

    def __init__(self, mmu: Mmu | None = None, level: str = LEVEL):
        if mmu is None:
            mmu = Mmu()
        self.model = model = Model.of(
            mmu,
            _outputs(mmu),
            cache_directory(),
            runtime=(Path(__file__).parent / "bench.cpp").read_text(),
            places=_inputs(mmu),
            level=level,
        )
        self._initial = bytes(model.state.cast("B"))
        self._ram = mmap.mmap(-1, _RAM_SIZE)
        self._bench = bench = _Bench()
        self._run = model.library.bench_run
        self._run.restype = model.library.bench_size.restype = _u64
        assert model.library.bench_size() == ctypes.sizeof(_Bench)
        bench.state = model.address
        bench.ram = ctypes.addressof(ctypes.c_char.from_buffer(self._ram))
        bench.ram_base, bench.ram_size = _RAM_BASE, _RAM_SIZE
        for number, name in enumerate(_inputs(mmu)):
            bench.inputs[number] = model.places[name]
        self._records = array("Q", bytes(_RECORDS * 32))
        self.cycles = 0

    def run(self, script: Script) -> list[Trace]:
        """A trace for each `run` of the script, which starts on a machine that has been reset."""
        words, bench = script.words, self._bench
        self.model.state.cast("B")[:] = self._initial
        self._forget()
        first, size = self._records.buffer_info()
        bench.out, bench.out_end = first, first + size * 8
        bench.random, bench.latency = 1, 1
        if self._run(
            ctypes.byref(bench), ctypes.c_void_p(words.buffer_info()[0]), _u64(len(words) // 8)
        ):
            raise BenchError("the script has too many writes, refusals or records")
        traces = _parse(self._records, (bench.out - first) // 8)
        self.cycles += sum(trace.cycles for trace in traces)
        return traces

    def _forget(self):
        """Memory is zero, and nothing is under way; the place of things stays."""
        bench = self._bench
        for number in range(bench.dirty_count):
            offset = bench.dirty[number] - _RAM_BASE
            self._ram[offset : offset + 8] = bytes(8)
        ctypes.memset(
            ctypes.byref(bench, _Bench.random.offset), 0, _Bench.dirty.offset - _Bench.random.offset
        )
        ctypes.memset(
            ctypes.byref(bench, _Bench.due.offset), 0, ctypes.sizeof(bench) - _Bench.due.offset
        )


def _outputs(mmu):
    """What `Outputs` in bench.cpp names."""
    request = mmu.port.request
    ports = [
        getattr(port, name)
        for port in (mmu.data, mmu.fetch)
        for name in ("done", "pa", "device", "fault", "update")
    ]
    offer = [getattr(request, name) for name in
             ("valid", "address", "write", "data", "strobe", "size", "source", "level", "lock",
              "id")]  # fmt: skip
    return list(map(Value.cast, (*ports, mmu.update.done, mmu.update.fault, *offer)))


def _inputs(mmu):
    """What `Inputs` in bench.cpp names, in that order."""
    places = {
        f"{name}.{field}": getattr(getattr(mmu, name), field)
        for name in PORTS
        for field in ("valid", "va", "priv", "access", "id")
    }
    places |= {f"{name}.squash": getattr(mmu, name).squash for name in PORTS[:2]}
    places |= {
        f"context.{name}": getattr(mmu.context, name)
        for name in ("sv39", "asid", "root", "sum_", "mxr", "adue")
    }
    places |= {
        f"sfence.{name}": getattr(mmu.sfence, name)
        for name in ("valid", "has_va", "va", "has_asid", "asid")
    }
    places["ready"] = mmu.port.request.ready
    places |= {name: getattr(mmu.port.response, name) for name in ("valid", "data", "error")}
    return {name: Value.cast(place) for name, place in places.items()}


def _parse(records, count) -> list[Trace]:
    traces, trace = [], Trace()
    for at in range(0, count, 4):
        tag, x, y, z = records[at : at + 4]
        kind, low = tag & 0xFF, tag >> 8 & 0xFF
        if kind == _ANSWER:
            trace.responses.append((tag >> 32, low, _kind(x), y, x >> 1 & 1))
        elif kind == _READ:
            trace.reads.append((x, y, z & 0xFF, z >> 8 & 1, z >> 9 & 1, z >> 32))
        elif kind == _WRITE:
            trace.memory.append((tag >> 32, x, y, z, True, bool(low)))
        elif kind == _POKED:
            trace.memory.append((tag >> 32, x, y, z, False, False))
        elif kind == _VIOLATION:
            trace.violations.append(f"{_RULES[low]}: {x:#x}")
        else:
            trace.cycles, trace.unfinished = tag >> 32, bool(x)
            traces.append(trace)
            trace = Trace()
    return traces


_KINDS = {1: "ok", 3: "ok", 5: "page", 9: "access", 17: "update"}


def _kind(word):
    # A fault and an update at once, or a fault of no kind, is no response at all.
    return _KINDS.get(word, f"nonsense {word:#x}")
