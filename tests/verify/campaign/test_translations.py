"""The MMU against the golden model on random page tables that stand still."""

from tests.verify.campaign.bench import Bench
from tests.verify.campaign.bins import reachable, updates
from tests.verify.campaign.campaign import random_cases

CASES = 200_000
SEED = "0"


def test_random_accesses_and_every_bin():
    """Also gates on coverage: every bin that reasoning says there is, and no other."""
    report = random_cases(Bench(), CASES, SEED)

    assert report.cases >= CASES
    assert report.bins.keys() == reachable() | updates()
