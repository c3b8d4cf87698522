import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.facts.costs import Step
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.kalloc import Kmem

START = 0x8000_0000


def test_hands_out_every_frame_once_and_then_fails():
    kmem = Kmem(START, START + 4 * PAGE_SIZE)

    frames = [kmem.kalloc() for _ in range(4)]

    assert sorted(frames) == [START + n * PAGE_SIZE for n in range(4)]
    assert kmem.kalloc() == 0
    assert (kmem.used, kmem.free) == (4, 0)


def test_a_freed_frame_is_the_next_one_taken():
    kmem = Kmem(START, START + 4 * PAGE_SIZE)
    first, _ = kmem.kalloc(), kmem.kalloc()

    kmem.kfree(first)

    assert (kmem.used, kmem.free) == (1, 3)
    assert kmem.kalloc() == first


def test_remembers_the_most_frames_in_use():
    kmem = Kmem(START, START + 4 * PAGE_SIZE)
    assert kmem.used_max == 0
    frames = [kmem.kalloc() for _ in range(3)]

    for frame in frames:
        kmem.kfree(frame)
    kmem.kalloc()

    assert kmem.used_max == 3


def test_double_free_panics():
    kmem = Kmem(START, START + 4 * PAGE_SIZE)
    frame = kmem.kalloc()
    kmem.kfree(frame)

    with pytest.raises(KernelPanic, match="kfree: 0x80000000 is free already"):
        kmem.kfree(frame)


@pytest.mark.parametrize(
    "foreign", [0, START - PAGE_SIZE, START + 8, START + 4 * PAGE_SIZE], ids=hex
)
def test_foreign_free_panics(foreign):
    kmem = Kmem(START, START + 4 * PAGE_SIZE)
    kmem.kalloc()

    with pytest.raises(KernelPanic, match="kfree: 0x[0-9a-f]+ is no frame"):
        kmem.kfree(foreign)


def test_charges_for_taking_and_for_putting_back():
    charged = []
    kmem = Kmem(START, START + PAGE_SIZE, charged.append)

    kmem.kfree(kmem.kalloc())

    assert charged == [Step.ALLOCATE, Step.FREE]


class TestFreeingSeveral:
    @pytest.fixture
    def kmem(self):
        return Kmem(START, START + 4 * PAGE_SIZE)

    def test_is_as_freeing_each(self, kmem):
        frames = [kmem.kalloc() for _ in range(3)]
        kmem.kfree_all(frames)
        assert (kmem.used, kmem.free) == (0, 4)
        assert [kmem.kalloc() for _ in range(3)] == frames[::-1]

    def test_is_charged_as_freeing_each(self):
        charged = []
        kmem = Kmem(START, START + PAGE_SIZE * 4, lambda step, n=1: charged.append((step, n)))
        frames = [kmem.kalloc() for _ in range(3)]
        kmem.kfree_all(frames)
        assert charged[-1] == (Step.FREE, 3)

    def test_one_that_is_free_already_panics(self, kmem):
        frames = [kmem.kalloc() for _ in range(3)]
        kmem.kfree(frames[1])
        with pytest.raises(KernelPanic, match=f"kfree: {frames[1]:#x} is free already"):
            kmem.kfree_all(frames)

    def test_one_twice_panics(self, kmem):
        frames = [kmem.kalloc() for _ in range(3)]
        with pytest.raises(KernelPanic, match=f"kfree: {frames[0]:#x} is free already"):
            kmem.kfree_all([*frames, frames[0]])

    def test_a_foreign_one_panics(self, kmem):
        with pytest.raises(KernelPanic, match="kfree: 0x1000 is no frame"):
            kmem.kfree_all([kmem.kalloc(), 0x1000])
