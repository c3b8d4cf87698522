"""A kernel that serves page faults, as records of the retire port, and what is made of them."""

import pytest

from hdl.arch import Cause, Priv
from sim.guests.kernel_steps import ELSEWHERE, FaultSteps, KernelSteps
from tests.sim.elf import symbols
from tests.sim.kernels import kernel


@pytest.fixture(scope="module")
def places():
    """Where functions of the kernel are."""
    return symbols(kernel())


def follow(records, known=None):
    """What is settled of records of (cycle, mode, pc, cause of a trap or None)."""
    steps = KernelSteps(kernel().read_bytes(), known or {})
    settled = []
    steps.settled.append(settled.append)
    for cycle, mode, pc, cause in records:
        trap = int(cause is not None)
        fields = {"mode": mode, "pc_rdata": pc, "trap": trap, "cause": cause or 0, "tval": 0x77}
        steps.record(cycle, fields)
    return settled, steps


def test_cycles_are_those_of_the_function_whose_instruction_they_end_with(places):
    trap, clear = places["supervisor_trap"], places["clear_page"]
    settled, steps = follow(
        [
            (90, Priv.U, 0x40, None),
            (100, Priv.U, 0x44, Cause.STORE_PAGE),
            (107, Priv.S, trap, None),
            (110, Priv.S, clear, None),
            (120, Priv.S, clear + 4, None),
            (121, Priv.S, trap + 4, None),
            (130, Priv.U, 0x44, None),
            (131, Priv.U, 0x48, None),
        ]
    )
    expected = {"supervisor_trap": 8, "clear_page": 13}
    assert settled == [FaultSteps(1, 100, 0x44, 15, 0x77, expected, 9, 130, served=True)]
    assert (steps.served, steps.retries, steps.sums) == (1, 9, expected)


def test_what_has_no_symbol_is_elsewhere():
    fault = (1, Priv.U, 0x44, Cause.LOAD_PAGE)
    (found,), _ = follow([fault, (3, Priv.M, 0x1234, None), (5, Priv.U, 0x44, None)])
    assert found.steps == {ELSEWHERE: 2}


def test_the_trampoline_is_known_at_its_other_address_too(places):
    pc = 0x3F_FFFF_F000 + 4
    records = [(1, Priv.U, 0x44, Cause.LOAD_PAGE), (3, Priv.S, pc, None), (5, Priv.U, 0x44, None)]
    (found,), _ = follow(records, {"trampoline": places["map_page"]})
    assert found.steps == {"map_page": 2}
    (found,), _ = follow(records)
    assert found.steps == {ELSEWHERE: 2}


@pytest.mark.parametrize("after", [(9, Priv.U, 0x99, None), (9, Priv.U, 0x44, Cause.LOAD_PAGE)])
def test_what_goes_on_elsewhere_was_not_served(after):
    settled, steps = follow([(1, Priv.U, 0x44, Cause.FETCH_PAGE), after])
    assert [(each.number, each.served, each.ended) for each in settled] == [(1, False, 9)]
    assert (steps.served, steps.sums) == (0, {})


def test_a_fault_may_come_right_behind_another():
    settled, _ = follow(
        [
            (1, Priv.U, 0x44, Cause.LOAD_PAGE),
            (9, Priv.U, 0x44, Cause.STORE_PAGE),
            (20, Priv.U, 0x44, None),
        ]
    )
    assert [(each.number, each.cycle, each.served) for each in settled] == [
        (1, 1, False),
        (2, 9, True),
    ]


def test_other_exceptions_and_those_of_the_kernel_are_none():
    settled, _ = follow(
        [
            (1, Priv.U, 0x44, Cause.ECALL_U),
            (2, Priv.S, 0x44, Cause.STORE_PAGE),
            (3, Priv.U, 0x48, None),
        ]
    )
    assert settled == []


def test_a_kernel_without_symbols_is_one_step():
    steps = KernelSteps(b"", {})
    fields = {"mode": Priv.U, "pc_rdata": 4, "trap": 1, "cause": 13, "tval": 0}
    steps.record(1, fields)
    steps.record(7, fields | {"mode": Priv.S, "trap": 0})
    steps.record(9, fields | {"trap": 0})
    assert steps.sums == {ELSEWHERE: 6}
