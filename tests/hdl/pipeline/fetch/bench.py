"""A fetch stage between a random MMU, a random memory and redirects at any time.

The reference follows the words one by one: where a word continues is predicted by a dictionary
that learns what the branch target buffer learns.
"""

import random

from hdl.memory.port import Source
from hdl.mmu.vocabulary import Access, Fault
from hdl.pipeline.fetch import Fetch
from hdl.units.btb import TAG_BITS, TARGET_BITS, BranchKind
from hdl.units.return_stack import ENTRIES as STACKED
from tests.rigs import shared

__all__ = ["ACCESS", "NONE", "PAGE", "Bench"]

NONE, PAGE, ACCESS = Fault.NONE, Fault.PAGE, Fault.ACCESS
MASK = (1 << 64) - 1
RESET = 0x8000_0000
#: Where redirects and branches go: a few words, so that predictions are met again, at the end of
#: a page before one that is refused, and elsewhere.
BASES = (RESET, 0x1FE0, 0x5FE0, 0x3F_FFFF_FFE0, 0x40_0000)
FAULTY_PAGES = {0x2: PAGE, 0x6: ACCESS, 0x400_0000: "update"}
ENTRIES = 4
#: What tells words apart whose branches are remembered.
COMPARED = (ENTRIES << TAG_BITS) - 1
#: What is remembered of a target.
NEAR = (1 << TARGET_BITS) - 1


def translate(va):
    """(physical address, fault, update) of `va`: page by page, a function of the page only."""
    failure = FAULTY_PAGES.get(va >> 12)
    pa = ((va >> 12) * 0x9E37 & (1 << 44) - 1) << 12 | va & 0xFFF
    return pa, failure if isinstance(failure, Fault) else NONE, int(failure == "update")


def content(pa):
    return pa * 0x9E37_79B9_7F4A_7C15 & MASK


class Btb:
    """Direct-mapped, with what was learnt up to the last cycle."""

    def __init__(self):
        self.rows = {}
        self.counters = {}
        #: The return stack, and the depth of calls, of which it is the remainder.
        self.stack, self.depth = [0] * STACKED, 0

    def learn(self, word, slot, counter, kind, taken, target):
        self.counters[word % ENTRIES] = counter
        if taken:
            self.rows[word % ENTRIES] = (word & COMPARED, slot, kind, target & NEAR)

    def look_up(self, pc):
        """(slot, counter, kind, target) of the branch known in the word at `pc`, or None."""
        index = pc >> 3 & ENTRIES - 1
        word, slot, kind, target = self.rows.get(index, (index, 0, BranchKind.OTHER, 0))
        known = word == pc >> 3 & COMPARED
        return (slot, self.counters.get(index, 0), kind, target) if known else None

    def predict(self, pc):
        """(slot, target) of a branch that jumps in the rest of the word at `pc`, or None."""
        slot, counter, kind, target = self.look_up(pc) or (0, 0, None, 0)
        if counter < 2 or slot < pc >> 1 & 3:
            return None
        if kind is BranchKind.RETURN:
            target = self.stack[self.depth]
            self.depth = (self.depth - 1) % STACKED
        elif kind is BranchKind.CALL:
            self.repair((self.depth + 1) % STACKED, True, (pc & ~7) + 2 * slot + 2)
        return slot, target | pc & ~NEAR

    def repair(self, depth, calls, address):
        self.depth = depth
        if calls:
            self.stack[depth] = address & NEAR


