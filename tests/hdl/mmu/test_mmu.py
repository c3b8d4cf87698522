"""The whole MMU under random traffic on all its ports, every response held against the model."""

import random

import pytest

from hdl.mmu.mmu import Mmu
from hdl.mmu.vocabulary import Fault
from tests.hdl.mmu.support import (
    A,
    D,
    R,
    Tables,
    U,
    V,
    W,
    X,
    agree,
    drive,
    drop,
    read_response,
    response_signals,
    run,
    set_context,
    set_fence,
)
from tests.rigs import shared
from tests.support import simulate
from tests.verify.golden import sv39 as golden
from tests.verify.golden.sv39 import Request

#: Few pages, so that hits, superpages and overlaps are frequent: of 4 KiB, 2 MiB and 1 GiB.
PAGES = [(0, 0), (0x1000, 0), (0x20_0000, 1), (0x3F_FFFF_F000, 0), (1 << 30, 2), (3 << 30, 0)]
ROOTS = {1: 0x81000, 2: 0x82000}


@pytest.mark.parametrize("name", ["itlb_entries", "dtlb_entries", "walk_cache_entries"])
def test_sizes_must_be_positive(name):
    with pytest.raises(ValueError, match="must be a positive integer, not 0"):
        Mmu(**{name: 0})


class Traffic:
    """Random requesters, an operating system that changes PTEs, and the judge of all responses.

    A PTE changes with or without a fence. Until the next fence that covers it, translations by the
    old and the new one are both right; with one PTE in this state at a time, nothing else is.
    """

    def __init__(self, rng, dut, memory):
        self.rng, self.dut, self.memory = rng, dut, memory
        self.spaces = {
            asid: Tables(memory, root=root, first=root + 0x10) for asid, root in ROOTS.items()
        }
        for space in self.spaces.values():
            for va, level in PAGES:
                memory.words[space.slot(va, level)] = self._leaf(level)
        self.asked = dict.fromkeys(("fetch", "data", "update"))
        self.context = None
        #: The PTE that changed: (slot, old, va, asid).
        self.unsettled = None
        self.counts = dict.fromkeys(("ok", "page", "access", "update", "updated", "fences"), 0)

    def _leaf(self, level):
        rng = self.rng
        if rng.random() < 0.1:
            return 0
        ppn = rng.choice((0x80000, 0x81000, 0x82000, 0x84000, 0x10000)) if level < 2 else 0x80000
        flags = V | rng.choice((R, X, R | W, R | W | X, R | W | X)) | rng.choice((0, U, U, U))
        return ppn << 10 | flags | rng.choice((A | D, A, A, 0, 0))

    def _reads(self):
        """Functions that read memory as a translation may see it."""
        if self.unsettled is None:
            return [self.memory.read]
        slot, old, _, _ = self.unsettled
        words = self.memory.words
        return [self.memory.read, lambda address: old if address == slot else words.get(address, 0)]

    def new_request(self, access):
        rng = self.rng
        va, level = rng.choice(PAGES)
        va |= rng.getrandbits(12 + 9 * min(level, 1))
        if rng.random() < 0.05:
            va ^= 1 << rng.randrange(38, 64)
        asid = self.context.asid
        priv = rng.choice("UUUSM" if rng.random() < 0.1 else "UUS")
        return Request(va, access, priv, asid=asid, root=ROOTS.get(asid, 0))

    def live(self, request):
        """`request` under the CSRs of this cycle."""
        c = self.context
        return Request(
            request.va,
            request.access,
            request.priv,
            c.sv39,
            c.root,
            c.asid,
            c.sum_,
            c.mxr,
            c.adue,
        )

    def move(self, ctx):
        """What the hart does in the cycle to come."""
        rng, dut = self.rng, self.dut
        if not self.context or (not self.asked["update"] and rng.random() < 0.03):
            asid = rng.choice((1, 2))
            self.context = Request(
                0,
                sv39=rng.random() < 0.95,
                asid=asid,
                root=ROOTS[asid],
                sum_=rng.getrandbits(1),
                mxr=rng.getrandbits(1),
                adue=rng.random() < 0.8,
            )
            set_context(ctx, dut, self.context)
        for name in ("fetch", "data"):
            port = getattr(dut, name)
            ctx.set(port.squash, 0)
            if rng.random() < 0.05:
                ctx.set(port.squash, rng.random() < 0.5)
                drop(ctx, port)
                self.asked[name] = None
            elif not self.asked[name]:
                access = (
                    "FETCH"
                    if name == "fetch"
                    else rng.choice(("LOAD", "STORE", "STORE", "LR", "SC", "AMO"))
                )
                self.asked[name] = self.new_request(access)
                drive(ctx, port, self.asked[name])

    def change_pte(self):
        """The operating system writes a leaf, if the last one it wrote has been fenced."""
        if self.unsettled or self.rng.random() > 0.03:
            return
        asid = self.rng.choice((1, 2))
        va, level = self.rng.choice(PAGES)
        slot = self.spaces[asid].slot(va, level)
        self.unsettled = (slot, self.memory.words[slot], va, asid)
        self.memory.words[slot] = self._leaf(level)

    def start_fence(self, ctx):
        """Fences what changed, with one of the four forms, or something else."""
        if self.rng.random() > 0.03:
            return False
        va, asid = (self.unsettled or (0, 0, 0x1000, 1))[2:]
        set_fence(ctx, self.dut, va=self.rng.choice((None, va)), asid=self.rng.choice((None, asid)))
        self.counts["fences"] += 1
        return True

    def judge(self, ctx, name, values):
        """Holds the response of a port against the model; the request is then gone, or stays."""
        request = self.asked[name]
        result = read_response(values)
        if not result:
            return
        assert request, f"{name} got its response, but had not asked"
        request = self.live(request)
        responses = [golden.respond(request, read) for read in self._reads()]
        assert any(agree(result, response) for response in responses), (request, result, responses)
        self.counts[result.kind] += 1
        if result.kind == "update" and not self.asked["update"] and self.rng.random() < 0.8:
            self.asked["update"] = request
            drive(ctx, self.dut.update, request)
        if self.rng.random() < 0.8:
            self.asked[name] = None
            drop(ctx, getattr(self.dut, name))

    def judge_update(self, ctx, done, fault):
        """Holds the outcome of an update against the model, and the PTE that it left."""
        if not done:
            return
        request = self.asked["update"]
        responses = [golden.respond(request, read) for read in self._reads()]
        kinds = {response.kind for response in responses}
        self.counts["updated"] += 1
        if Fault(fault) is Fault.PAGE:
            assert "page" in kinds
        elif Fault(fault) is Fault.ACCESS:
            raise AssertionError("no PTE of this test is refused")
        else:
            assert kinds & {"ok", "access", "update"}
        self.asked["update"] = None
        drop(ctx, self.dut.update)


