import pytest

from hdl.arch import PAGE_SIZE, Cause, Mstatus
from kernel_model.facts.doorbell import Reason, Register
from kernel_model.facts.panic import PANIC_STATUS
from kernel_model.mm.served import Decision, Why
from kernel_model.proc.state import ProcState
from tests.kernel_model.support import (
    Killed,
    elf_file,
    failing_kalloc,
    make_hart,
    segment,
    switch_to,
)

TIMER = 1 << 63 | 5


def facts(fault):
    """Where it was, what was touched, and why it faulted."""
    return fault.pc, fault.cause, fault.stval, fault.outcome.why


def test_load_and_store_faults_are_mapped_and_recorded():
    hart = make_hart()
    hart.sbrk(2 * PAGE_SIZE)

    hart.trap(Cause.LOAD_PAGE, stval=hart.heap + 8, sepc=0x10)
    hart.trap(Cause.STORE_PAGE, stval=hart.heap + PAGE_SIZE + 8, sepc=0x14)

    first, second = hart.kernel.faults
    assert facts(first) == (0x10, Cause.LOAD_PAGE, hart.heap + 8, Why.UNTOUCHED)
    assert facts(second) == (0x14, Cause.STORE_PAGE, hart.heap + PAGE_SIZE + 8, Why.UNTOUCHED)
    for fault in (first, second):
        assert (fault.outcome.decision, fault.via, fault.pid) == (Decision.MAPPED, None, 2)
    assert hart.frame.sepc == 0x14  # to be run again


def test_a_fault_past_the_size_kills_with_xv6s_message():
    hart = make_hart()
    kernel = hart.kernel
    stval = hart.heap + 0x100_0000

    with pytest.raises(Killed):
        hart.trap(Cause.STORE_PAGE, stval=stval, sepc=0x24)

    assert hart.printed == (
        f"usertrap(): unexpected scause 0xf pid=2\n            sepc=0x24 stval={stval:#x}\n"
    )
    assert (kernel.halted, kernel.exit_status, kernel.panicked) == (True, -1, None)
    (fault,) = kernel.faults
    assert facts(fault) == (0x24, 15, stval, Why.PAST_SIZE)
    assert (fault.outcome.decision, fault.outcome.size) == (Decision.REFUSED, 0x5000)


@pytest.mark.parametrize(
    "cause", sorted(set(Cause) - {Cause.ECALL_U, Cause.LOAD_PAGE, Cause.STORE_PAGE})
)
def test_every_other_exception_kills(cause):
    hart = make_hart()
    hart.sbrk(PAGE_SIZE)

    with pytest.raises(Killed):
        hart.trap(cause, stval=hart.heap)

    assert f"unexpected scause {int(cause):#x} pid=2" in hart.printed
    assert hart.kernel.exit_status == -1
    assert hart.kernel.heap_frames_used == 0


def test_a_jump_into_the_heap_is_a_fault_in_the_books():
    hart = make_hart()
    hart.sbrk(PAGE_SIZE)
    heap = hart.heap
    with pytest.raises(Killed):
        hart.trap(Cause.FETCH_PAGE, stval=heap, sepc=heap)
    (fault,) = hart.kernel.faults
    assert facts(fault) == (heap, 12, heap, Why.OWNER_RIGHTS)


def test_a_jump_to_where_code_may_be_gets_a_page():
    """What is left out below the first segment has that one's rights."""
    hart = make_hart(elf_file(segment(4 * PAGE_SIZE, b"text"), entry=4 * PAGE_SIZE))
    assert hart.fetch(PAGE_SIZE) == b"\0\0"
    assert [fault.outcome.decision for fault in hart.kernel.faults] == [Decision.MAPPED]


def test_who_is_killed_ends_before_anybody_elses_turn():
    hart = make_hart(quantum=5000)
    hart.call("fork")
    switch_to(hart, 3)
    child, hart.time = hart.proc, 1_000_000
    hart.trap(Cause.ILLEGAL)
    assert (hart.proc.pid, child.state) == (2, ProcState.ZOMBIE)


@pytest.mark.parametrize("interrupt", [1, 9])
def test_an_interrupt_of_no_known_device_kills(interrupt):
    hart = make_hart()
    with pytest.raises(Killed):
        hart.trap(1 << 63 | interrupt)
    assert f"unexpected scause {1 << 63 | interrupt:#x} pid=2" in hart.printed


def test_the_timer_only_lets_the_process_run_on():
    hart = make_hart()
    hart.frame.a0 = 55
    hart.trap(TIMER, sepc=0x44)
    assert (hart.frame.a0, hart.frame.sepc) == (55, 0x44)
    assert (hart.kernel.faults, hart.printed) == ([], "")


@pytest.mark.parametrize("nth, why", [(1, Why.NO_FRAME), (2, Why.NO_TABLE)])
def test_a_fault_without_frames_kills(nth, why):
    hart = make_hart()
    hart.sbrk(4 << 20)
    with failing_kalloc(hart.kernel, nth), pytest.raises(Killed):
        hart.store(2 << 20, 1)
    assert hart.kernel.exit_status == -1
    assert hart.kernel.panicked is None
    assert hart.kernel.faults[0].outcome.why is why


def test_spp_alone_says_that_a_trap_is_from_user_mode():
    hart = make_hart()
    frame = hart.frame
    frame.scause, frame.sstatus = TIMER, ~(1 << Mstatus.SPP) & (1 << 64) - 1
    hart.kernel.ring(Reason.USER_TRAP)
    assert hart.kernel.panicked is None


def test_a_trap_that_is_not_from_user_mode_panics():
    hart = make_hart()
    hart.frame.sstatus = 1 << Mstatus.SPP
    hart.kernel.ring(Reason.USER_TRAP)
    assert hart.kernel.halted
    assert str(hart.kernel.panicked) == "usertrap: not from user mode"


@pytest.mark.parametrize(
    "reason, printed",
    [
        (Reason.KERNEL_PANIC, "scause=0xd sepc=0x80 stval=0x123\npanic: kerneltrap\n"),
        (Reason.MACHINE_PANIC, "mcause=0xd mepc=0x80 mtval=0x123\npanic: machinetrap\n"),
    ],
)
def test_a_trap_in_the_kernel_panics(reason, printed):
    hart = make_hart()
    doorbell = hart.kernel.doorbell
    doorbell.write(Register.PANIC_CAUSE, 13)
    doorbell.write(Register.PANIC_EPC, 0x80)
    doorbell.write(Register.PANIC_TVAL, 0x123)

    with pytest.raises(Killed):
        hart.ring(reason)

    assert hart.printed.startswith(printed)
    assert hart.kernel.exit_status == PANIC_STATUS