class Bench:
    """With `narrow` there is memory protection, which lets as many words be read in half only."""

    def __init__(
        self,
        seed,
        *,
        redirect=0.04,
        done=0.8,
        ready=0.8,
        latency=4,
        take=0.7,
        errors=0,
        narrow=0,
    ):
        self.rng, self.seed = random.Random(seed), seed
        #: What calls and returns are made from.
        self.nesting = random.Random(seed)
        self.rates = {"redirect": redirect, "done": done, "ready": ready, "take": take}
        self.rates |= {"errors": errors, "narrow": narrow}
        self.latency = latency
        self.protected = narrow > 0
        self.dut = shared(Fetch, reset_pc=RESET, btb_entries=ENTRIES, protected=self.protected)
        self.btb = Btb()
        self.pc = RESET
        #: A word was asked for: (pc, what is known of it, its pa or None if refused, only half of
        #: it), stale if a redirect came since; cycles until the bus responds.
        self.asked, self.stale, self.wait = None, False, 0
        #: What was predicted of it, (slot, target) or None.
        self.predicted = None
        self.stopped = False
        #: Words in the aligner at the start of the cycle, and whether one of them leaves.
        self.held = self.leaves = 0
        self.last_number = -1
        self.counts = dict.fromkeys(
            ("words", "predicted", "faults", "updates", "errors", "redirects", "dropped", "cut"),
            0,
        )

    def chance(self, what):
        return self.rng.random() < self.rates[what]

    def address(self):
        return self.rng.choice(BASES) + 2 * self.rng.randrange(24)

    def drive(self, ctx):
        """Everything that does not depend on the design's outputs of this cycle."""
        dut = self.dut
        self.redirect = self.address() if self.chance("redirect") else None
        ctx.set(dut.redirect.valid, self.redirect is not None)
        ctx.set(dut.redirect.target, self.redirect or self.address())
        rng = self.nesting
        repaired = (rng.randrange(STACKED), rng.getrandbits(1), 2 * rng.getrandbits(20))
        self.repaired = repaired if self.redirect is not None else None
        for name, value in zip(("depth", "calls", "address"), repaired, strict=True):
            ctx.set(getattr(dut.repaired, name), value)
        self.learnt = None
        if self.rng.random() < 0.15:
            branch = self.address()
            counter, kind = self.rng.randrange(4), self.nesting.choice(list(BranchKind))
            taken = self.rng.randrange(4) > 0
            target = self.address() & NEAR
            self.learnt = (branch >> 3, branch >> 1 & 3, counter, kind, taken, target)
            names = ("word", "slot", "counter", "kind", "taken", "target")
            for name, value in zip(names, self.learnt, strict=True):
                ctx.set(getattr(dut.learn, name), value)
        ctx.set(dut.learn.valid, self.learnt is not None)
        self.ready = self.chance("ready")
        ctx.set(dut.port.request.ready, int(self.ready))
        self.drive_response(ctx)
        self.leaves = self.held > 0 and self.chance("take")
        self.room = self.held + ctx.get(dut.word.valid) - self.leaves <= 1
        ctx.set(dut.room, self.room)

    def drive_response(self, ctx):
        response = self.dut.port.response
        on_bus = self.asked is not None and self.asked[2] is not None
        self.responds = on_bus and self.wait == 0
        self.error = self.responds and self.chance("errors")
        # Like a refused translation, but from this very cycle on.
        self.stopped |= self.error and not self.stale
        if on_bus:
            self.wait -= 1
        ctx.set(response.valid, int(self.responds))
        ctx.set(response.error, int(self.error or (not self.responds and self.rng.getrandbits(1))))
        ctx.set(response.data, content(self.asked[2]) if self.responds else 0)

    def respond_with_translation(self, ctx, where):
        """The MMU, which responds in the cycle of the request; returns its response or None."""
        translation = self.dut.translation
        assert ctx.get(translation.squash) == (self.redirect is not None), where
        asks = ctx.get(translation.valid)
        failing = self.error and not self.stale
        if self.redirect is None and not self.stopped and not failing and self.room:
            assert asks, f"{where}: idle"
        if self.redirect is not None:
            # What is squashed in its cycle comes to nothing, a good response, too.
            ctx.set(translation.done, asks)
            ctx.set(translation.fault, NONE)
            ctx.set(translation.update, 0)
            return None
        ctx.set(translation.done, 0)
        if not asks or not self.chance("done"):
            return None
        assert not self.stopped, f"{where}: asks although a fault is on its way"
        assert ctx.get(translation.access) is Access.FETCH, where
        va = ctx.get(translation.va)
        assert va == self.pc, where
        pa, fault, update = translate(va)
        ctx.set(translation.pa, pa if fault is NONE and not update else self.rng.getrandbits(56))
        ctx.set(translation.fault, fault)
        ctx.set(translation.update, update)
        self.narrow = self.chance("narrow")
        ctx.set(translation.narrow, self.narrow)
        ctx.set(translation.done, 1)
        return pa, fault, update

    def check_word(self, ctx, where):
        """The word of this cycle, if there is one; returns whether one went to the aligner."""
        word, asked = self.dut.word, self.asked
        if not ctx.get(word.valid):
            assert asked is None or self.stale or not (self.responds or asked[2] is None), where
            return False
        assert asked is not None, f"{where}: a word from nowhere"
        assert not self.stale, f"{where}: a word from before a redirect"
        assert self.held - self.leaves < 2, where
        pc, known, pa, narrow = asked
        prediction = self.predicted
        assert ctx.get(word.fetch.va) == pc, where
        assert ctx.get(word.predicted) == (prediction is not None), where
        if prediction:
            assert (ctx.get(word.slot), ctx.get(word.target) | pc & ~NEAR) == prediction, where
        assert ctx.get(word.known) == (known is not None), where
        if known:
            assert (ctx.get(word.slot), ctx.get(word.strong)) == (known[0], known[1] & 1), where
        number = ctx.get(word.number)
        assert number > self.last_number, where
        self.last_number = number
        _, fault, update = translate(pc)
        if pa is None:
            got = (ctx.get(word.fetch.fault), ctx.get(word.fetch.update))
            assert got == (fault, update), where
            self.counts["updates" if update else "faults"] += 1
        else:
            assert self.responds, where
            assert ctx.get(word.fetch.fault) is (ACCESS if self.error else NONE), where
            assert not ctx.get(word.fetch.update), where
            assert self.error or ctx.get(word.data) == content(pa), where
            if self.protected:
                assert ctx.get(word.cut) == (narrow and not pc & 4), where
                self.counts["cut"] += ctx.get(word.cut)
            self.counts["errors"] += self.error
        self.counts["words"] += 1
        self.counts["predicted"] += prediction is not None
        return True

    def check_request(self, ctx, response, where):
        """Returns what was asked for in this cycle, or None."""
        request = self.dut.port.request
        free = self.asked is None or self.responds or self.asked[2] is None
        offers = ctx.get(request.valid)
        if offers:
            assert free, f"{where}: two requests under way"
            assert response is not None, where
            assert self.redirect is None, where
            pa, fault, update = response
            assert (fault, update) == (NONE, 0), f"{where}: a refused address reaches the bus"
            assert ctx.get(request.address) == pa & (~3 if self.narrow else ~7), where
            got = tuple(ctx.get(getattr(request, name)) for name in ("write", "strobe", "size"))
            assert got == (0, 0, 2 if self.narrow else 3), where
            assert ctx.get(request.source) == Source.FETCH, where
            assert not ctx.get(request.lock), where
            assert ctx.get(request.id) & 3 == self.pc >> 1 & 3, where
            if self.ready:
                return self.pc, self.btb.look_up(self.pc), pa & ~7, self.narrow
        elif response and free:
            assert response[1:] != (NONE, 0), f"{where}: idle"
            return self.pc, self.btb.look_up(self.pc), None, False
        return None

    async def cycle(self, ctx, number):
        where = f"seed {self.seed}, cycle {number}"
        self.drive(ctx)
        response = self.respond_with_translation(ctx, where)
        arrived = self.check_word(ctx, where)
        asked = self.check_request(ctx, response, where)
        await ctx.tick()
        if self.asked and (self.responds or self.asked[2] is None):
            self.stopped |= self.error and not self.stale
            self.counts["dropped"] += self.stale
            self.asked, self.stale = None, False
        if asked:
            self.asked, self.wait = asked, self.rng.randrange(self.latency)
            self.stopped |= asked[2] is None
            self.predicted = prediction = self.btb.predict(self.pc)
            self.pc = prediction[1] if prediction else ((self.pc >> 3) + 1 << 3) & MASK
        if self.learnt:
            self.btb.learn(*self.learnt)
        self.held += arrived - self.leaves
        if self.redirect is not None:
            self.counts["redirects"] += 1
            self.btb.repair(*self.repaired)
            self.pc, self.stopped, self.held = self.redirect, False, 0
            self.stale = self.asked is not None
