from dataclasses import replace

import pytest

from sim.bench import speed
from sim.bench.runs import BenchError, bare_run
from sim.config import MachineConfig
from sim.host.programs import build_bare, programs_directory


class FakeBench:
    """Every measure is a number that grows with each round, but one that is not to be had."""

    def __init__(self, cycles=None):
        self.cycles = cycles or {}
        self.calls = []

    def measure(self, key):
        self.calls.append(key)
        return None if key.startswith("verilator") else float(self.calls.count(key))


@pytest.fixture
def said():
    return []


def test_rounds_are_interleaved_and_the_best_counts(said):
    bench = FakeBench()

    results = speed.take(bench, 2, said.append)

    keys = [measure.key for measure in speed.MEASURES]
    assert bench.calls == keys * 2
    assert results["native_hz"] == 2
    assert results["build_s"] == 1
    assert said[-1].startswith("round 2 of 2: ")


def test_what_is_not_to_be_had_is_none(said):
    assert speed.take(FakeBench(), 1, said.append)["verilator_hz"] is None


def test_a_simulator_that_disagrees_about_the_cycles_is_an_error(said):
    bench = FakeBench(cycles={"speed.S": {"native": 100, "Verilator": 101}})

    with pytest.raises(BenchError, match="speed.S does not take the same cycles everywhere"):
        speed.take(bench, 1, said.append)


def test_every_measure_is_one_of_a_program_or_has_its_method():
    of_programs = {key for each in speed.PROGRAMS for key in (each.native, each.verilator)}

    for measure in speed.MEASURES:
        assert measure.key in of_programs or callable(getattr(speed.Bench, measure.key))


@pytest.mark.parametrize("program", speed.PROGRAMS, ids=lambda program: program.source)
def test_each_program_runs_to_its_end(program, monkeypatch):
    short = replace(program, turns=2)
    monkeypatch.setattr(speed, "PROGRAMS", (short,))
    bench = speed.Bench()

    assert bench.measure(program.native) > 0
    assert 30 < bench.cycles[program.source]["native"] < 1_000_000


def test_programs_of_c_notice_what_goes_wrong(tmp_path):
    programs = programs_directory() / "bench"
    wrong = {
        "pages.c": ("PAGES - 1 - i], RW", "PAGES - 1 - (i | 1)], RW"),
        "traps.c": ("copies++;", "copies += 2;"),
        "lists.c": ("letters + WORDS", "letters"),
    }
    for name, (old, new) in wrong.items():
        source = tmp_path / name
        text = (programs / name).read_text()
        assert text.count(old) == 1
        source.write_text(text.replace(old, new))
        run = bare_run(build_bare(source, {"TURNS": 1}), MachineConfig(engine="native"))
        with pytest.raises(BenchError, match="exit code 1"):
            run.start()


@pytest.mark.parametrize("key", ["fork_exec_wait_per_s", "sparse_s", "sparse_forks_s"])
def test_the_kernels_programs_run_to_a_good_end(key):
    assert speed.Bench().measure(key) > 0


def test_a_program_of_the_kernels_that_fails_is_an_error():
    with pytest.raises(BenchError, match="sparse-.*exit code 1"):
        speed._user_run("sparse")  # without the argument that it wants


def test_without_verilator_there_is_no_figure_for_it(monkeypatch):
    monkeypatch.setattr(speed, "find_verilator", lambda: None)

    assert speed.Bench().measure("verilator_hz") is None
