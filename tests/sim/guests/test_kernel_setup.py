"""The configuration at work: the kernel and its disk."""

import pytest

from hdl.arch import Pte
from kernel_model.facts.abi import Abi
from kernel_model.facts.costs import IDEAL, TABLE, ZERO
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.param import BSIZE, MAXFILE, QUANTUM, TICK
from kernel_model.fs.names import FsError, namei
from kernel_model.kernel import Kernel
from kernel_model.mm.policy import POLICIES
from sim.config import HostFile, RunConfig
from sim.guests import kernel_setup
from sim.guests.host_files import HostFileError
from sim.guests.kernel_setup import make_kernel
from sim.platform.ram import Ram
from tests.kernel_model.support import Console
from tests.sim.user import TRAMPOLINE


@pytest.fixture
def asked(monkeypatch):
    """Bundled programs that need no compiler; how often the kernel has asked for them."""
    calls = []

    def bundled_files():
        calls.append("bundled")
        return {"cat": b"bundled cat", "sh": b"bundled sh"}

    monkeypatch.setattr(kernel_setup, "bundled_files", bundled_files)
    monkeypatch.setattr(kernel_setup, "assemble_trampoline", lambda: TRAMPOLINE)
    return calls


def kernel_of(**options):
    return make_kernel(RunConfig(**options), Ram(KERNBASE, 1 << 20), Console())


def content(kernel, path):
    """What is in the file at the absolute `path`; None if there is none."""
    ip = namei(kernel, None, path)
    return None if ip is None else bytes(ip.data)


@pytest.mark.usefixtures("asked")
class TestKernel:
    def test_without_options_it_is_as_it_is_by_itself(self):
        kernel, alone = kernel_of(), Kernel(Ram(KERNBASE, 1 << 20), TRAMPOLINE, Console())
        assert (kernel.cpu, kernel.clock) == (alone.cpu, alone.clock)
        assert kernel.meter.costs == alone.meter.costs
        for name in ("abi", "policy", "leaf_flags", "own_frames", "satp"):
            assert getattr(kernel, name) == getattr(alone, name), name
        assert (kernel.cpu.quantum, kernel.clock.tick, kernel.abi) == (QUANTUM, TICK, None)

    def test_the_trampoline_is_where_the_hart_starts(self):
        assert kernel_of().memory.read(KERNBASE, len(TRAMPOLINE)) == TRAMPOLINE

    def test_turns_and_ticks_are_as_long_as_the_options_say(self):
        kernel = kernel_of(quantum=2345, tick=678)
        assert (kernel.cpu.quantum, kernel.clock.tick) == (2345, 678)

    @pytest.mark.parametrize("abi", Abi)
    def test_its_sbrk_is_that_of_the_option(self, abi):
        assert kernel_of(abi=abi.value).abi is abi

    @pytest.mark.parametrize("name, costs", [("table", TABLE), ("ideal", IDEAL), ("zero", ZERO)])
    def test_its_work_costs_what_the_option_says(self, name, costs):
        assert kernel_of(kernel_cost=name).meter.costs == costs

    @pytest.mark.parametrize("name", POLICIES)
    def test_pages_get_their_frames_as_the_option_says(self, name):
        assert kernel_of(policy=name).policy is POLICIES[name]

    @pytest.mark.parametrize("svadu, flags", [(False, Pte.A | Pte.D), (True, 0)])
    def test_whoever_does_not_set_a_and_d_bits_is_told_to_leave_them(self, svadu, flags):
        kernel = kernel_of(svadu=svadu)
        assert kernel.leaf_flags == flags
        assert kernel.doorbell.read(Register.ADUE) == svadu


class TestDisk:
    def test_the_bundled_programs_are_there_once_a_path_is_looked_up(self, asked):
        kernel = kernel_of()
        assert asked == []
        assert content(kernel, b"/cat") == b"bundled cat"
        assert content(kernel, b"/sh") == b"bundled sh"
        assert asked == ["bundled"]

    def test_they_can_be_left_out(self, asked, tmp_path):
        (tmp_path / "notes").write_bytes(b"from the host")
        kernel = kernel_of(programs=False, files=(HostFile(tmp_path / "notes", "notes"),))
        assert content(kernel, b"/cat") is None
        assert content(kernel, b"/notes") == b"from the host"
        assert asked == []

    def test_files_of_the_host_are_beside_them(self, asked, tmp_path):
        (tmp_path / "notes").write_bytes(b"from the host")
        kernel = kernel_of(files=(HostFile(tmp_path / "notes", "deep/down"),))
        assert content(kernel, b"/deep/down") == b"from the host"
        assert content(kernel, b"/cat") == b"bundled cat"
        assert content(kernel, b"/notes") is None

    def test_a_file_of_the_host_stands_in_for_a_program_of_its_name(self, asked, tmp_path):
        (tmp_path / "mine").write_bytes(b"my cat")
        kernel = kernel_of(files=(HostFile(tmp_path / "mine", "cat"),))
        assert content(kernel, b"/cat") == b"my cat"
        assert content(kernel, b"/sh") == b"bundled sh"

    def test_a_file_that_is_too_long_is_refused_before_the_run(self, asked, tmp_path):
        (tmp_path / "long").write_bytes(bytes(MAXFILE * BSIZE + 1))
        with pytest.raises(HostFileError, match="long: more than"):
            kernel_of(files=(HostFile(tmp_path / "long", "long"),))

    def test_so_are_more_than_the_disk_holds(self, asked, tmp_path):
        (tmp_path / "long").write_bytes(bytes(MAXFILE * BSIZE))
        with pytest.raises(FsError):
            kernel_of(files=tuple(HostFile(tmp_path / "long", f"{n}") for n in range(8)))

    def test_so_is_one_that_is_not_there(self, asked, tmp_path):
        with pytest.raises(FileNotFoundError):
            kernel_of(files=(HostFile(tmp_path / "none", "none"),))
