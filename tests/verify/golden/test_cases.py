"""The generator of cases: reproducible, wide, and the same whoever draws."""

from random import Random

import hypothesis
import pytest

from tests.verify.golden.cases import BENDS, SIZES, Case, cases, content, make_case
from tests.verify.golden.sv39 import respond

RAM = range(0x8000_0000, 0x8800_0000, 8)


def response(case):
    return respond(case.request, lambda address: case.memory.get(address, content(address)))


def test_every_doubleword_of_ram_tells_its_address():
    assert len({content(address) for address in RAM[::4099]}) == len(RAM[::4099])
    # lui a2, high; c.addi a2, low; c.ebreak
    assert content(0x8000_0000) == 0x9002_0601_0000_0637
    assert content(0x87FF_FFF8) == 0x9002_063D_FFFF_F637


def test_same_seed_gives_the_same_case():
    assert make_case(Random(5)) == make_case(Random(5))
    assert make_case(Random(5)) != make_case(Random(6))


@pytest.mark.parametrize("svadu", [False, True])
def test_case_that_is_not_bent_reaches_its_target(svadu):
    levels = set()
    for seed in range(300):
        case = make_case(Random(seed), svadu=svadu, bends=())
        found = response(case)
        assert (found.kind, found.pa) == ("ok", case.target)
        assert case.request.adue <= svadu
        levels.add((len(found.reads), case.request.access))
    assert len(levels) == 3 * len(SIZES)


@pytest.mark.parametrize("name", BENDS)
def test_bend_changes_the_case(name):
    changed = 0
    for seed in range(200):
        plain = make_case(Random(seed), bends=())
        bent = make_case(Random(seed), bends=(name,))
        changed += (bent.request, bent.memory) != (plain.request, plain.memory)
    assert changed > 20


def test_hypothesis_draws_the_same_cases_and_shrinks_them():
    settings = hypothesis.settings(max_examples=1000, database=None, deadline=None)

    case = hypothesis.find(
        cases(), lambda case: response(case).kind == "page", settings=settings, random=Random(0)
    )

    assert isinstance(case, Case)
    # One bend at most is needed, and nothing else is out of the ordinary.
    assert len(case.bends) <= 1
    assert case.request.va < 1 << 39
    assert (case.request.sum_, case.request.mxr, case.request.asid) == (0, 0, 0)
