"""Counters: the same on both engines, in the waveform, and by what the kernel knows of its runs."""

import json
from collections import Counter

import pytest
from vcd.reader import TokenKind, tokenize

from hdl.arch import HPMCOUNTERS, MHPMCOUNTERS, MHPMEVENTS, Csr
from hdl.events import Event
from sim import run, start, start_bare
from sim.cli import main as cli
from sim.engines.base import CYCLE_FS
from sim.engines.counts import named
from tests.hdl.programs import ASM

NAMES = [event.name.lower() for event in Event]
SIZES = ("4k", "2m", "1g")
SMALL = {"itlb_entries": 2, "dtlb_entries": 2, "walk_cache_entries": 1}


def counted_bare(name, **parameters):
    with start_bare(ASM / f"{name}.S", counters=True, memory_mib=2, **parameters) as session:
        session.run(2_000)
        return named(session.machine.engine.counts)


def counted(program, *arguments, **parameters):
    return run(program, *arguments, counters=True, memory_mib=8, **parameters).counters


@pytest.mark.parametrize(("name", "latency"), [("svadu", 1), ("sv39_walk", 7)])
def test_both_engines_count_alike(name, latency):
    native, pysim = (counted_bare(name, engine=e, latency=latency) for e in ("native", "pysim"))

    assert native == pysim
    assert native["data_walk"] > 0


def test_nothing_depends_on_what_is_passed_over_or_traced():
    usual = counted("lazy", latency=40)

    assert counted("lazy", latency=40, fast_forward=False) == usual
    assert counted("lazy", latency=40, traced=True) == usual
    assert usual.run["data_stall"] > 5_000


def test_a_run_that_does_not_count_has_no_counters():
    assert run("hello").counters is None


def test_counts_go_back_with_the_run():
    with start("lazy", counters=True, memory_mib=8) as session:
        session.run(5_000)
        before, counts = session.snapshot(), session.result().counters
        session.run(9_000)
        assert session.result().counters != counts
        session.restore(before)
        assert session.result().counters == counts


@pytest.mark.parametrize("program", [("lazy",), ("sh", "-c", "lazy | wc; sleep 2 & echo x")])
def test_every_event_is_somebodys(program):
    counters = counted(*program, quantum=3_000)

    shares = [counters.boot, counters.idle, *counters.processes.values()]
    assert {name: sum(share[name] for share in shares) for name in NAMES} == counters.run
    assert sum(counters.boot.values()) > 0
    assert (len(counters.processes) > 3) == (program[0] == "sh")


def test_a_process_has_the_page_faults_that_it_took():
    result = run("sh", "-c", "lazy | wc", counters=True)
    faults = Counter(fault.served.pid for fault in result.faults if fault.served.via is None)

    found = {
        pid: share["itlb_miss_fault"] + share["dtlb_miss_fault"]
        for pid, share in result.counters.processes.items()
    }

    assert {pid: count for pid, count in found.items() if count} == faults
    assert sum(faults.values()) >= 12


def test_walks_are_the_misses_and_the_reads_follow():
    counts = counted("lazy", **SMALL).run

    def total(start):
        return sum(count for name, count in counts.items() if name.startswith(start))

    assert total("itlb_miss") == counts["fetch_walk"] > 50
    assert total("dtlb_miss") == counts["data_walk"] > 50
    walks = counts["fetch_walk"] + counts["data_walk"]
    assert counts["pte_read_2"] == walks - counts["walk_cache_hit"]
    assert counts["dtlb_eviction_4k"] > 20


