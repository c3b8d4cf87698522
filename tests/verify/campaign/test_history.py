"""What `History` allows, in the smallest cases."""

from tests.verify.campaign.history import History
from tests.verify.golden.sv39 import Request

V, R, G, A = 1 << 0, 1 << 1, 1 << 5, 1 << 6
SLOT = 0x8000_0000
OLD, NEW = 0x80000 << 10 | V | R | A, 0xC0000 << 10 | V | R | A
QUESTION = Request(0x123, asid=1)


def responses(history, time, request=QUESTION, start=None):
    paths = history.paths(request, time - 1 if start is None else start, time)
    return {(path.response.kind, path.response.pa) for path in paths}


def changed(old=OLD, new=NEW):
    """A history in which a PTE changes in cycle 10."""
    history = History()
    history.root(1, 0x80000, 0)
    history.write(SLOT, old, 0)
    history.write(SLOT, new, 10)
    return history


def test_old_or_new_until_a_fence():
    history = changed()
    assert responses(history, 10) == {("ok", 0x8000_0123)}
    assert responses(history, 20) == {("ok", 0x8000_0123), ("ok", 0xC000_0123)}

    history.fence(None, None, 20)
    assert responses(history, 21) == {("ok", 0xC000_0123)}


def test_a_fence_in_the_cycle_of_the_change_or_after_it():
    for time, count in ((8, 2), (9, 1), (10, 1)):
        history = changed()
        history.fence(None, None, time)
        assert len(responses(history, 20)) == count


def test_fences_of_others():
    """Another page and another address space do not matter; a page of 1 GiB has many addresses."""
    for va, asid, count in (
        (1 << 30, None, 2),
        (1 << 29, None, 1),
        (None, 2, 2),
        (None, 1, 1),
        (1 << 12, 1, 1),
    ):
        history = changed()
        history.fence(va, asid, 20)
        assert len(responses(history, 30)) == count, (va, asid)


def test_what_is_global():
    """No fence for an address space ends it, and others find it as well."""
    history = changed(OLD | G, NEW | G)
    history.fence(None, 1, 20)
    assert len(responses(history, 30)) == 2
    assert len(responses(history, 30, Request(0x123, asid=2))) == 2

    history.fence(0, None, 30)
    assert len(responses(history, 40)) == 1


def test_what_is_invalid_is_not_remembered():
    """Unless the request has been standing since before the change."""
    history = changed(0, NEW)
    assert responses(history, 20) == {("ok", 0xC000_0123)}
    assert responses(history, 20, start=9) == {("page", 0), ("ok", 0xC000_0123)}


def test_another_root_without_a_fence():
    history = changed()
    history.root(1, 0x80001, 20)
    history.fence(None, None, 15)
    assert responses(history, 30) == {("ok", 0xC000_0123), ("page", 0)}

    history.fence(None, None, 30)
    assert responses(history, 40) == {("page", 0)}


def test_updates_ask_memory_alone():
    history = changed()
    update = [path.response.pa for path in history.updates(QUESTION, 15, 20)]
    assert update == [0xC000_0123]


def test_what_nobody_can_see_is_forgotten():
    history = changed()
    history.fence(None, None, 20)
    before = responses(history, 40)
    history.forget(30)
    assert responses(history, 40) == before
    assert len(history._versions[SLOT]) == 1
