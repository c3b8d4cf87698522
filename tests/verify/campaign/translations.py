"""Random accesses to random worlds: the MMU's responses against the golden model's.

The tables stay as they are, so whatever the TLBs and the walk cache hold, each response is as
without any. Some accesses come with cold caches; then the reads are compared as well. Both
ports ask at once, walks are squashed, memory is slow and refuses, and what needs A or D set has it
set by the update port.
"""

import random
from dataclasses import dataclass, replace

from tests.verify.campaign.bench import DATA, FETCH, PORTS, UPDATE, Bench, Script, Trace
from tests.verify.campaign.bins import bin_of
from tests.verify.campaign.worlds import KINDS, World
from tests.verify.golden.cases import make_case
from tests.verify.golden.sv39 import Request, Response, respond

__all__ = ["BentCases", "Disagreement", "Lingering", "Translations", "check_translations"]

#: Requests about one world.
QUESTIONS = 50
DATA_KINDS = tuple(kind for kind in KINDS if kind != "FETCH")


class Disagreement(AssertionError):
    """The MMU did not do what the golden model says; the message has all there is to know.

    `number` is that of the case which shows it, if it is known.
    """

    def __init__(self, message: str, number: int | None = None):
        super().__init__(message)
        self.number = number


@dataclass
class Expected:
    """What one run must show.

    Members
    -------
    responses : dict
        Of each port its request and the golden model's response.
    reads : tuple or None
        The PTEs that are read with cold caches; None where two ports share the walker.
    cold : bool
        No less is read.
    writes : list of (address, value, before, refused)
        What is written.
    id : int
        Identifier of all requests.
    """

    responses: dict[int, tuple[Request, Response]]
    reads: tuple | None
    cold: bool
    writes: list
    id: int


class Translations:
    """A script of requests about one world, and what must come of it.

    Members
    -------
    script, expected
        The commands, and an `Expected` for each of their runs.
    cases : int
        Requests to which the golden model gave a response.
    bins : set
        Which bins they are in.
    """

    def __init__(self, seed: str, requests: int = QUESTIONS):
        self.rng = rng = random.Random(seed)
        self.world = World(rng, faults=rng.choice((0, 0.2, 0.2, 0.4)))
        self.script, self.expected = Script(), []
        self.cases, self.bins = 0, set()
        self.script.memory(rng.getrandbits(60), rng.choice((1, 1, 2, 6)), rng.choice((0, 0, 100)))
        for address, word in self.world.words.items():
            self.script.poke(address, word)
        for address, how in self.world.refused.items():
            self.script.refuse(address, reads=bool(how & 1), writes=bool(how & 2))
        while self.cases < requests:
            self._visit()

    def _visit(self):
        """One request with what goes before and after it."""
        world, rng = self.world, self.rng
        request = world.request()
        chance = rng.random()
        cold = chance < 0.35
        if chance < 0.05:
            # No global mapping may be known, which is valid in any address space.
            request = world.astray(request)
        if cold:
            self.script.fence()
        elif chance < 0.45:
            self._some_fence(request)
        self._ask_somehow(request, cold, chance)

    def _ask_somehow(self, request, cold, chance):
        """The request alone or with one to the other port; and the update that it needs."""
        if chance > 0.8:
            self._ask_both(request)
            return
        response = self._ask(request, cold, squash=0.7 < chance < 0.8)
        # What an update would do is only defined for what is translated at all.
        if response.kind == "update" and self.rng.random() < 0.8:
            self._update(request)
            self._ask(request, cold=False)
        elif response.reads and self.rng.random() < 0.06:
            self._update(request)

    def _some_fence(self, request):
        """A fence of any form: it may cost a walk, but changes no response."""
        rng = self.rng
        va = rng.choice((None, request.va, rng.choice(self.world.addresses)))
        asid = rng.choice((None, request.asid, rng.choice(self.world.spaces)[0]))
        self.script.fence(va, asid)

    def _golden(self, request):
        response = respond(request, self.world.read)
        self.bins.add(bin_of(request, response, self.world.read))
        self.cases += 1
        return response

    def _ask(self, request, cold, *, squash=False):
        """Puts a request to its port."""
        response, id = self._golden(request), self.rng.getrandbits(32)
        port = FETCH if request.access == "FETCH" else DATA
        self.script.context(request)
        self.script.ask(request, when=1, id=id)
        if squash:
            self.script.squash(port, when=self.rng.randrange(1, 10))
        self.script.run(reads=True)
        reads = None if squash else response.reads
        self.expected.append(Expected({port: (request, response)}, reads, cold, [], id))
        return response

    def _ask_both(self, request):
        """Puts a request to either port in the same context, one maybe later."""
        rng = self.rng
        other = replace(
            self.world.request(),
            access=rng.choice(DATA_KINDS) if request.access == "FETCH" else "FETCH",
            **{
                name: getattr(request, name)
                for name in ("sv39", "root", "asid", "sum_", "mxr", "adue")
            },
        )
        self.script.context(request)
        responses = {}
        for asked, when in ((request, 1), (other, rng.choice((1, 1, 2, 3, 4, 5, 6)))):
            port = FETCH if asked.access == "FETCH" else DATA
            self.script.ask(asked, when=when, id=rng.getrandbits(32))
            responses[port] = asked, self._golden(asked)
        self.script.run()
        self.expected.append(Expected(responses, None, False, [], 0))

    def _update(self, request):
        """Asks the update port, and does in the world what it must do in memory."""
        world, id = self.world, self.rng.getrandbits(32)
        response, writes = self._golden(request), []
        reads, outcome = response.reads, "ok"
        if response.kind == "update":
            refused = bool(world.refused.get(response.leaf, 0) & 2)
            before = world.words[response.leaf]
            writes.append((response.leaf, response.written, before, refused))
            reads += (response.leaf,)
            if refused:
                outcome = "access"
            else:
                world.words[response.leaf] = response.written
            self.bins.add(
                (request.access, "update port", "refused" if refused else "ok", 4 - len(reads))
            )
        elif response.kind == "page" or "for this" not in bin_of(request, response, world.read)[2]:
            # An access that only its physical address forbids has no fault before that.
            outcome = response.kind
        self.script.context(request)
        self.script.ask(request, UPDATE, when=1, id=id)
        self.script.run(reads=True)
        given = Response(outcome, reads=reads)
        self.expected.append(Expected({UPDATE: (request, given)}, reads, True, writes, id))


