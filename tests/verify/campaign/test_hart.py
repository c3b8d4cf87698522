"""The whole hart against the golden model: every access is an instruction, every fault a trap."""

import pytest

from hdl.hart import Hart
from hdl.priv.csr import CsrFile
from tests.verify.campaign.bins import reachable_on_hart
from tests.verify.campaign.campaign import random_instructions
from tests.verify.campaign.hart import NativeHart
from tests.verify.campaign.translations import Disagreement

#: By the latency of the memory.
CASES = {1: 30_000, 3: 10_000}
PROTECTED = 4_000


def test_random_instructions_and_every_bin():
    """Half of them under Svadu; every bin is hit, and no other."""
    bins = set()
    for latency, cases in CASES.items():
        report = random_instructions(NativeHart(latency=latency), cases, f"latency {latency}")
        assert report.cases > 0.98 * cases
        bins |= report.bins.keys()

    assert bins == reachable_on_hart()


@pytest.mark.parametrize("latency", [1, 3])
def test_random_instructions_under_memory_protection(latency):
    """Many of their accesses are misaligned."""
    hart = NativeHart(latency=latency, protected=True, misaligned=True)

    report = random_instructions(hart, PROTECTED, f"protected, latency {latency}")

    assert report.cases > 0.98 * PROTECTED


def test_a_broken_hart_is_noticed(monkeypatch):
    """MPRV does nothing in it."""

    def environment(self, m):
        right(self, m)
        m.d.comb += self.environment.data_priv.eq(self._priv)

    right = CsrFile._environment
    monkeypatch.setattr(CsrFile, "_environment", environment)

    with pytest.raises(Disagreement, match="-->|<--"):
        random_instructions(NativeHart(hart=Hart()), 2000, "broken")
