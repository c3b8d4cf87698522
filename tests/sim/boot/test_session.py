"""A small kernel on the devices of `virt`, on both engines."""

import io
import struct

import pytest

from sim import BootConfig, End, machine, start_boot
from sim.boot.session import BootSession
from sim.guests.boot_image import read_boot
from sim.guests.kernel_steps import KernelSteps
from sim.host.programs import build_bare
from sim.platform.devices.console import Console
from sim.platform.devices.journal import Entry, Replay
from tests.sim.kernels import DISK, kernel

BANNER = b"a kernel\n> "
#: lui a0, 0x100; lui a1, 0x5; addi a1, a1, 0x555; sw a1, 0(a0)
POWER_OFF = struct.pack("<4I", 0x0010_0537, 0x0000_55B7, 0x5555_8593, 0x00B5_2023)


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.write_bytes(DISK)
    return path


def boot(stdin=b"", *, tick=1_000_000, max_cycles=10_000_000, **parameters):
    """The session after its run."""
    with start_boot(kernel(TICK=tick), stdin=stdin, **parameters) as session:
        session.run(max_cycles)
    return session


def test_it_boots_obeys_and_powers_off_with_a_status():
    result = boot("hello\nexit 3\n").result()

    assert (result.end, result.exit_status) == (End.FINISHED, 3)
    assert result.output == BANNER + b"hello\nhello\n> exit 3\n"


def test_a_large_status_does_not_become_0():
    assert boot("exit 256\n").result().exit_status == 255


def test_a_page_fault_in_supervisor_mode_is_served_by_the_kernel_itself():
    session = boot("lazy\nexit 0\n")

    assert b"fault 0xf at 0x40000005\ntouched\n" in session.output
    assert [trap.tval for trap in session.machine.engine.log.traps][1:] == [0x4000_0005]


def test_the_disk_is_read_and_written_and_its_image_stays(disk):
    session = boot("disk\nexit 0\n", disk=disk)

    assert session.output.startswith(b"a kernel with a disk\n")
    assert b"> disk\nsector one\n> " in session.output
    assert list(session.disk.changes()) == [(2, DISK[512:1024][::-1])]
    assert disk.read_bytes() == DISK


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Sessions of both engines that were given the same lines, all at once."""
    disk = tmp_path_factory.mktemp("disk") / "disk"
    disk.write_bytes(DISK)
    elf = kernel(TICK=3_000).read_bytes()
    sessions = []
    for engine in ("native", "pysim"):
        booted = read_boot(BootConfig(disk=disk, engine=engine), elf)
        source = Replay([Entry(1_500, b"hello\nlazy\ndisk\ntick\ntock\nexit 7\n")])
        console = Console(output := io.BytesIO(), source)
        with (
            pytest.MonkeyPatch.context() as patched,
            BootSession(booted, console) as session,
        ):
            patched.setattr(machine, "STALL_LIMIT", 700)
            session.run(50_000)
        sessions.append((session, output.getvalue()))
    return sessions


def test_both_engines_are_equal_to_the_cycle(both):
    (native, printed), (pysim, as_printed) = both

    assert native.result().exit_status == 7
    assert native.cycle == pysim.cycle
    assert printed == as_printed
    assert native.machine.ram.snapshot() == pysim.machine.ram.snapshot()


def test_neither_takes_a_wait_for_a_timer_for_the_end(both):
    """Though it is longer than what is allowed without an instruction."""
    for session, printed in both:
        assert session.end is End.FINISHED
        assert b"\ntick\n" in printed
        assert b"\ntock\n" in printed


@pytest.mark.parametrize("line", [b"tick", b"tock"])
def test_waiting_for_a_timer_is_not_being_stuck_and_costs_nothing(line):
    session = boot(line + b"\n" + line + b"\nexit 0\n", tick=400_000_000, max_cycles=None)

    assert session.end is End.FINISHED
    assert session.output.count(b"\n" + line + b"\n") == 2
    assert session.cycle > 800_000_000
    assert session.cycle - session.machine.engine.skipped < 20_000


@pytest.mark.parametrize("lines", [b"dead\n", b"hello\n"])
def test_what_waits_for_nothing_is_stuck(lines):
    """Also for input that has ended."""
    result = boot(lines).result()

    assert (result.end, result.exit_status) == (End.STUCK, 125)


def test_a_text_that_is_printed_ends_the_run_in_its_cycle():
    sessions = [boot(until="kernel", engine=engine) for engine in ("native", "pysim")]

    for session in sessions:
        assert (session.end, session.result().exit_status) == (End.FINISHED, 0)
        assert session.output == b"a kernel"
    assert sessions[0].cycle == sessions[1].cycle


def test_it_may_go_on_behind_the_text():
    with start_boot(kernel(), stdin="hello\nexit 4\n", until="> ") as session:
        session.run()
        first = session.cycle
        session.guest.until.found = False
        session.run()
        assert first < session.cycle
        assert session.output == BANNER + b"hello\nhello\n> "


def test_it_returns_to_a_snapshot():
    with start_boot(kernel(), stdin="lazy\nhello\nexit 5\n") as session:
        session.run(15_000)
        before = session.snapshot()
        outcomes = []
        for _ in range(2):
            assert session.run() is End.FINISHED
            outcomes.append((session.cycle, session.exit_code, session.machine.ram.snapshot()))
            session.restore(before)
        assert outcomes[0] == outcomes[1]
        assert session.cycle == 15_000


def test_a_program_of_machine_mode_may_be_entered_first(tmp_path):
    source = tmp_path / "bios.S"
    source.write_text(".globl _start\n_start: li t0, 0x80200000\n jr t0\n")
    code = tmp_path / "kernel.bin"
    code.write_bytes(POWER_OFF)
    with start_boot(code, raw=0x8020_0000, bios=build_bare(source)) as session:
        assert session.run(10_000) is End.FINISHED
        assert session.exit_code == 0


def test_a_page_fault_of_user_mode_is_followed_alike_on_both_engines():
    found = []
    for engine in ("native", "pysim"):
        booted = read_boot(BootConfig(engine=engine, traced=True), kernel().read_bytes())
        source = Replay([Entry(1_000, b"user\nexit 0\n")])
        steps, settled = KernelSteps(booted.elf, booted.image.symbols), []
        steps.settled.append(settled.append)
        with BootSession(booted, Console(io.BytesIO(), source)) as session:
            session.machine.engine.observe(steps.record)
            assert session.run(30_000) is End.FINISHED
        found.append(settled)

    first, second = found[0]
    assert found[0] == found[1]
    assert (first.cause, first.tval, second.cause, second.tval) == (
        15,
        0x4000_2008,
        13,
        0x4000_3008,
    )
    for fault in first, second:
        assert fault.served
        assert fault.ended == fault.cycle + sum(fault.steps.values()) + fault.retry
        assert fault.steps["clear_page"] > 512 * 3
