"""The golden model and Spike agree on what an access under Sv39 does, and would be seen not to."""

import dataclasses
import itertools
import re

import pytest

from tests import spike
from tests.verify import runner
from tests.verify.golden import portions, sv39
from tests.verify.golden.cases import BENDS, SIZES
from tests.verify.golden.pmp import NAPOT, Pmp
from tests.verify.oracle import check, expected
from tests.verify.oracle.check import CHECK
from tests.verify.oracle.compare import compare, make_numbered_case, shrink
from tests.verify.oracle.delivery import deliver
from tests.verify.oracle.describe import describe
from tests.verify.oracle.differences import DIFFERENCES, explain
from tests.verify.oracle.expected import expect
from tests.verify.oracle.spike_hart import SpikeHart

spike.require()

SEED = 0
CASES = 20_000


# Each test has a Spike of its own. A golden model that errs says wrongly where an access stores,
# and only there memory is put back: the next test would find what was left.


@pytest.fixture
def hart():
    with SpikeHart(svadu=True) as hart:
        yield hart


@pytest.fixture
def protected_hart():
    with SpikeHart(svadu=True, protected=True) as hart:
        yield hart


@pytest.fixture
def misaligned_hart():
    with SpikeHart(svadu=True, misaligned=True) as hart:
        yield hart


def agree(hart, **mode):
    report = compare(hart, SEED, CASES, **mode)
    found = report.disagreement
    assert not found, f"seed {SEED}\n{describe(found)}\n\n{describe(shrink(hart, found, **mode))}"
    return report


def differences(where):
    """The names of those that may be met, in a mode of its own or in any."""
    return {each.name for each in DIFFERENCES if each.where in ("", where)}


def check_breadth(report, where=""):
    """The comparison was not about a few cases over and over."""
    assert report.cases == CASES
    assert report.impossible < CASES / 100
    assert set(report.bends) == set(BENDS)
    assert set(report.explained) == differences(where)
    reached = {(access, privilege, kind) for access, privilege, kind, _ in report.outcomes}
    assert set(itertools.product(SIZES, "US", ("ok", "page", "access"))) <= reached
    assert set(itertools.product(SIZES, "M", ("ok", "access"))) <= reached
    aligned = set(SIZES) - {"FETCH", *(("LOAD", "STORE") if where == "misaligned" else ())}
    assert set(itertools.product(aligned, "US", ("misaligned",))) <= reached
    depths = {(kind, depth) for _, _, kind, depth in report.outcomes}
    assert set(itertools.product(("ok", "page", "access"), range(4))) <= depths
    return reached


def test_agrees_with_svade():
    with SpikeHart() as hart:
        reached = check_breadth(agree(hart, svadu=False))

    assert not [kind for _, _, kind in reached if "update" in kind]


def test_agrees_with_svadu(hart):
    reached = check_breadth(agree(hart, svadu=True))

    assert set(itertools.product(SIZES, "US", ("ok after an update",))) <= reached
    # A and D are set before the physical address turns out to be bad.
    assert ("STORE", "S", "access after an update") in reached


def test_agrees_under_memory_protection(protected_hart):
    report = agree(protected_hart, svadu=True, protected=True)
    reached = check_breadth(report, "protected")

    assert set(itertools.product(SIZES, "USM", ("ok", "access"))) <= reached
    assert set(itertools.product(SIZES, "US", ("ok after an update",))) <= reached
    assert ("STORE", "S", "access after an update") in reached


def test_agrees_about_misaligned_accesses(misaligned_hart):
    """Both pages are translated, and the second one's fault is told where it begins."""
    report = agree(misaligned_hart, svadu=True, misaligned=True)
    reached = check_breadth(report, "misaligned")

    for access, kind in itertools.product(("LOAD", "STORE"), ("page", "access")):
        assert (access, "S", f"{kind} after an update") in reached
    misaligned = {access for access, _, kind in reached if kind == "misaligned"}
    assert misaligned == {"LR", "SC", "AMO"}


def explained(hart):
    """Deliveries on which Spike differs, each with what Spike did, and the name of the clause."""
    deliveries = [
        deliver(make_numbered_case(SEED, number, svadu=True), hart.stubs) for number in range(2000)
    ]
    deliveries = [delivery for delivery in deliveries if delivery is not None]
    for delivery, actual in zip(deliveries, hart.perform(deliveries), strict=True):
        if actual != expect(delivery.case, delivery.entry):
            difference = explain(delivery, actual)
            assert difference is not None
            yield delivery, actual, difference.name


