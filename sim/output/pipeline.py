"""Follows the instructions through the pipeline's stages, cycle by cycle, into a Kanata log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hdl.arch import PAGE_FAULTS
from hdl.pipeline.probe import STAGES
from sim.guests.fault_table import cause_name
from sim.host.debug_info import disassemble
from sim.output.kanata import MAIN, STALL, KanataWriter, Row

__all__ = ["INSPECTED", "Pipeline"]

#: What is asked of the hart in each cycle.
INSPECTED = (
    *(f"{stage}.{name}" for stage in STAGES for name in ("valid", "id", "pc", "stall", "squash")),
    "align.insn",
    *(f"retire.{name}" for name in ("valid", "id", "trap", "cause", "tval", "mode", "pc_rdata")),
)
#: What stages are called, and, by the numbers of `Stall`, what keeps an instruction there.
_LETTERS = {"fetch": "F", "align": "A", "decode": "D", "execute": "X", "trap": "T"}
_STALLS = (None, "next", "fetch", "operand", "unit", "walk", "memory", "wfi")
_KERNEL = "K"
#: Bits of an identifier that tell the halfword; the others are the fetched word's number.
_SLOT_BITS = 2


@dataclass(eq=False)
class _Word:
    """A word that is fetched, until its instructions have come to the aligner."""

    pc: int
    start: int
    #: Cycles in which what keeps it has changed, and to what.
    stalls: list[tuple[int, str | None]] = field(default_factory=list)
    #: The cycle behind its last one in the fetch stage.
    end: int | None = None
    shown: bool = False


@dataclass(eq=False)
class _Instruction:
    """An instruction that is in the pipeline."""

    row: Row
    pc: int
    thread: int
    stage: str | None = None
    stall: str | None = None
    labelled: bool = False


class Pipeline:
    """Writes to `path` what is in the pipeline from cycle `first` on.

    Members
    -------
    thread : int
        The process whose instructions are fetched, 0 for none.
    """

    def __init__(self, path: Path, first: int):
        self.thread = 0
        self._out = KanataWriter(path, first)
        self._words: dict[int, _Word] = {}
        self._inside: dict[int, _Instruction] = {}
        #: What has faulted or was put off, by process and address, until it is made again.
        self._again: dict[tuple[int, int], Row] = {}

    def cycle(self, cycle: int, shown: Mapping[str, int]) -> None:
        """Takes a cycle: the values of INSPECTED."""
        if shown["retire.valid"]:
            self._left(cycle, shown)
        self._fetch(cycle, shown)
        for stage in STAGES[1:]:
            if shown[f"{stage}.valid"]:
                self._visit(cycle, stage, shown)
        self._out.flush(min((word.start for word in self._words.values()), default=cycle))

    def kernel(self, rung: int, answered: int, label: str, details: str) -> None:
        """The kernel serves a trap, from the ring of the doorbell to its answer."""
        out = self._out
        row = out.begin(rung, 0, 0)
        out.label(rung, row, label)
        out.tooltip(rung, row, f"cycle {rung:,} to {answered:,}")
        out.tooltip(rung, row, details)
        out.start(rung, row, MAIN, _KERNEL)
        out.stop(answered, row, MAIN, _KERNEL)
        out.end(answered, row, flushed=False)

    def close(self, last: int) -> OSError | None:
        """Nothing from cycle `last` on is taken; returns what has gone wrong with the file."""
        for instruction in self._inside.values():
            self._out.tooltip(last, instruction.row, "in the pipeline when the log ends")
            self._end(last, instruction, flushed=True)
        for word in self._words.values():
            self._drop(last, word)
        return self._out.close(last)

    def _fetch(self, cycle: int, shown: Mapping[str, int]) -> None:
        """What is in the fetch stage is a word; its instructions get their rows in the aligner."""
        if not shown["fetch.valid"]:
            return
        number = shown["fetch.id"] >> _SLOT_BITS
        word = self._words.get(number)
        if word is None:
            word = self._words[number] = _Word(shown["fetch.pc"], cycle)
        stall = _STALLS[shown["fetch.stall"]]
        if stall != (word.stalls[-1][1] if word.stalls else None):
            word.stalls.append((cycle, stall))
        if shown["fetch.squash"]:
            self._drop(cycle + 1, self._words.pop(number))
        elif stall is None:
            word.end = cycle + 1

    def _visit(self, cycle: int, stage: str, shown: Mapping[str, int]) -> None:
        """An instruction is in a stage behind the fetch."""
        identifier, stall = shown[f"{stage}.id"], _STALLS[shown[f"{stage}.stall"]]
        instruction = self._inside.get(identifier)
        if instruction is None:
            instruction = self._meet(cycle, identifier, shown[f"{stage}.pc"])
        if instruction.stage != stage:
            self._change(cycle, instruction, MAIN, _LETTERS[stage])
            instruction.stage = stage
        if instruction.stall != stall:
            self._change(cycle, instruction, STALL, stall)
        if shown[f"{stage}.squash"]:
            self._end(cycle + 1, self._inside.pop(identifier), flushed=True)
            if stage == "trap":  # it would have been next
                self._put_off(instruction)
        elif stage == "align" and stall is None:
            self._out.label(cycle, instruction.row, _label(instruction.pc, shown["align.insn"]))
            instruction.labelled = True

    def _meet(self, cycle: int, identifier: int, pc: int) -> _Instruction:
        """An instruction is there for the first time; its row begins with its word's fetch."""
        number = identifier >> _SLOT_BITS
        for older in [each for each in self._words if each < number]:
            self._drop(cycle, self._words.pop(older))
        word = self._words.get(number)
        start = cycle if word is None else word.start
        row = self._out.begin(start, identifier, self.thread)
        self._out.tooltip(start, row, f"from cycle {start:,}")
        if word is not None:
            self._show(row, word, cycle if word.end is None else word.end)
            word.shown = True
        instruction = self._inside[identifier] = _Instruction(row, pc, self.thread)
        return instruction

    def _drop(self, cycle: int, word: _Word) -> None:
        """A word comes to its end; one of which no instruction was seen gets a row of its own."""
        if word.shown:
            return
        out = self._out
        row = out.begin(word.start, 0, self.thread)
        out.label(word.start, row, f"{word.pc:#x}: a word that is dropped")
        end = cycle if word.end is None else word.end
        self._show(row, word, end)
        out.end(end, row, flushed=True)

    def _show(self, row: Row, word: _Word, end: int) -> None:
        """The fetch stage of a row, until `end`."""
        self._out.start(word.start, row, MAIN, _LETTERS["fetch"])
        stops = [cycle for cycle, _ in word.stalls[1:]] + [end]
        for (start, stall), stop in zip(word.stalls, stops, strict=False):
            if stall is not None:
                self._out.start(start, row, STALL, stall)
                self._out.stop(stop, row, STALL, stall)
        self._out.stop(end, row, MAIN, _LETTERS["fetch"])

    def _change(self, cycle: int, instruction: _Instruction, lane: int, to: str | None) -> None:
        """A lane has another stage from `cycle` on, or none."""
        stage = instruction.stage
        before = instruction.stall if lane == STALL else stage and _LETTERS[stage]
        if before is not None:
            self._out.stop(cycle, instruction.row, lane, before)
        if to is not None:
            self._out.start(cycle, instruction.row, lane, to)
        if lane == STALL:
            instruction.stall = to

    def _left(self, cycle: int, shown: Mapping[str, int]) -> None:
        """An instruction has retired or raised an exception, at the end of the cycle before."""
        instruction = self._inside.pop(shown["retire.id"], None)
        if instruction is None:
            return  # it was there before the first cycle
        key = instruction.thread, instruction.pc
        source = self._again.pop(key, None)
        if source is not None:
            self._out.arrow(cycle, instruction.row, source)
            self._out.tooltip(cycle, instruction.row, "made again")
        if shown["retire.trap"]:
            self._out.tooltip(cycle, instruction.row, _exception(shown))
            if shown["retire.cause"] in PAGE_FAULTS:
                self._put_off(instruction)
        self._end(cycle, instruction, flushed=bool(shown["retire.trap"]))

    def _put_off(self, instruction: _Instruction) -> None:
        self._again[instruction.thread, instruction.pc] = instruction.row

    def _end(self, cycle: int, instruction: _Instruction, *, flushed: bool) -> None:
        if not instruction.labelled:
            self._out.label(cycle, instruction.row, f"{instruction.pc:#x}")
        self._change(cycle, instruction, STALL, None)
        self._change(cycle, instruction, MAIN, None)
        self._out.end(cycle, instruction.row, flushed=flushed)


def _label(pc: int, insn: int) -> str:
    """The address, and the instruction in assembly; 0 stands for one that could not be fetched."""
    if not insn:
        return f"{pc:#x}: cannot be fetched"
    return f"{pc:#x}: {disassemble(insn.to_bytes(4, 'little'), pc)}"


def _exception(shown: Mapping[str, int]) -> str:
    cause = shown["retire.cause"]
    what = f"{cause_name(cause)} page fault" if cause in PAGE_FAULTS else "exception"
    return f"raises {what}, cause {cause}, stval {shown['retire.tval']:#x}"
