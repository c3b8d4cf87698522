"""The MMU with a second-level TLB against the golden model, and that its breaks are noticed.

`python -m tests.verify campaign` has more of it, and the hart with one.
"""

import pytest
from amaranth.hdl import Const

from hdl.mmu import second_level
from hdl.mmu.second_level import SecondLevelTlb
from tests.verify.campaign import drills
from tests.verify.campaign.bench import Bench
from tests.verify.campaign.campaign import random_cases, random_sequences, random_stays, run_drills
from tests.verify.campaign.check import with_second_level
from tests.verify.campaign.translations import Disagreement

SEED = "0"


def run_all(bench):
    random_cases(bench, 6_000, SEED)
    random_stays(bench, 6_000, SEED)
    report = random_sequences(bench, 4_000, SEED)
    run_drills(bench, drills.drills())
    return report


def test_accesses_sequences_and_drills():
    report = run_all(Bench(with_second_level(), level="-O1"))

    # What the first level forgets only the second can still know.
    assert report.old > 0.01 * report.cases


def _breaks_fences(patch):
    patch.setattr(SecondLevelTlb, "_fence", lambda self, m: None)


def _takes_any_page_for_good(patch):
    patch.setattr(second_level, "needs_update", lambda flags, access: Const(0))


@pytest.mark.parametrize("broken", [_breaks_fences, _takes_any_page_for_good])
def test_a_break_is_noticed(broken, monkeypatch):
    broken(monkeypatch)
    bench = Bench(with_second_level(), level="-O1")

    with pytest.raises(Disagreement):
        run_all(bench)
