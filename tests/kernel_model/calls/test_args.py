import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.calls.args import argaddr, argint, argstr, fetchaddr
from tests.kernel_model.files import BAD, BUFFER, User, make_files
from tests.kernel_model.support import make_hart

REGISTERS = [f"a{n}" for n in range(8)]


@pytest.fixture
def user():
    """A process whose pages all wait for their frames, up to BAD."""
    return User(make_files())


def faults(kernel):
    """The addresses at which `kernel` will have recorded a fault."""
    addresses = []
    kernel.record = lambda proc, fault: addresses.append(fault.stval)
    return addresses


def test_argument_n_is_in_register_a_n():
    hart = make_hart()
    for n, register in enumerate(REGISTERS):
        setattr(hart.frame, register, 100 + n)
    assert [argaddr(hart.proc, n) for n in range(8)] == list(range(100, 108))
    assert [argint(hart.proc, n) for n in range(8)] == list(range(100, 108))


@pytest.mark.parametrize(
    "register, value",
    [(0, 0), (5, 5), (0xFFFF_FFFF, -1), (1 << 63, 0), (0x8000_0000, -(1 << 31)), (1 << 32 | 7, 7)],
)
def test_an_int_argument_is_32_bits_with_a_sign(register, value):
    hart = make_hart()
    hart.frame.a3 = register
    assert argint(hart.proc, 3) == value
    assert argaddr(hart.proc, 3) == register


class TestArgstr:
    def argstr(self, user, va, limit=8):
        user.proc.trapframe.a1 = va
        return argstr(user.kernel, user.proc, 1, limit)

    def test_a_string_ends_before_its_nul(self, user):
        user.put(BUFFER, b"path\0junk")
        assert self.argstr(user, BUFFER) == b"path"
        assert self.argstr(user, BUFFER + 4) == b""

    def test_the_nul_counts_into_the_limit(self, user):
        user.put(BUFFER, b"seven77\0")
        assert self.argstr(user, BUFFER, limit=8) == b"seven77"
        assert self.argstr(user, BUFFER, limit=7) is None

    def test_it_may_go_on_in_a_page_that_was_never_touched(self, user):
        user.put(2 * PAGE_SIZE - 3, b"abc")
        touched = faults(user.kernel)
        assert self.argstr(user, 2 * PAGE_SIZE - 3) == b"abc"
        assert touched == [2 * PAGE_SIZE]

    def test_without_a_nul_in_the_processs_memory_it_is_none(self, user):
        user.put(BAD - 3, b"abc")
        assert self.argstr(user, BAD - 3) is None
        assert self.argstr(user, BAD) is None


class TestFetchaddr:
    def fetchaddr(self, user, va):
        return fetchaddr(user.kernel, user.proc, va)

    def test_a_pointer_is_8_bytes_lowest_first(self, user):
        user.put(BUFFER, bytes.fromhex("0807060504030281 ff"))
        assert self.fetchaddr(user, BUFFER) == 0x8102_0304_0506_0708

    def test_it_may_straddle_pages_that_were_never_touched(self, user):
        touched = faults(user.kernel)
        assert self.fetchaddr(user, 2 * PAGE_SIZE - 4) == 0
        assert touched == [2 * PAGE_SIZE - 4, 2 * PAGE_SIZE]

    def test_a_null_pointer_is_not_a_failure(self, user):
        assert self.fetchaddr(user, BUFFER) == 0
        assert self.fetchaddr(user, BAD - 8) == 0

    @pytest.mark.parametrize("va", [BAD, BAD - 7, BAD - 1, (1 << 64) - 8, (1 << 64) - 1])
    def test_what_cannot_be_read_is_none(self, user, va):
        assert self.fetchaddr(user, va) is None

    def test_all_of_it_lies_below_the_size_though_the_page_is_there(self, user):
        """As in xv6, where only this copy compares with the size."""
        user.put(BUFFER, bytes(16))
        user.proc.space.size = BUFFER + 9
        assert self.fetchaddr(user, BUFFER + 1) == 0
        assert self.fetchaddr(user, BUFFER + 2) is None
