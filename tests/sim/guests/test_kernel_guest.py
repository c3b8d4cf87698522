import pytest

from hdl.arch import Cause
from kernel_model.facts.costs import ZERO
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.memlayout import DOORBELL
from sim import machine as machine_module
from sim.config import MachineConfig
from sim.machine import End, Machine
from sim.session import KernelSession
from tests.sim.scripted import ScriptedHart, load
from tests.sim.user import User, make_kernel

SBRK, EXIT = 12, 2


@pytest.fixture
def user():
    return User()


def run(script, idle=None, **parameters):
    """Runs `script`; returns why it ended, its guest and its machine."""
    config = MachineConfig(memory_mib=1)
    kernel = make_kernel(Machine.make_ram(config), costs=ZERO)
    session = KernelSession(config, kernel, hart=ScriptedHart(script))
    session.machine.engine.chunk = 1
    if idle is not None:
        answer_idle(kernel, idle)
    return session.run(**parameters), session.guest, session.machine


def answer_idle(kernel, quantum):
    """Lets `kernel` answer every ring with IDLE."""
    ring = kernel.ring

    def ring_and_idle(reason):
        cost = ring(reason)
        kernel.doorbell.registers |= {Register.ACTION: Action.IDLE, Register.QUANTUM: quantum}
        return cost

    kernel.ring = ring_and_idle


def test_it_finishes_with_the_last_process(user):
    end, guest, _ = run(user.boot() + user.call(EXIT, 3))

    assert end is End.FINISHED
    assert guest.kernel.exit_status == 3
    assert list(guest.faults) == []


def test_it_knows_when_the_program_began(user):
    _, guest, _ = run([load(DOORBELL + Register.ADUE)] * 3 + user.boot() + user.call(EXIT, 0))

    # Three loads of two cycles; the bell is accepted in the cycle before.
    assert guest.entered_user_at == 7


def test_faults_are_joined_one_trap_at_a_time(user):
    script = user.boot() + user.call(SBRK, 3 * 4096)
    for page in range(3):
        script += user.trap(Cause.LOAD_PAGE, 0x10 * page, user.heap + 4096 * page)
        script += user.retire(0x10 * page)
    _, guest, machine = run(script + user.call(EXIT, 0))

    raised = [trap for trap in machine.engine.log.traps if trap.cause == Cause.LOAD_PAGE]
    assert len(raised) == 3
    assert [fault.trap for fault in guest.faults] == raised
    assert all(fault.retired_cycle > fault.trap.cycle for fault in guest.faults)


def test_a_wait_that_it_is_in_counts_as_idle_to_its_end(user):
    end, guest, _ = run(user.boot()[:1], idle=300, max_cycles=100)

    assert end is End.LIMIT
    assert guest.idle_cycles == 300


@pytest.mark.parametrize("quantum", [0, 300])
def test_a_hart_that_idles_for_its_quantum_is_not_stuck(user, monkeypatch, quantum):
    monkeypatch.setattr(machine_module, "STALL_LIMIT", 50)

    end, _, machine = run(user.boot()[:1], idle=quantum, max_cycles=1000)

    assert end is End.STUCK
    assert machine.engine.cycle == 3 + max(quantum - 2, 0) + 50


def test_whoever_watches_is_told_of_every_ring_with_its_answer(user):
    rings = []
    script = user.boot() + user.call(SBRK, 4096) + user.call(EXIT, 0)
    kernel = make_kernel(Machine.make_ram(MachineConfig(memory_mib=1)), costs=ZERO)
    session = KernelSession(MachineConfig(memory_mib=1), kernel, hart=ScriptedHart(script))
    session.guest.watchers.append(rings.append)
    session.run()

    assert [each.reason for each in rings] == [Reason.BOOT, Reason.USER_TRAP, Reason.USER_TRAP]
    first = kernel.first
    assert [(each.trapped, each.running) for each in rings] == [
        (None, first),
        (first, first),
        (first, None),
    ]
    assert all(each.answered > each.rung for each in rings)
