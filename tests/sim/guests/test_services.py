from hdl.arch import Cause
from kernel_model.facts.costs import Step
from kernel_model.facts.doorbell import Reason
from sim.config import MachineConfig
from sim.guests.services import Running, Services
from sim.machine import Machine
from sim.session import KernelSession
from tests.sim.scripted import ScriptedHart
from tests.sim.user import User, make_kernel

SBRK, UPTIME, EXIT = 12, 14, 2


def served(script, oldest=lambda cycle: 0):
    """What was kept of a run of `script`, and its kernel."""
    config = MachineConfig(memory_mib=1)
    kernel = make_kernel(Machine.make_ram(config))
    session = KernelSession(config, kernel, hart=ScriptedHart(script))
    services = Services(kernel, oldest)
    kernel.watchers.append(services)
    session.guest.watchers.append(services.rang)
    session.run(100_000)
    return list(services), kernel


def script():
    user = User()
    touch = user.trap(Cause.LOAD_PAGE, 0x10, user.heap) + user.retire(0x10)
    return user.boot() + user.call(SBRK, 4096) + touch + user.call(UPTIME) + user.call(EXIT, 0)


def test_each_ring_is_kept_with_what_came_of_it():
    (boot, sbrk, touch, uptime, end), _ = served(script())

    assert (boot.reason, boot.pid, boot.syscall) == (Reason.BOOT, None, None)
    assert boot.running == Running(2, "program", sbrk.running.satp)
    assert [each.syscall for each in (sbrk, touch, uptime, end)] == [SBRK, None, UPTIME, EXIT]
    assert {each.reason for each in (sbrk, touch, uptime, end)} == {Reason.USER_TRAP}
    assert [each.pid for each in (sbrk, touch, uptime, end)] == [2] * 4
    assert touch.resident == sbrk.resident + 1
    assert (sbrk.free, touch.free) == (boot.free, boot.free - 1)
    assert end.running is None
    assert Step.ZERO_PAGE in {charged.step for charged in touch.steps}
    for each in (boot, sbrk, touch, uptime):
        assert each.cost == sum(charged.cycles for charged in each.steps)
        assert each.answered > each.rung + each.cost


def test_what_is_too_old_is_dropped_but_the_last_before():
    everything, _ = served(script())
    kept, _ = served(script(), lambda cycle: everything[2].answered)
    assert kept == everything[2:]


def test_nothing_is_kept_once_it_is_not_wanted():
    everything, _ = served(script())
    limit = everything[2].rung
    kept, _ = served(script(), lambda cycle: 0 if cycle <= limit else None)
    assert kept == everything[:3]
