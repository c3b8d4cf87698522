import copy

import pytest

from hdl.arch import PAGE_SIZE, Cause
from kernel_model.dev.console import INPUT
from kernel_model.facts.costs import IDEAL, ZERO, Step
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.param import MIN_QUANTUM
from kernel_model.proc.sleep import TICKS
from kernel_model.proc.state import Proc, ProcState
from kernel_model.scheduler import STUCK_STATUS, waits_for
from tests.kernel_model.files import Keyboard
from tests.kernel_model.support import (
    Hart,
    Killed,
    elf_file,
    make_hart,
    make_kernel,
    switch_to,
)


def quantum(hart):
    return hart.kernel.doorbell.read(Register.QUANTUM)


def make_keyboard_hart(*typed, **options):
    """A hart with someone at the keyboard."""
    kernel = make_kernel(costs=ZERO)
    kernel.console = Keyboard(*typed, **options)
    kernel.exec(elf_file(), ["prog"])
    hart = Hart(kernel)
    hart.ring(Reason.BOOT)
    return hart


class TestTurns:
    @pytest.fixture
    def hart(self):
        hart = make_hart(quantum=5000, tick=100_000, costs=ZERO)
        hart.call("fork")
        return hart

    def test_a_trap_does_not_end_one(self, hart):
        hart.time = 3000
        assert hart.call("getpid") == 2
        assert hart.proc.pid == 2

    def test_what_is_left_of_it_is_the_timers(self, hart):
        hart.time = 3000
        hart.call("getpid")
        assert quantum(hart) == 2000

    def test_the_kernels_work_is_a_part_of_it(self):
        hart = make_hart(quantum=5000, costs=IDEAL)
        assert quantum(hart) == 5000  # of a turn that begins
        hart.time = IDEAL[Step.DISPATCH] + IDEAL[Step.SWITCH]  # when that answer came
        cycles = hart.trap(Cause.ECALL_U)
        assert quantum(hart) == 5000 - cycles

    def test_there_is_always_room_for_an_instruction(self, hart):
        hart.time = 4999
        hart.call("getpid")
        assert quantum(hart) == MIN_QUANTUM

    def test_the_timer_ends_it(self, hart):
        hart.timer()
        assert (hart.proc.pid, quantum(hart)) == (3, 5000)
        hart.timer()
        assert hart.proc.pid == 2

    def test_who_traps_all_the_time_cannot_keep_the_hart(self, hart):
        hart.time = 5000
        hart.call("getpid")
        assert hart.proc.pid == 3

    def test_a_quantum_of_0_is_for_ever(self):
        hart = make_hart(quantum=0)
        hart.call("fork")
        hart.time = 10**9
        assert (hart.call("getpid"), quantum(hart)) == (2, 0)


class TestTicks:
    @pytest.fixture
    def hart(self):
        return make_hart(quantum=50_000, tick=10_000, costs=ZERO)

    def test_sleep_lasts_so_many_ticks(self, hart):
        hart.time = 25_000
        assert hart.call("sleep", 3) is None or hart.result == 0
        assert (hart.time, hart.idled) == (50_000, 25_000)
        assert hart.call("uptime") == 5

    @pytest.mark.parametrize("ticks", [0, -1, -(1 << 31)])
    def test_none_at_all(self, hart, ticks):
        assert hart.call("sleep", ticks) == 0
        assert hart.idled == 0

    def test_a_tick_that_is_awaited_ends_a_turn(self, hart):
        hart.call("fork")
        hart.timer()
        hart.time = 12_345
        hart.call("sleep", 1)
        assert (hart.proc.pid, quantum(hart)) == (2, 20_000 - 12_345)
        hart.time = 20_000
        hart.timer()
        assert (hart.proc.pid, hart.result) == (3, 0)

    def test_a_turn_ends_before_a_tick_that_is_awaited_later(self):
        hart = make_hart(quantum=2_000, tick=10_000, costs=ZERO)
        hart.call("fork")
        hart.call("sleep", 1)
        assert (hart.proc.pid, quantum(hart)) == (3, 2_000)

    def test_who_sleeps_is_let_alone_between_them(self, hart):
        hart.call("fork")
        hart.call("sleep", 1)
        hart.time = 9_999
        hart.call("getpid")
        assert hart.kernel.first.state is ProcState.SLEEPING
        hart.time = 10_000
        hart.call("getpid")
        assert hart.kernel.first.state is ProcState.RUNNABLE

    def test_the_hart_idles_up_to_the_tick(self, hart):
        hart.time = 9_999
        hart.call("sleep", 1)
        assert (hart.time, hart.idled) == (10_000, 1)

    def test_an_awaited_tick_ends_even_a_turn_that_is_for_ever(self):
        hart = make_hart(quantum=0, tick=10_000, costs=ZERO)
        hart.call("fork")
        hart.call("sleep", 1)
        assert (hart.proc.pid, quantum(hart)) == (3, 10_000)

    def test_two_sleepers(self, hart):
        hart.call("fork")
        hart.call("sleep", 2)
        hart.call("sleep", 1)
        assert (hart.proc.pid, hart.time) == (3, 10_000)
        hart.call("exit", 0)
        assert (hart.proc.pid, hart.time) == (2, 20_000)


