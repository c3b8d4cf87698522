"""Makes a program that shows a difference as small as it can be and still show one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.verify.lockstep.program import Program
from tests.verify.lockstep.world import tables

__all__ = ["shrink"]

#: Settings without which no program ends: mtvec, and stimecmp before the timer can interrupt.
_NEEDED = 2


def shrink(program: Program, fails: Callable[[Program], bool], *, attempts: int = 600) -> Program:
    """A program with parts of `program` left out for which `fails` still holds.

    `fails` is asked at most `attempts` times. Blocks that are `whole` go as one or stay.
    """
    search = _Search(program, fails, attempts)
    size = None
    while size != search.best.size() and search.left:
        size = search.best.size()
        search.parts(
            lambda p: p.blocks[:-1], lambda p, blocks: p.changed(blocks=(*blocks, p.blocks[-1]))
        )
        search.parts(lambda p: p.lines, lambda p, lines: p.changed(lines=tuple(lines)))
        search.parts(
            lambda p: p.settings[_NEEDED:],
            lambda p, settings: p.changed(settings=(*p.settings[:_NEEDED], *settings)),
        )
        search.parts(lambda p: p.dumped, lambda p, dumped: p.changed(dumped=tuple(dumped)))
        search.items()
    return search.best


class _Search:
    """The smallest program so far, and how many may still be tried."""

    def __init__(self, program, fails, attempts):
        self.best, self._fails, self.left = program, fails, attempts
        self.try_(program.changed(tables=tables(Random(0), bends=False)))
        self.try_(program.changed(blocks=tuple(replace(b, before=None) for b in program.blocks)))

    def try_(self, program):
        """Takes `program` if it fails too."""
        if not self.left:
            return False
        self.left -= 1
        if not self._fails(program):
            return False
        self.best = program
        return True

    def parts(self, take: Callable[[Program], Sequence], put: Callable[[Program, list], Program]):
        """Leaves out runs of what `take` gives: long ones first, then shorter ones, then single."""
        length = len(take(self.best))
        while length:
            start = 0
            while start < len(take(self.best)):
                parts = list(take(self.best))
                if not self.try_(put(self.best, parts[:start] + parts[start + length :])):
                    start += length
            length //= 2

    def items(self):
        """Leaves out instructions of every block that is not `whole`."""
        for number in [block.number for block in self.best.blocks if not block.whole]:
            self.parts(
                lambda p, n=number: self._block(p, n).items,
                lambda p, items, n=number: p.changed(
                    blocks=tuple(
                        replace(b, items=tuple(items)) if b.number == n else b for b in p.blocks
                    )
                ),
            )

    @staticmethod
    def _block(program, number):
        return next(block for block in program.blocks if block.number == number)