def test_a_clause_explains_a_whole_outcome(hart):
    """Not one in which Spike has also stored something else, or set A or D of another PTE."""
    names = set()
    for delivery, actual, name in explained(hart):
        names.add((name, delivery.case.request.access))
        for field in ("cause", "tval", "advance", "value", "memory"):
            bent = dataclasses.replace(actual, **{field: getattr(actual, field) ^ 1 << 6})
            assert explain(delivery, bent) is None, field
        for index, pte in enumerate(actual.ptes):
            ptes = (*actual.ptes[:index], pte ^ 1 << 6, *actual.ptes[index + 1 :])
            assert explain(delivery, dataclasses.replace(actual, ptes=ptes)) is None

    device = DIFFERENCES[0].name
    assert {(device, "FETCH"), (device, "AMO")} < names
    assert {name for name, _ in names} == differences("")


def asking(**changes):
    """A step of the golden model that is asked as if the request had other fields."""

    def bend(step):
        return lambda q, *others: step(dataclasses.replace(q, **changes), *others)

    return bend


def skipped(step):
    return lambda *operands: None


#: Errors that a translation might have, as what is put in place of a part of the golden model.
ERRORS = {
    "any address is canonical": ("_check_canonical", skipped),
    "fetches obey MPRV": ("_effective_privilege", lambda _: lambda q: q.mpp if q.mprv else q.priv),
    "MPRV does nothing": ("_effective_privilege", lambda _: lambda q: q.priv),
    "leaves allow everything": ("_check_leaf", skipped),
    "SUM counts as set": ("_check_leaf", asking(sum_=1)),
    "SUM counts as clear": ("_check_leaf", asking(sum_=0)),
    "MXR counts as set": ("_check_leaf", asking(mxr=1)),
    "MXR counts as clear": ("_check_leaf", asking(mxr=0)),
    "an AMO need not read": ("_check_leaf", asking(access="STORE")),
    "superpages may be misaligned": (
        "_check_leaf",
        lambda step: lambda q, pte, i: step(q, pte, 0),
    ),
    "A and D do not matter": ("_accessed_and_dirty", lambda _: lambda q, pte: pte),
    "loads set D": ("_accessed_and_dirty", asking(access="AMO")),
    "stores set no D": ("_accessed_and_dirty", asking(access="LOAD")),
    "ADUE counts as set": ("_accessed_and_dirty", asking(adue=1)),
    "superpages are small pages": ("_compose", lambda step: lambda q, pte, i: step(q, pte, 0)),
    "addresses have 32 bits": ("_compose", lambda step: lambda *a: step(*a) % (1 << 32)),
    "page numbers have 43 bits": ("PPN", lambda ppn: ppn >> 1),
    "four levels": ("LEVELS", lambda levels: levels + 1),
    "no level may be a superpage": ("R", lambda _: 0),
    "page tables may be anywhere": ("is_ram", lambda _: lambda address: True),
    "pointers may have U": ("U", lambda _: 0),
    "pages have 8 KiB": ("PAGESIZE", lambda size: 2 * size),
    "AMOs fault as loads": ("CAUSES", lambda causes: causes | {"page": (12, 13, 13)}),
    "walks fault as pages": ("CAUSES", lambda causes: causes | {"access": (12, 13, 15)}),
    "misaligned accesses are page faults": (
        "CAUSES",
        lambda causes: causes | {"misaligned": causes["page"]},
    ),
}


def hits(pmp, address):
    """The entries that match the byte at `address`."""
    on = [number for number in range(pmp.count) if pmp.cfg[number] & NAPOT]
    return [number for number in on if pmp._matches(number, address)]


#: Errors that memory protection might have, likewise.
PROTECTION_ERRORS = {
    "all entries decide": (
        "permits",
        lambda _: lambda pmp, a, n, p, mode: all(pmp._grants(i, p, mode) for i in hits(pmp, a)),
    ),
    "a part of an access is enough": (
        "permits",
        lambda step: lambda pmp, a, n, p, mode: step(pmp, a, 1, p, mode),
    ),
    "M-mode is always let": (
        "permits",
        lambda step: lambda pmp, a, n, p, mode: mode == "M" or step(pmp, a, n, p, mode),
    ),
    "page tables are read as by M-mode": (
        "permits",
        lambda step: lambda pmp, a, n, p, mode: step(pmp, a, n, p, "M" if mode == "S" else mode),
    ),
    "what matches nothing is let": (
        "permits",
        lambda step: lambda pmp, a, n, p, mode: step(pmp, a, n, p, mode) or not hits(pmp, a),
    ),
    "permissions do not matter": ("_grants", lambda _: lambda pmp, i, p, mode: True),
    "W does not matter": (
        "_grants",
        lambda step: lambda pmp, i, p, mode: step(pmp, i, p & ~2, mode),
    ),
    "nothing is checked": ("permits", lambda _: lambda pmp, a, n, p, mode: True),
}


