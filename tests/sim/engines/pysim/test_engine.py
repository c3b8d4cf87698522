import pytest

from hdl.arch import Cause, Priv
from sim.engines.base import CYCLE_FS
from sim.engines.pysim.engine import PysimEngine
from sim.engines.transcripts import Form
from sim.output.waveform import read_waveform
from sim.platform.bus import Bus, ProtocolError
from sim.platform.events import Budget, Halt, Ring
from sim.platform.ram import Ram
from tests.sim.platform.test_bus import Register, Witness
from tests.sim.scripted import ScriptedHart, load, store

BASE = 0x8000_0000
RING = 0x700_0008


@pytest.fixture
def ram():
    ram = Ram(BASE, 0x1000)
    for index in range(512):
        ram.words[index] = index * 0x0101
    return ram


def make_engine(ram, script=(), fetches=(), *, devices=(), **parameters):
    bus = Bus(ram, devices=[Register(), *devices], **parameters)
    return PysimEngine(ScriptedHart(script, fetches), bus)


def retirements(engine, cycles):
    """The cycles in which something retires."""
    seen = []
    engine.observe(lambda cycle, fields: seen.append((cycle, fields["order"])))
    engine.run(cycles)
    return seen


@pytest.mark.parametrize("latency", [1, 2, 5])
def test_a_request_takes_the_latency(ram, latency):
    engine = make_engine(ram, [load(BASE), load(BASE + 8)], latency=latency)

    # A request is offered in the cycle after the last response.
    assert retirements(engine, 20) == [(latency, 0), (2 * latency + 1, 1)]


def test_loads_and_stores_reach_ram(ram):
    engine = make_engine(ram, [load(BASE + 8), store(BASE + 18, 0xABCD, size=1), load(BASE + 16)])

    engine.run(20)

    assert engine.read_register(1) == 0x0101
    assert engine.read_register(3) == 0xABCD_0202
    assert ram.read_u64(BASE + 16) == 0xABCD_0202


def test_an_error_reaches_the_hart(ram):
    engine = make_engine(ram, [load(0x1000)])

    engine.run(5)

    assert engine.read_register(1) == 2**64 - 1


def test_a_run_ends_with_its_budget(ram):
    engine = make_engine(ram)

    assert engine.run(7) == Budget()
    assert engine.run(3) == Budget()
    # As it passes over no cycle, each is one that it computes.
    assert engine.run(9, work=4) == engine.run(4, work=9) == Budget()
    assert engine.cycle == 18


def test_both_ports_are_served_at_once(ram):
    script = [load(BASE), load(BASE + 8)]
    alone = retirements(make_engine(ram, script), 20)
    together = retirements(make_engine(ram, script, fetches=[load(BASE)] * 8), 20)

    assert together == alone


def test_a_fetch_waits_while_the_bus_is_locked(ram):
    """The fetch would read the old value if it were admitted between the read and the write."""
    script = [load(BASE, lock=1), store(BASE, 7, gap=30)]
    hart = ScriptedHart(script, fetches=[load(BASE, gap=3)])
    fetched = []
    bus = Bus(ram)
    accept = bus.accept

    def spy(port, cycle, request):
        fetched.append((port, cycle))
        accept(port, cycle, request)

    bus.accept = spy

    PysimEngine(hart, bus).run(60)

    assert fetched == [(1, 0), (1, 32), (0, 33)]


def test_the_doorbell_stops_the_run_until_it_is_answered(ram):
    engine = make_engine(ram, [store(RING, 3), load(BASE + 8)])

    assert engine.run(100) == Ring(3)
    assert engine.cycle == 1
    assert engine.run(100) == Budget()
    assert engine.log.instructions == 0
    engine.answer(150)
    assert retirements(engine, 100) == [(152, 0), (154, 1)]


@pytest.mark.parametrize(("delay", "cycle"), [(0, 2), (1, 3), (40, 42)])
def test_an_answer_takes_as_long_as_it_is_told(ram, delay, cycle):
    engine = make_engine(ram, [store(RING, 3)])
    engine.run(100)

    engine.answer(delay)

    assert retirements(engine, 50) == [(cycle, 0)]


def test_an_event_of_who_watches_a_word_stops_the_run(ram):
    script = [load(BASE), store(BASE + 8, 5, size=2), store(BASE + 8, 6)]
    engine = make_engine(ram, script, devices=[Witness(watched=BASE + 8)])

    assert engine.run(100) == Halt()
    assert engine.cycle == 5
    assert ram.read_u64(BASE + 8) == 6


def test_events_one_after_another_do_not_hold_a_deadline_off(ram):
    """Each stops the run, which goes on behind it."""
    late = Witness(deadline=20)
    script = [store(BASE + 8, number) for number in range(40)]
    engine = make_engine(ram, script, devices=[Witness(watched=BASE + 8), late])

    stops = [engine.run(100) for _ in range(15)]

    assert stops == [Halt()] * 15
    assert engine.cycle > 20
    assert late.notes == [("tick", 20)]


def test_a_host_that_clears_a_word_is_seen_by_the_next_load(ram):
    engine = make_engine(ram, [store(BASE, 5), load(BASE)], devices=[Witness(watched=BASE)])
    engine.run(100)

    ram.write_u64(BASE, 0)
    engine.run(10)

    assert engine.read_register(2) == 0


def test_registers_can_be_written_but_not_x0(ram):
    engine = make_engine(ram)

    engine.write_register(0, 1)
    engine.write_register(31, 2**64 - 1)

    assert engine.read_register(0) == 0
    assert engine.read_register(31) == 2**64 - 1


