import pytest

from sim.bench import speed
from sim.bench.runs import BenchError


class FakeBench:
    """Every measure is a number that grows with each round, but one that is not to be had."""

    def __init__(self, cycles=None):
        self.cycles = cycles or {}
        self.calls = []

    def __getattr__(self, key):
        return lambda: self._measure(key)

    def _measure(self, key):
        self.calls.append(key)
        return None if key == "verilator_hz" else float(self.calls.count(key))


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
    bench = FakeBench(cycles={"native": 100, "Verilator": 101})

    with pytest.raises(BenchError, match="does not take the same cycles everywhere"):
        speed.take(bench, 1, said.append)


def test_every_measure_has_its_method():
    bench = speed.Bench()

    for measure in speed.MEASURES:
        assert callable(getattr(bench, measure.key))


def test_the_program_runs_to_its_end_natively(monkeypatch):
    monkeypatch.setattr(speed, "TURNS", 100)
    bench = speed.Bench()

    assert bench.native_hz() > 0
    # 14 or 15 instructions a turn; in the measured runs, 17 cycles.
    assert 1_400 < bench.cycles["native"] < 2_500


@pytest.mark.parametrize("key", ["fork_exec_wait_per_s", "sparse_s", "sparse_forks_s"])
def test_the_kernels_programs_run_to_a_good_end(key):
    assert getattr(speed.Bench(), key)() > 0


def test_a_program_of_the_kernels_that_fails_is_an_error():
    with pytest.raises(BenchError, match="sparse-.*exit code 1"):
        speed._user_run("sparse")  # without the argument that it wants


def test_without_verilator_there_is_no_figure_for_it(monkeypatch):
    monkeypatch.setattr(speed, "find_verilator", lambda: None)

    assert speed.Bench().verilator_hz() is None
