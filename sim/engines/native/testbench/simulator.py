"""Amaranth's simulator with compiled code in place of the design's logic.

`Simulator(dut, engine=NativeSimEngine)` runs the same testbenches and processes. Time, clocks and
everything that is Python stay as they are in Amaranth's own engine; a signal of the design is a
window on the compiled model, which is evaluated when somebody looks at it.

Compiling a design takes longer than a short testbench runs. So a design that is not in the cache
begins on Amaranth's own engine, and is compiled once it has run for about as long as that takes:
the model then takes over registers, memories and inputs as they are, between two moments.

What differs, for registers, resets, clocks and who waits, is listed in docs/testbenches.md.

It builds on private parts of Amaranth; see `sim.engines.internals`.
"""

import os
import sys
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import amaranth

from sim.engines.internals import FragmentCompiler, PyRTLProcess, PySimEngine
from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.compiler.cxx import CompilerError
from sim.engines.native.testbench.brief import Brief
from sim.engines.native.testbench.claims import Claims
from sim.engines.native.testbench.open_design import OpenDesign, find_design, open_design
from sim.engines.native.testbench.returning import mixed_with, return_to_pysim
from sim.engines.native.testbench.slots import Running, State
from sim.engines.native.testbench.survey import Survey
from sim.engines.native.testbench.triggers import tells_time
from sim.engines.native.testbench.unsettled import processes_of
from sim.host.toolchain import ToolchainError, cache_directory

__all__ = ["NativeSimEngine", "NotNative"]

#: The last is that of a cache that is nowhere to be had.
_FAILURES = (Unsupported, CompilerError, OSError, ToolchainError)
#: Folders of files that a warning is not about: ours, and Amaranth's.
_WITHIN = (f"{Path(__file__).parent}{os.sep}", f"{Path(amaranth.__file__).parent}{os.sep}")


class NotNative(UserWarning):
    """A design stays on Amaranth's own engine, or returns to it; the message says why."""