class TestWaitingForInput:
    def test_the_host_waits_while_nobody_can_run(self):
        hart = make_keyboard_hart()
        hart.kernel.console.wait = lambda now: hart.kernel.console.typed.append(b"hi\n") or True
        hart.time = 500
        hart.call("read", 0, hart.heap - 64, 20)
        assert (hart.result, hart.time) == (3, 500)
        assert hart.get(hart.heap - 64, 3) == b"hi\n"

    def test_it_waits_again_while_the_line_is_not_whole(self):
        hart = make_keyboard_hart()
        keys = [b"h", b"i", b"\n"]
        hart.kernel.console.wait = lambda now: hart.kernel.console.typed.append(keys.pop(0)) or True
        hart.call("read", 0, hart.heap - 64, 20)
        assert (hart.result, keys) == (3, [])

    def test_input_that_comes_at_a_known_cycle(self):
        hart = make_keyboard_hart()
        keyboard = hart.kernel.console
        keyboard.next_arrival = lambda now: 7000 if now < 7000 else None
        keyboard.poll = lambda now, room: b"hi\n" if now >= 7000 else b""
        hart.call("read", 0, hart.heap - 64, 20)
        assert (hart.result, hart.time) == (3, 7000)

    def test_input_that_is_there_but_does_not_come_by_itself(self):
        hart = make_keyboard_hart(interrupts=False)
        keyboard = hart.kernel.console
        keyboard.next_arrival = lambda now: 7000
        keyboard.poll = lambda now, room: b"hi\n" if now >= 7000 else b""
        hart.call("read", 0, hart.heap - 64, 20)
        assert (hart.result, hart.time) == (3, 7000)

    def test_its_end(self):
        hart = make_keyboard_hart(ended=True)
        assert hart.call("read", 0, hart.heap - 64, 20) == 0

    def test_its_end_comes_while_a_process_reads_and_another_one_sleeps(self):
        hart = make_keyboard_hart()
        hart.call("fork")
        hart.call("read", 0, hart.heap - 64, 20)
        hart.kernel.console.is_ended = True
        hart.call("sleep", 3)
        assert (hart.proc.pid, hart.result, hart.time) == (2, 0, 0)

    def test_ticks_go_on_meanwhile(self):
        hart = make_keyboard_hart()
        hart.call("fork")
        hart.call("read", 0, hart.heap - 64, 20)
        hart.call("sleep", 3)
        assert (hart.proc.pid, hart.time, hart.kernel.console.waits) == (3, 30_000, 0)


