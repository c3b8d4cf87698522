from dataclasses import asdict

import pytest

from hdl.arch import PAGE_SIZE, Cause
from kernel_model.facts.accounts import Account
from kernel_model.facts.costs import IDEAL, ZERO, Step
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.mm.pagetable import count_tables, leaves
from kernel_model.proc.state import KernelWatcher
from tests.kernel_model.support import Killed, make_hart, switch_to

GIB = 1 << 30


@pytest.fixture
def hart():
    return make_hart(size=2 << 20, costs=ZERO)


def account(hart, pid):
    return hart.kernel.accounts[pid - 1]


def trap_at(hart, resumed, trapped, number=11):
    """A system call in cycle `trapped` of a process that runs since `resumed`."""
    hart.time = trapped
    frame = hart.frame
    frame.a7, frame.a0 = number, 0
    frame.scause, frame.sepc, frame.resumed, frame.time = int(Cause.ECALL_U), 0, resumed, trapped
    hart.kernel.ring(Reason.USER_TRAP)


def test_a_new_one_has_used_nothing():
    fields = asdict(Account(7))
    assert fields.pop("pid") == 7
    assert {name for name, value in fields.items() if value} == {"abi"}


def test_there_is_one_for_every_process_even_when_it_has_gone(hart):
    hart.call("fork")
    hart.call("wait", 0)
    hart.call("exit", 0)
    hart.exit()
    assert [(each.pid, each.name) for each in hart.kernel.accounts] == [
        (1, "init"),
        (2, "prog"),
        (3, "prog"),
    ]


def test_a_failed_fork_leaves_none(hart):
    hart.kernel.kmem.kalloc = lambda: 0
    assert hart.call("fork") == -1
    assert len(hart.kernel.accounts) == 2


def test_calls_and_faults_are_counted(hart):
    hart.sbrk(4 * PAGE_SIZE)
    hart.store(hart.heap, 1)
    assert hart.call("pipe", hart.heap + 2 * PAGE_SIZE) == 0  # the kernel touches it
    assert hart.call("pipe", hart.heap + 9 * PAGE_SIZE) == -1
    assert (account(hart, 2).syscalls, account(hart, 2).minor_faults) == (3, 2)


def test_a_fault_that_kills_is_no_minor_one(hart):
    with pytest.raises(Killed):
        hart.store(0, 1)
    assert (account(hart, 2).minor_faults, account(hart, 2).fatal_faults) == (0, 1)


def test_each_process_has_its_own(hart):
    hart.sbrk(4 * PAGE_SIZE)
    hart.call("fork")
    switch_to(hart, 3)
    hart.store(hart.heap, 1)
    hart.call("getpid")
    assert (account(hart, 3).syscalls, account(hart, 3).minor_faults) == (1, 1)
    assert (account(hart, 2).syscalls, account(hart, 2).minor_faults) == (2, 0)


class TestResidentPages:
    def check(self, hart, most):
        """What is counted is what is mapped, and the most of it was `most`."""
        kernel, proc = hart.kernel, hart.proc
        mapped = len(list(leaves(kernel, proc.pagetable, 0, proc.sz)))
        assert (proc.space.resident, proc.space.most) == (mapped, most)

    def test_follow_faults_and_shrinking(self, hart):
        self.check(hart, 5)
        hart.sbrk(10 * PAGE_SIZE)
        for page in (0, 3, 9):
            hart.store(hart.heap + page * PAGE_SIZE, 1)
        self.check(hart, 8)
        hart.sbrk(-8 * PAGE_SIZE)
        self.check(hart, 8)
        assert hart.proc.space.resident == 6

    def test_follow_fork(self, hart):
        hart.sbrk(GIB)
        hart.store(hart.heap + GIB - 1, 1)
        hart.call("fork")
        switch_to(hart, 3)
        self.check(hart, 6)

    def test_follow_eager_growth(self):
        hart = make_hart(abi="2025")
        hart.call("sbrk", 10, 1)
        self.check(hart, 6)
        hart.call("sbrk", 2 * PAGE_SIZE, 1)
        self.check(hart, 8)
        assert hart.call("sbrk", GIB, 1) == -1
        self.check(hart, 8)


