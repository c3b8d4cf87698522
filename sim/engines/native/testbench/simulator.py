"""Amaranth's simulator with compiled code in place of the design's logic.

`Simulator(dut, engine=NativeSimEngine)` runs the same testbenches and processes. Time, clocks and
everything that is Python stay as they are in Amaranth's own engine; a signal of the design is a
window on the compiled model, which is evaluated when somebody looks at it.

There are three differences. Who waits for a signal that logic drives wakes when all has settled,
and sees settled values. A reset of the domain leaves the data of a synchronous read port that is
not enabled alone, as it does in hardware; Amaranth's own engine clears it. And the rise of an
asynchronous reset resets, and does no more; Amaranth's own engine takes it for an edge of the
clock, at which registers without a reset and memories take what is new.

It builds on private parts of Amaranth; see `sim.engines.internals`.
"""

from pathlib import Path
from typing import Any

from sim.engines.internals import PySimEngine
from sim.engines.native.testbench.claims import Claims
from sim.engines.native.testbench.slots import Running, State
from sim.host.toolchain import cache_directory

__all__ = ["NativeSimEngine"]


class NativeSimEngine(PySimEngine):
    """For `Simulator(design, engine=NativeSimEngine)`.

    Raises Unsupported, with the signal or source line, if the design cannot be computed natively,
    and CompilerError if there is no compiler that works.

    Members
    -------
    directory : Path or None
        Where libraries are kept; by default in the cache of `sim.host.toolchain`. Set it in a
        subclass.
    level : str
        How much the compiler optimises. Testbenches are short, and most of their time is Python's.
    """

    directory: Path | None = None
    level = "-O0"

    def __init__(self, design: Any):
        # The parent's constructor would compile the design its own way.
        self._design = design
        self._native = Running(design, self.directory or cache_directory(), self.level)
        self._state = State(self._native)
        self._claims = Claims(self._native.survey.events.claims, self._state)
        self._processes: set[Any] = set()
        self._testbenches: list[Any] = []
        self._delta_cycles = 0
        self._vcd_writers: list[Any] = []
        self._active_triggers: set[Any] = set()
        self._traced: dict[Any, int] = {}

    def step_design(self) -> None:
        """Runs processes and evaluates logic until nothing changes any more."""
        state, native = self._state, self._native
        while True:
            for trigger in self._active_triggers:
                trigger.run()
            self._active_triggers.clear()
            for process in self._processes:
                if process.runnable:
                    process.runnable = False
                    process.run()
            # What the processes have just set is not there yet for the flip-flops.
            if native.due:
                self._claims.heed(native.due)
                native.clock()
            elif not state.pending:
                break
            state.commit()
            state.wake()
            if self._vcd_writers:
                self._trace()
        self._delta_cycles += 1

    def _trace(self) -> None:
        """Writes what has changed since the last time."""
        for writer in self._vcd_writers:
            now = self._now_plus_deltas(writer.fs_per_delta)
            for signal in writer.vcd_signal_vars:
                value = self._state.slots[self._state.get_signal(signal)].curr
                if self._traced.get((writer, id(signal))) != value:
                    self._traced[writer, id(signal)] = value
                    writer.update_signal(now, signal)
            for memory in writer.vcd_memory_vars:
                rows = self._state.slots[self._state.get_memory(memory)]
                for address in range(memory.depth):
                    value = rows.read(address)
                    if self._traced.get((writer, id(memory), address)) != value:
                        self._traced[writer, id(memory), address] = value
                        writer.update_memory(now, memory, address)
