import functools
import io
import itertools
from collections import defaultdict, deque
from dataclasses import dataclass, field

import pytest

from sim import start
from sim.checkpoint import Checkpoint


@dataclass
class Plain:
    number: int = 0
    items: list = field(default_factory=list)


class Slotted:
    __slots__ = ("left", "right")


class Named:
    __slots__ = "word"


class WithFile:
    """Knows itself how it is put back."""

    def __init__(self):
        self.file = io.StringIO()
        self.hidden = Plain()

    def save_state(self):
        return self.file.tell()

    def load_state(self, state):
        self.file.seek(state)
        self.file.truncate()


def test_attributes_return_in_place():
    inner = Plain(1)
    outer = Plain(2, [inner])
    checkpoint = Checkpoint([outer])
    for _ in range(2):
        outer.number, inner.number, outer.items = 20, 10, "gone"
        outer.added = 1
        checkpoint.put_back()
        assert outer.items == [inner]
        assert outer.items[0] is inner
        assert (outer.number, inner.number) == (2, 1)
        assert not hasattr(outer, "added")


@pytest.mark.parametrize(
    "container, change",
    [
        ([1, 2], lambda it: it.append(3)),
        ({1: 2}, lambda it: it.update({3: 4})),
        ({1, 2}, lambda it: it.discard(1)),
        (deque([1, 2], maxlen=2), lambda it: it.append(3)),
        (bytearray(b"ab"), lambda it: it.extend(b"c")),
        (defaultdict(list, {1: [2]}), lambda it: it[1].append(3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_containers_return_in_place(container, change):
    before = repr(container)
    checkpoint = Checkpoint([container])
    change(container)
    assert repr(container) != before
    checkpoint.put_back()
    assert repr(container) == before


def test_a_dictionary_keeps_its_order():
    table = {"a": 1, "b": 2}
    checkpoint = Checkpoint([table])
    del table["a"]
    table["a"] = 1
    checkpoint.put_back()
    assert list(table) == ["a", "b"]


def test_slots_return_and_so_do_empty_ones():
    it = Slotted()
    it.left = [1]
    checkpoint = Checkpoint([it])
    it.left, it.right = None, 2
    checkpoint.put_back()
    assert it.left == [1]
    assert not hasattr(it, "right")


def test_so_does_the_only_slot_by_its_name():
    it = Named()
    it.word = "before"
    checkpoint = Checkpoint([it])
    it.word = "after"
    checkpoint.put_back()
    assert it.word == "before"


def test_variables_of_closures_return():
    count, seen = 0, []

    def tick():
        nonlocal count
        count += 1
        seen.append(count)

    checkpoint = Checkpoint([tick])
    tick()
    checkpoint.put_back()
    tick()
    assert (count, seen) == (1, [1])


def test_methods_and_partial_functions_lead_to_what_they_are_bound_to():
    one, other = Plain(), Plain()
    checkpoint = Checkpoint(
        [[one.items.append, WithFile().load_state], functools.partial(setattr, other)]
    )
    other.number = 5
    checkpoint.put_back()
    assert other.number == 0


def test_what_is_bound_to_an_object_leads_there():
    class Counter:
        def __init__(self):
            self.count = 0

        def tick(self):
            self.count += 1

    counter = Counter()
    checkpoint = Checkpoint([{"hook": counter.tick}])
    counter.tick()
    checkpoint.put_back()
    assert counter.count == 0


def test_what_is_apart_is_left_alone():
    apart = Plain()
    checkpoint = Checkpoint([[apart]], [apart])
    apart.number = 5
    checkpoint.put_back()
    assert apart.number == 5


def test_an_object_may_know_itself_how_it_is_put_back():
    it = WithFile()
    it.file.write("one")
    checkpoint = Checkpoint([it])
    it.file.write("two")
    it.hidden.number = 5
    checkpoint.put_back()
    assert it.file.getvalue() == "one"
    assert it.hidden.number == 5


def test_what_refers_to_itself_has_an_end():
    it = Plain()
    it.items.append(it)
    checkpoint = Checkpoint([it])
    it.items.clear()
    checkpoint.put_back()
    assert it.items == [it]


def test_nothing_is_forgotten_in_silence():
    with pytest.raises(TypeError, match="what is the state of a count"):
        Checkpoint([[itertools.count()]])
    with pytest.raises(TypeError, match="what is the state of a generator"):
        Checkpoint([(number for number in [1])])


@pytest.mark.parametrize("kind", [list, set, dict])
def test_a_container_with_members_of_its_own_returns_to_both(kind):
    class Counted(kind):
        def __init__(self):
            super().__init__()
            self.count = [1]

    it = Counted()
    checkpoint = Checkpoint([it])
    it.count.append(2)
    it.other = 3
    checkpoint.put_back()
    assert vars(it) == {"count": [1]}


def test_pids_are_given_again():
    with start("sh", "-c", "hello", memory_mib=8) as session:
        before = session.snapshot()
        session.run()
        last = session.kernel.procs.last_pid
        session.restore(before)
        session.run()
        assert session.kernel.procs.last_pid == last