class Lingering(Translations):
    """The same with few fences, and mostly about pages that were asked about since the last."""

    def _visit(self):
        rng = self.rng
        if rng.random() < 0.04 or not hasattr(self, "_recent"):
            self._recent = []
            self.script.fence()
        request = self.world.request()
        if self._recent and rng.random() < 0.8:
            request = replace(rng.choice(self._recent), access=rng.choice(KINDS))
        elif rng.random() < 0.1:
            self._some_fence(request)
        self._recent.append(request)
        self._ask_somehow(request, False, rng.random())


class BentCases(Translations):
    """The same for single cases with something bent, each in a memory of its own."""

    def __init__(self, seed: str, requests: int = QUESTIONS):
        self.rng = rng = random.Random(seed)
        self.script, self.expected = Script(), []
        self.cases, self.bins = 0, set()
        self.script.memory(rng.getrandbits(60), rng.choice((1, 2)), rng.choice((0, 100)))
        while self.cases < requests:
            case = make_case(rng, svadu=rng.random() < 0.5)
            # The MMU knows neither the size of an access nor the operand of the bus.
            request = replace(case.request, size=1)
            self.world = _Words(dict(case.memory))
            self.script.clear()
            for address, word in case.memory.items():
                self.script.poke(address, word)
            self.script.fence()
            if self._ask(request, cold=True).kind == "update":
                self._update(request)
            self._ask(request, cold=False)


class _Words:
    """A memory for the golden model in which nothing is refused."""

    def __init__(self, words):
        self.words, self.refused = words, {}

    def read(self, address):
        return self.words.get(address, 0)


def check_translations(
    bench: Bench, seed: str, kind: type[Translations] = Translations
) -> Translations:
    """Puts the requests of `seed` to `bench`; raises Disagreement, or returns them."""
    wanted = kind(seed)
    traces = bench.run(wanted.script)
    for number, (expected, trace) in enumerate(zip(wanted.expected, traces, strict=True)):
        wrong = _difference(expected, trace)
        if wrong:
            raise Disagreement(
                f"{kind.__name__} {seed!r}, run {number}: {wrong}\n{expected}\n{trace}"
            )
    return wanted


def _difference(expected: Expected, trace: Trace) -> str | None:
    """What is wrong with `trace`, or None."""
    if trace.unfinished:
        return "no response"
    if trace.violations:
        return trace.violations[0]
    heard = set()
    for _, port, kind, pa, device in trace.responses:
        _, response = expected.responses[port]
        heard.add(port)
        if kind != response.kind or (
            kind == "ok" and port != UPDATE and (pa, device) != (response.pa, response.device)
        ):
            return f"the {PORTS[port]} port said {kind}, pa {pa:#x}, device {device}"
    if heard != expected.responses.keys():
        return "a port has no response"
    if [(x, y, z, r) for _, x, y, z, mine, r in trace.memory if mine] != expected.writes:
        return "it wrote something else"
    return _difference_in_reads(expected, trace.reads)


def _difference_in_reads(expected, reads):
    if expected.reads is None:
        return None
    addresses = tuple(address for address, *_ in reads)
    if expected.cold and addresses != expected.reads:
        return "it read something else"
    # A TLB spares all reads, the walk cache those above level 0.
    if addresses not in ((), expected.reads, expected.reads[2:]):
        return "it read what it should not"
    for number, (_, _, level, locked, _, id) in enumerate(reads):
        if id != expected.id:
            return "a request has another identifier"
        if locked != (number == len(reads) - 1 and bool(expected.writes)):
            return "the wrong read is locked"
        walk = len(expected.reads) - bool(expected.writes)
        if len(reads) == len(expected.reads) and level != 2 - min(number, walk - 1):
            return "a request has another level"
    return None
