import pytest

from hdl.arch import PAGE_SIZE, Cause, make_satp
from kernel_model.facts.costs import IDEAL, ZERO, Step
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.memlayout import KERNBASE, TRAPFRAME
from kernel_model.facts.panic import PANIC_STATUS
from kernel_model.kernel import Kernel
from tests.kernel_model.support import (
    Console,
    Killed,
    Memory,
    elf_file,
    make_hart,
    make_kernel,
)


def test_the_trampoline_is_where_the_hart_starts():
    kernel = make_kernel()
    assert kernel.memory.read(KERNBASE, PAGE_SIZE) == b"trampoline".ljust(PAGE_SIZE, b"\0")


@pytest.mark.parametrize("svadu", [False, True])
def test_reset_finds_the_kernels_page_table(svadu):
    kernel = make_kernel(svadu=svadu)
    assert kernel.doorbell.read(Register.KERNEL_SATP) == kernel.satp
    assert kernel.doorbell.read(Register.ADUE) == svadu
    assert kernel.satp >> 60 == 8


def test_a_new_one_has_done_nothing():
    kernel = make_kernel()
    assert (kernel.clock.now, kernel.answered_at, kernel.exit_status) == (0, 0, 0)
    assert (kernel.pages_promised, kernel.heap_frames_used) == (0, 0)
    assert not kernel.halted


@pytest.mark.parametrize("abi, blocks", [("lab", 1954), ("2025", 1953)])
def test_the_disk_is_that_of_the_release_before_any_program_runs(abi, blocks):
    assert make_kernel(abi=abi).fs.data_blocks == blocks


def test_the_clock_at_boot_is_what_the_doorbell_says():
    kernel = make_kernel()
    kernel.exec(elf_file(), ["prog"])
    kernel.doorbell.write(Register.TIME, 77)
    kernel.ring(Reason.BOOT)
    assert kernel.clock.now == 77


def test_boot_is_answered_with_the_process():
    kernel = make_kernel(quantum=5000)
    kernel.exec(elf_file(), ["prog"])

    kernel.ring(Reason.BOOT)

    assert kernel.doorbell.read(Register.ACTION) == Action.RUN
    assert kernel.doorbell.read(Register.SATP) == make_satp(kernel.first.pagetable)
    assert kernel.doorbell.read(Register.QUANTUM) == 5000


@pytest.mark.parametrize("reason", [Reason.BOOT, Reason.USER_TRAP, Reason.IDLE])
def test_a_ring_without_a_process_panics(reason):
    kernel = make_kernel()
    kernel.ring(reason)
    assert kernel.doorbell.read(Register.ACTION) == Action.HALT
    assert kernel.exit_status == PANIC_STATUS
    assert kernel.console.printed.startswith(b"panic: ring: there is no process\n")


def test_a_trap_while_nobody_runs_panics():
    hart = make_hart()
    hart.kernel.cpu.proc = None
    with pytest.raises(Killed):
        hart.ring(Reason.USER_TRAP)
    assert hart.printed.startswith("panic: ring: there is no process\n")
    assert hart.kernel.doorbell.read(Register.QUANTUM) == 0


def test_a_ring_for_no_reason_panics():
    hart = make_hart()
    with pytest.raises(Killed):
        hart.ring(77)
    assert hart.printed.startswith("panic: ring: no reason 77\n")


def test_the_time_of_a_ring_without_a_trap_frame_is_in_the_doorbell():
    hart = make_hart()
    hart.kernel.doorbell.write(Register.TIME, 1234)
    hart.ring(Reason.IDLE)
    assert hart.kernel.clock.now == 1234


def test_one_first_process_only():
    hart = make_hart()
    with pytest.raises(RuntimeError, match="exists already"):
        hart.kernel.exec(elf_file(), ["prog"])


def test_exit_frees_every_frame():
    kernel = make_kernel()
    used = kernel.kmem.used
    hart = make_hart()
    hart.sbrk(100 * PAGE_SIZE)
    for page in range(0, 100, 7):
        hart.store(hart.heap + page * PAGE_SIZE, page)

    hart.exit(3)

    assert hart.kernel.kmem.used == used
    assert hart.kernel.exit_status == 3
    assert hart.kernel.doorbell.read(Register.ACTION) == Action.HALT
    assert hart.kernel.heap_frames_used == 15
    assert hart.kernel.frames_used == hart.kernel.kmem.used_max > used + 15


