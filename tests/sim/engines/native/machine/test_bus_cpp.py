"""The bus of machine.cpp against the bus of Python, and its events one by one."""

import random

import pytest

from sim.engines.native.machine.structs import BUDGET, DEVICE, PROTOCOL, WATCHED
from sim.platform.bus import DATA, DEPTH, FETCH, Bus, Refusal, Request
from sim.platform.device import Device, Refused
from sim.platform.ram import Ram
from tests.sim.engines.native.machine.handmade import BASE, INPUTS, OTHER, WINDOW, Bench

RAM_BYTES = 4096
CYCLES = 600
#: Nearly all ones, so that a byte that was not written shows.
ONES = (1 << 64) - 1
#: Accesses that are to go wrong: in RAM, in the device, where nothing is, and one that never comes.
REFUSED = ((BASE + 5, 3), (BASE + RAM_BYTES + 16, 2), (BASE - 8, 4), (BASE + 8, 10_000))


class Odd(Device):
    """A device behind RAM: loads give the address, stores and some loads are refused."""

    base, size = BASE + RAM_BYTES, 64

    def load(self, offset, count, cycle):
        if offset & 8:
            raise Refused
        return self.base + offset & (1 << 8 * count) - 1

    def store(self, offset, count, value, cycle):
        raise Refused


