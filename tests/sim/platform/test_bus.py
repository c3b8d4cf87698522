"""The bus by its rules, without a hart."""

import pytest

from hdl.memory.port import Source
from sim.platform.bus import DATA, DEPTH, FETCH, Bus, ProtocolError, Request
from sim.platform.device import LINES, Device, Refused
from sim.platform.devices.rom import Rom
from sim.platform.events import Halt, Ring
from sim.platform.ram import Ram

BASE = 0x8000_0000


class Register(Device):
    """A device of one 32-bit register at offset 4; offset 8 rings; everything else is refused."""

    base, size = 0x700_0000, 0x1000

    def __init__(self):
        self.value = 0x1234_5678

    def load(self, offset, count, cycle):
        if (offset, count) != (4, 4):
            raise Refused
        return self.value

    def store(self, offset, count, value, cycle):
        if offset == 8:
            return Ring(value)
        if (offset, count) != (4, 4):
            raise Refused
        self.value = value
        return None


@pytest.fixture
def ram():
    return Ram(BASE, 0x1000)


@pytest.fixture
def register():
    return Register()


def make_bus(ram, register=None, **parameters):
    return Bus(ram, devices=[register] if register else [], **parameters)


def answers(bus, port, cycles):
    """{cycle: response} of `port` for the cycles in the range, as an engine asks for them."""
    found = {}
    for cycle in cycles:
        response = bus.respond(port, cycle)
        bus.settle()
        if response is not None:
            found[cycle] = response
    return found


@pytest.mark.parametrize("latency", [1, 2, 7])
def test_a_response_comes_after_the_latency(ram, latency):
    ram.write_u64(BASE + 8, 99)
    bus = make_bus(ram, latency=latency)

    bus.accept(DATA, 10, Request(BASE + 8))

    assert answers(bus, DATA, range(11, 30)) == {10 + latency: (99, 0)}


def test_responses_come_in_order_one_a_cycle(ram):
    for index in range(3):
        ram.write_u64(BASE + 8 * index, index)
    bus = make_bus(ram, latency=2)

    for index in range(3):
        bus.accept(FETCH, index, Request(BASE + 8 * index))

    assert answers(bus, FETCH, range(1, 10)) == {2: (0, 0), 3: (1, 0), 4: (2, 0)}


def test_a_read_takes_the_whole_word_around_its_address(ram):
    ram.write_u64(BASE, 0x1122_3344_5566_7788)
    bus = make_bus(ram)

    bus.accept(DATA, 0, Request(BASE + 3, size=0))

    assert answers(bus, DATA, [1]) == {1: (0x1122_3344_5566_7788, 0)}


def test_a_write_changes_only_the_lanes_of_its_strobe(ram):
    ram.write_u64(BASE, 0x1122_3344_5566_7788)
    bus = make_bus(ram)

    bus.accept(DATA, 0, Request(BASE + 2, write=1, data=0xFFFF_FFFF_ABCD_FFFF, strobe=0x0C, size=1))

    assert ram.read_u64(BASE) == 0x1122_3344_ABCD_7788


def test_an_access_happens_when_it_is_accepted(ram):
    bus = make_bus(ram, latency=5)

    bus.accept(DATA, 0, Request(BASE))
    bus.accept(DATA, 1, Request(BASE, write=1, data=7, strobe=0xFF))

    assert answers(bus, DATA, range(1, 10))[5] == (0, 0)
    assert ram.read_u64(BASE) == 7


@pytest.mark.parametrize("address", [0, BASE - 8, BASE + 0x1000, 0x700_1000])
@pytest.mark.parametrize("write", [0, 1])
def test_where_nothing_is_there_is_an_error(ram, register, address, write):
    bus = make_bus(ram, register)

    bus.accept(DATA, 0, Request(address, write=write, strobe=0xFF * write))

    assert answers(bus, DATA, [1]) == {1: (0, 1)}


def test_the_fetch_port_reaches_no_device(ram, register):
    bus = make_bus(ram, register)

    bus.accept(FETCH, 0, Request(0x700_0004, size=2))

    assert answers(bus, FETCH, [1]) == {1: (0, 1)}


def test_the_fetch_port_reaches_what_is_fetchable(ram):
    """A doubleword, whatever is asked of it."""
    bus = Bus(ram, devices=[Rom(bytes(range(20)))])

    for cycle, request in enumerate(
        [Request(0x1008), Request(0x100C, size=2), Request(0x1010), Request(0x1018), Request(0xFF8)]
    ):
        bus.accept(FETCH, cycle, request)

    second = int.from_bytes(bytes(range(8, 16)), "little")
    third = int.from_bytes(bytes(range(16, 20)), "little")
    found = {1: (second, 0), 2: (second, 0), 3: (third, 0), 4: (0, 1), 5: (0, 1)}
    assert answers(bus, FETCH, range(1, 6)) == found


