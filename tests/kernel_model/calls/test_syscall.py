import pytest

from hdl.arch import Cause
from kernel_model.calls.syscall import SYSCALLS
from kernel_model.facts.abi import Syscall
from tests.kernel_model.support import make_hart


@pytest.mark.parametrize("call", Syscall)
def test_every_number_has_the_function_of_its_name(call):
    assert SYSCALLS[call].__name__ == f"sys_{call.name.lower()}"


@pytest.mark.parametrize("number", [0, 22, 1000, -1])
def test_unknown_number(number):
    hart = make_hart(argv=["/bin/prog"])
    assert hart.syscall(number) == -1
    assert hart.printed == f"2 prog: unknown sys call {number}\n"
    assert not hart.kernel.halted


def test_returns_behind_the_ecall():
    hart = make_hart()
    hart.frame.a7 = 11
    hart.trap(Cause.ECALL_U, sepc=0x1000)
    assert hart.frame.sepc == 0x1004


def test_changes_no_register_but_a0():
    hart = make_hart()
    names = [f"a{n}" for n in range(1, 7)] + ["ra", "sp", "gp", "tp", "s0", "t0", "s11", "t6"]
    for number, name in enumerate(names):
        setattr(hart.frame, name, 100 + number)
    hart.syscall(11)
    assert [getattr(hart.frame, name) for name in names] == [100 + n for n in range(len(names))]
