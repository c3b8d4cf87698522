"""What programs see of the kernel is what they are built with, and what the page says."""

import re

import pytest

from kernel_model.facts import abi
from kernel_model.facts.abi import AUTO, MADV_DONTNEED, SBRK_EAGER, SBRK_LAZY, Abi, Syscall
from kernel_model.kernel import Kernel
from tests.kernel_model.pages import table_under
from tests.kernel_model.support import Console, Memory
from tests.programs.headers import constants


def test_system_calls_have_the_numbers_that_programs_are_built_with():
    assert {f"SYS_{call.name.lower()}": call for call in Syscall} == constants("syscall.h")


def test_system_calls_have_the_numbers_that_the_page_says():
    rows = [
        (int(number), re.match(r"`(\w+)\(", call)[1])
        for number, call, *_ in table_under("System calls")
    ]
    assert rows == [(call.value, call.name.lower()) for call in Syscall]


def test_no_number_is_two_calls():
    # A second name of a number would be no error of Python's, but an alias.
    assert [call.name for call in Syscall] == list(Syscall.__members__)
    assert sorted(Syscall) == [*range(1, 22), *range(30, 36)]


def test_programs_and_kernel_mean_the_same_by_eager_and_lazy():
    header = constants("abi.h")
    assert header["MADV_DONTNEED"] == MADV_DONTNEED
    for name in ("PROT_READ", "PROT_WRITE", "PROT_EXEC", "MAP_SHARED", "MAP_PRIVATE"):
        assert header[name] == getattr(abi, name), name
    assert header["MAP_ANONYMOUS"] == abi.MAP_ANONYMOUS
    assert (header["SBRK_EAGER"], header["SBRK_LAZY"]) == (SBRK_EAGER, SBRK_LAZY)
    assert SBRK_EAGER != SBRK_LAZY


@pytest.mark.parametrize("value, edition", [("lab", Abi.LAB), ("2025", Abi.RELEASE_2025)])
def test_the_kernel_takes_an_edition_by_its_value(value, edition):
    assert Kernel(Memory(), b"", Console(), abi=value).abi is edition
    assert edition.value == value


def test_without_an_edition_it_is_each_programs_own():
    assert Kernel(Memory(), b"", Console()).abi is None
    assert Kernel(Memory(), b"", Console(), abi=AUTO).abi is None


def test_the_kernel_knows_no_other_edition():
    with pytest.raises(ValueError, match="1995"):
        Kernel(Memory(), b"", Console(), abi="1995")
