"""A run over time in the Trace Event Format, as Perfetto and chrome://tracing read it.

"Trace Event Format" of the Chromium project, as a JSON object; docs/transcripts.md says what is
where. A microsecond of the trace is a cycle.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernel_model.facts.doorbell import Reason
from kernel_model.kernel import Kernel
from kernel_model.proc.state import KernelWatcher, Proc
from sim.engines.story import Passage
from sim.guests.fault_table import FaultTable, PageFault
from sim.guests.kernel_guest import Rung
from sim.guests.lives import Life, Part
from sim.output.arguments import Call
from sim.output.text_output import TextOutput

__all__ = ["ChromeTrace"]

#: The hart among the processes, whose pids begin with 1; and the tracks of each.
_HART = 0
_MODE, _SWITCHES = 1, 2
_CALLS, _ON_HART = 1, 2
_HEAD = {
    "displayTimeUnit": "ms",
    "otherData": {"unit": "a microsecond is a cycle of the hart, and 0 its reset"},
}
#: Of a fault, what is shown as slices, and what would be said twice.
_SHOWN = ("phases", "kernel_steps", "pid")

_Event = dict[str, Any]


class ChromeTrace(KernelWatcher):
    """Writes the trace to `path` as the run goes.

    It watches the kernel for calls and exits; `rang` takes its rings, and `fault` its faults.
    Raises OSError if the file cannot be made; what goes wrong later, `finish` tells.
    """

    def __init__(self, path: Path, kernel: Kernel, faults: FaultTable):
        self._output = TextOutput(path)
        self._kernel, self._faults = kernel, faults
        self._separator = "\n"
        self._names: dict[int, str] = {}
        #: By pid: calls that have not ended, with their arguments as far as they are known.
        self._calls: dict[int, tuple[Call, list[str]]] = {}
        #: Ends of calls, which have the cycle of the answer; and what follows from the last one,
        #: which the end of the run may come before.
        self._ends: list[_Event] = []
        self._answers: list[_Event] = []
        #: What the hart does, since when, and for whom.
        self._doing, self._since, self._payer = "boot", 0, _HART
        self._last: Rung | None = None
        self._frames = -1
        self._output.write(json.dumps(_HEAD)[:-1] + ', "traceEvents": [')
        self._introduce(_HART, "hart", {_MODE: "mode", _SWITCHES: "switches"})

    def syscall_begin(self, proc: Proc, number: int, args: tuple[int, ...], now: int) -> None:
        """A call begins, with its `ecall`."""
        raised = self._faults.raised_at(proc.pid)
        self._tell_answers(raised)
        call = Call(self._kernel, proc, number, args)
        before = call.arguments_before()
        self._calls[proc.pid] = call, before
        self._meet(proc)
        event = _call("B", call, raised)
        self._write(event | {"args": {"arguments": before}})

    def syscall_end(self, proc: Proc, number: int, result: int, now: int) -> None:
        """It has its result; the process gets it with the kernel's answer."""
        call, before = self._calls.pop(proc.pid)
        call.result = result
        told = {"arguments": before + call.arguments_after(), "result": call.result_in_words()}
        self._ends.append(_call("E", call, 0) | {"args": told})

    def exited(self, proc: Proc, now: int) -> None:
        """The process has ended, perhaps in a call."""
        if proc.pid in self._calls:
            call, _ = self._calls.pop(proc.pid)
            self._ends.append(_call("E", call, 0) | {"args": {"status": proc.xstate}})

    def rang(self, rung: Rung) -> None:
        """The hart has rung, and has its answer."""
        self._spend(rung.reason == Reason.USER_TRAP, rung.passage, rung.rung)
        self._tell_answers(rung.rung)
        if self._kernel.halted:  # and the run is over before the answer comes
            return
        self._answers = [event | {"ts": rung.answered} for event in self._ends]
        self._ends.clear()
        if rung.running is not None:
            self._meet(rung.running)
        if rung.running is not rung.trapped:
            self._switch(rung)
        used = self._kernel.kmem.used
        if used != self._frames:
            self._frames = used
            frames = {"name": "frames", "ts": rung.answered, "args": {"used": used}}
            self._answers.append({"ph": "C", "pid": _HART, "tid": _MODE} | frames)
        self._last = rung

    def _tell_answers(self, cycle: int) -> None:
        """What came of the last answer, if it was there by `cycle`; a call ends anyway."""
        for event in self._answers:
            if event["ts"] <= cycle or event["ph"] == "E":
                self._write(event | {"ts": min(event["ts"], cycle)})
        self._answers.clear()

    def settled(self, fault: PageFault, facts: Mapping[str, Any]) -> None:
        """A fault is over, or never will be; `facts` as of `sim.output.facts`."""
        pid = fault.served.pid
        # As text: a fault has some forty events, alike but for three members.
        shared = f'"cat": "page fault", "id": "{fault.number:#x}", "pid": {pid}, "tid": {_CALLS}'
        name = f"{fault.cause_name} fault"
        told = {key: value for key, value in facts.items() if key not in _SHOWN}
        args = f', "args": {json.dumps(told)}'
        for mark, (part, cycle) in _marks(name, fault.life):
            more = args if (mark, part) == ("b", name) else ""
            event = f'{{"ph": "{mark}", "name": "{part}", "ts": {cycle}, {shared}{more}}}'
            self._output.write(self._separator + event)
            self._separator = ",\n"

    def finish(self, cycle: int, passage: Passage) -> OSError | None:
        """The run is over; ends the file, and returns what has gone wrong, if anything has."""
        in_user_mode = self._last is not None and passage.returned > self._since
        trapped = passage.raised > passage.returned
        self._spend(in_user_mode, passage if trapped else passage._replace(raised=cycle), cycle)
        if cycle > self._since:
            self._slice(self._doing, self._since, cycle, self._payer)
        self._tell_answers(cycle)
        ends = self._ends + [_call("E", call, cycle) for call, _ in self._calls.values()]
        for event in ends:
            self._write(event | {"ts": cycle})
        self._output.write("\n]}\n")
        return self._output.close()

    def _spend(self, was_user: bool, passage: Passage, rung: int) -> None:
        """Tells what has passed up to the trap of `passage`, or to a ring that is due to none."""
        last = self._last
        if was_user and last is not None and last.running is not None:
            pid = last.running.pid
            self._slice(self._doing, self._since, passage.returned, self._payer)
            self._slice("user", passage.returned, passage.raised, pid)
            self._doing, self._since, self._payer = "kernel", passage.raised, pid
        elif last is not None and last.running is None:
            answered = min(last.answered, rung)
            self._slice(self._doing, self._since, answered, self._payer)
            self._slice("idle", answered, rung, _HART)
            self._doing, self._since, self._payer = "kernel", rung, _HART

    def _slice(self, name: str, start: int, end: int, pid: int) -> None:
        """The hart did this from `start` to `end` for the process `pid`, or for none."""
        if end <= start:
            return
        event = {"ph": "X", "name": name, "cat": "mode", "ts": start, "dur": end - start}
        self._write(event | {"pid": _HART, "tid": _MODE, "args": {"pid": pid}})
        if pid != _HART:
            self._write(event | {"pid": pid, "tid": _ON_HART})

    def _switch(self, rung: Rung) -> None:
        """Another process is let run, or none."""
        pids = [None if proc is None else proc.pid for proc in (rung.trapped, rung.running)]
        to = "idle" if rung.running is None else f"to {pids[1]} {self._names[rung.running.pid]}"
        event = {"ph": "i", "s": "t", "cat": "scheduler", "name": to, "ts": rung.answered}
        args = {"from": pids[0], "to": pids[1]}
        self._answers.append(event | {"pid": _HART, "tid": _SWITCHES, "args": args})

    def _meet(self, proc: Proc) -> None:
        """What is about a process follows: it has to be introduced, anew after `exec`."""
        if self._names.get(proc.pid) != proc.name:
            self._introduce(proc.pid, proc.name, {_CALLS: "system calls", _ON_HART: "on the hart"})

    def _introduce(self, pid: int, name: str, tracks: Mapping[int, str]) -> None:
        self._names[pid] = name
        self._write({"ph": "M", "name": "process_name", "pid": pid, "args": {"name": name}})
        for tid, track in tracks.items():
            event = {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid}
            self._write(event | {"args": {"name": track}})

    def _write(self, event: _Event) -> None:
        self._output.write(self._separator + json.dumps(event))
        self._separator = ",\n"


def _call(mark: str, call: Call, cycle: int) -> _Event:
    """The begin or the end of a system call."""
    event = {"ph": mark, "cat": "system call", "name": call.name, "ts": cycle}
    return event | {"pid": call.proc.pid, "tid": _CALLS}


def _marks(name: str, life: Life) -> Iterator[tuple[str, tuple[str, int]]]:
    """The begins and ends of a fault, of its parts, and of the kernel's steps in one of these."""
    spans = life.spans
    yield "b", (name, life.begin)
    for span in spans:
        yield "b", (span.part.value, span.start)
        cycle = span.start
        for step in life.kernel_parts if span.part is Part.KERNEL else ():
            yield "b", (step.name, cycle)
            cycle += step.cycles
            yield "e", (step.name, cycle)
        yield "e", (span.part.value, span.end)
    yield "e", (name, spans[-1].end if spans else life.begin)
