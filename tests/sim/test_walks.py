"""Logs of page-table walks: the same on both engines, right by the golden model, and as waved."""

from itertools import chain

import pytest

from sim import start
from sim.cli import main as cli
from sim.config import MachineConfig
from sim.engines.base import CYCLE_FS
from sim.engines.transcripts import Form
from sim.engines.walks import VERDICTS
from sim.machine import Machine
from tests.hdl.programs import ASM
from tests.sim.vcd import read_vcd
from tests.sim.walk_log import Judge, read_walks
from tests.verify.lockstep.generate import generate

SEEDS = range(7, 19)


def logged(path, command, *arguments):
    """The log of a command line."""
    cli.main([command, "--quiet", "--log-walks", str(path), *arguments])
    return path.read_text()


def random_run(path, seed, cycles, **parameters):
    """The log of a random program."""
    program = generate(seed)
    config = MachineConfig(traced=True, memory_mib=4, **parameters)
    machine = Machine(config, Machine.make_ram(config))
    for address, content in program.image:
        machine.ram.write(address, content)
    engine = machine.engine
    engine.transcribe(Form.WALKS, path)
    for line in program.lines:
        if line.cycle < cycles:
            engine.run(line.cycle - engine.cycle)
            engine.set_line(line.name, line.level)
    engine.run(cycles - engine.cycle)
    assert engine.stop_transcripts() == []
    return path.read_text()


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Logs of programs of many kinds."""
    path = tmp_path_factory.mktemp("walks") / "log"
    runs = [("run", "lazy"), ("run", "--svadu", "--latency", "5", "lazy")]
    runs += [("run", "sh", "-c", "lazy | wc"), ("run", "badaccess", "heap-exec")]
    runs += [("bare", str(source)) for source in sorted(ASM.glob("sv*.S"))]
    logs = [logged(path, *run) for run in runs]
    return logs + [random_run(path, seed, 12_000, latency=1 + seed % 3) for seed in SEEDS]


def test_every_walk_is_what_the_specification_says(texts):
    walks = [read_walks(text) for text in texts]
    for log in walks:
        judge = Judge()
        for walk in log:
            judge.check(walk)

    every = list(chain.from_iterable(walks))
    assert len(every) > 2_000
    assert {walk.verdict for walk in every} == set(VERDICTS)
    assert {walk.side for walk in every} == {"fetch", "data", "update"}
    assert {walk.access for walk in every} == {"fetch", "load", "store", "lr", "sc", "amo"}
    assert {walk.filled.get("level") for walk in every} == {None, 0, 1, 2}
    assert any(walk.written for walk in every)
    assert any(walk.cached for walk in every)


def test_what_is_cached_is_the_table_that_was_read(texts):
    for walk in chain.from_iterable(map(read_walks, texts)):
        if walk.cached is not None:
            assert walk.cached == walk.reads[1].value >> 10 << 12 & (1 << 56) - 1
            assert walk.side != "update"


@pytest.mark.parametrize("seed", [10, 13, 15])
def test_both_engines_write_the_same_of_random_programs(tmp_path, seed):
    native, pysim = (
        random_run(tmp_path / engine, seed, 2_500, engine=engine) for engine in ("native", "pysim")
    )

    assert native == pysim
    assert native.count("\n") > 40


def test_so_they_do_under_the_kernel_and_with_updates(tmp_path):
    options = ["--memory", "8", "--svadu", "--max-cycles", "2500", "hello"]
    native, pysim = (
        logged(tmp_path / engine, "run", "--engine", engine, *options)
        for engine in ("native", "pysim")
    )

    assert native == pysim
    assert "update" in native


def test_the_walk_of_a_fault_is_that_of_its_story(tmp_path):
    with start("lazy", traced=True) as session:
        session.machine.engine.transcribe(Form.WALKS, tmp_path / "log")
        session.run()
        faults = list(session.guest.faults)
    walks = {walk.begin: walk for walk in read_walks((tmp_path / "log").read_text())}

    for fault in faults:
        lookup = fault.trap.lookup
        walk = walks[lookup.asked]
        assert (walk.va, walk.verdict) == (lookup.va, "page_fault")
        reads = [
            (each.cycle, each.address, each.value, level) for level, each in walk.reads.items()
        ]
        assert reads == [tuple(read) for read in lookup.reads]
        assert walk.end + 1 == lookup.answered


def test_it_costs_no_simulated_time_and_passes_over_idle_cycles(tmp_path):
    ends = []
    for traced in (False, True):
        with start("sleep", "2", traced=traced) as session:
            if traced:
                session.machine.engine.transcribe(Form.WALKS, tmp_path / "log")
            session.run()
            ends.append((session.cycle, session.machine.engine.skipped))
    assert ends[0] == ends[1]
    assert ends[1][1] > 10_000


def test_what_is_written_goes_back_with_the_run(tmp_path):
    with start("lazy", traced=True) as session:
        session.machine.engine.transcribe(Form.WALKS, tmp_path / "log")
        session.run(3_207)  # in the middle of a walk
        snapshot = session.snapshot()
        session.run()
        session.close()
        expected = (tmp_path / "log").read_text()
    with start("lazy", traced=True) as session:
        session.machine.engine.transcribe(Form.WALKS, tmp_path / "log")
        session.run(3_207)
        snapshot = session.snapshot()
        session.run(9_000)
        session.restore(snapshot)
        session.run()
        session.close()

    assert (tmp_path / "log").read_text() == expected


WINDOW = range(3_000, 5_200)


def test_begins_reads_and_ends_are_those_of_the_waveform(tmp_path):
    vcd = tmp_path / "x.vcd"
    window = f"{WINDOW.start}:{WINDOW.stop}"
    options = ["--vcd", str(vcd), "--vcd-window", window, "--memory", "8", "lazy"]
    walks = read_walks(logged(tmp_path / "log", "run", *options))
    waveform = read_vcd(vcd)

    def high(name):
        return [cycle for cycle, value in values(waveform, name) if value == 1]

    def within(cycles):
        return sorted(cycle for cycle in cycles if cycle in WINDOW)

    assert high("walk__begins") == within(walk.begin for walk in walks) != []
    assert high("walk__ends") == within(walk.end for walk in walks)
    assert high("walk__fills") == within(walk.end for walk in walks if walk.filled)
    reads = [each.cycle for walk in walks for each in walk.reads.values()]
    assert high("read") == within(reads)
    vas = dict(values(waveform, "walk__va"))
    assert all(vas[walk.begin] == walk.va for walk in walks if walk.begin in WINDOW)


def values(waveform, name):
    """Each cycle of the window with the value of a signal of the MMU's probe."""
    changes = waveform.of(f"bench.top.mmu.probe__{name}")
    times, value = sorted(changes), None
    for cycle in WINDOW:
        while times and times[0] <= cycle * CYCLE_FS:
            value = int(changes[times.pop(0)], 2)
        yield cycle, value


def test_a_full_disk_is_told_of_and_no_success(capsys):
    options = ["--quiet", "--memory", "8", "--log-walks", "/dev/full"]
    assert cli.main(["run", *options, "lazy"]) == 2
    told = capsys.readouterr().err
    assert (
        told == "trapline: error: --log-walks /dev/full: No space left on device; it is not whole\n"
    )
