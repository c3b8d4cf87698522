"""A debugger goes to where a straight run comes by, and finds there what was there."""

import hashlib
import json
import random
import re

import pytest

from hdl.arch import PAGE_FAULTS, Cause
from sim import start
from sim.debug.conditions import AccessTo, AtCycle, AtPc, FaultNumber, Kind, PteChange
from sim.debug.debugger import DebugError, Debugger
from sim.debug.typed import Typed
from sim.session import KernelSession

PARAMETERS = {"memory_mib": 4, "traced": True}
KINDS = [Kind.INSTRUCTION, Kind.FAULT, Kind.TRAP, Kind.SYSCALL]


def state(session):
    """All that a run is at a moment, as one number."""
    engine, kernel = session.machine.engine, session.kernel
    told = [
        session.cycle,
        engine.inspect(engine.inspectable),
        [engine.read_register(number) for number in range(32)],
        re.sub("0x[0-9a-f]+", "", repr(kernel.procs)),
        kernel.console.printed.decode(),
        [fault.as_json() for fault in session.guest.faults],
        [engine.log.instructions, engine.log.trap_count, *map(repr, engine.log.traps)],
    ]
    digest = hashlib.sha256(json.dumps(told).encode())
    digest.update(session.machine.ram.bytes)
    return digest.hexdigest()


class Straight:
    """A run without a debugger: which cycles are of a kind, and the states of those wanted."""

    def __init__(self, program, engine, end):
        self._start = lambda: start(*program, engine=engine, **PARAMETERS)
        self.cycles = {kind: [] for kind in KINDS}
        with self._start() as session:
            session.machine.engine.observe(self._note)
            session.run(end)
            self.end = session.cycle
        self.cycles[Kind.CYCLE] = list(range(self.end + 1))

    def _note(self, cycle, fields):
        trap, cause = fields["trap"], fields["cause"]
        kinds = {
            Kind.INSTRUCTION: not trap,
            Kind.TRAP: trap or fields["intr_cause"] >> 63,
            Kind.SYSCALL: trap and cause == Cause.ECALL_U,
            Kind.FAULT: trap and cause in PAGE_FAULTS and fields["mode"] == 0,
        }
        for kind, is_one in kinds.items():
            if is_one:
                self.cycles[kind].append(cycle)

    def states(self, cycles):
        found = {}
        with self._start() as session:
            for cycle in sorted(set(cycles)):
                session.run(cycle)
                found[cycle] = state(session)
        return found

    def forward(self, here, kind, count):
        later = [cycle for cycle in self.cycles[kind] if cycle > here]
        return later[count - 1] if len(later) >= count else self.end

    def back(self, here, kind, count):
        earlier = [cycle for cycle in self.cycles[kind] if cycle < here]
        return earlier[-count] if len(earlier) >= count else 0


def walk(straight, choose, steps):
    """Motions, each with where it leads."""
    here = 0
    for _ in range(steps):
        kind = choose.choice([*KINDS, Kind.CYCLE])
        count = choose.choice([1, 1, 2, 5, 40])
        direction = choose.choice(["forward", "forward", "back"])
        here = getattr(straight, direction)(here, kind, count)
        yield direction, kind, count, here


@pytest.mark.parametrize(
    "program, engine, end, steps",
    [
        (["lazy"], None, 50_000, 60),
        (["sh", "-c", "echo hi | cat"], None, 200_000, 60),
        (["hello"], "pysim", 6_000, 12),
    ],
    ids=["native", "processes", "pysim"],
)
def test_a_random_walk_finds_what_a_straight_run_has(program, engine, end, steps):
    straight = Straight(program, engine, end)
    motions = list(walk(straight, random.Random(7), steps))
    expected = straight.states(cycle for *_, cycle in motions)
    with start(*program, engine=engine, **PARAMETERS) as session:
        debugger = Debugger(session, max_cycles=end)
        for direction, kind, count, cycle in motions:
            getattr(debugger, direction)(kind, count)
            if session.cycle > straight.end:  # the straight run was cut there
                debugger.go_to(straight.end)
            assert session.cycle == cycle, (direction, kind, count)
            assert state(session) == expected[cycle], (direction, kind, count)


@pytest.fixture
def lazy():
    with start("lazy", **PARAMETERS) as session:
        yield Debugger(session)


def faults_of_lazy():
    with start("lazy", **PARAMETERS) as session:
        session.run()
        return session.result().faults


def test_each_fault_is_a_stop_forth_and_back(lazy):
    cycles = [fault.trap.cycle for fault in faults_of_lazy()]
    assert [lazy.forward(Kind.FAULT).cycle for _ in cycles] == cycles
    end = lazy.forward(Kind.FAULT)
    assert (end.why, end.reached) == ("the run has ended, with status 0", False)
    assert lazy.over
    assert [lazy.back(Kind.FAULT).cycle for _ in cycles] == cycles[::-1]
    begin = lazy.back(Kind.FAULT)
    assert (begin.cycle, begin.why, begin.reached) == (0, "the run begins", False)


def test_a_breakpoint_stops_steps_on_their_way(lazy):
    lazy.breakpoints[1] = FaultNumber(5)
    stop = lazy.forward(Kind.FAULT, 9)
    assert (stop.cycle, str(stop.met[-1])) == (10_704, "fault 5")
    assert lazy.forward(Kind.FAULT, 2).met[0].kind is Kind.FAULT
    assert lazy.back(Kind.INSTRUCTION, 10**6).cycle == 10_704
    assert lazy.back(None).cycle == 0


