"""What the continuous integration runs of the fuzzer, and that it notices what goes wrong."""

import time

import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.doorbell import Reason
from kernel_model.facts.memlayout import KERNBASE, TRAMPOLINE, TRAPFRAME
from kernel_model.kernel import Kernel
from kernel_model.mm import areas, lazy, vm
from kernel_model.mm.pagetable import mappages, walk
from kernel_model.proc.proc import proc_pagetable
from sim.platform.ram import Ram
from tests.kernel_model.support import Console, elf_file
from tests.verify import runner
from tests.verify.fuzz import guard, loaders, wild
from tests.verify.fuzz.check import CHECK
from tests.verify.fuzz.guard import Misbehaved
from tests.verify.fuzz.ownership import audit
from tests.verify.fuzz.wild import Watch

SEED = 1_000_000
#: Cases of each part, and what must have come about so that they say something.
SHARE = {
    "exec": (500, ["accepted", "refused"]),
    "bare": (500, ["accepted", "refused"]),
    "boot": (60, ["accepted", "refused"]),
    "command": (150, ["with status 0", "with status 2", "with status 124"]),
    "htif": (500, ["accepted", "refused"]),
    "result": (300, ["accepted", "refused"]),
    "wild": (150, ["of forks", "of instructions", "of random bytes", "of system calls", "rings",
                   "page faults", "killed in the end", "ran out of frames"]),
}  # fmt: skip


def run_part(part, seed, count):
    """The messages about what misbehaves, and what came about."""
    tally = runner.run(CHECK, seed=seed, cases=count, only=[part])[part]
    return [failure.text for failure in tally.failures], tally.data


@pytest.mark.parametrize("part", SHARE)
def test_nothing_misbehaves(part):
    count, expected = SHARE[part]

    failures, outcomes = run_part(part, SEED, count)

    assert failures == []
    assert set(expected) <= outcomes.keys()
    print(f"seeds from {SEED}: {outcomes}")


# The rest plants a mistake and sees that it is found.


@pytest.fixture
def kernel():
    kernel = Kernel(Ram(KERNBASE, 1 << 20), b"", Console())
    kernel.exec(elf_file(), ["a"])
    audit(kernel)
    return kernel


def entry(kernel, va):
    return walk(kernel, kernel.first.pagetable, va)


def test_a_frame_of_two_owners_is_found(kernel):
    flags = Pte.R | Pte.W | Pte.U
    mappages(kernel, kernel.first.pagetable, 1 << 30, PAGE_SIZE, kernel.trampoline, flags)
    kernel.first.space.resize(2 << 30)

    with pytest.raises(Misbehaved, match="belongs to the kernel and to 0x40000000 of 2"):
        audit(kernel)


def test_a_page_beyond_the_size_is_found(kernel):
    kernel.first.space.size -= PAGE_SIZE

    with pytest.raises(Misbehaved, match="has a page at"):
        audit(kernel)


def test_a_lost_frame_is_found(kernel):
    kernel.kmem.kalloc()

    with pytest.raises(Misbehaved, match="frames in use without an owner"):
        audit(kernel)


def test_a_trap_frame_that_is_the_users_is_found(kernel):
    trapframe = entry(kernel, TRAPFRAME)
    kernel.memory.write_u64(trapframe, kernel.memory.read_u64(trapframe) | Pte.U)

    with pytest.raises(Misbehaved, match="the entry"):
        audit(kernel)


def test_a_program_that_writes_to_a_foreign_frame_is_found(monkeypatch):
    """Each lazy page is the trampoline's frame: nothing but the contents of memory shows it."""
    original = wild.frames_written_by
    monkeypatch.setattr(wild, "audit", lambda kernel: None)
    monkeypatch.setattr(
        wild,
        "frames_written_by",
        lambda kernel, proc: original(kernel, proc) - {kernel.trampoline},
    )

    def trampoline(kernel):
        return kernel.trampoline

    monkeypatch.setattr(areas, "zalloc", trampoline)
    failures, _ = run_part("wild", SEED, 120)

    assert any("which does not own it" in failure for failure in failures)


class TestAccessedAndDirty:
    """What the hart may do to memory under Svadu, besides running the program."""

    @pytest.fixture
    def watch(self):
        ram = Ram(KERNBASE, 1 << 20)
        memory = wild._Memory(ram, 64 * PAGE_SIZE)
        kernel = Kernel(memory, b"", Console(), svadu=True)
        kernel.exec(elf_file(), ["a"])
        kernel.ring(Reason.BOOT)
        watch = Watch(kernel, ram)
        watch.remember()
        return watch

    def change(self, watch, address, bits):
        word = watch.ram.read_u64(address)
        assert word & bits == 0
        watch.ram.write_u64(address, word | bits)

    def test_leaves_of_the_process_and_of_the_kernel_are_marked(self, watch):
        kernel = watch.kernel
        for root in (kernel.first.pagetable, (kernel.satp & (1 << 44) - 1) << 12):
            self.change(watch, walk(kernel, root, TRAMPOLINE), int(Pte.A | Pte.D))

        assert watch._before != watch._content()
        watch.compare()

    def test_words_that_look_like_entries_are_not(self, watch):
        """In a frame of the kernel's that is no page table."""
        address = watch.kernel.trampoline + 64
        watch.ram.write_u64(address, 0x1234_0000 | Pte.V | Pte.R)
        watch.remember()
        self.change(watch, address, int(Pte.A))

        with pytest.raises(Misbehaved, match="changed while .* ran, which does not own it"):
            watch.compare()

    def test_page_tables_of_others_are_not(self, watch):
        other = proc_pagetable(watch.kernel, watch.kernel.first.trapframe)
        watch.remember()
        self.change(watch, walk(watch.kernel, other, TRAMPOLINE), int(Pte.A))

        with pytest.raises(Misbehaved, match="changed while .* ran, which does not own it"):
            watch.compare()

    def test_pointers_are_not(self, watch):
        self.change(watch, watch.kernel.first.pagetable, int(Pte.A))

        with pytest.raises(Misbehaved, match="changed while .* ran, which does not own it"):
            watch.compare()


def test_a_leak_is_found(monkeypatch):
    monkeypatch.setattr(vm, "freewalk", lambda kernel, table: None)

    failures, _ = run_part("wild", SEED, 5)

    assert any("frames leaked" in failure for failure in failures)


def test_a_kernel_that_breaks_is_found(monkeypatch):
    monkeypatch.setattr(lazy, "reason", lambda *arguments: 1 / 0)

    failures, _ = run_part("wild", SEED, 60)

    assert any("ZeroDivisionError" in failure for failure in failures)


def test_an_exec_that_spoils_the_old_program_is_found(monkeypatch):
    def spoil(kernel, proc, elf, argv, path):
        kernel.memory.write_u64(entry(kernel, 0), 0)
        raise loaders.ExecError("no")

    monkeypatch.setattr(loaders, "kexec", spoil)

    assert len(run_part("exec", SEED, 3)[0]) == 3


def test_a_hang_and_a_message_of_two_lines_are_found(monkeypatch):
    monkeypatch.setattr(guard, "_WAITING", 1)
    with pytest.raises(Misbehaved, match="has not ended"), guard.bounded():
        time.sleep(20)

    with pytest.raises(Misbehaved, match="not one line"):
        guard.one_line(ValueError("a\nb"))