class NativeSimEngine(PySimEngine):
    """For `Simulator(design, engine=NativeSimEngine)`.

    What cannot be computed natively, or compiled here, runs on Amaranth's own engine, and a
    warning, `NotNative`, says what that is and where.

    Members
    -------
    directory : Path or None
        Where libraries are kept; by default in the cache of `sim.host.toolchain`. Set it, or one
        of the others, in a subclass.
    level : str
        How much the compiler optimises. Testbenches are short, and most of their time is Python's.
    moments : int or None
        For how many moments at which something happens a design that is not in the cache runs on
        Amaranth's own engine; None for as many as its size suggests, and for as long as a waveform
        is written. With 0 it is compiled before it runs, and Unsupported is raised if that cannot
        be, for whatever reason; a run that begins natively may end on Amaranth's own engine all the
        same.
    """

    directory: Path | None = None
    level = "-O0"
    moments: int | None = None

    def __init__(self, design: Any):
        # The parent's constructor would have a state of its own.
        self._design = design
        self._state = State()
        self._processes: set[Any] = set()
        self._testbenches: list[Any] = []
        self._delta_cycles = 0
        self._vcd_writers: list[Any] = []
        self._active_triggers: set[Any] = set()
        self._traced: dict[Any, int] = {}
        #: Moments that are left until the design has earned to be compiled.
        self._left: int | None = None
        #: What is in the cache, until the first moment.
        self._found: OpenDesign | None = None
        self._survey: Survey | None = None
        self._brief: Brief | None = None
        #: Where a testbench or a process has set something last.
        self._set_at: tuple[Any, int] | None = None
        try:
            self._found = self._known_design()
            if self._found is not None and self.moments == 0:
                self._use_found()
        except _FAILURES as error:
            self._refuse(error)
        if self._found is None and self._state.native is None:
            self._use_pysim()

    def _use_pysim(self) -> None:
        """Amaranth's own engine computes the design's logic."""
        self._processes |= FragmentCompiler(self._state)(self._design.fragment)
        self._state.note_logic()

    def _shows_all(self) -> bool:
        """A waveform is written, and it is for us to say by which engine, or steps count in it."""
        steps = any(writer.fs_per_delta for writer in self._vcd_writers)
        return steps or (bool(self._vcd_writers) and self.moments is None)

    def _use_found(self) -> None:
        opened, self._found = self._found, None
        assert opened is not None
        self._use(opened)

    def _begin(self) -> None:
        """At the first moment it is known whether a waveform is written."""
        if self._shows_all():
            # Amaranth's own engine knows what has changed; here everything is looked at.
            self._found, self._left = None, 0
            self._use_pysim()
            return
        try:
            self._use_found()
        except _FAILURES as error:
            self._use_pysim()
            self._refuse(error)

    def _known_design(self) -> OpenDesign | None:
        """What is in the cache; or made now, if it may not begin on Amaranth's own engine."""
        directory = self.directory or cache_directory()
        if self.moments == 0:
            return open_design(self._design, self._surveyed(), directory, self.level)
        if self.moments is None:
            self._brief = Brief(directory, self._design)
            self._left = self._brief.moments()
            if self._left is not None:
                return None
        self._left = self.moments or _worth(len(self._surveyed().signals))
        found = find_design(self._surveyed(), directory, self.level)
        if found is None and self._brief is not None:
            self._brief.remember(self._left)
        return found

    def _surveyed(self) -> Survey:
        """What a walk over the design has seen, which is done once."""
        if self._survey is None:
            self._survey = Survey(self._design)
            if self.moments is None:
                self._survey.check_worth()
        return self._survey

    def _refuse(self, error: Exception) -> None:
        """Stays on Amaranth's own engine."""
        if self.moments == 0:
            if isinstance(error, Unsupported):
                raise error
            raise Unsupported(str(error)) from error
        self._left = None
        reason = str(error).partition("\n")[0]
        warnings.warn(f"not computed natively: {reason}", NotNative, stacklevel=_frames_of_ours())

    def _use(self, opened: OpenDesign) -> None:
        """Runs the model from here on, with the values that there are.

        If the library cannot be loaded all is as it was, and OSError or ToolchainError is raised.
        """
        survey = self._surveyed()
        native = Running(survey, opened, self.directory or cache_directory())
        self._left = None
        self._processes = {each for each in self._processes if type(each) is not PyRTLProcess}
        self._state.go_native(native)
        self._processes |= processes_of(survey.unsettled, self._state, begun=self._state.begun)
        self._claims = Claims(survey.events.claims, self._state)
        if self._vcd_writers:
            self._trace(silently=True)

    def _return(self, reason: str) -> None:
        """Leaves the design's logic to Amaranth's own engine from here on."""
        logic = return_to_pysim(self._state, self._design)
        self._processes = {each for each in self._processes if type(each) is not PyRTLProcess}
        self._processes |= logic
        warnings.warn(
            f"not computed natively any more: {reason}", NotNative, stacklevel=_frames_of_ours()
        )

    def write_vcd(self, *, fs_per_delta: int, **options: Any) -> Any:
        """As Amaranth's own; whose steps are not the model's, if the waveform is to show them."""
        if fs_per_delta and self._state.native is not None:
            self._return("the waveform shows the steps of a moment")
        return super().write_vcd(fs_per_delta=fs_per_delta, **options)

    @cached_property
    def _clocks(self) -> set[int]:
        """The clocks of all domains: their ids, since the design keeps them alive."""
        domains = [d for each in self._design.fragments for d in each.domains.values()]
        return {id(domain.clk) for domain in domains}

    def add_trigger_combination(self, combination: Any, *, oneshot: bool) -> Any:
        """As Amaranth's own; notes whether it can tell when logic follows."""
        if not self._state.lags:
            self._state.lags = tells_time(combination, self._state, self._clocks)
        return super().add_trigger_combination(combination, oneshot=oneshot)

    def reset(self) -> None:
        """Begins again."""
        super().reset()
        if self._state.native is not None:
            self._claims.reset()

    def advance(self) -> bool:
        """Does all that happens at one moment; returns whether there is more to come."""
        if self._found is not None:
            self._begin()
        elif self._left is not None and not self._shows_all():
            self._left -= 1
            if self._left < 0:
                self._compile()
        more: bool = super().advance()
        return more

    def _compile(self) -> None:
        try:
            directory = self.directory or cache_directory()
            if self._brief is not None:
                self._brief.forget()
            opened = open_design(self._design, self._surveyed(), directory, self.level)
            self._use(opened)
        except _FAILURES as error:
            self._refuse(error)

    def set_value(self, expr: Any, value: int) -> None:
        """Sets what a testbench or a process assigns to; of registers no other bits than those."""
        native = self._state.native
        if native is None:
            super().set_value(expr, value)
            return
        frame = sys._getframe(2)
        self._set_at = frame.f_code, frame.f_lasti
        native.others = 0
        try:
            super().set_value(expr, value)
        finally:
            if native.half_set:
                native.others = -1
                super().set_value(expr, value)

    def step_design(self) -> None:
        """Runs processes and evaluates logic until nothing changes any more."""
        state = self._state
        native = state.native
        if native is None:
            state.begun = True
            super().step_design()
            return
        moved = False
        while True:
            for trigger in self._active_triggers:
                trigger.run()
            self._active_triggers.clear()
            for process in self._processes:
                if process.runnable:
                    process.runnable = False
                    process.run()
            if state.pending and (moved or native.due or len(state.pending) > 1):
                clock = mixed_with(state, self._clocks, moved=moved)
                if clock is not None:
                    self._return(_mixture(clock, self._set_at))
                    super().step_design()
                    return
            follows = state.lags and native.keep()
            # What the processes have just set is not there yet for the flip-flops.
            if native.due or native.levels:
                kept = self._claims.heed(native.due)
                native.clock()
                for signal, value in kept:
                    native.poke(native.opened.held[native.numbers[id(signal)]], value)
            elif native.begun and not state.pending and not follows:
                break
            state.commit()
            native.begun = True
            moved = moved or native.unheeded
            state.wake()
            if self._vcd_writers:
                self._trace()
        self._delta_cycles += 1

    def _trace(self, *, silently: bool = False) -> None:
        """Writes what has changed since the last time; `silently` it is only taken note of."""
        for writer in self._vcd_writers:
            now = self._now_plus_deltas(writer.fs_per_delta)
            for signal in writer.vcd_signal_vars:
                value = self._state.slots[self._state.get_signal(signal)].curr
                if self._traced.get((writer, id(signal))) != value:
                    self._traced[writer, id(signal)] = value
                    if not silently:
                        writer.update_signal(now, signal)
            for memory in writer.vcd_memory_vars:
                rows = self._state.slots[self._state.get_memory(memory)]
                for address in range(memory.depth):
                    value = rows.read(address)
                    if self._traced.get((writer, id(memory), address)) != value:
                        self._traced[writer, id(memory), address] = value
                        if not silently:
                            writer.update_memory(now, memory, address)


def _mixture(clock: Any, place: tuple[Any, int] | None) -> str:
    """What is said of a clock, and where something has been set last: code, and an offset in it."""
    where = "unknown source"
    if place is not None:
        code, at = place
        lines = [line for start, end, line in code.co_lines() if start <= at < end]
        where = f"{code.co_filename}:{lines[0]}"
    return f"the clock {clock.name} is set along with what logic follows, last at {where}"


def _frames_of_ours() -> int:
    """How many frames stand between whoever asks and a file that is neither ours nor Amaranth's."""
    count, frame = 0, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_WITHIN):
        count, frame = count + 1, frame.f_back
    return count + 1


def _worth(signals: int) -> int:
    """Moments after which a design of so many signals has run for as long as it takes to compile.

    Compiling takes 0.35 s and 2.5 ms for a signal, a moment of Amaranth's own engine 15 µs and 1 µs
    for a signal, or so: it is the ratio that counts.
    """
    return int((0.35 + 2.5e-3 * signals) / (15e-6 + 1e-6 * signals))