def test_a_pc_stops_before_its_instruction_and_again_behind_its_fault(lazy):
    lazy.breakpoints[1] = AtPc(0x240, "", "lazy")
    before, fault = lazy.forward(None), faults_of_lazy()[0]
    assert before.cycle < fault.trap.cycle
    again = lazy.forward(None)
    assert fault.trap.cycle < again.cycle < fault.retired_cycle
    assert lazy.forward(Kind.INSTRUCTION).cycle == fault.retired_cycle
    assert lazy.back(None).cycle == again.cycle
    assert lazy.back(None).cycle == before.cycle


def test_another_programs_pc_is_none_of_its_stops(lazy):
    lazy.breakpoints[1] = AtPc(0x240, "", "cat")
    assert not lazy.forward(None).reached


def test_an_access_stops_where_it_faults_and_where_it_retires(lazy):
    fault = faults_of_lazy()[0]
    lazy.breakpoints[1] = AccessTo(fault.served.stval, 8)
    assert [lazy.forward(None).cycle, lazy.forward(None).cycle] == [
        fault.trap.cycle,
        fault.retired_cycle,
    ]
    assert lazy.back(None).cycle == fault.trap.cycle


def test_only_the_access_that_is_asked_for_stops(lazy):
    fault = faults_of_lazy()[0]
    assert fault.cause_name == "load"
    lazy.breakpoints[1] = AccessTo(fault.served.stval, 8, reads=False)
    stop = lazy.forward(None)
    assert not stop.reached or stop.cycle > fault.retired_cycle


@pytest.mark.parametrize("svadu", [False, True])
def test_a_changed_entry_stops_when_the_kernel_or_the_hart_has_written_it(svadu):
    fault = faults_of_lazy()[0]
    with start("lazy", svadu=svadu, **PARAMETERS) as session:
        debugger = Debugger(session)
        stop = debugger.run_to(FaultNumber(1))
        debugger.breakpoints[1] = PteChange(fault.served.stval, 2)
        mapped = debugger.forward(None)
        assert stop.cycle < mapped.cycle
        served = session.guest.faults[0]
        assert served.life.answer.rung == mapped.cycle - 1
        assert debugger.back(None).cycle < stop.cycle
        if svadu:
            later = [debugger.forward(None).cycle for _ in range(3)]
            assert len(set(later)) == 3


def test_cycles_stop_and_are_gone_to_either_way(lazy):
    lazy.breakpoints[3] = AtCycle(5_000)
    assert lazy.forward(None).cycle == 5_000
    assert lazy.go_to(20_000).cycle == 20_000
    assert lazy.back(None).cycle == 5_000
    assert lazy.go_to(0).cycle == 0
    end = lazy.go_to(40_000)
    assert (end.cycle, end.reached) == (31_047, False)
    with pytest.raises(DebugError, match="begins in cycle 0"):
        lazy.go_to(-1)


def test_a_motion_is_bounded():
    with start("lazy", **PARAMETERS) as session:
        debugger = Debugger(session, max_cycles=1_000)
        stop = debugger.forward(Kind.FAULT)
        assert (stop.cycle, stop.why) == (1_000, "nothing of that kind in 1,000 cycles")
        with pytest.raises(DebugError, match="further than 1,000"):
            debugger.go_to(5_000)


def test_somebody_can_end_a_motion():
    with start("usertests", **PARAMETERS | {"memory_mib": 128}) as session:
        debugger = Debugger(session)
        answers = iter([False] * 500)
        debugger.asked = lambda: next(answers, True)
        assert debugger.forward(None).why == "interrupted"
        here = session.cycle
        debugger.asked = lambda: False
        assert debugger.forward(Kind.CYCLE, 10).cycle == here + 10
        debugger.asked = lambda: True
        assert debugger.back(None).why == "interrupted"


def typed(program):
    console = Typed()
    with start("lazy", **PARAMETERS) as other:
        config = other.config
    from sim.guests.kernel_setup import read_files
    from sim.guests.program import find_user_program

    disk = read_files(config)
    elf = find_user_program(program, disk).elf
    return console, KernelSession.of_program(config, elf, [program], console, disk)


def test_a_program_waits_for_input_and_gets_it_again_on_each_way():
    console, session = typed("cat")
    with session:
        debugger = Debugger(session, console)
        stop = debugger.forward(None)
        assert stop.why == "the program waits for input"
        assert debugger.forward(Kind.CYCLE, 10).why == "the program waits for input"
        debugger.give_input(b"one\n")
        asked = session.cycle
        assert debugger.forward(None).why == "the program waits for input"
        assert console.printed == b"one\n"
        there = session.cycle
        debugger.go_to(100)
        assert console.printed == b""
        assert debugger.go_to(there).cycle == there
        assert console.printed == b"one\n"
        debugger.go_to(asked)
        debugger.give_input(b"two\n")
        debugger.give_input(b"")
        assert debugger.forward(None).why == "the run has ended, with status 0"
        assert console.printed == b"one\ntwo\n"


def test_input_of_a_file_is_not_typed(lazy):
    with pytest.raises(DebugError, match="comes from a file"):
        lazy.give_input(b"x")
