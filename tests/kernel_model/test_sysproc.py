import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.layout import TRAPFRAME
from tests.kernel_model.support import make_hart

GIB = 1 << 30


def test_getpid():
    assert make_hart().syscall(11) == 2


@pytest.mark.parametrize("status", [0, 1, 255, 256, -1, -(1 << 31)])
def test_exit(status):
    hart = make_hart()
    hart.exit(status)
    assert hart.kernel.halted
    assert hart.kernel.exit_status == status
    assert hart.kernel.panicked is None
    assert hart.printed == ""


def test_uptime_counts_ticks_of_the_clock_in_the_trap_frame():
    hart = make_hart(tick=500)
    hart.time = 499
    assert hart.syscall(14) == 0
    hart.time = 500 * 7
    assert hart.syscall(14) == 7


class TestSbrk:
    @pytest.fixture
    def hart(self):
        return make_hart()

    def test_returns_the_old_size(self, hart):
        size = hart.heap
        assert [hart.sbrk(n) for n in (0, 100, -50, 0)] == [size, size, size + 100, size + 50]

    def test_takes_its_argument_as_an_int(self, hart):
        assert hart.sbrk(1 << 32 | 5) == hart.heap
        assert hart.sbrk(0) == hart.heap + 5

    def test_no_address_is_truncated(self, hart):
        sizes = [hart.sbrk(GIB) for _ in range(200)]
        assert sizes == [hart.heap + n * GIB for n in range(200)]

    def test_is_capped_at_the_trap_frame(self, hart):
        while hart.sbrk(GIB) != -1:
            pass
        size = hart.sbrk(0)
        assert TRAPFRAME - GIB < size < TRAPFRAME
        assert hart.sbrk(TRAPFRAME - size + 1) == -1
        assert hart.sbrk(TRAPFRAME - size) == size
        assert hart.sbrk(1) == -1
        hart.store(TRAPFRAME - 1, 7)
        hart.exit()
        assert hart.kernel.panicked is None

    def test_gives_back(self, hart):
        hart.sbrk(3 * PAGE_SIZE)
        hart.store(hart.heap + 2 * PAGE_SIZE, 1)
        used = hart.kernel.kmem.used
        assert hart.sbrk(-PAGE_SIZE) == hart.heap + 3 * PAGE_SIZE
        assert hart.kernel.kmem.used == used - 1
        assert hart.pte(hart.heap + 2 * PAGE_SIZE) == 0
