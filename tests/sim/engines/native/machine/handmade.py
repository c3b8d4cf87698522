"""The C++ of the native engine with no Amaranth behind it: a function of Python is the hart."""

import ctypes
from functools import cache
from pathlib import Path

import sim.engines.native.machine
from sim.engines.native.compiler.cxx import compile_library
from sim.engines.native.compiler.emit import PRELUDE
from sim.engines.native.machine import structs
from sim.engines.native.machine.structs import MachineStruct
from sim.host.toolchain import cache_directory

__all__ = [
    "BASE",
    "COMPARE",
    "COUNTER",
    "EVENTS",
    "INPUTS",
    "OTHER",
    "RETIRE",
    "TIME",
    "WINDOW",
    "WORDS",
    "Bench",
    "library",
    "u64",
]

u64 = ctypes.c_uint64
#: Words of the state: the requests of two ports, the retire port's, the two ports' inputs, `time`,
#: `mcycle`, `stimecmp`, and some that stand for the rest of a hart.
RETIRE, INPUTS, TIME, COUNTER, COMPARE, OTHER, WORDS = 16, 22, 30, 31, 32, 33, 56
#: The probe's words, and what the retire port says of handlers.
PROBE, HANDLER = 40, 50
#: A bit for each event.
EVENTS = 54
#: Where RAM begins, and a page of registers.
BASE, WINDOW = 0x8000_0000, 0x7000_0000
_NEVER = (1 << 64) - 1
#: Files of C++ behind machine.cpp, for what looks at the machine.
_WATCHING = ("output", "fields", "lines", "chunks", "trace", "ring", "watch", "transcript", "walks")
_HART = """
extern "C" {
void (*the_step)(u64 *);
void set_step(void (*step)(u64 *)) { the_step = step; }
void native_step(u64 *state, u64 *) { the_step(state); }
u64 shown_words;
void set_shown(u64 words) { shown_words = words; }
void native_show(u64 *state, u64 *out) { for (u64 i = 0; i < shown_words; i++) out[i] = state[i]; }
}
"""


@cache
def library(*, traced: bool = False, plain: bool = False) -> ctypes.CDLL:
    """The engine's C++; `native_show` shows the first words of the state as they are.

    `plain` is for a processor without the instructions that some of it is written for.
    """
    folder = Path(sim.engines.native.machine.__file__).parent
    names = ("story", "counts", "refusals", "machine", *(_WATCHING if traced else ()))
    without = ["#undef __AVX2__"] if plain else []
    source = "\n".join(
        [*without, PRELUDE, _HART, *((folder / f"{name}.cpp").read_text() for name in names)]
    )
    path, _ = compile_library(source, "handmade", cache_directory(), "-O1")
    found = ctypes.CDLL(str(path))
    found.machine_size.restype = u64
    assert found.machine_size() == ctypes.sizeof(MachineStruct)
    return found