@pytest.mark.parametrize("seed", range(4))
def test_random_traffic(seed):
    rng = random.Random(seed)
    latency = 1 if seed == 0 else 4
    traffic = None

    async def testbench(ctx, dut, memory, tables):
        nonlocal traffic
        traffic = Traffic(rng, dut, memory)
        memory.on_accept = check_write
        signals = [*response_signals(dut.fetch), *response_signals(dut.data)]
        signals += [dut.update.done, dut.update.fault]
        for _ in range(2500):
            traffic.move(ctx)
            if not traffic.asked["update"]:
                traffic.change_pte()
            fencing = traffic.start_fence(ctx)
            values = (await ctx.tick().sample(*signals))[2:]
            traffic.judge(ctx, "fetch", values[:5])
            traffic.judge(ctx, "data", values[5:10])
            traffic.judge_update(ctx, *values[10:])
            if fencing:
                ctx.set(dut.sfence.valid, 0)
                traffic.unsettled = None

    def check_write(accepted):
        """Only an update writes, to the leaf of its page, and only A and D."""
        if accepted.write:
            request = traffic.asked["update"]
            response = golden.respond(request, traffic.memory.read)
            assert (response.kind, response.leaf) == ("update", accepted.address)
            assert accepted.data == response.written

    run(
        testbench,
        latency=lambda: rng.randint(1, latency),
        ready=lambda: seed == 0 or rng.random() < 0.7,
        itlb_entries=rng.choice((1, 3)),
        dtlb_entries=rng.choice((2, 4)),
        walk_cache_entries=rng.choice((1, 2)),
    )
    assert min(traffic.counts.values()) > 10, traffic.counts


@pytest.mark.parametrize("va", [None, 0x5000])
@pytest.mark.parametrize("asid", [None, 0, 7])
def test_only_a_fence_that_names_no_address_flushes_the_walk_cache(va, asid):
    """ "If rs1≠x0, the fence orders only ... leaf page table entries": pointers may stay."""
    dut = shared(Mmu)

    async def testbench(ctx):
        set_fence(ctx, dut, va=va, asid=asid)
        assert ctx.get(dut.walk_cache.flush) == (va is None)

    simulate(dut, testbench)