class Wave:
    """The values of signals in every cycle, from a VCD, as pyvcd reads it; codes by their names."""

    def __init__(self, path, names):
        #: Signals that are the same share a code.
        self._codes, self._now = {}, {}
        self.cycles = {}
        scopes = []
        with path.open("rb") as file:
            for token in tokenize(file):
                match token.kind:
                    case TokenKind.SCOPE:
                        scopes.append(token.scope.ident)
                    case TokenKind.UPSCOPE:
                        scopes.pop()
                    case TokenKind.VAR:
                        name = ".".join([*scopes, token.var.reference])
                        if name in names:
                            self._codes.setdefault(token.var.id_code, []).append(names[name])
                    case TokenKind.CHANGE_TIME:
                        self._keep(token.time_change)
                    case TokenKind.CHANGE_SCALAR:
                        self._change(token.scalar_change)
                    case TokenKind.CHANGE_VECTOR:
                        self._change(token.vector_change)
                    case TokenKind.CHANGE_STRING:
                        self._change(token.string_change, str)
        assert set(names.values()) == {name for each in self._codes.values() for name in each}

    def _change(self, change, kind=int):
        for name in self._codes.get(change.id_code, ()):
            self._now[name] = kind(change.value)

    def _keep(self, time):
        """What stands before the clock's next edge is what was in the cycle."""
        if time and time % CYCLE_FS == 0:
            self.cycles[time // CYCLE_FS - 1] = dict(self._now)


#: The signals of the waveform that the counters are made anew of, not their events.
TOP, MMU = "bench.top", "bench.top.mmu"
SIDES = {"itlb": "FETCH", "dtlb": "DATA"}
ENTRIES = 2
SIGNALS = {
    **{f"{MMU}.walker.{name}": name for name in ("begins", "ends", "verdict", "read_side")},
    **{f"{MMU}.walker.{name}": name for name in ("level", "read_level")},
    **{
        f"{TOP}.data_port__request__{name}": f"request.{name}"
        for name in ("valid", "ready", "source", "write", "level")
    },
    **{f"{MMU}.update__{name}": f"update.{name}" for name in ("valid", "done")},
    f"{TOP}.fetch.fire": "itlb.taken",
    f"{TOP}.probe__fetch__stall": "fetch.stall",
    f"{TOP}.fetch.redirect__valid": "redirect",
    f"{TOP}.execute.valid": "execute.valid",
    f"{TOP}.execute.ready": "execute.ready",
}
_TLB = ("hit", "turn", "fill__valid", "sfence__valid")
_REQUEST = ("valid", "done", "priv", "va")
_OF_ENTRY = ("vpn", "asid", "page.level", "page.flags.g")
for _tlb, _side in (("itlb", "fetch_side"), ("dtlb", "data_side")):
    _place = f"{MMU}.{_side}"
    SIGNALS |= {f"{_place}.request__{name}": f"{_tlb}.{name}" for name in _REQUEST}
    SIGNALS |= {f"{_place}.{name}": f"{_tlb}.{name}" for name in ("result_used", "context__sv39")}
    SIGNALS |= {f"{_place}.tlb.{name}": f"{_tlb}.{name}" for name in _TLB}
    SIGNALS[f"{_place}.tlb.valid"] = f"{_tlb}.held"
    SIGNALS[f"{_place}.tlb.page.level"] = f"{_tlb}.page"
    for _entry in ("fill__entry", *(f"entry{number}" for number in range(ENTRIES))):
        SIGNALS |= {f"{_place}.tlb.{_entry}.{x}": f"{_tlb}.{_entry}.{x}" for x in _OF_ENTRY}


class Recount:
    """The counters, made anew of the signals of one cycle after the other."""

    def __init__(self):
        self.counts = Counter()
        self._walked = dict.fromkeys(SIDES, False)

    def cycle(self, shown):
        for tlb, side in SIDES.items():
            self._look_up(shown, tlb)
            self._miss(shown, tlb, side)
            self._evict(shown, tlb)
        if shown["begins"]:
            self.counts[f"{shown['read_side'].lower()}_walk"] += 1
            self.counts["walk_cache_hit"] += shown["read_level"] == 0
        taken = shown["request.valid"] and shown["request.ready"]
        if taken and shown["request.source"] == "WALK":
            read = f"pte_read_{shown['request.level']}"
            self.counts["pte_update" if shown["request.write"] else read] += 1
        self.counts["update_stall"] += shown["update.valid"] and not shown["update.done"]

    def _look_up(self, shown, tlb):
        """A request of a stage: it hits, or waits for a walk, or is none of a TLB's."""
        shown["dtlb.taken"] = shown["execute.valid"] and shown["execute.ready"]
        valid, done, taken = (shown[f"{tlb}.{name}"] for name in ("valid", "done", "taken"))
        if tlb == "itlb":
            # A fetch is asked for in the cycle of a redirect, too, and comes to nothing.
            valid = valid and not shown["redirect"]
        canonical = shown[f"{tlb}.va"] >> 38 in (0, (1 << 26) - 1)
        translated = shown[f"{tlb}.context__sv39"] and shown[f"{tlb}.priv"] != "M" and canonical
        if valid and not done:
            self._walked[tlb] = True
            if tlb == "dtlb":
                self.counts["data_stall"] += 1
            else:
                self.counts["fetch_stall"] += shown["fetch.stall"] == "TRANSLATION"
            return
        hit = valid and translated and shown[f"{tlb}.hit"] and not shown[f"{tlb}.result_used"]
        if hit and taken and not self._walked[tlb]:
            self.counts[f"{tlb}_hit_{SIZES[shown[f'{tlb}.page']]}"] += 1
        if taken or not hit:
            self._walked[tlb] = False

    def _miss(self, shown, tlb, side):
        if shown["ends"] and shown["read_side"] == side:
            good = shown["verdict"] in ("FOUND", "UPDATE")
            bad = "squashed" if shown["verdict"] == "SQUASHED" else "fault"
            what = SIZES[shown["level"]] if good else bad
            self.counts[f"{tlb}_miss_{what}"] += 1

    def _evict(self, shown, tlb):
        """A fill of a full TLB takes the place of another page, unless that shares an address."""
        full = shown[f"{tlb}.held"] == (1 << ENTRIES) - 1
        if not shown[f"{tlb}.fill__valid"] or shown[f"{tlb}.sfence__valid"] or not full:
            return
        slot = shown[f"{tlb}.turn"].bit_length() - 1
        (vpn, asid, level, g), (new_vpn, new_asid, new_level, new_g) = (
            [shown[f"{tlb}.{entry}.{name}"] for name in _OF_ENTRY]
            for entry in (f"entry{slot}", "fill__entry")
        )
        shift = 9 * max(level, new_level)
        same = vpn >> shift == new_vpn >> shift and (g or new_g or asid == new_asid)
        self.counts[f"{tlb}_eviction_{SIZES[level]}"] += not same


def waved(path, name):
    """A run of a bare program, 2,500 cycles at most, with a waveform of them, and its counters."""
    report = path.with_suffix(".json")
    options = ["--vcd", str(path), "--vcd-window", "0:20000", "--json", str(report)]
    options += ["--max-cycles", "2500"]
    options += ["--itlb-entries", str(ENTRIES), "--dtlb-entries", str(ENTRIES), "--latency", "2"]
    status = cli.main(["bare", "--quiet", "--counters", *options, str(ASM / f"{name}.S")])
    assert status == 124
    return json.loads(report.read_text())


@pytest.fixture(scope="module", params=["sv39_fences", "svadu", "sv39_fetch"])
def wave(request, tmp_path_factory):
    """A waveform, and what was counted in it."""
    path = tmp_path_factory.mktemp("counters") / "run.vcd"
    report = waved(path, request.param)
    events = {f"{TOP}.probe__events.{name}": f"event.{name}" for name in NAMES}
    return Wave(path, SIGNALS | events), report


def test_the_events_of_the_waveform_are_those_that_are_counted(wave):
    waveform, report = wave
    cycles = waveform.cycles.values()

    assert len(cycles) == report["cycles"]
    counts = {name: sum(shown[f"event.{name}"] for shown in cycles) for name in NAMES}
    assert counts == report["counters"]


def test_the_counters_follow_from_the_other_signals_of_the_waveform(wave):
    waveform, report = wave
    recount = Recount()
    for shown in waveform.cycles.values():
        recount.cycle(shown)

    assert {name: recount.counts[name] for name in NAMES} == report["counters"]


class Monitor:
    """`mhpmcounter3` to `mhpmcounter6`, made of what the simulator counts."""

    def __init__(self, history):
        #: Of each cycle what had been counted before it.
        self._history = history
        self._inhibited = 0
        self._counters = {number: [0, 0, 0] for number in range(3, 7)}
        self.reads = 0

    def record(self, cycle, fields):
        """An instruction that has left in `cycle`, which reads or writes a CSR."""
        csr, written = fields["csr_addr"], fields["csr_wmask"]
        number = csr & 31
        if csr in (*MHPMCOUNTERS[:4], *HPMCOUNTERS[:4]) and not fields["trap"]:
            if fields["csr_rmask"]:
                assert fields["csr_rdata"] == self._value(number, cycle), (number, cycle)
                self.reads += 1
            if written:
                self._settle(cycle)
                self._counters[number][0] = fields["csr_wdata"]
        elif csr in MHPMEVENTS[:4] and written:
            self._settle(cycle + 1)
            self._counters[number][1] = fields["csr_wdata"]
        elif csr == Csr.MCOUNTINHIBIT and written:
            self._settle(cycle + 1)
            self._inhibited = fields["csr_wdata"]
        if written and csr in MHPMCOUNTERS[:4]:
            self._counters[number][2] = cycle + 1

    def _value(self, number, cycle):
        value, mask, since = self._counters[number]
        if self._inhibited >> number & 1:
            return value
        return value + sum(
            any(self._happened(event, each) for event in Event if mask >> event & 1)
            for each in range(since, cycle)
        )

    def _happened(self, event, cycle):
        return self._history[cycle + 1][event] - self._history[cycle][event]

    def _settle(self, cycle):
        """What has been counted up to `cycle`, before something else is counted."""
        for number, counter in self._counters.items():
            counter[0], counter[2] = self._value(number, cycle), cycle


@pytest.mark.parametrize("latency", [1, 3])
def test_what_software_reads_is_what_the_simulator_counts(latency):
    config = {"hpm_counters": 4, "latency": latency, "traced": True, "counters": True}
    records, history = [], []
    with start_bare(ASM / "hpm.S", memory_mib=2, **config) as session:
        engine = session.machine.engine
        engine.observe(lambda cycle, fields: records.append((cycle, dict(fields))))
        while session.exit_code is None and engine.cycle < 20_000:
            history.append(engine.counts)
            session.step(1)
        history.append(engine.counts)
        assert session.exit_code == 0
    monitor = Monitor(history)

    for cycle, fields in records:
        if fields["csr_addr"]:
            monitor.record(cycle - 1, fields)

    assert monitor.reads > 20
