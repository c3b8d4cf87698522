"""What is not a process's own it cannot get at, under either kernel; and the kernel goes on.

Each attempt is one of `intruder.c`, all in one boot. They are made under both kernels, and once
more under the kernel in C on a hart with physical memory protection.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from hdl.arch import Cause
from kernel_model.facts.memlayout import DOORBELL, KERNBASE, MAXVA, TRAMPOLINE, TRAPFRAME
from sim.host.programs import build_user, strip
from tests.verify.twokernels.run import Case, image, outcomes

#: Kernel, and what is said of the machine.
KERNELS = {
    "Python": ("Python", {}),
    "Python, the hart sets A and D": ("Python", {"svadu": True}),
    "C": ("C", {}),
    "C with PMP": ("C", {"pmp_entries": 8}),
}
PLACES = {
    "the kernel's first page": KERNBASE,
    "the kernel's data": KERNBASE + 0x10_000,
    "a page table's frame": KERNBASE + 0x40_0000,
    "the last page of RAM": KERNBASE + 0x7F_F000,
    "the trampoline": TRAMPOLINE,
    "the trap frame": TRAPFRAME,
    "the first address that does not exist": MAXVA,
    "the upper half": (1 << 64) - 4096,
    "UART": 0x1000_0000,
    "virtio disk": 0x1000_1000,
    "PLIC": 0x0C00_0000,
    "CLINT": 0x0200_0000,
    "test finisher": 0x0010_0000,
    "doorbell": DOORBELL,
}
FAULTS = {"load": Cause.LOAD_PAGE, "store": Cause.STORE_PAGE, "jump": Cause.FETCH_PAGE}
COPIES = {"copyin": b"0\n", "copyout": b"-1\n"}
INSTRUCTIONS = ["satp", "stvec", "pmp", "medeleg", "sret", "mret", "sfence"]
#: What prints what it finds where another process's data was.
ZEROS = ["taken-again", "exec-grow", "dead", "child", "turns-touched", "turns-untouched"]
#: What other processes did to it, or it to them.
RACES = ["stale-update"]
GONE = ["given-back", "exec-look", "look"]
ADDRESSES = [f"{address:x}" for address in PLACES.values()]
COMMANDS = [
    *((how, *ADDRESSES) for how in (*FAULTS, *COPIES, "trained")),
    *((how,) for how in (*INSTRUCTIONS, *ZEROS, *RACES, *GONE)),
]


@cache
def intruder():
    return strip(build_user(Path(__file__).parent / "intruder.c").read_bytes())


@pytest.fixture(scope="module", params=KERNELS)
def attempts(request, tmp_path_factory):
    """What came of each way under a kernel, and of `echo` after all of them."""
    kernel, config = KERNELS[request.param]
    cases = [Case(("/intruder", *command)) for command in COMMANDS]
    path = tmp_path_factory.mktemp("disk") / "fs.img"
    path.write_bytes(image([*cases, Case(("/echo", "alive"))], {"intruder": intruder()}))
    *found, last = outcomes(kernel, path, **config)
    assert (last.output, last.status) == (b"alive\n", "0")
    return {how: outcome for (how, *_), outcome in zip(COMMANDS, found, strict=True)}


def by_address(outcome):
    """What a child has printed and its status, for each of the addresses."""
    parts = re.findall(rb"(.*?)= (\w+) (-?\d+)\n", outcome.output, re.DOTALL)
    return {address.decode(): (output, int(status)) for output, address, status in parts}


@pytest.mark.parametrize("how, cause", FAULTS.items())
def test_an_access_to_what_is_not_the_processs_kills_it(attempts, how, cause):
    message = b"usertrap(): unexpected scause %#x pid=" % cause
    ends = by_address(attempts[how])

    assert list(ends) == ADDRESSES
    assert {status for _, status in ends.values()} == {-1}
    assert [output for output, _ in ends.values() if not output.startswith(message)] == []
    faults = [(fault.cause, fault.stval) for fault in attempts[how].faults]
    assert faults == [(cause, address) for address in PLACES.values()]


@pytest.mark.parametrize("how, result", COPIES.items())
def test_the_kernel_does_not_get_at_it_for_a_process(attempts, how, result):
    assert by_address(attempts[how]) == dict.fromkeys(ADDRESSES, (result, 0))
    assert attempts[how].faults == ()


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_an_instruction_of_the_kernels_kills(attempts, instruction):
    outcome = attempts[instruction]
    assert outcome.status == "-1"
    assert b"usertrap(): unexpected scause 0x2 pid=" in outcome.output


@pytest.mark.parametrize("attempt", ZEROS)
def test_what_a_process_had_is_not_found_by_another_one(attempts, attempt):
    outcome = attempts[attempt]
    assert (outcome.output, outcome.status) == (b"0\n", "0")


@pytest.mark.parametrize("attempt", RACES)
def test_a_store_through_a_former_page_sets_no_bit_in_its_table(attempts, attempt):
    """Where that was there is another process's data by then, which stays as it was."""
    outcome = attempts[attempt]
    assert outcome.output.endswith(b"\n0\n")
    assert b"usertrap(): unexpected scause 0xf pid=" in outcome.output
    assert outcome.status == "0"


def test_a_jump_that_was_trained_to_leave_stays(attempts):
    """What is predicted from another process's jump is fetched for neither, and is forgotten."""
    ends = by_address(attempts["trained"])

    assert list(ends) == ADDRESSES
    assert {status for _, status in ends.values()} == {0}
    assert {output.splitlines()[-1] for output, _ in ends.values()} == {b"0"}
    faults = [(fault.cause, fault.stval) for fault in attempts["trained"].faults]
    assert faults == [(Cause.FETCH_PAGE, address) for address in PLACES.values()]


@pytest.mark.parametrize("attempt", GONE)
def test_a_page_that_is_gone_is_not_found_in_the_tlb(attempts, attempt):
    outcome = attempts[attempt]
    assert outcome.status == "-1"
    assert b"usertrap(): unexpected scause 0xd pid=" in outcome.output