def test_size_and_tables_are_those_at_the_end(hart):
    hart.sbrk(GIB)
    hart.sbrk(GIB)
    hart.store(hart.heap + GIB, 1)
    size, tables = hart.proc.sz, count_tables(hart.kernel, hart.proc.pagetable)
    hart.exit()
    assert (account(hart, 2).size, account(hart, 2).page_tables) == (size, tables)
    assert tables == 3 + 2 + 2


class TestCycles:
    def test_of_user_mode_are_from_return_to_trap(self, hart):
        trap_at(hart, resumed=100, trapped=350)
        trap_at(hart, resumed=400, trapped=1000)
        assert account(hart, 2).user_cycles == 250 + 600

    def test_of_the_kernel_are_from_trap_to_return(self, hart):
        trap_at(hart, resumed=100, trapped=350)
        trap_at(hart, resumed=400, trapped=1000)
        trap_at(hart, resumed=1200, trapped=1300)
        assert account(hart, 2).kernel_cycles == 50 + 200

    def test_go_to_whose_trap_it_was_though_another_process_runs_then(self, hart):
        hart.call("fork")
        trap_at(hart, resumed=100, trapped=200, number=3)  # wait
        assert hart.proc.pid == 3
        trap_at(hart, resumed=500, trapped=600)
        assert account(hart, 2).kernel_cycles - 100 == 300  # 100 before the wait
        assert (account(hart, 3).user_cycles, account(hart, 3).kernel_cycles) == (100, 0)

    def test_of_a_call_that_waits_are_up_to_the_answer(self):
        hart = make_hart(costs=IDEAL, tick=10_000)
        hart.frame.a0, hart.frame.a7 = 3, 13
        hart.frame.scause, hart.frame.resumed, hart.frame.time = int(Cause.ECALL_U), 100, 200
        cost = hart.kernel.ring(Reason.USER_TRAP)  # sleep(3)
        assert cost == IDEAL[Step.DISPATCH] + IDEAL[Step.SYSCALL]
        hart.kernel.answered_at = 250 + cost
        hart.kernel.doorbell.write(Register.TIME, 30_000)
        hart.kernel.ring(Reason.IDLE)
        trap_at(hart, resumed=30_100, trapped=30_150)
        first = account(hart, 2)
        assert (first.kernel_cycles, first.user_cycles) == (50 + cost, 150)
        assert (hart.kernel.ledger.boot, hart.kernel.ledger.idle) == (100, 29_850 - cost)


class TestBooksInTheMiddle:
    """They are brought up to date wherever the hart is; every cycle is somebody's."""

    @pytest.fixture
    def hart(self):
        hart = make_hart(size=2 << 20, costs=ZERO)
        hart.kernel.answered_at = 20  # boot
        trap_at(hart, resumed=100, trapped=350)
        return hart

    def check(self, hart, cycle, user=250, kernel=0, idle=0):
        """So many cycles were paid for by `cycle`; those of boot are 100."""
        (account,) = hart.kernel.take_accounts(cycle)
        assert (account.user_cycles, account.kernel_cycles) == (user, kernel)
        assert (hart.kernel.ledger.boot, hart.kernel.ledger.idle) == (100, idle)
        assert user + kernel + idle + 100 == cycle

    def test_before_a_process_runs(self):
        kernel = make_hart().kernel
        kernel.take_accounts(50)
        assert kernel.ledger.boot == 50

    def test_in_the_kernel_before_the_answer(self, hart):
        self.check(hart, 360, kernel=10)

    def test_in_the_kernel_after_the_answer(self, hart):
        hart.kernel.answered_at = 370
        self.check(hart, 380, kernel=30)

    def test_in_user_mode(self, hart):
        hart.kernel.answered_at, hart.frame.resumed = 370, 400
        self.check(hart, 500, user=350, kernel=50)

    def test_in_the_trampoline_on_the_way_into_the_kernel(self, hart):
        hart.kernel.answered_at, hart.frame.resumed, hart.frame.time = 370, 400, 450
        self.check(hart, 500, user=300, kernel=100)

    def test_idle(self, hart):
        hart.frame.resumed, hart.kernel.answered_at = 400, 370
        self.sleep(hart, trapped=500)
        hart.kernel.answered_at = 520
        self.check(hart, 600, user=350, kernel=70, idle=80)

    def test_about_to_idle(self, hart):
        hart.frame.resumed, hart.kernel.answered_at = 400, 370
        self.sleep(hart, trapped=500)
        self.check(hart, 510, user=350, kernel=60)

    def sleep(self, hart, trapped):
        frame = hart.frame
        frame.a0, frame.a7, frame.scause, frame.time = 3, 13, int(Cause.ECALL_U), trapped
        hart.kernel.ring(Reason.USER_TRAP)
        assert hart.kernel.doorbell.read(Register.ACTION) == Action.IDLE


