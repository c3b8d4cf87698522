"""`python -m tests.verify campaign` says what is wrong in a line or two; so does its status."""

from collections import Counter

import pytest

from tests.verify import runner
from tests.verify.campaign import check, hart
from tests.verify.campaign.bench import BenchError
from tests.verify.campaign.bins import reachable, reachable_on_hart, updates
from tests.verify.campaign.campaign import Report, random_instructions
from tests.verify.campaign.hart import HartStuck, NativeHart
from tests.verify.campaign.translations import Disagreement

OF_MMU, OF_HART = reachable() | updates(), reachable_on_hart()
RARE = ("AMO", "U", "update", 2)
NO_SUCH = ("FETCH", "M", "sleepy", None)


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command on parts that do nothing, but for the bins that they say they hit."""

    def run(*options, on_mmu=OF_MMU, on_hart=OF_HART, error=None):
        def instructions(hart, cases, seed, *, first):
            if error is not None:
                raise error
            return Report(cases, bins=Counter(on_hart))

        for name in ("Bench", "NativeHart"):
            monkeypatch.setattr(check, name, lambda **_: object())
        monkeypatch.setattr(check, "run_sequence", lambda *_: Report(1 << 30))
        monkeypatch.setattr(check, "run_stay", lambda *_: Report(1 << 30))
        monkeypatch.setattr(check, "run_drills", lambda *_: (Report(1), set()))
        monkeypatch.setattr(check, "run_script", lambda *_: Report(1 << 30, bins=Counter(on_mmu)))
        monkeypatch.setattr(check, "random_instructions", instructions)
        status = runner.main(check.CHECK, ["--seed", "7", "--jobs", "1", *options])
        return status, capsys.readouterr().out

    return run


def test_all_bins_and_no_other(run):
    status, output = run("--cases", str(check.EVERY_BIN))

    assert status == 0
    assert f"{len(OF_MMU)} of {len(OF_MMU)} bins\n" in output
    assert f"{len(OF_HART)} of {len(OF_HART)} bins\n" in output


def test_a_bin_that_is_missed_is_named(run):
    """It is a failure of a run that is long enough to hit all."""
    for part, bins in (("on_mmu", OF_MMU), ("on_hart", OF_HART)):
        for cases, status in ((check.EVERY_BIN - 1, 0), (check.EVERY_BIN, 1)):
            result, output = run("--cases", str(cases), **{part: bins - {RARE}})
            assert result == status
            line = f"{len(bins) - 1} of {len(bins)} bins; not hit: AMO U update 2\n"
            assert line in output
            assert ("DISAGREEMENT: " in output) is (status == 1)


def test_only_some_of_many_missed_ones_are_named(run):
    _, output = run("--cases", "10", on_hart=set())

    (line,) = (line for line in output.splitlines() if "not hit" in line)
    assert line.endswith(f" and {len(OF_HART) - check.SHOWN} more")
    assert len(line) < 500


@pytest.mark.parametrize("part", ["on_mmu", "on_hart"])
def test_a_bin_that_should_not_be_is_a_failure(run, part):
    bins = {"on_mmu": OF_MMU, "on_hart": OF_HART}[part]

    status, output = run("--cases", "10", **{part: bins | {NO_SUCH}})

    assert status == 1
    assert "bins; UNREACHABLE, but hit: FETCH M sleepy -\n" in output


@pytest.mark.parametrize(
    "error", [Disagreement("wrong", 42), HartStuck("wrong"), BenchError("wrong")], ids=type
)
def test_what_goes_wrong_is_a_disagreement_with_its_seed(run, error):
    status, output = run("--cases", "10", "--only", "instructions", error=error)

    assert status == 1
    assert (
        "DISAGREEMENT: wrong\nagain: python -m tests.verify campaign --only instructions" in output
    )
    assert ("--seed 7 --first 42 --cases 1\n" in output) is isinstance(error, Disagreement)
    assert ", 1 disagreement, seed 7, " in output


def test_a_hart_that_hangs_is_a_disagreement_about_some_instructions(monkeypatch):
    hanging = NativeHart()
    monkeypatch.setattr(hart, "PATIENCE", 10)
    monkeypatch.setattr(hart, "BATCH", 20)

    with pytest.raises(Disagreement, match=r"^instructions 7/0 to 7/\d+: not done after 10 cycles"):
        random_instructions(hanging, 30, "7")