def test_a_device_is_read_and_written_in_its_lanes(ram, register):
    bus = make_bus(ram, register)

    bus.accept(DATA, 0, Request(0x700_0004, size=2))
    data = 0x7_0000_CAFE << 32 | 0xDEAD_BEEF  # what is in other lanes is not the device's
    bus.accept(DATA, 1, Request(0x700_0004, write=1, data=data, strobe=0xF0, size=2))

    assert answers(bus, DATA, [1, 2]) == {1: (0x1234_5678 << 32, 0), 2: (0, 0)}
    assert register.value == 0xCAFE


def test_a_device_has_all_addresses_from_its_base_on(ram):
    class Everywhere(Register):
        def load(self, offset, count, cycle):
            return offset

    bus = make_bus(ram, Everywhere())
    places = (0x700_0000, 0x700_0FF8, 0x700_1000, 0x6FF_FFF8)
    for cycle, address in enumerate(places):
        bus.accept(DATA, cycle, Request(address, size=3))
    found = answers(bus, DATA, [1, 2, 3, 4])
    assert list(found.values()) == [(0, 0), (0xFF8, 0), (0, 1), (0, 1)]


@pytest.mark.parametrize("write", [0, 1])
def test_what_a_device_refuses_is_an_error(ram, register, write):
    bus = make_bus(ram, register)

    bus.accept(DATA, 0, Request(0x700_0010, write=write, strobe=0xFF * write))

    assert answers(bus, DATA, [1]) == {1: (0, 1)}
    assert register.value == 0x1234_5678


@pytest.mark.parametrize(("latency", "delay"), [(1, 0), (1, 100), (3, 5)])
def test_a_withheld_store_waits_for_its_answer(ram, register, latency, delay):
    bus = make_bus(ram, register, latency=latency)

    bus.accept(DATA, 10, Request(0x700_0008, write=1, data=4, strobe=0xFF))
    assert list(bus.events) == [Ring(4)]
    assert answers(bus, DATA, range(11, 1000)) == {}
    bus.answer(delay)

    due = 10 + latency + 1 + delay
    assert bus.respond(DATA, due - 1) is None
    assert bus.respond(DATA, due) == (0, 0)


def test_the_fetch_port_goes_on_while_a_store_is_withheld(ram, register):
    bus = make_bus(ram, register)

    bus.accept(DATA, 0, Request(0x700_0008, write=1, data=4, strobe=0xFF))
    bus.settle()
    bus.accept(FETCH, 1, Request(BASE))

    assert answers(bus, FETCH, [2]) == {2: (0, 0)}


def test_nobody_else_is_admitted_while_the_bus_is_locked(ram):
    bus = make_bus(ram)

    bus.accept(DATA, 0, Request(BASE, lock=1))
    answers(bus, DATA, range(1, 50))
    assert bus.ready == [False, True]
    bus.accept(DATA, 50, Request(BASE, write=1, data=1, strobe=0xFF))
    bus.settle()

    assert bus.ready == [True, True]


def test_a_lock_goes_on_with_the_next_locked_request(ram):
    bus = make_bus(ram)

    bus.accept(DATA, 0, Request(BASE, lock=1))
    bus.accept(DATA, 1, Request(BASE, lock=1))
    bus.settle()

    assert bus.ready == [False, True]


def test_a_fetch_in_the_cycle_of_a_locked_request_comes_first_and_unlocks_nothing(ram):
    bus = make_bus(ram)

    bus.accept(FETCH, 0, Request(BASE))
    bus.accept(DATA, 0, Request(BASE, lock=1))
    bus.settle()

    assert bus.ready == [False, True]


def test_a_locked_request_that_fails_holds_the_bus_until_its_error_is_told(ram):
    bus = make_bus(ram, latency=3)

    bus.accept(DATA, 0, Request(0, lock=1))
    assert answers(bus, DATA, [1, 2]) == {}
    assert bus.ready == [False, True]
    assert answers(bus, DATA, [3]) == {3: (0, 1)}

    assert bus.ready == [True, True]


def test_another_source_behind_the_locking_port_is_a_bug_of_the_hart(ram):
    bus = make_bus(ram)
    bus.accept(DATA, 0, Request(BASE, lock=1, source=Source.DATA))

    with pytest.raises(ProtocolError, match="source 2 was admitted to 0x80000008 while source 1"):
        bus.accept(DATA, 1, Request(BASE + 8, source=Source.WALK))