class Bench:
    """A machine of machine.cpp, its state and its RAM, whose hart does what `hart` says.

    `hart(bench)` is called in every cycle, after the requests and the retire port of the cycle
    before have been taken away; it calls `request` and `retire`. Of every cycle `seen` has what the
    hart is given: (ready, valid, data, error) of both ports, `time` and `mcycle`. `fields` are
    members of the machine, `windows` those of its windows; what is `traced` can be watched. With
    `follows` the hart has a probe, and with `counts` its events are counted.
    """

    def __init__(
        self,
        hart=lambda bench: None,
        *,
        latency=1,
        ram_words=64,
        traced=False,
        windows=(),
        follows=False,
        counts=False,
        **fields,
    ):
        self.state, self.ram = (u64 * WORDS)(), (u64 * ram_words)(*range(100, 100 + ram_words))
        self.machine = machine = MachineStruct()
        self._library, self._hart = library(traced=traced), hart
        self.seen = []
        #: What `mcycle` counts in a cycle.
        self.counts = 1
        machine.state, machine.ram = ctypes.addressof(self.state), ctypes.addressof(self.ram)
        machine.ram_base, machine.ram_size, machine.latency = BASE, 8 * ram_words, latency
        for number, port in enumerate(machine.port):
            port.request_at = 8 * number
            for place, name in enumerate(("ready_at", "valid_at", "data_at", "error_at")):
                setattr(port, name, INPUTS + 4 * number + place)
        machine.time_at, machine.retire_at = TIME, RETIRE
        machine.watched, machine.deadline, machine.lock_port = _NEVER, _NEVER, 2
        machine.story.probe_at, machine.story.handler_at = (PROBE if follows else _NEVER), HANDLER
        machine.counts.events_at = EVENTS if counts else _NEVER
        machine.window_count = len(windows)
        for window, values in zip(machine.windows, windows, strict=False):
            for name, value in values.items():
                setattr(window, name, value)
        machine.counter_at, machine.compare_at, machine.state_words = COUNTER, COMPARE, WORDS
        self.state[COMPARE] = _NEVER
        self._before = (u64 * WORDS)()
        machine.before = ctypes.addressof(self._before)
        for name, value in fields.items():
            setattr(machine, name, value)
        self._step = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._cycle)
        self._call("machine_drive")

    @property
    def cycle(self) -> int:
        """Cycles passed."""
        return self.machine.cycle

    def run(self, cycles: int, work: int = _NEVER) -> int:
        """Runs for `cycles` at most, of which `work` are computed; returns the event."""
        self._library.set_step(self._step)
        self._call("machine_run", cycles, work)
        return self.machine.event

    def answer(self, delay: int) -> None:
        """Answers the store that is withheld."""
        self._call("machine_answer", delay)

    def serve(self, data: int, error: int = 0) -> None:
        """Serves an access to a device, and ends the cycle."""
        self._call("machine_serve", data, error)
        self._call("machine_finish")

    def finish(self) -> None:
        """Ends the cycle, after Python has acted; an access that was not served is withheld."""
        self._call("machine_finish")

    def ready(self, port: int) -> bool:
        """Whether the port takes a request in this cycle."""
        return bool(self.state[INPUTS + 4 * port])

    def request(self, port: int, address: int, **fields) -> None:
        """Makes a request, of 8 bytes; `fields` are the others of `structs.REQUEST`."""
        values = {"valid": 1, "address": address, "size": 3, **fields}
        for place, name in enumerate(structs.REQUEST):
            self.state[8 * port + place] = values.get(name, 0)

    def retire(self, *, trap: int = 0, pc: int = 0, mode: int = 0, cause: int = 0, tval: int = 0):
        """Says what retires, or traps."""
        self.state[RETIRE : RETIRE + 6] = [1, trap, pc, mode, cause, tval]

    def show(self, probe, handler=(0, 0, 0, 0)) -> None:
        """Says what the probe shows, and with what retires insn, intr, csr_addr, csr_wmask."""
        self.state[PROBE : PROBE + 9] = list(probe)
        self.state[HANDLER : HANDLER + 4] = list(handler)

    def look(self, function) -> None:
        """Calls `function()` after every cycle."""
        self._look = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda machine: function())
        self.machine.watch = ctypes.cast(self._look, ctypes.c_void_p).value

    def _call(self, name, *arguments):
        function = getattr(self._library, name)
        function(ctypes.byref(self.machine), *map(u64, arguments))

    def _cycle(self, address):
        # A ring computes cycles again, in a state of its own.
        own, self.state = self.state, (u64 * WORDS).from_address(address)
        state = self.state
        ports = [tuple(state[INPUTS + 4 * port : INPUTS + 4 * port + 4]) for port in (0, 1)]
        self.seen.append((*ports, state[TIME], state[COUNTER]))
        state[COUNTER] += self.counts
        state[0] = state[8] = state[RETIRE] = 0
        self._hart(self)
        self.state = own
