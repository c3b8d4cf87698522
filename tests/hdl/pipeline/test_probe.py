"""The probe: what it says of the stages is one story, which ends with the retire port's records."""

import random
from collections import Counter
from itertools import pairwise
from operator import attrgetter

import pytest
from amaranth.hdl import Cat

from hdl.hart import Hart
from hdl.pipeline.probe import STAGES, Stall
from sim.guests.loader import load_bare
from sim.platform.ram import Ram
from tests.hdl.programs import ASM, build
from tests.support import simulate

FIELDS = ("valid", "id", "pc", "stall", "squash")
WIDTHS = (1, 32, 64, 3, 1)
#: Programs, cycles of each that are looked at, and what holds instructions up in them.
PROGRAMS = {
    "rv64m": (800, {("execute", "UNIT"), ("execute", "NEXT"), ("decode", "OPERAND")}),
    "rv64a": (1200, {("trap", "MEMORY"), ("execute", "NEXT"), ("execute", "MEMORY")}),
    "rv64c": (1000, {("fetch", "MEMORY"), ("align", "FETCH"), ("align", "NEXT")}),
    "svadu": (
        2500,
        {("fetch", "TRANSLATION"), ("execute", "TRANSLATION"), ("trap", "TRANSLATION")},
    ),
    "interrupts": (4300, {("trap", "INTERRUPT"), ("decode", "NEXT")}),
}


class Follower:
    """Follows the instructions from stage to stage, by the probe of each cycle."""

    def __init__(self):
        #: Who has to be in the stages behind the aligner, and whose record has to appear.
        self.due = dict.fromkeys(STAGES[2:])
        self.recorded = None
        self.fetched = set()
        self.stalls, self.squashed, self.records = Counter(), Counter(), 0

    def cycle(self, shown, record):
        """`shown` are the fields of each stage; `record` is the (id, pc) of one, or None."""
        assert record == self.recorded
        self.records += record is not None
        occupants = {
            stage: (fields["id"], fields["pc"]) if fields["valid"] else None
            for stage, fields in shown.items()
        }
        assert {stage: occupants[stage] for stage in self.due} == self.due
        leaving = {
            stage: occupants[stage]
            for stage, fields in shown.items()
            if fields["valid"] and not fields["squash"] and fields["stall"] is Stall.NONE
        }
        if word := leaving.get("fetch"):
            self.fetched.add(word[0] >> 2)
        if occupants["align"]:
            assert occupants["align"][0] >> 2 in self.fetched
        for before, stage in pairwise(STAGES[1:]):
            stays = not shown[stage]["squash"] and shown[stage]["stall"] is not Stall.NONE
            self.due[stage] = (stays and occupants[stage]) or leaving.get(before)
        self.recorded = leaving.get("trap")
        for stage, fields in shown.items():
            if fields["valid"]:
                self.stalls[stage, fields["stall"].name] += 1
                self.squashed[stage] += fields["squash"]


class Memory:
    """RAM with the program that responds on both ports when it likes."""

    def __init__(self, source, hart, seed):
        self.ram = Ram(0x8000_0000, 1 << 20)
        load_bare(build(source).read_bytes(), self.ram)
        self.rng = random.Random(seed)
        self.ports = (hart.fetch_port, hart.data_port)
        self.owed = [None, None]

    def drive(self, ctx):
        """Sets what the hart sees in this cycle."""
        for number, port in enumerate(self.ports):
            data, wait = self.owed[number] or (0, 1)
            ctx.set(port.response.valid, wait == 0)
            ctx.set(port.response.data, data)
            self.owed[number] = None if wait == 0 else self.owed[number] and (data, wait - 1)
            # One request at a time, so that the order of what is owed is no request.
            ctx.set(port.request.ready, self.rng.random() < 0.8 and self.owed[number] is None)

    def accept(self, ctx):
        """Takes the requests of this cycle."""
        for number, port in enumerate(self.ports):
            request = port.request
            if ctx.get(request.valid) and ctx.get(request.ready):
                data = self.access(*map(ctx.get, attrgetter("address", "data", "strobe")(request)))
                self.owed[number] = data, self.rng.randrange(3)

    def access(self, address, data, strobe):
        word = (address - self.ram.base) & ~7
        for lane in range(8):
            if strobe >> lane & 1:
                self.ram.bytes[word + lane] = data >> 8 * lane & 0xFF
        return int.from_bytes(self.ram.bytes[word : word + 8], "little")


def unpack(packed):
    for stage in STAGES:
        fields = {}
        for name, width in zip(FIELDS, WIDTHS, strict=True):
            fields[name] = packed & (1 << width) - 1
            packed >>= width
        yield stage, fields | {"stall": Stall(fields["stall"])}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_stages_tell_one_story(program):
    cycles, reasons = PROGRAMS[program]
    # What is small is made sooner, and has more to wait for.
    hart = Hart(itlb_entries=2, dtlb_entries=2, btb_entries=8, hpm_counters=0)
    memory = Memory(ASM / f"{program}.S", hart, seed=1)
    follower = Follower()
    stages = [getattr(hart.probe, stage) for stage in STAGES]
    probe = Cat(getattr(stage, name) for stage in stages for name in FIELDS)

    async def testbench(ctx):
        for cycle in range(cycles):
            ctx.set(hart.mtime, cycle)
            memory.drive(ctx)
            record = (ctx.get(hart.retire.id), ctx.get(hart.retire.pc_rdata))
            retired = record if ctx.get(hart.retire.valid) else None
            follower.cycle(dict(unpack(ctx.get(probe))), retired)
            memory.accept(ctx)
            await ctx.tick()

    simulate(hart, testbench, large=True)
    assert follower.records > 150
    assert reasons <= follower.stalls.keys(), follower.stalls
    assert all(follower.squashed[stage] for stage in STAGES[:3]), follower.squashed
