from sim.machine import End
from sim.result import STATUS
from tests.sim.results import make_result


def test_instructions_per_cycle():
    assert make_result(cycles=200, instructions=50).ipc == 0.25
    assert make_result(cycles=0, instructions=0).ipc == 0


def test_what_is_no_processs_has_names_under_a_kernel_only():
    assert make_result(boot_cycles=258, idle_cycles=0).remainders == [("boot", 258), ("idle", 0)]
    assert make_result().remainders == []


def test_every_end_but_the_programs_own_has_a_status():
    assert set(STATUS) == set(End) - {End.FINISHED}
    assert all(status >= 124 for status in STATUS.values())