class TestTheEnd:
    def test_comes_with_the_first_program(self):
        hart = make_hart()
        hart.call("fork")
        hart.exit(7)
        kernel = hart.kernel
        assert (kernel.exit_status, kernel.panicked, kernel.proc) == (7, None, None)
        assert [proc.pid for proc in kernel.procs] == [1]
        assert kernel.kmem.used == kernel.own_frames
        assert kernel.ftable == []
        assert hart.printed == ""

    def test_whatever_the_others_are_about(self):
        hart = make_hart(size=2 << 20)
        hart.call("pipe", hart.heap - 16)
        for _ in range(3):
            hart.call("fork")
        hart.timer()
        hart.call("sleep", 100)
        hart.call("read", 3, hart.heap - 64, 1)
        hart.call("exit", 0)  # a zombie that nobody waits for
        hart.exit()
        assert hart.kernel.panicked is None
        assert hart.kernel.kmem.used == hart.kernel.own_frames
        statuses = [account.exit_status for account in hart.kernel.accounts]
        assert statuses == [None, 0, -1, -1, 0]  # of init, who ends, two alive, the zombie
        assert quantum(hart) == 0

    def test_comes_if_nobody_can_ever_run_again(self):
        hart = make_hart(argv=["/bin/prog"])
        hart.call("pipe", hart.heap - 16)
        hart.call("fork")
        hart.call("wait", 0)
        with pytest.raises(Killed):
            hart.call("read", 3, hart.heap - 64, 1)
        assert hart.printed == (
            "no process can ever run again: 2 prog waits for a child, 3 prog waits for pipe-read\n"
        )
        assert hart.kernel.exit_status == STUCK_STATUS == 125
        assert hart.kernel.panicked is None

    def test_a_leak_is_a_panic(self):
        hart = make_hart()
        hart.call("fork")
        hart.kernel.kmem.kalloc()
        hart.exit()
        assert str(hart.kernel.panicked) == "freeproc: 1 frames leaked"


class TestCallsThatBeginAgain:
    def test_a_write_larger_than_the_pipe(self):
        hart = make_hart(size=2 << 20)
        hart.sbrk(4 * PAGE_SIZE)
        data = bytes(range(256)) * 5
        hart.put(hart.heap, data)
        hart.call("pipe", hart.heap - 16)
        hart.call("fork")
        assert hart.call("write", 4, hart.heap, len(data)) is None
        assert (hart.proc.pid, hart.kernel.procs[1].done) == (3, 512)
        received = b""
        while len(received) < len(data):
            hart.call("read", 3, hart.heap, 300)
            switch_to(hart, 3)
            received += hart.get(hart.heap, hart.result)
        switch_to(hart, 2)
        assert received == data
        assert hart.result == len(data)

    def test_counts_as_one_call(self):
        hart = make_hart(costs=ZERO)
        hart.call("sleep", 5)
        assert hart.proc.account.syscalls == 1


@pytest.mark.parametrize(
    "chan, words",
    [
        (TICKS, "ticks"),
        (INPUT, "console input"),
        (("pipe-read", 3), "pipe-read"),
        (Proc(None, 0), "a child"),
    ],
)
def test_what_a_process_waits_for_in_words(chan, words):
    assert waits_for(Proc(None, 0, state=ProcState.SLEEPING, chan=chan)) == words


def test_a_kernel_can_be_copied_in_the_middle_of_everything():
    hart = make_hart(size=2 << 20)
    hart.call("pipe", hart.heap - 16)
    hart.call("fork")
    hart.call("read", 3, hart.heap - 64, 10)  # the parent waits for its child
    twin = copy.deepcopy(hart)

    for each in (twin, hart):
        assert each.proc.pid == 3
        each.put(each.heap - 64, b"hello")
        assert each.call("write", 4, each.heap - 64, 5) == 5
        each.call("exit", 0)
        assert (each.proc.pid, each.result) == (2, 5)
        assert each.get(each.heap - 64, 5) == b"hello"
        each.exit(3)
        assert (each.kernel.exit_status, each.kernel.panicked) == (3, None)
    assert twin.kernel.memory is not hart.kernel.memory
    assert twin.kernel.procs[0] is not hart.kernel.procs[0]


def test_the_answer_to_an_idle_hart():
    kernel = make_kernel(costs=ZERO, tick=10_000)
    kernel.exec(elf_file(), ["prog"])
    hart = Hart(kernel)
    hart.ring(Reason.BOOT)
    hart.frame.a7, hart.frame.a0, hart.frame.scause = 13, 1, int(Cause.ECALL_U)
    hart.frame.time = 4000

    kernel.ring(Reason.USER_TRAP)

    assert kernel.doorbell.read(Register.ACTION) == Action.IDLE
    assert kernel.doorbell.read(Register.QUANTUM) == 6000
    assert kernel.proc is None
    assert kernel.first.state is ProcState.SLEEPING
