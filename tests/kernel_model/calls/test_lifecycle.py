import pytest

from hdl.arch import PAGE_SIZE, Cause, make_satp
from kernel_model.calls.lifecycle import kexit
from kernel_model.facts.doorbell import Register
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import NPROC
from kernel_model.proc.state import ProcState
from kernel_model.proc.trapframe import OFFSETS
from tests.kernel_model.support import Killed, make_hart, make_kernel, switch_to

GIB = 1 << 30


@pytest.fixture
def hart():
    return make_hart(size=2 << 20)


def pids(hart):
    return [proc.pid for proc in hart.kernel.procs]


def process(hart, pid):
    return next(proc for proc in hart.kernel.procs if proc.pid == pid)


def test_init_waits_and_has_no_memory():
    init = make_kernel().procs.init
    assert (init.pid, init.state, init.chan) == (1, ProcState.SLEEPING, init)
    assert (init.trapframe.pa, init.pagetable, init.sz) == (0, 0, 0)


class TestFork:
    def test_returns_twice(self, hart):
        assert hart.call("fork") == 3
        assert hart.call("getpid") == 2
        hart.timer()
        assert (hart.result, hart.call("getpid")) == (0, 3)

    def test_the_child_goes_on_where_its_parent_was(self, hart):
        hart.frame.s5, hart.frame.sp = 55, 0x4F00
        hart.frame.a7 = 1
        hart.trap(Cause.ECALL_U, sepc=0x124)
        parent = {name: getattr(hart.frame, name) for name in OFFSETS}
        hart.timer()
        child = {name: getattr(hart.frame, name) for name in OFFSETS}
        assert parent | {"a0": 0} == child | {"scause": 8}
        assert (child["s5"], child["sp"], child["sepc"]) == (55, 0x4F00, 0x128)

    def test_memory_is_copied_and_not_shared(self, hart):
        hart.sbrk(3 * PAGE_SIZE)
        hart.put(hart.heap, b"parent")
        hart.call("fork")
        hart.put(hart.heap, b"PARENT")
        hart.timer()
        assert hart.get(hart.heap, 6) == b"parent"
        hart.put(hart.heap, b"child!")
        hart.timer()
        assert hart.get(hart.heap, 6) == b"PARENT"

    def test_what_nobody_has_touched_waits_in_the_child_too(self, hart):
        hart.sbrk(GIB)
        hart.store(hart.heap, 1)
        used = hart.kernel.kmem.used
        hart.call("fork")
        # Trap frame, page table of three levels in two places, text, data, guard, stack, heap.
        assert hart.kernel.kmem.used - used == 1 + 5 + 1 + 2 + 2 + 1
        hart.timer()
        hart.store(hart.heap + GIB - 1, 7)
        assert hart.load(hart.heap + GIB - 1) == 7

    def test_each_process_runs_with_its_own_page_table_and_trap_frame(self, hart):
        hart.call("fork")
        for _ in range(2):
            hart.timer()
            satp = hart.kernel.doorbell.read(Register.SATP)
            assert satp == make_satp(hart.proc.pagetable)
        tables = {proc.pagetable for proc in hart.kernel.procs[1:]}
        assert len(tables) == 2

    def test_open_files_and_directory_are_shared(self, hart):
        hart.call("fork")
        parent, child = process(hart, 2), process(hart, 3)
        assert child.ofile == parent.ofile
        assert child.ofile[0].ref == 6
        assert child.cwd is parent.cwd

    def test_copied_code_is_fenced(self, hart):
        hart.timer()
        assert hart.kernel.doorbell.read(Register.FENCE_I) == 0
        hart.call("fork")
        assert hart.kernel.doorbell.read(Register.FENCE_I) == 1

    def test_the_table_of_processes_fills(self):
        hart = make_hart(size=4 << 20)
        made = []
        while (pid := hart.call("fork")) != -1:
            made.append(pid)
        used = hart.kernel.kmem.used
        assert made == list(range(3, NPROC + 1))  # with init and this one they are NPROC
        assert hart.call("fork") == -1
        assert hart.kernel.kmem.used == used

    def test_a_failed_one_takes_no_pid(self, hart):
        hart.kernel.procs += [hart.kernel.procs.init] * NPROC
        assert hart.call("fork") == -1
        del hart.kernel.procs[-NPROC:]
        assert hart.call("fork") == 3


