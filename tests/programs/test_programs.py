"""Every C program on the hart, under the kernel, against its expected result."""

import re

import pytest

from hdl.arch import Cause
from kernel_model.facts.costs import ZERO
from kernel_model.kernel import Kernel
from kernel_model.mm.served import Decision
from sim.config import MachineConfig
from sim.host.programs import assemble_trampoline
from sim.machine import End, Machine
from sim.session import KernelSession
from tests.kernel_model.support import Console
from tests.programs.expected import PROGRAMS

#: Cycles within which each of them ends when the kernel's work costs nothing.
MAX_CYCLES = 30_000


@pytest.fixture(params=[expected for expected in PROGRAMS if not expected.long], ids=str)
def expected(request):
    return request.param


def test_program_does_what_its_source_says(expected):
    config = MachineConfig(memory_mib=4, traced=True)
    console = Console(expected.stdin)
    kernel = Kernel(Machine.make_ram(config), assemble_trampoline(), console, costs=ZERO)
    frames_before = kernel.kmem.used
    kernel.exec(expected.build().read_bytes(), [expected.program, *expected.args])
    session = KernelSession(config, kernel)
    session.check()  # a panic would be in the output, and in the status

    end = session.run(MAX_CYCLES)

    assert end is End.FINISHED
    assert re.fullmatch(expected.output, console.printed.decode())
    assert kernel.exit_status & 0xFF == expected.exit_status
    assert kernel.heap_frames_used == expected.heap_pages
    assert kernel.kmem.used == frames_before
    # What ended it is what the hart raised last, a system call if not a fault.
    assert session.machine.engine.log.traps[-1].cause == (expected.killed_by or Cause.ECALL_U)
    mapped = [
        fault for fault in session.guest.faults if fault.served.outcome.decision is Decision.MAPPED
    ]
    assert len(mapped) == expected.heap_pages
    for fault in mapped:
        if fault.served.via is None:
            assert fault.retired_cycle > fault.trap.cycle
