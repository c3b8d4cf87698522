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


class TestShared:
    def test_a_frame_is_free_with_its_last_reference(self):
        kmem = Kmem(START, START + 4 * PAGE_SIZE)
        frame = kmem.kalloc()
        kmem.share(frame)
        kmem.share(frame)
        assert (kmem.references(frame), kmem.shared) == (3, 1)

        for left in (2, 1):
            kmem.kfree(frame)
            assert (kmem.references(frame), kmem.used) == (left, 1)
        assert kmem.shared == 0
        kmem.kfree(frame)

        assert (kmem.references(frame), kmem.used, kmem.free) == (0, 0, 4)
        assert kmem.kalloc() == frame
        assert kmem.references(frame) == 1

    def test_several_are_given_back_together(self):
        kmem = Kmem(START, START + 4 * PAGE_SIZE)
        one, two, three = (kmem.kalloc() for _ in range(3))
        kmem.share(two)

        kmem.kfree_all([one, two, three])

        assert [kmem.references(frame) for frame in (one, two, three)] == [0, 1, 0]
        assert kmem.used == 1

    def test_one_may_be_given_back_twice_together(self):
        kmem = Kmem(START, START + 4 * PAGE_SIZE)
        frame = kmem.kalloc()
        kmem.share(frame)
        kmem.kfree_all([frame, frame])
        assert (kmem.used, kmem.free) == (0, 4)

    def test_a_reference_too_many_panics(self):
        kmem = Kmem(START, START + 4 * PAGE_SIZE)
        frame = kmem.kalloc()
        kmem.share(frame)
        with pytest.raises(KernelPanic, match=f"kfree: {frame:#x} is free already"):
            kmem.kfree_all([frame] * 3)

    def test_what_is_not_in_use_cannot_be_shared(self):
        kmem = Kmem(START, START + 4 * PAGE_SIZE)
        with pytest.raises(KernelPanic, match=f"share: {START:#x} is not in use"):
            kmem.share(START)


class TestRuns:
    @pytest.mark.parametrize("npages", [1, 2, 4, 8])
    def test_one_is_aligned_to_its_length(self, npages):
        kmem = Kmem(START, START + 16 * PAGE_SIZE)
        kmem.kalloc()

        run = kmem.kalloc_run(npages)

        assert run % (npages * PAGE_SIZE) == 0
        assert (kmem.used, kmem.used_max, kmem.free) == (1 + npages, 1 + npages, 15 - npages)
        assert all(kmem.references(run + n * PAGE_SIZE) == 1 for n in range(npages))

    def test_what_it_skips_is_taken_last_and_in_order(self):
        kmem = Kmem(START, START + 8 * PAGE_SIZE)
        first = kmem.kalloc()
        assert kmem.kalloc_run(4) == START + 4 * PAGE_SIZE
        kmem.kfree(first)

        frames = [kmem.kalloc() for _ in range(5)]

        assert frames == [*(START + n * PAGE_SIZE for n in range(4)), 0]

    def test_what_was_put_back_before_is_kept(self):
        kmem = Kmem(START, START + 8 * PAGE_SIZE)
        first = kmem.kalloc()
        kmem.kalloc()
        kmem.kfree(first)
        assert kmem.kalloc_run(4) == START + 4 * PAGE_SIZE
        assert (kmem.free, kmem.kalloc()) == (3, first)

    def test_frames_that_were_put_back_make_one_again(self):
        kmem = Kmem(START, START + 8 * PAGE_SIZE)
        frames = [kmem.kalloc() for _ in range(8)]
        for n in (5, 1, 3, 2, 4, 6, 0):
            kmem.kfree(frames[n])

        assert kmem.kalloc_run(4) == frames[0]
        assert kmem.kalloc_run(4) == 0  # the last frame is in use
        assert kmem.used == 5
        assert [kmem.kalloc() for _ in range(4)] == [frames[6], frames[4], frames[5], 0]

    def test_the_lowest_is_taken(self):
        kmem = Kmem(START, START + 8 * PAGE_SIZE)
        frames = [kmem.kalloc() for _ in range(8)]
        kmem.kfree_all(frames[::-1])
        assert [kmem.kalloc_run(2) for _ in range(4)] == frames[::2]

    def test_it_may_be_freed_in_parts(self):
        kmem = Kmem(START, START + 8 * PAGE_SIZE)
        run = kmem.kalloc_run(4)
        kmem.kfree_all([run, run + PAGE_SIZE])
        kmem.kfree(run + 3 * PAGE_SIZE)
        assert (kmem.used, kmem.free) == (1, 7)

    @pytest.mark.parametrize("npages", [-1, 0, 3, 6])
    def test_its_length_must_be_a_power_of_two(self, npages):
        with pytest.raises(KernelPanic, match=f"kalloc_run: {npages} is no power of two"):
            Kmem(START, START + 8 * PAGE_SIZE).kalloc_run(npages)

    def test_taking_it_is_one_step(self):
        charged = []
        kmem = Kmem(START, START + 8 * PAGE_SIZE, lambda step, n=1: charged.append((step, n)))
        kmem.kalloc_run(4)
        assert charged == [(Step.ALLOCATE, 1)]


def test_a_call_that_is_to_fail_finds_nothing_and_tells():
    kmem, told = Kmem(START, START + 4 * PAGE_SIZE), []
    kmem.failing = {2: lambda: told.append(kmem.calls), 4: lambda: told.append(kmem.calls)}

    assert [kmem.kalloc(), kmem.kalloc(), kmem.kalloc()] == [START, 0, START + PAGE_SIZE]
    assert [kmem.kalloc_run(2), kmem.kalloc_run(2)] == [0, START + 2 * PAGE_SIZE]
    assert (told, kmem.calls, kmem.used) == ([2, 4], 5, 4)
