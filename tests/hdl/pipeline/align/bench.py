"""An aligner between random words and a taker that is not always ready."""

import random

from hdl.mmu.vocabulary import Fault
from hdl.pipeline.align import Aligner
from hdl.pipeline.stages import FetchedWord
from hdl.units.btb import TARGET_BITS
from tests.hdl.pipeline.align.cutter import MASK, Cutter, random_parcel
from tests.rigs import shared
from tests.support import leaves, member

__all__ = ["ACCESS", "NONE", "PAGE", "WORD_FIELDS", "Bench"]

NONE, PAGE, ACCESS = Fault.NONE, Fault.PAGE, Fault.ACCESS
WORD_FIELDS = [name for name in leaves(FetchedWord()) if name != "valid"]


class Fetcher:
    """Makes the words that a fetch stage would: each continues where the last one predicts."""

    def __init__(self, rng, *, faults, predictions, cuts):
        self.rng = rng
        self.faults, self.predictions, self.cuts = faults, predictions, cuts
        #: What does not decide what is fetched.
        self.hints = random.Random(1)
        self.number = 0
        self.redirect()

    def redirect(self):
        self.pc = self.rng.getrandbits(63) << 1
        self.stopped = False

    def word(self):
        rng, offset, near = self.rng, self.pc >> 1 & 3, (1 << TARGET_BITS) - 1
        predicted = rng.random() < self.predictions
        word = {
            "data": sum(random_parcel(rng) << 16 * slot for slot in range(4)),
            "fetch__va": self.pc,
            "fetch__fault": NONE,
            "fetch__update": 0,
            "known": int(predicted or self.hints.random() < 0.3),
            "predicted": int(predicted),
            "strong": self.hints.getrandbits(1),
            "slot": rng.randrange(offset, 4) if predicted else rng.randrange(4),
            # Without a prediction this means nothing.
            "target": rng.getrandbits(63) << 1 & near,
            "number": self.number,
        }
        if self.cuts:
            word["cut"] = int(offset < 2 and rng.random() < self.cuts)
        self.number += 1
        self.pc = (
            self.pc & ~near | word["target"] if predicted else ((self.pc >> 3) + 1 << 3) & MASK
        )
        if rng.random() < self.faults:
            self.stopped = True
            failures = ({"fetch__fault": PAGE}, {"fetch__fault": ACCESS}, {"fetch__update": 1})
            word |= rng.choice(failures)
            word["data"] = rng.getrandbits(64)
        return word


class Bench:
    """With `cuts` there is memory protection, which keeps back the upper half of as many words."""

    def __init__(
        self, seed, *, faults=0.03, predictions=0.3, cuts=0, arrive=0.6, take=0.7, flush=0.02
    ):
        self.rng = random.Random(seed)
        self.seed = seed
        self.arrive, self.take, self.flush = arrive, take, flush
        self.fetcher = Fetcher(self.rng, faults=faults, predictions=predictions, cuts=cuts)
        self.cutter = Cutter()
        self.dut = shared(Aligner, protected=cuts > 0)
        self.fields = [*WORD_FIELDS, *(["cut"] if cuts else [])]
        self.kinds = {}
        #: A word is on its way, for which there was room.
        self.asked = True

    def count(self, found):
        straddles = not found.get("compressed", 1) and found["pc"] & 6 == 6
        kind = {
            "refetch": found["refetch"],
            "failed second half": found.get("fetch__second"),
            "failed first half": found.get("fetch__second") == 0,
            "reaches into a cut": found.get("fetch__second") and found["pc"] & 6 == 2,
            "begins in a cut": found["pc"] & 4 and found.get("fetch__second") == 0,
            "update": found["fetch__update"],
            "predicted": found.get("predicted"),
            "straddles": straddles and not found["refetch"],
            "predicted and straddles": straddles and found.get("predicted"),
            "illegal": found.get("illegal"),
        }
        for name in [name for name, is_one in kind.items() if is_one] or ["plain"]:
            self.kinds[name] = self.kinds.get(name, 0) + 1

    def deliver(self, ctx):
        """Perhaps lets a word arrive in this cycle."""
        word = self.dut.word
        arrives = self.asked and not self.fetcher.stopped and self.rng.random() < self.arrive
        if arrives:
            made = self.fetcher.word()
            self.cutter.arrive(made)
            for name in self.fields:
                ctx.set(member(word, name), made[name])
        ctx.set(word.valid, int(arrives))
        self.asked &= not arrives

    async def cycle(self, ctx, number):
        dut, where = self.dut, f"seed {self.seed}, cycle {number}"
        self.deliver(ctx)
        front = self.cutter.front()
        assert ctx.get(dut.valid) == (front is not None), where
        if front:
            found, _, _ = front
            if "fetch__va" in found:
                assert found["fetch__va"] in (found["pc"], found["pc"] + 2 & MASK), where
                second = int(found["fetch__va"] != found["pc"])
                found = {**found, "fetch__second": second}
                del found["fetch__va"]
            got = {name: ctx.get(member(dut.fetched, name)) for name in found}
            assert got == found, where
        take = self.rng.random() < self.take
        # What follows a fault or a cut instruction is flushed by the trap or redirect.
        last = front and take and (found["refetch"] or "fetch__second" in found)
        flush = last or self.rng.random() < self.flush
        ctx.set(dut.take, int(take))
        ctx.set(dut.flush, int(flush))
        # What follows a flush is asked for in the next cycle, when nothing is held any more.
        self.asked |= flush or ctx.get(dut.room)
        await ctx.tick()
        if front and take:
            self.cutter.take()
            self.count(found)
        if flush:
            self.cutter.flush()
            self.fetcher.redirect()
