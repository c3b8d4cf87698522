"""Where a run's cycles are: an instruction retired in a cycle, or something was to blame.

The pipeline retires one instruction in a cycle at most. A cycle in which it retires none is a hole
that has come through the stages as an instruction would; it is charged to what has made it, where
it was made. After a redirect all holes are its, until the first word is there that it asked for.
"""

from collections import Counter
from collections.abc import Mapping

from sim.bench.jumps import KINDS, kind_of
from sim.machine import Machine

__all__ = ["CAUSES", "INSPECTED", "Losses"]

_LOAD_USE, _MULDIV, _FETCH, _TRANSLATION = "load-use", "mul, div", "fetch", "translation"
_MEMORY, _OTHERS = "memory", "others"
#: What a cycle may be lost to; of the first four that they were not predicted, or wrongly.
CAUSES = (*KINDS, _LOAD_USE, _MULDIV, _FETCH, _TRANSLATION, _MEMORY, _OTHERS)
#: To what a hole is charged that a stage makes since its instruction stays there, by the numbers of
#: `hdl.pipeline.probe.Stall`.
_STALLS = (_OTHERS, _OTHERS, _FETCH, _LOAD_USE, _MULDIV, _TRANSLATION, _MEMORY, _OTHERS)
#: The stages that hold an instruction, the last one first, and what each gets its next one from.
_FROM = {"trap": "execute", "execute": "decode", "decode": "align"}
#: What is asked of the hart in each cycle.
INSPECTED = (
    *(f"{stage}.{name}" for stage in ("align", *_FROM) for name in ("valid", "stall", "squash")),
    *("fetch.valid", "fetch.stall", "align.insn", "retire.valid", "retire.trap"),
)


class Losses:
    """Watches a machine whose engine is `traced`, from its first cycle on.

    Members
    -------
    cycles, instructions : int
        Cycles seen, and instructions that retired in them.
    lost : Counter of str
        The other cycles, by cause.
    """

    def __init__(self) -> None:
        self.cycles = self.instructions = 0
        self.lost: Counter[str] = Counter()
        #: What is in each stage: the bits of an instruction, or what the hole there is charged to.
        self._inside: dict[str, int | str] = dict.fromkeys(("align", *_FROM), _OTHERS)
        #: What it is charged to if nothing retires in the next cycle seen.
        self._blamed: str = _OTHERS
        #: What is charged with holes that come into the aligner.
        self._upstream: str = _OTHERS

    def next_stop(self, cycle: int) -> int | None:
        """Every cycle."""
        return cycle + 1

    def look(self, machine: Machine) -> None:
        """Takes the cycle that comes next."""
        self.cycle(machine.engine.inspect(INSPECTED))

    def cycle(self, shown: Mapping[str, int]) -> None:
        """Takes a cycle: the values of INSPECTED."""
        self.cycles += 1
        if shown["retire.valid"] and not shown["retire.trap"]:
            self.instructions += 1
        else:
            self.lost[self._blamed] += 1
        inside = self._inside
        if shown["align.valid"] and not shown["align.stall"]:
            inside["align"] = shown["align.insn"]
        self._blamed = self._leaves("trap", shown, _OTHERS)
        redirected = self._redirected(shown) if shown["align.squash"] else None
        for stage, above in _FROM.items():
            squashed = redirected is not None and shown[f"{stage}.squash"]
            if squashed or not (shown[f"{stage}.valid"] and shown[f"{stage}.stall"]):
                inside[stage] = self._hands_on(above, shown, redirected)
        self._fetch(shown, redirected)

    def _redirected(self, shown: Mapping[str, int]) -> str:
        """What is charged with a redirect: the jump in the oldest stage that is not squashed."""
        if not shown["decode.squash"]:
            return _charged(self._inside["decode"])
        # Of the trap stage, or of the execute stage, which fetches its own instruction again.
        return _OTHERS if shown["execute.squash"] else _charged(self._inside["execute"])

    def _hands_on(self, stage: str, shown: Mapping[str, int], redirected: str | None) -> int | str:
        """What the stage behind `stage` gets."""
        if redirected is not None and shown[f"{stage}.squash"]:
            return redirected
        if self._goes(stage, shown):
            return self._inside[stage]
        cause = _STALLS[shown[f"{stage}.stall"]]
        # An operand of the instruction in front, which has been multiplied, not loaded.
        return _MULDIV if cause == _LOAD_USE and _works(self._inside["execute"]) else cause

    def _leaves(self, stage: str, shown: Mapping[str, int], of_instruction: str) -> str:
        inside = self._inside[stage]
        if not self._goes(stage, shown):
            return _STALLS[shown[f"{stage}.stall"]]
        return inside if isinstance(inside, str) else of_instruction

    def _goes(self, stage: str, shown: Mapping[str, int]) -> bool:
        """An instruction leaves, or there is none."""
        return not (shown[f"{stage}.valid"] and shown[f"{stage}.stall"])

    def _fetch(self, shown: Mapping[str, int], redirected: str | None) -> None:
        """What a hole in the aligner will be charged to in the next cycle."""
        if redirected is not None:
            self._upstream = redirected
        elif shown["align.valid"]:
            self._upstream = _FETCH
        waits = redirected is None and shown["fetch.valid"]
        walks = waits and _STALLS[shown["fetch.stall"]] == _TRANSLATION
        self._inside["align"] = _TRANSLATION if walks else self._upstream


def _works(inside: int | str) -> bool:
    """It is an instruction that the multiplier and divider works on: of the M extension."""
    return isinstance(inside, int) and inside & 0xFE00_0077 == 0x0200_0033


def _charged(inside: int | str) -> str:
    return (isinstance(inside, int) and kind_of(inside)) or _OTHERS
