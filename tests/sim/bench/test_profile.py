"""Each cycle of the kernel in C is some function's."""

import pytest

from hdl.arch import Priv
from sim.bench.profile import USER, Profile, is_mark

RDTIME, SRET, NOP = 0xC010_2573, 0x1020_0073, 0x13
#: Two instructions of each, from multiples of 16 on.
NAMES = (
    *("usertrap", "acquire", "kfork", "memcpy", "kernelvec", "clockintr", "virtio_disk_rw"),
    *("sleep", "scheduler", "release"),
)


@pytest.fixture
def profile(monkeypatch):
    def look_up(self, pc):
        return NAMES[pc // 16], pc % 16 == 0

    monkeypatch.setattr(Profile, "_look_up", look_up)
    return Profile(b"", 0)


def run(profile, *names, insn=NOP):
    """A cycle in each; the first instruction of a function where it was not the last one's."""
    for name in names:
        begins = not name.endswith("+")
        pc = 16 * NAMES.index(name.rstrip("+")) + (0 if begins else 8)
        fields = {"mode": Priv.S, "pc_rdata": pc, "insn": insn}
        profile.record(profile._last + 1, fields)


def user(profile, insn=NOP, cycles=1):
    profile.record(profile._last + cycles, {"mode": Priv.U, "pc_rdata": 0, "insn": insn})


def test_a_job_begins_when_the_time_is_asked_for(profile):
    user(profile, cycles=5)
    user(profile, RDTIME, cycles=2)
    user(profile, cycles=3)
    assert {job: dict(cycles) for job, cycles in profile.cycles.items()} == {
        -1: {USER: 5},
        0: {USER: 5},
    }


def test_only_a_program_begins_one():
    assert is_mark({"mode": Priv.U, "insn": RDTIME})
    assert not is_mark({"mode": Priv.S, "insn": RDTIME})
    assert not is_mark({"mode": Priv.U, "insn": NOP})


def test_a_lock_is_the_work_of_who_takes_it_and_a_copy_is_told_apart(profile):
    run(profile, "usertrap", "acquire", "acquire+", "kfork", "memcpy", "kfork+")
    assert profile.cycles[-1] == {"usertrap": 3, "kfork": 2, "kfork > memcpy": 1}


def test_after_an_interrupt_of_the_kernel_it_goes_on_as_before(profile):
    run(profile, "kfork", "memcpy", "kernelvec", "clockintr", "acquire")
    run(profile, "kernelvec+", insn=SRET)
    run(profile, "memcpy+")
    assert profile.cycles[-1] == {
        "kfork": 1,
        "kfork > memcpy": 2,
        "kernelvec": 2,
        "clockintr": 2,
    }


def test_all_that_is_done_while_the_disk_works_is_its(profile):
    run(profile, "virtio_disk_rw", "sleep", "scheduler", "kernelvec", "sleep+", "virtio_disk_rw+")
    run(profile, "scheduler")
    assert profile.cycles[-1] == {"virtio_disk_rw": 6, "scheduler": 1}


def test_another_sleep_is_none_of_the_disks(profile):
    run(profile, "kfork", "sleep", "scheduler")
    assert profile.cycles[-1] == {"kfork": 2, "scheduler": 1}
