"""Page faults of two processes at the same pc, each to be retried by its own."""

import pytest

from kernel_model.facts.costs import ZERO
from kernel_model.kernel import Kernel
from sim.config import MachineConfig
from sim.host.programs import assemble_trampoline
from sim.machine import End, Machine
from sim.session import KernelSession
from tests.programs.expected import Expected
from tests.sim.engines.native.machine.machines import Console

PAGES = 12


@pytest.fixture(scope="module")
def faults():
    config = MachineConfig(memory_mib=4, engine="native")
    ram = Machine.make_ram(config)
    # A turn is over with nearly every fault.
    kernel = Kernel(ram, assemble_trampoline(), Console(), costs=ZERO, quantum=1000)
    kernel.exec(Expected("twins", "").build().read_bytes(), ["twins"])
    session = KernelSession(config, kernel)
    assert session.run(400_000) is End.FINISHED
    assert kernel.exit_status == 0
    return list(session.guest.faults)


def test_every_fault_is_retried_before_its_process_traps_again(faults):
    for pid in (2, 3):
        mine = [fault for fault in faults if fault.served.pid == pid]
        assert len(mine) == PAGES
        ends = [fault.trap.cycle for fault in mine[1:]] + [float("inf")]
        for fault, end in zip(mine, ends, strict=True):
            assert fault.trap.cycle < fault.retired_cycle < end


def test_some_are_retried_only_after_the_other_process_has_passed_there(faults):
    one, other = ([fault for fault in faults if fault.served.pid == pid] for pid in (2, 3))
    assert {fault.served.pc for fault in one} & {fault.served.pc for fault in other}
    assert any(
        fault.trap.cycle < passed.retired_cycle < fault.retired_cycle
        for fault in one
        for passed in other
    )
