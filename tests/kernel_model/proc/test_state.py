import pytest

from kernel_model.mm.space import AddressSpace
from kernel_model.proc.state import Clock, Cpu, Proc, ProcTable
from kernel_model.proc.trapframe import TrapFrame
from tests.kernel_model.support import Memory


class TestClock:
    @pytest.mark.parametrize("now, ticks", [(0, 0), (99, 0), (100, 1), (250, 2)])
    def test_a_tick_is_over_when_all_its_cycles_are(self, now, ticks):
        assert Clock(tick=100, now=now).ticks == ticks

    def test_begins_with_reset(self):
        assert Clock(tick=100).now == 0


class TestCpu:
    @pytest.mark.parametrize("now, over", [(0, False), (4999, False), (5000, True), (5001, True)])
    def test_a_turn_is_over_in_the_cycle_in_which_it_ends(self, now, over):
        assert Cpu(quantum=1000, least_turn=1000, turn_ends=5000).turn_is_over(now) is over

    def test_one_without_end_is_never_over(self):
        assert not Cpu(quantum=0, least_turn=1000).turn_is_over(1 << 62)

    def test_is_nobodys_at_first(self):
        assert Cpu(quantum=1000, least_turn=1000).proc is None


class TestProcTable:
    def test_pids_are_never_given_again(self):
        table = ProcTable()
        assert [table.allocpid() for _ in range(3)] == [1, 2, 3]

    def test_the_first_is_init(self):
        table = ProcTable()
        frame = TrapFrame(Memory(), 0)
        table += [Proc(frame, AddressSpace(0), pid) for pid in (1, 2)]
        assert table.init.pid == 1


def test_a_process_has_what_xv6_calls_sz_and_pagetable():
    proc = Proc(TrapFrame(Memory(), 0), AddressSpace(0x8000_3000, 0x5000))
    assert (proc.sz, proc.pagetable) == (0x5000, 0x8000_3000)
    proc.space = AddressSpace(0x8000_4000)
    assert (proc.sz, proc.pagetable) == (0, 0x8000_4000)
