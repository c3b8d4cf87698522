"""The arbiter: random requesters and a random memory, against the rules of the memory port."""

import random

import pytest

from hdl.memory.arbiter import Arbiter
from hdl.memory.port import RequestSignature, Source
from tests.rigs import shared
from tests.support import simulate

SEED = 1
FIELDS = [name for name in RequestSignature().members if name not in ("valid", "ready")]


def random_request(rng, side):
    """The payload of a request of `side`, recognisable by its id."""
    write = rng.getrandbits(1)
    return {
        "address": rng.getrandbits(53) << 3,
        "write": write,
        "data": rng.getrandbits(64),
        "strobe": rng.getrandbits(8) if write else 0,
        "size": rng.getrandbits(2),
        "source": Source.WALK if side == "walk" else Source.DATA,
        "level": rng.randrange(3),
        "lock": rng.randrange(3) == 0,
        "id": rng.getrandbits(32),
    }


class Bench:
    """Three requesters, which offer random requests, and a memory of random latency.

    Each cycle checks the outputs before the clock edge against what the rules demand.
    """

    def __init__(self, seed, *, withdraw=0.1, errors=0.15, latency=4):
        self.rng = random.Random(seed)
        self.seed = seed
        self.dut = dut = shared(Arbiter)
        self.sides = {"access": dut.access, "finish": dut.finish, "walk": dut.walk.request}
        self.offers = dict.fromkeys(self.sides)
        self.withdraw, self.errors, self.latency = withdraw, errors, latency
        #: The side of the request under way and the cycles until its response; the side that
        #: holds the memory locked.
        self.under_way, self.wait, self.lock_owner = None, 0, None
        self.log, self.counts = [], {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def owner(self, side):
        """access and finish are one requester."""
        return "walk" if side == "walk" else "data"

    def may_offer(self, side):
        if side == "walk":
            return True
        other = "finish" if side == "access" else "access"
        # Never both of them.
        return self.offers[other] is None

    def offer(self, ctx):
        for side, request in self.sides.items():
            offered = self.offers[side]
            if offered and (self.rng.random() < self.withdraw or not self.may_offer(side)):
                self.offers[side] = None
            elif not offered and self.may_offer(side) and self.rng.random() < 0.4:
                self.offers[side] = random_request(self.rng, side)
            for name, value in (self.offers[side] or {}).items():
                ctx.set(getattr(request, name), value)
            ctx.set(request.valid, self.offers[side] is not None)

    def answer(self, ctx):
        """Perhaps responds in this cycle; returns the response or None."""
        response = self.dut.port.response
        arrives = self.under_way is not None and self.wait == 0
        answer = None
        if arrives:
            error = int(self.rng.random() < self.errors)
            answer = {"data": self.rng.getrandbits(64), "error": error}
            for name, value in answer.items():
                ctx.set(getattr(response, name), value)
        elif self.under_way is not None:
            self.wait -= 1
        ctx.set(response.valid, arrives)
        return answer

    def check_routing(self, ctx, answer, where):
        for name, response in (("data", self.dut.response), ("walk", self.dut.walk.response)):
            mine = answer is not None and self.owner(self.under_way) == name
            assert ctx.get(response.valid) == mine, where
            if mine:
                assert ctx.get(response.data) == answer["data"], where
                assert ctx.get(response.error) == answer["error"], where
                self.count(f"{name} response")

    def accepted(self, ctx, ready, where):
        """The side whose request the memory accepts, or None."""
        request = self.dut.port.request
        taken = [
            side for side, port in self.sides.items() if self.offers[side] and ctx.get(port.ready)
        ]
        assert bool(taken) == (ctx.get(request.valid) and ready), where
        if not taken:
            return None
        (side,) = taken
        got = {name: ctx.get(getattr(request, name)) for name in FIELDS}
        assert got == self.offers[side], where
        return side

    async def cycle(self, ctx, number):
        where = f"seed {self.seed}, cycle {number}"
        answer = self.answer(ctx)
        free = self.under_way is None or answer is not None
        ready = int(self.rng.random() < 0.7)
        ctx.set(self.dut.port.request.ready, ready)
        self.offer(ctx)
        self.check_routing(ctx, answer, where)
        side = self.accepted(ctx, ready, where)
        if side is not None:
            assert free, f"{where}: a second request is under way"
            assert self.lock_owner in (None, self.owner(side)), f"{where}: the lock is broken"
            if side == "walk" and self.lock_owner is None:
                assert self.offers["access"] is self.offers["finish"] is None, where
        elif free and ready:
            # What could go on does. A response that ends a lock lets others in one cycle later.
            wanted = {self.owner(name) for name, offered in self.offers.items() if offered}
            assert not wanted or self.lock_owner not in (None, *wanted), where
        await ctx.tick()
        self.advance(side, answer)

    def advance(self, side, answer):
        if answer is not None:
            self.under_way = None
            if answer["error"] and self.lock_owner:
                self.count("lock ended by an error")
                self.lock_owner = None
        if side is not None:
            request = self.offers[side]
            self.log.append((side, request["lock"]))
            self.count(side)
            if self.lock_owner == self.owner(side):
                self.count(f"second half {self.owner(side)}")
            self.lock_owner = self.owner(side) if request["lock"] else None
            self.under_way, self.wait = side, self.rng.randrange(self.latency)
            self.offers[side] = None


@pytest.mark.parametrize(
    "parameters", [{}, {"errors": 0.5}, {"withdraw": 0, "errors": 0, "latency": 1}], ids=str
)
def test_random_traffic(parameters):
    bench = Bench(SEED, **parameters)

    async def testbench(ctx):
        for number in range(1000):
            await bench.cycle(ctx, number)

    simulate(bench.dut, testbench)
    expected = ["access", "finish", "walk", "second half data", "second half walk"]
    for what in [*expected, "data response", "walk response"]:
        assert bench.counts.get(what, 0) > 10, (what, bench.counts)
    if bench.errors:
        assert bench.counts["lock ended by an error"] > 10


def test_an_accepted_request_is_followed_in_the_cycle_of_its_response():
    dut = shared(Arbiter)

    async def testbench(ctx):
        ctx.set(dut.port.request.ready, 1)
        ctx.set(dut.access.valid, 1)
        await ctx.tick()
        for _ in range(5):
            ctx.set(dut.port.response.valid, 1)
            assert ctx.get(dut.port.request.valid)
            await ctx.tick()
        ctx.set(dut.port.response.valid, 0)
        assert not ctx.get(dut.port.request.valid)

    simulate(dut, testbench)


@pytest.mark.parametrize("side", ["access", "finish", "walk"])
def test_ready_does_not_look_at_valid(side):
    """Rule 3 of the port, for each requester's own `valid`."""
    dut = shared(Arbiter)
    request = dut.walk.request if side == "walk" else getattr(dut, side)

    async def testbench(ctx):
        for ready in (0, 1):
            ctx.set(dut.port.request.ready, ready)
            for valid in (0, 1):
                ctx.set(request.valid, valid)
                assert ctx.get(request.ready) == ready

    simulate(dut, testbench)


async def lock(ctx, dut, request):
    """Makes a locked read on `request` and gives its response."""
    ctx.set(dut.port.request.ready, 1)
    ctx.set(request.lock, 1)
    ctx.set(request.valid, 1)
    await ctx.tick()
    ctx.set(request.valid, 0)
    ctx.set(dut.port.response.valid, 1)
    await ctx.tick()
    ctx.set(dut.port.response.valid, 0)


def test_a_walk_waits_while_an_atomic_has_the_memory():
    dut = shared(Arbiter)

    async def testbench(ctx):
        await lock(ctx, dut, dut.access)
        ctx.set(dut.walk.request.valid, 1)
        for _ in range(5):
            assert not ctx.get(dut.port.request.valid)
            assert not ctx.get(dut.walk.request.ready)
            await ctx.tick()
        ctx.set(dut.finish.valid, 1)
        ctx.set(dut.finish.id, 7)
        assert ctx.get(dut.finish.ready)
        assert ctx.get(dut.port.request.id) == 7
        await ctx.tick()
        ctx.set(dut.finish.valid, 0)
        ctx.set(dut.port.response.valid, 1)
        assert ctx.get(dut.walk.request.ready)

    simulate(dut, testbench)


def test_a_data_request_waits_while_a_walk_has_the_memory():
    dut = shared(Arbiter)

    async def testbench(ctx):
        await lock(ctx, dut, dut.walk.request)
        ctx.set(dut.access.valid, 1)
        ctx.set(dut.access.id, 1)
        assert not ctx.get(dut.access.ready)
        ctx.set(dut.walk.request.lock, 0)
        ctx.set(dut.walk.request.id, 2)
        ctx.set(dut.walk.request.valid, 1)
        assert ctx.get(dut.walk.request.ready)
        assert ctx.get(dut.port.request.id) == 2
        await ctx.tick()
        ctx.set(dut.walk.request.valid, 0)
        ctx.set(dut.port.response.valid, 1)
        assert ctx.get(dut.walk.response.valid)
        assert ctx.get(dut.access.ready)

    simulate(dut, testbench)