class TestExitAndWait:
    def test_the_parent_gets_pid_and_status(self, hart):
        hart.call("fork")
        assert hart.call("wait", hart.heap - 8) is None  # it sleeps, and its child has its turn
        assert hart.proc.pid == 3
        hart.call("exit", 300)
        assert (hart.proc.pid, hart.result) == (2, 3)
        assert int.from_bytes(hart.get(hart.heap - 8, 4), "little") == 300

    def test_a_child_that_has_ended_already(self, hart):
        hart.call("fork")
        hart.timer()
        hart.call("exit", -5)
        assert hart.proc.pid == 2
        assert process(hart, 3).state is ProcState.ZOMBIE
        assert hart.call("wait", hart.heap - 8) == 3
        assert hart.get(hart.heap - 8, 4) == b"\xfb\xff\xff\xff"
        assert pids(hart) == [1, 2]

    def test_without_children(self, hart):
        assert hart.call("wait", 0) == -1

    def test_each_child_once(self, hart):
        for _ in range(3):
            hart.call("fork")
        reaped = []
        for _ in range(3):
            hart.call("wait", 0)
            while hart.proc.pid != 2:
                hart.call("exit", 0)
            reaped.append(hart.result)
        assert sorted(reaped) == [3, 4, 5]
        assert hart.call("wait", 0) == -1

    def test_a_bad_address_leaves_the_child_to_be_waited_for(self, hart):
        hart.call("fork")
        hart.timer()
        hart.call("exit", 0)
        assert hart.call("wait", 0x100) == -1  # text
        assert hart.call("wait", 1 << 40) == -1
        assert hart.call("wait", 0) == 3

    def test_the_status_may_lie_on_an_untouched_page(self, hart):
        hart.sbrk(2 * PAGE_SIZE)
        hart.call("fork")
        hart.call("wait", hart.heap + PAGE_SIZE - 2)
        hart.call("exit", 0x01020304)
        assert hart.get(hart.heap + PAGE_SIZE - 2, 4) == b"\4\3\2\1"

    def test_the_status_is_four_bytes(self, hart):
        hart.put(hart.heap - 8, b"12345678")
        hart.call("fork")
        hart.call("wait", hart.heap - 7)
        hart.call("exit", 0)
        assert hart.get(hart.heap - 8, 8) == b"1\0\0\0\0" + b"678"

    def test_everything_comes_back(self, hart):
        used = hart.kernel.kmem.used
        for _ in range(5):
            hart.call("fork")
            switch_to(hart, hart.kernel.procs[-1].pid)
            hart.sbrk(PAGE_SIZE)
            hart.store(hart.proc.sz - 1, 1)
            hart.call("exit", 0)
            assert hart.call("wait", 0) > 2
        assert hart.kernel.kmem.used == used
        assert hart.proc.ofile[0].ref == 3

    def test_memory_stays_until_the_parent_waits(self, hart):
        hart.call("fork")
        used = hart.kernel.kmem.used
        hart.timer()
        hart.call("exit", 0)
        assert hart.kernel.kmem.used == used
        hart.call("wait", 0)
        assert hart.kernel.kmem.used < used

    def test_files_are_closed_at_once(self, hart):
        hart.call("fork")
        hart.timer()
        child, directory = hart.proc, hart.proc.cwd
        hart.call("exit", 0)
        assert (process(hart, 2).ofile[0].ref, directory.ref) == (3, 1)
        assert child.cwd is None
        assert set(child.ofile) == {None}

    def test_init_cannot_exit(self, hart):
        with pytest.raises(KernelPanic, match="kexit: init exiting"):
            kexit(hart.kernel, hart.kernel.procs.init, 0)


class TestOrphans:
    def test_are_freed_by_init_at_once(self, hart):
        used = hart.kernel.kmem.used
        hart.call("fork")
        switch_to(hart, 3)
        hart.call("fork")  # 4, a grandchild
        hart.call("exit", 0)
        switch_to(hart, 2)
        assert hart.call("wait", 0) == 3
        assert process(hart, 4).parent is hart.kernel.procs.init
        switch_to(hart, 4)
        hart.call("exit", 9)
        assert pids(hart) == [1, 2]
        assert hart.kernel.kmem.used == used

    def test_that_have_ended_before_their_parent(self, hart):
        hart.call("fork")
        switch_to(hart, 3)
        hart.call("fork")
        switch_to(hart, 4)
        hart.call("exit", 0)
        switch_to(hart, 3)
        assert pids(hart) == [1, 2, 3, 4]  # nobody has waited for 4
        hart.call("exit", 0)
        assert pids(hart) == [1, 2, 3]

    def test_are_not_their_grandparents_children(self, hart):
        hart.call("fork")
        switch_to(hart, 3)
        hart.call("fork")
        hart.call("exit", 0)
        switch_to(hart, 2)
        assert hart.call("wait", 0) == 3
        assert hart.call("wait", 0) == -1


class TestKill:
    def test_a_process_that_is_ready(self, hart):
        hart.call("fork")
        assert hart.call("kill", 3) == 0
        assert hart.call("wait", hart.heap - 8) is not None or hart.result == 3
        assert hart.get(hart.heap - 8, 4) == b"\xff\xff\xff\xff"

    def test_one_that_waits_for_a_child(self, hart):
        hart.call("fork")
        switch_to(hart, 3)
        hart.call("fork")
        assert hart.call("wait", 0) is None
        switch_to(hart, 2)
        assert hart.call("kill", 3) == 0
        assert hart.call("wait", 0) in (None, 3)
        switch_to(hart, 2)
        assert pids(hart) == [1, 2, 4]

    def test_one_that_sleeps(self, hart):
        hart.call("fork")
        switch_to(hart, 3)
        assert hart.call("sleep", 1000) is None
        assert hart.call("kill", 3) == 0
        hart.call("wait", 0)
        assert (hart.result, hart.idled) == (3, 0)

    def test_one_that_reads_an_empty_pipe(self, hart):
        hart.call("pipe", hart.heap - 16)
        hart.call("fork")
        switch_to(hart, 3)
        assert hart.call("read", 3, hart.heap - 32, 1) is None
        assert hart.call("kill", 3) == 0
        hart.call("wait", hart.heap - 8)
        assert hart.result == 3
        assert hart.get(hart.heap - 8, 4) == b"\xff\xff\xff\xff"

    def test_oneself(self, hart):
        with pytest.raises(Killed):
            hart.call("kill", 2)
        assert hart.kernel.exit_status == -1

    @pytest.mark.parametrize("pid", [0, 1, -1, 77])
    def test_nobody_of_that_pid(self, hart, pid):
        assert hart.call("kill", pid) == -1

    def test_one_that_has_ended(self, hart):
        hart.call("fork")
        hart.timer()
        hart.call("exit", 5)
        assert hart.call("kill", 3) == 0
        assert hart.call("wait", hart.heap - 8) == 3
        assert hart.get(hart.heap - 8, 4) == b"\5\0\0\0"