class Watcher(KernelWatcher):
    """Writes down what it is told."""

    def __init__(self):
        self.told = []

    def syscall_begin(self, proc, number, args, now):
        self.told.append(("begin", proc.pid, number, args, now))

    def syscall_end(self, proc, number, result, now):
        self.told.append(("end", proc.pid, number, result, now))

    def fault(self, proc, fault, now):
        self.told.append(("fault", proc.pid, fault.stval, now))

    def exited(self, proc, now):
        self.told.append(("exited", proc.pid, proc.xstate, now))


class TestWatchers:
    @pytest.fixture
    def watcher(self, hart):
        watcher = Watcher()
        hart.kernel.watchers.append(watcher)
        return watcher

    def test_are_told_of_calls_and_faults(self, hart, watcher):
        hart.time = 70
        hart.call("sbrk", PAGE_SIZE, 5, 6, 7, 8, 9)
        hart.time = 90
        hart.store(hart.heap, 1)
        assert watcher.told == [
            ("begin", 2, 12, (PAGE_SIZE, 5, 6, 7, 8, 9), 70),
            ("end", 2, 12, 0x5000, 70),
            ("fault", 2, 0x5000, 90),
        ]

    def test_are_told_once_of_a_call_that_waits(self, hart, watcher):
        for name in ("a1", "a2", "a3", "a4", "a5"):
            setattr(hart.frame, name, 0)
        hart.call("sleep", 1)
        assert watcher.told == [
            ("begin", 2, 13, (1, 0, 0, 0, 0, 0), 0),
            ("end", 2, 13, 0, 10_000),
        ]

    def test_are_told_of_exits(self, hart, watcher):
        hart.call("fork")
        hart.call("kill", 3)
        switch = hart.call("wait", 0)
        assert switch in (None, 3)
        hart.exit(5)
        exits = [told for told in watcher.told if told[0] == "exited"]
        assert exits == [("exited", 3, -1, 0), ("exited", 2, 5, 0)]

    def test_are_told_of_a_call_that_a_kill_has_ended(self, hart, watcher):
        hart.call("fork")
        switch_to(hart, 3)
        hart.call("sleep", 100)
        hart.call("kill", 3)
        hart.call("wait", 0)
        assert ("end", 3, 13, -1, 0) in watcher.told

    def test_are_told_of_no_end_of_a_call_that_does_not_return(self, hart, watcher):
        hart.exit(5)
        assert [told[0] for told in watcher.told] == ["begin", "exited"]

    def test_are_told_of_no_end_of_a_call_that_was_none(self, hart, watcher):
        hart.call("fork")
        hart.call("kill", 3)
        watcher.told.clear()
        hart.timer()
        assert watcher.told == [("exited", 3, -1, 0)]

    def test_need_not_want_to_know_everything(self, hart):
        hart.kernel.watchers.append(KernelWatcher())
        hart.call("sbrk", PAGE_SIZE)
        hart.store(hart.heap, 1)
        hart.exit()
        assert hart.kernel.panicked is None