@pytest.mark.parametrize("name, bend", PROTECTION_ERRORS.values(), ids=PROTECTION_ERRORS)
def test_error_in_its_memory_protection_is_found(name, bend, protected_hart, monkeypatch):
    monkeypatch.setattr(Pmp, name, bend(getattr(Pmp, name)))

    assert compare(protected_hart, SEED, 5000, svadu=True, protected=True).disagreement


def told_at_the_first_byte(step):
    def bend(request, *memory):
        responses = step(request, *memory)
        return [*responses[:-1], dataclasses.replace(responses[-1], tval=request.va)]

    return bend


#: Errors about misaligned accesses, likewise, and where the part is.
PORTION_ERRORS = {
    "one page is enough": (portions, "portions", lambda step: lambda request: step(request)[:1]),
    "the whole access faults": (expected, "respond_to_all", told_at_the_first_byte),
}


@pytest.mark.parametrize("where, name, bend", PORTION_ERRORS.values(), ids=PORTION_ERRORS)
def test_error_about_misaligned_accesses_is_found(where, name, bend, misaligned_hart, monkeypatch):
    monkeypatch.setattr(where, name, bend(getattr(where, name)))

    assert compare(misaligned_hart, SEED, 5000, svadu=True, misaligned=True).disagreement


@pytest.mark.parametrize("name, bend", ERRORS.values(), ids=ERRORS)
def test_error_in_the_golden_model_is_found(name, bend, hart, monkeypatch):
    monkeypatch.setattr(sv39, name, bend(getattr(sv39, name)))

    assert compare(hart, SEED, 5000, svadu=True).disagreement


def test_disagreement_is_shrunk_and_described(hart, monkeypatch):
    name, bend = ERRORS["superpages are small pages"]
    monkeypatch.setattr(sv39, name, bend(getattr(sv39, name)))
    found = compare(hart, SEED, CASES, svadu=True).disagreement

    small = shrink(hart, found, svadu=True)

    case = small.delivery.case
    # It takes no more than a superpage and an address in its second 4 KiB.
    assert case.bends == ()
    assert case.request.access == "LOAD"
    assert sum("<--" in line for line in describe(small).splitlines()) == 1
    assert f"LOAD of {case.request.size} bytes at {case.request.va:#x}" in describe(small)


def test_case_can_be_made_again_by_its_number(hart, monkeypatch):
    monkeypatch.setattr(sv39, "_check_canonical", lambda q: None)
    found = compare(hart, SEED, CASES, svadu=True).disagreement

    again = compare(hart, SEED, 1, first=found.number, svadu=True).disagreement

    assert again == found


def test_spike_that_has_ended_is_an_error_and_no_hang():
    with SpikeHart() as hart:
        hart._process.kill()
        hart._process.wait()
        with pytest.raises(RuntimeError, match="Spike ended"):
            compare(hart, SEED, 1)


class TestCommand:
    def run(self, *options):
        return runner.main(CHECK, ["--jobs", "1", *options])

    def test_says_seed_and_result(self, capsys):
        assert self.run("--cases", "500", "--seed", "7") == 0

        output = capsys.readouterr().out
        assert output.count(": 500 cases in") == 4
        assert "oracle: 2,000 cases, no disagreement, seed 7, " in output

    def test_disagreement_is_shrunk_and_can_be_seen_again(self, monkeypatch, capsys):
        monkeypatch.setattr(expected, "OPERAND", 0)

        assert self.run("--cases", "500", "--only", "svadu", "--seed", "7") == 1

        output = capsys.readouterr().out
        assert "DISAGREEMENT: svadu\n" in output
        assert "case      (shrunk)" in output
        again = re.search("^again: python -m tests.verify oracle (.*)$", output, re.M)[1].split()
        assert self.run(*again) == 1
        assert "oracle: 1 cases, 1 disagreement, seed 7, " in capsys.readouterr().out

    def test_missing_spike_is_one_line(self, monkeypatch, capsys):
        def find():
            raise spike.SpikeMissing("Spike is not installed")

        monkeypatch.setattr(check, "find", find)

        assert self.run() == 2
        assert capsys.readouterr().err == "oracle: Spike is not installed\n"