def test_a_panic_tells_what_the_kernel_looks_like():
    hart = make_hart(argv=["/bin/prog"])
    hart.call("fork")
    with pytest.raises(Killed):
        hart.ring(77)
    used, free = hart.kernel.kmem.used, hart.kernel.kmem.free
    panic, *dump, frames = hart.printed.splitlines()
    assert panic == "panic: ring: no reason 77"
    assert [line for line in dump if line] == ["1 sleep init", "2 run prog", "3 runble prog"]
    assert frames == f"{used} frames in use, {free} free"


def test_a_leaked_frame_is_a_panic():
    hart = make_hart()
    hart.kernel.kmem.kalloc()
    hart.exit()
    assert str(hart.kernel.panicked) == "freeproc: 1 frames leaked"


class TestCosts:
    def test_a_timer_interrupt_ends_a_turn(self):
        hart = make_hart()
        steps = [Step.DISPATCH, Step.TURN, Step.SWITCH]
        assert hart.trap(1 << 63 | 5) == sum(IDEAL[step] for step in steps)

    def test_a_system_call(self):
        hart = make_hart(costs={step: 10**step for step in Step})
        hart.frame.a7 = 11
        assert hart.trap(Cause.ECALL_U) == 10**Step.DISPATCH + 10**Step.SYSCALL

    def test_a_lazy_page(self):
        hart = make_hart()
        hart.sbrk(PAGE_SIZE)

        cycles = hart.trap(Cause.STORE_PAGE, stval=hart.heap)

        # Two walks of three entries: is the page mapped, and mapping it.
        steps = [Step.DISPATCH, Step.FAULT, Step.ALLOCATE, Step.ZERO_PAGE] + 6 * [Step.PTE]
        assert cycles == sum(IDEAL[step] for step in steps)

    def test_a_write(self):
        hart = make_hart()
        hart.frame.a7, hart.frame.a0, hart.frame.a1, hart.frame.a2 = 16, 1, 0x1000, 20
        cycles = hart.trap(Cause.ECALL_U)
        steps = [Step.DISPATCH, Step.SYSCALL, Step.FILE, Step.PIECE]
        steps += 3 * [Step.PTE] + 3 * [Step.COPY] + 20 * [Step.CONSOLE_CHAR]
        assert cycles == sum(IDEAL[step] for step in steps)

    def test_zero(self):
        hart = make_hart(costs=ZERO)
        hart.sbrk(PAGE_SIZE)
        assert hart.trap(Cause.STORE_PAGE, stval=hart.heap) == 0


@pytest.mark.parametrize(
    "options, message",
    [
        ({"size": 15 * PAGE_SIZE}, "RAM must be 65536 to 272730415104 bytes"),
        ({"size": TRAPFRAME - KERNBASE + PAGE_SIZE}, "RAM must be 65536 to 272730415104 bytes"),
        ({"size": 100_000}, "in whole pages, not 100000"),
        ({"trampoline": bytes(PAGE_SIZE + 1)}, "trampoline must fit a page, not take 4097 bytes"),
        ({"quantum": 999}, "quantum must be 0 or at least 1000 cycles, not 999"),
        ({"quantum": -1}, "quantum must be 0 or at least 1000 cycles, not -1"),
        ({"tick": 0}, "tick must be at least 1 cycle, not 0"),
        ({"base": 0x9000_0000}, "RAM must start at 0x80000000, not 0x90000000"),
    ],
)
def test_bad_parameters(options, message):
    memory = Memory()
    memory.size = options.pop("size", memory.size)
    memory.base = options.pop("base", KERNBASE)
    trampoline = options.pop("trampoline", b"")
    with pytest.raises(ValueError, match=message):
        Kernel(memory, trampoline, Console(), **options)


def test_the_smallest_ram_boots_with_the_shortest_turns_and_ticks():
    make_kernel(size=16 * PAGE_SIZE, quantum=0)
    make_kernel(quantum=1000, tick=1)


def test_the_page_table_of_the_first_program_is_printed_once():
    hart = make_hart(vmprint_exec=True)
    printed = hart.kernel.console.printed.decode().splitlines()
    assert printed[0] == f"page table {hart.proc.pagetable:#018x}"
    assert sum(line.startswith(" .. .. ..") for line in printed) == 5 + 2
    hart.call("exec", 0, 0)
    assert hart.kernel.console.printed.decode().splitlines() == printed
    assert make_hart().kernel.console.printed == b""


def test_ram_may_end_at_the_trap_frame():
    class Used(Exception):
        """It was not refused."""

    class Large(Memory):
        size = TRAPFRAME - KERNBASE

        def __init__(self):
            self.base = KERNBASE

        def zero(self, pa, n):
            raise Used

    with pytest.raises(Used):
        Kernel(Large(), b"", Console())
