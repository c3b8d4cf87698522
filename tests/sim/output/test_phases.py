"""The way of traps that no page fault is told of: system calls, interrupts, waits."""

from hdl.arch import Csr
from kernel_model.facts.memlayout import DOORBELL
from sim.output.phases import BarePhases, KernelPhases
from tests.sim.output.test_words import QUIET

USER = QUIET
SUPERVISOR = QUIET._replace(priv="S", mode="S")
RING = SUPERVISOR._replace(request=1, write=1, address=DOORBELL)
ANSWER = SUPERVISOR._replace(response=1)
SATP = SUPERVISOR._replace(retired=1, csr=Csr.SATP, csr_written=1)
TRAP = QUIET._replace(priv="S", mode="U", retired=1, trap=1)
HANDLER = SUPERVISOR._replace(retired=1, intr=1)
RETURN = SUPERVISOR._replace(priv="U", retired=1, insn=0x10200073)


def phases(told, *cycles):
    return [told.tell(cycle, now) for cycle, now in enumerate(cycles)]


def kernel(first=None, idles=()):
    return KernelPhases(first, frozenset(idles))


def test_a_trap_from_the_user_to_the_user():
    way = [USER, TRAP, SUPERVISOR, HANDLER, SATP, RING, SUPERVISOR, ANSWER, SATP, RETURN, USER]
    assert phases(kernel(), *way) == [
        "user",
        "trap entry",
        "trap entry",
        "save",
        "switch",
        "kernel",
        "kernel",
        "switch back",
        "restore",
        "user",
        "user",
    ]


def test_an_interrupt_makes_no_record_before_its_handlers_first_instruction():
    assert phases(kernel(), USER, SUPERVISOR, HANDLER, SUPERVISOR) == [
        "user",
        "trap entry",
        "save",
        "save",
    ]


def test_other_stores_and_responses_are_not_the_doorbells():
    load = SUPERVISOR._replace(request=1, address=DOORBELL)
    other = RING._replace(address=DOORBELL + 8)
    waits = RING._replace(ready=0)
    told = phases(kernel(), USER, TRAP, HANDLER, SATP, load, other, waits, ANSWER, RING)
    assert told[3:] == ["switch"] * 5 + ["kernel"]


def test_where_nobody_can_run_it_is_idle_until_the_next_ring():
    told = kernel("kernel", idles=[1])
    assert phases(told, SUPERVISOR, ANSWER, SATP, RING, ANSWER) == [
        "kernel",
        "idle",
        "idle",
        "kernel",
        "switch back",
    ]


def test_what_it_begins_with_may_be_unknown():
    assert phases(kernel(), SUPERVISOR, RING) == ["", "kernel"]
    assert phases(kernel(), QUIET._replace(priv="M")) == ["boot"]


def test_without_a_kernel_handlers_may_trap_themselves():
    trap = TRAP._replace(mode="S")
    way = [USER, TRAP, USER, HANDLER, trap, HANDLER, RETURN, RETURN, USER, HANDLER, RETURN]
    assert phases(BarePhases(), *way) == [
        "program",
        "trap entry",
        "trap entry",
        "handler",
        "trap entry",
        "handler",
        "handler",
        "program",
        "program",
        "handler",
        "program",
    ]