def test_traps_are_logged_and_page_faults_of_user_mode_wait_for_their_retry(ram):
    fault = {"trap": 1, "cause": Cause.LOAD_PAGE, "tval": 0x5008, "mode": Priv.U}
    script = [
        load(BASE, pc=0x100, mode=Priv.S),
        load(BASE, pc=0x104, **fault),
        load(BASE, pc=0x104, mode=Priv.S),
        load(BASE, pc=0x104, **(fault | {"tval": 0x6000})),
        load(BASE, pc=0x104, mode=Priv.U),
        load(BASE, pc=0x104, mode=Priv.U),
        load(BASE, pc=0x108, trap=1, cause=Cause.ECALL_U, mode=Priv.U),
    ]
    engine = make_engine(ram, script)

    engine.run(40)

    assert engine.log.instructions == 4
    traps = [(t.cycle, t.pc, t.cause, t.tval, t.mode, t.retried_at) for t in engine.log.traps]
    assert traps == [
        (3, 0x104, Cause.LOAD_PAGE, 0x5008, Priv.U, 9),
        (7, 0x104, Cause.LOAD_PAGE, 0x6000, Priv.U, 9),
        (13, 0x108, Cause.ECALL_U, 0, Priv.U, None),
    ]


def test_a_broken_rule_of_the_port_ends_the_run(ram):
    with pytest.raises(ProtocolError, match="not aligned"):
        make_engine(ram, [load(BASE + 1)]).run(5)


def test_an_unknown_line_is_refused(ram):
    with pytest.raises(KeyError):
        make_engine(ram).set_line("nmi", True)


def read_changes(path, name):
    """{cycle: value} of the variable `name` in a VCD."""
    from vcd.reader import TokenKind, tokenize

    changes, code, cycle, scopes = {}, None, None, []
    with path.open("rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scopes.pop()
            elif token.kind is TokenKind.VAR and ".".join([*scopes, token.var.reference]) == name:
                code = token.var.id_code
            elif token.kind is TokenKind.CHANGE_TIME:
                cycle = token.data / CYCLE_FS
            elif token.kind is TokenKind.CHANGE_VECTOR and token.data.id_code == code:
                changes[cycle] = token.data.value
    return changes


def test_of_what_comes_after_its_end_a_transcript_tells_nothing(ram, tmp_path):
    engine = make_engine(ram, [load(BASE + 8 * index) for index in range(20)])
    paths = {form: tmp_path / form.value for form in (Form.RVFI, Form.COMMITS)}
    for form, path in paths.items():
        engine.transcribe(form, path)
    engine.run(20)
    assert engine.stop_transcripts() == []
    ended = [path.read_text() for path in paths.values()]
    assert all(len(text.splitlines()) > 5 for text in ended)

    engine.run(20)

    assert [path.read_text() for path in paths.values()] == ended


def test_a_trace_may_begin_and_end_anywhere_and_tells_cycles_by_its_time(ram, tmp_path):
    path = tmp_path / "trace.vcd"
    engine = make_engine(ram, [load(BASE)] * 20)

    engine.run(10)
    engine.start_trace(path)
    engine.run(5)
    engine.stop_trace()
    engine.run(5)

    # In cycle c the hart sees `mtime` = c.
    assert read_changes(path, "bench.top.mtime") == {cycle: cycle for cycle in range(10, 16)}
    waveform = read_waveform(path)
    assert (waveform.start, waveform.end // CYCLE_FS) == (10 * CYCLE_FS, 15)
    assert waveform.widths["bench.top.data_port__request__address"] == 56


def test_a_trace_from_the_start_shows_the_same_as_a_late_one(ram, tmp_path):
    def changes(first):
        path = tmp_path / f"{first}.vcd"
        engine = make_engine(ram, [load(BASE + 8 * index) for index in range(20)])
        if first:
            engine.run(first)
        engine.start_trace(path)
        engine.run(30 - first)
        engine.close()
        return read_changes(path, "bench.top.data_port__response__data")

    whole, late = changes(0), changes(12)

    assert len(whole) > 10
    assert {cycle: value for cycle, value in whole.items() if cycle > 12} == {
        cycle: value for cycle, value in late.items() if cycle > 12
    }


@pytest.mark.parametrize("begun", [0, 7])
def test_who_looks_at_more_than_is_always_read_sees_it_as_it_is_now(ram, begun):
    """Until then logic that only waveforms and records show is not evaluated."""

    def make():
        return make_engine(ram, [load(BASE + 8 * index) for index in range(8)])

    first, late = make(), make()
    first.inspect([])
    for engine in (first, late):
        engine.run(begun)
    names = sorted(first.inspectable)
    assert late.inspect(names) == first.inspect(names)
    records = [], []
    for engine, seen in zip((first, late), records, strict=True):
        engine.observe(lambda cycle, fields, seen=seen: seen.append((cycle, dict(fields))))
        engine.run(10)
    assert records[0] == records[1] != []


def test_after_a_return_a_trace_tells_cycles_by_its_time(ram, tmp_path):
    path = tmp_path / "trace.vcd"
    engine = make_engine(ram, [load(BASE)] * 20)
    engine.run(5)
    then = engine.snapshot()
    engine.run(7)
    engine.restore(then)

    engine.start_trace(path)
    engine.run(5)
    engine.stop_trace()

    assert read_changes(path, "bench.top.mtime") == {cycle: cycle for cycle in range(5, 11)}


def test_a_trace_that_cannot_be_written_raises(ram, tmp_path):
    with pytest.raises(OSError, match="No such file"):
        make_engine(ram).start_trace(tmp_path / "nowhere" / "trace.vcd")