def requests(seed, cycle):
    """What a hart asks for in a cycle, by port; the same each time."""
    choose = random.Random(f"{seed} {cycle}")
    # Phases in which it asks all the time fill the queues; then they drain.
    if choose.random() > (1, 0.8, 0.2)[cycle // 64 % 3]:
        return {}
    found = {}
    for port in choose.choice(((FETCH,), (DATA,), (FETCH, DATA))):
        size = choose.randrange(4)
        # The first and the last words of RAM, and what is beside them.
        address = BASE - 16 + choose.choice((0, RAM_BYTES - 32)) + choose.randrange(96)
        address &= -(1 << size)
        write = int(port == DATA and choose.random() < 0.4)
        found[port] = {
            "address": address,
            "size": size,
            "write": write,
            "lock": int(choose.random() < 0.15),
        }
        if write:
            found[port] |= {"data": choose.getrandbits(64), "strobe": choose.randrange(256)}
    return found


def run_native(seed, latency):
    def hart(bench):
        for port, fields in requests(seed, bench.cycle).items():
            bench.request(port, **fields)

    bench = Bench(hart, latency=latency, ram_words=RAM_BYTES // 8)
    bus = Bus(Ram(BASE, 4096), devices=[Odd()])
    refusals = bench.machine.refusals
    for native, (native.address, native.nth) in zip(refusals.of, REFUSED, strict=False):
        native.cycle = ONES
    refusals.count = len(REFUSED)
    while bench.cycle < CYCLES:
        if bench.run(CYCLES - bench.cycle) == DEVICE:
            request = bench.machine.device
            names = ("address", "size", "write", "data")
            try:
                bench.serve(bus.device_access(0, *(getattr(request, name) for name in names)))
            except Refused:
                bench.serve(0, 1)
    known = [(each.seen, each.cycle, each.write) for each in refusals.of[: len(REFUSED)]]
    return [seen[:3] for seen in bench.seen], list(bench.ram), known


def run_python(seed, latency):
    ram = Ram(BASE, RAM_BYTES)
    for index in range(RAM_BYTES // 8):
        ram.words[index] = 100 + index
    bus = Bus(ram, latency=latency, devices=[Odd()])
    bus.refusals += [Refusal(*each) for each in REFUSED]
    inputs, seen = [[True, 0, 0, 0], [True, 0, 0, 0]], []
    for cycle in range(CYCLES):
        seen.append((*(tuple(map(int, port)) for port in inputs), cycle))
        for port, fields in requests(seed, cycle).items():
            if bus.ready[port]:
                bus.accept(port, cycle, Request(**fields))
        answers = [bus.respond(port, cycle + 1) for port in (FETCH, DATA)]
        bus.settle()
        for port, answer in enumerate(answers):
            inputs[port][:2] = bus.ready[port], answer is not None
            if answer is not None:
                inputs[port][2:] = answer
    cycles = [ONES if each.cycle is None else each.cycle for each in bus.refusals]
    known = [
        (each.seen, cycle, each.write) for each, cycle in zip(bus.refusals, cycles, strict=True)
    ]
    return seen, list(ram.words[: RAM_BYTES // 8]), known


@pytest.mark.parametrize("latency", [1, 3, 40])
@pytest.mark.parametrize("seed", range(3))
def test_random_traffic_is_answered_as_by_the_bus_of_python(seed, latency):
    seen, ram, refused = run_native(seed, latency)

    assert (seen, ram, refused) == run_python(seed, latency)
    assert refused[-1][1] == ONES, "one never comes"
    assert latency == 40 or all(cycle < ONES for _, cycle, _ in refused[:-1]), "the others do"
    assert {port[0] for ports in seen for port in ports[:2]} == {0, 1}, "a port is not ready"
    assert {port[3] for ports in seen for port in ports[:2]} == {0, 1}, "an error"


def test_a_store_changes_the_bytes_of_its_strobe():
    strobes = range(256)
    bench = Bench(
        lambda bench: bench.request(
            DATA, BASE + 8 * bench.cycle, write=1, data=ONES, strobe=strobes[bench.cycle]
        ),
        ram_words=257,
    )
    for index in strobes:
        bench.ram[index] = 0x1122_3344_5566_7788

    assert bench.run(256) == BUDGET

    for strobe in strobes:
        old = bytes.fromhex("8877665544332211")
        lanes = [0xFF if strobe >> lane & 1 else byte for lane, byte in enumerate(old)]
        assert bench.ram[strobe] == int.from_bytes(lanes, "little")
    assert bench.ram[256] == 356


def test_one_port_takes_as_many_requests_as_may_wait():
    bench = Bench(lambda bench: bench.request(FETCH, BASE), latency=100)
    bench.run(100)
    assert sum(seen[0][0] for seen in bench.seen) == DEPTH
    assert all(seen[1][0] for seen in bench.seen)


class TestWatched:
    @pytest.mark.parametrize("offset, event", [(16, BUDGET), (24, WATCHED), (32, BUDGET)])
    def test_a_store_to_the_word_is_an_event(self, offset, event):
        bench = Bench(
            lambda bench: bench.request(DATA, BASE + offset, write=1, data=7, strobe=0x30),
            watched=3,
        )
        assert bench.run(5) == event
        assert (bench.cycle, bench.machine.open) == ((1, 1) if event else (5, 0))
        assert bench.machine.event_value == (0x30 if event else 0)

    def test_a_load_is_none(self):
        bench = Bench(lambda bench: bench.request(DATA, BASE + 24), watched=3)
        assert bench.run(5) == BUDGET


class TestWindows:
    #: Of 8 bytes, at 0, 8 and 40 to load, the last of these counting, at 8 and 16 to store; then of
    #: 1 << size bytes, one to load and one to store.
    WORDS = {"base": WINDOW, "size": 3, "loadable": 0b100011, "storable": 0b110, "counting": 32}

    def once(self, address, second=3, **fields):
        """The event of an access in cycle 3, and (data, error) of its answer or None."""
        small = {"base": WINDOW + 512, "size": second, "loadable": 0b100, "storable": 0b1000}
        self.bench = bench = Bench(
            lambda bench: bench.cycle == 3 and bench.request(DATA, address, **fields),
            windows=[self.WORDS, small],
            ram_words=8,
        )
        for number, window in enumerate(bench.machine.windows):
            for index in range(64):
                window.cells[index] = 1000 * (number + 1) + index
        event = bench.run(6)
        answers = [seen[1][2:] for seen in bench.seen if seen[1][1]]
        return event, answers[0] if answers else None

    @pytest.mark.parametrize("index", [0, 1, 2, 3, 4, 5, 6, 63, 64, 511])
    def test_loads(self, index):
        known = {0: 1000, 1: 1001, 5: 1005 + 3}
        expected = (BUDGET, (known[index], 0)) if index in known else (DEVICE, None)
        assert self.once(WINDOW + 8 * index) == expected

    @pytest.mark.parametrize("index", [0, 1, 2, 3, 5, 63, 64, 65, 68, 511])
    def test_stores(self, index):
        stored = index in (1, 2)
        event = self.once(WINDOW + 8 * index, write=1, data=5, strobe=255)
        assert event == ((BUDGET, (0, 0)) if stored else (DEVICE, None))
        window = self.bench.machine.windows[0]
        changed = [i for i in range(64) if window.cells[i] != 1000 + i]
        assert changed == ([index] if stored else [])
        assert not stored or window.cells[index] == 5
        assert window.stored == (1 << index if stored else 0)

    @pytest.mark.parametrize("size", range(4))
    def test_a_narrow_register_is_in_its_lanes(self, size):
        address, lane = WINDOW + 512 + (2 << size), (2 << size) % 8
        value = 2002 & (1 << (8 << size)) - 1
        assert self.once(address, size, size=size) == (BUDGET, (value << 8 * lane, 0))
        address, lane = WINDOW + 512 + (3 << size), (3 << size) % 8
        request = {"write": 1, "data": 0x0807060504030201, "size": size}
        assert self.once(address, size, **request) == (BUDGET, (0, 0))
        value = 0x0807060504030201 >> 8 * lane & (1 << (8 << size)) - 1
        assert self.bench.machine.windows[1].cells[3] == value

    @pytest.mark.parametrize("size", [0, 1, 2])
    @pytest.mark.parametrize("write", [0, 1])
    def test_parts_of_a_register_are_for_the_device(self, size, write):
        request = {"write": write, "data": 5, "strobe": 1, "size": size}
        assert self.once(WINDOW + 8, **request) == (DEVICE, None)
        assert self.bench.machine.windows[0].cells[1] == 1001

    @pytest.mark.parametrize("address", [WINDOW - 8, WINDOW + 1024])
    def test_beside_it_a_device_has_to_serve(self, address):
        event, _ = self.once(address, write=1, data=9, strobe=0xF0, size=2)
        request = self.bench.machine.device
        assert (event, request.address, request.write) == (DEVICE, address, 1)
        assert (request.data, request.strobe, request.size) == (9, 0xF0, 2)
        assert self.bench.machine.open

    def test_fetches_see_no_device(self):
        bench = Bench(lambda bench: bench.request(FETCH, WINDOW), windows=[self.WORDS])
        assert bench.run(3) == BUDGET
        assert bench.seen[1][0][1:] == (1, 0, 1)


@pytest.mark.parametrize("latency", [1, 4])
@pytest.mark.parametrize("delay", [0, 17])
def test_what_is_withheld_is_answered_when_python_says_so(latency, delay):
    bench = Bench(
        lambda bench: (
            bench.cycle == 7 and bench.request(DATA, WINDOW + 32, write=1, data=77, strobe=255)
        ),
        latency=latency,
    )
    assert bench.run(100) == DEVICE
    bench.finish()
    assert (bench.cycle, bench.machine.device.data) == (8, 77)
    assert bench.run(50) == BUDGET
    bench.machine.withheld_cycle = 58
    bench.answer(delay)
    bench.run(50)
    answered = [seen[2] for seen in bench.seen if seen[1][1]]
    assert answered == [58 + latency + 1 + delay]
    assert bench.seen[answered[0]][1][2:] == (0, 0)
    assert not bench.machine.withheld


@pytest.mark.parametrize("deadline", [1, 5])
def test_before_the_deadline_of_a_device_the_cycle_stays_open(deadline):
    bench = Bench(deadline=deadline)
    assert bench.run(10) == BUDGET
    assert (bench.cycle, bench.machine.open) == (deadline, 1)
    bench.machine.deadline = 7
    bench.state[OTHER] = 5
    bench.finish()
    assert not bench.machine.open
    assert bench.run(10) == BUDGET
    assert bench.cycle == 7
    assert [seen[2] for seen in bench.seen] == list(range(7))


@pytest.mark.parametrize("latency", [1, 4])
def test_what_a_device_serves_has_the_time_of_ram(latency):
    bench = Bench(lambda bench: bench.cycle == 3 and bench.request(DATA, WINDOW), latency=latency)
    assert bench.run(100) == DEVICE
    assert bench.cycle == 4
    bench.serve(11, 1)
    bench.run(20)
    assert [(seen[2], seen[1][2:]) for seen in bench.seen if seen[1][1]] == [(3 + latency, (11, 1))]
    assert [seen[2] for seen in bench.seen] == list(range(24))


def test_the_cycle_that_a_device_ends_is_looked_at_when_it_has_ended():
    bench, looked = Bench(lambda bench: bench.cycle == 2 and bench.request(DATA, WINDOW)), []
    bench.look(lambda: looked.append((bench.cycle, bench.state[INPUTS + 5])))
    bench.run(10)
    assert looked == [(1, 0), (2, 0)]
    bench.serve(3)
    assert looked[2:] == [(3, 1)]
    bench.run(1)
    assert looked[3:] == [(4, 0)]


class TestRules:
    """What ends a run with an event that names port and rule."""

    @pytest.mark.parametrize("port", [FETCH, DATA])
    @pytest.mark.parametrize("size", range(4))
    @pytest.mark.parametrize("offset", range(8))
    def test_addresses_are_aligned(self, port, size, offset):
        bench = Bench(lambda bench: bench.request(port, BASE + offset, size=size))
        if offset % (1 << size):
            assert bench.run(2) == PROTOCOL
            assert (bench.cycle, bench.machine.event_value) == (1, port << 8 | 1)
        else:
            assert bench.run(2) == BUDGET

    @pytest.mark.parametrize("port", [FETCH, DATA])
    def test_no_fetch_writes(self, port):
        bench = Bench(lambda bench: bench.request(port, BASE, write=1))
        assert bench.run(1) == (BUDGET if port else PROTOCOL)
        assert bench.machine.event_value == (0 if port else 2)

    @pytest.mark.parametrize("holder", [FETCH, DATA])
    @pytest.mark.parametrize("source", [1, 2])
    @pytest.mark.parametrize("port", [FETCH, DATA])
    def test_who_holds_the_lock_is_alone(self, port, source, holder):
        def hart(bench):
            if bench.cycle == 0:
                bench.request(holder, BASE, source=1, lock=1)
            elif bench.cycle == 3:
                bench.request(port, BASE, source=source)

        bench = Bench(hart)
        broken = port == holder and source == 2
        assert bench.run(10) == (PROTOCOL if broken else BUDGET)
        assert not broken or bench.machine.event_value == holder << 8 | 3
        # A lock that was kept ends with the next request of its port; the other waits outside.
        assert broken or bench.ready(1 - holder) == (port == holder)