def test_a_port_is_not_ready_while_too_much_is_unanswered(ram):
    bus = make_bus(ram, latency=100)

    for cycle in range(DEPTH):
        assert bus.ready[DATA]
        bus.accept(DATA, cycle, Request(BASE))
        bus.settle()

    assert bus.ready == [True, False]
    with pytest.raises(ProtocolError, match="not ready"):
        bus.accept(DATA, DEPTH, Request(BASE))


@pytest.mark.parametrize(
    ("port", "request_", "complaint"),
    [
        (DATA, Request(BASE + 4, size=3), "0x80000004 is not aligned"),
        (FETCH, Request(BASE, write=1), "fetch port wrote"),
    ],
)
def test_a_bad_request_is_a_bug_of_the_hart(ram, port, request_, complaint):
    with pytest.raises(ProtocolError, match=complaint):
        make_bus(ram).accept(port, 0, request_)


class Witness(Device):
    """Notes what it is told, and does what the test says in `ticks`, by cycle."""

    def __init__(self, *, watched=None, deadline=None, ticks=None, notes=None):
        self.watched, self.deadline, self.ticks = watched, deadline, ticks or {}
        self.notes = [] if notes is None else notes

    def written(self, strobe, cycle):
        self.notes.append(("written", cycle, strobe, self.board.ram.read_u64(self.watched)))
        return Halt() if strobe == 0xFF else None

    def tick(self, cycle):
        self.notes.append(("tick", cycle))
        self.deadline = None
        return self.ticks.get(cycle, lambda device: None)(self)


def test_who_watches_a_word_is_told_of_stores_to_it(ram):
    witness = Witness(watched=BASE + 8)
    bus = Bus(ram, devices=[witness])

    bus.accept(DATA, 5, Request(BASE + 12, write=1, data=1 << 32, strobe=0xF0, size=2))
    assert not bus.events
    bus.accept(DATA, 6, Request(BASE + 16, write=1, data=1, strobe=0xFF))
    bus.accept(DATA, 7, Request(BASE + 8))
    bus.accept(DATA, 8, Request(BASE + 8, write=1, data=1, strobe=0xFF))

    assert witness.notes == [("written", 5, 0xF0, 1 << 32), ("written", 8, 0xFF, 1)]
    assert list(bus.events) == [Halt()]
    assert answers(bus, DATA, range(6, 20)).keys() == {6, 7, 8, 9}, "no answer is withheld"


def test_a_device_has_its_tick_when_its_deadline_has_come(ram):
    later = Witness(deadline=20)
    bus = Bus(ram, devices=[Witness(), later])

    assert bus.deadline == 20
    bus.tick(19)
    assert later.notes == []
    bus.tick(20)

    assert later.notes == [("tick", 20)]
    assert bus.deadline is None


def test_one_tick_may_make_another_device_due_at_once(ram):
    notes = []
    first = Witness(notes=notes)

    def wake(device):
        first.deadline = 7

    bus = Bus(ram, devices=[first, Witness(deadline=7, ticks={7: wake}, notes=notes)])
    bus.tick(7)

    assert notes == [("tick", 7), ("tick", 7)]
    assert bus.deadline is None


def test_a_device_that_stays_due_is_a_mistake(ram):
    def again(device):
        device.deadline = 7

    with pytest.raises(ValueError, match="must be later than cycle 7, not 7"):
        Bus(ram, devices=[Witness(deadline=7, ticks={7: again})]).tick(7)


def test_devices_drive_lines_and_write_ram(ram):
    def act(device):
        device.board.set_line("meip", True)
        device.board.ram.write_u64(BASE, 42)

    bus = Bus(ram, devices=[Witness(deadline=3, ticks={3: act})])
    assert bus.lines == dict.fromkeys(LINES, False)

    bus.tick(3)

    assert bus.lines == {**dict.fromkeys(LINES, False), "meip": True}
    assert ram.read_u64(BASE) == 42
    with pytest.raises(KeyError):
        bus.set_line("nmi", True)


def test_an_answer_needs_a_store_that_waits(ram):
    with pytest.raises(RuntimeError, match="without a store"):
        make_bus(ram).answer(0)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"latency": 0}, "latency must be at least 1"),
        ({"devices": [Witness(watched=BASE + 4)]}, "watched must be"),
        ({"devices": [Witness(watched=0)]}, "watched must be"),
        ({"devices": [Witness(watched=BASE), Witness(watched=BASE)]}, "only one word"),
        ({"devices": [Register(), Register()]}, "two lie at 0x7000000"),
    ],
)
def test_bad_parameters_are_refused(ram, parameters, complaint):
    with pytest.raises(ValueError, match=complaint):
        Bus(ram, **parameters)
