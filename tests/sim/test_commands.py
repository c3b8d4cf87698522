"""Both commands from the command line to their results, with a scripted hart for the real one."""

import json
import signal

import pytest

from hdl.arch import Cause
from kernel_model.layout import DOORBELL, Reason, Register
from sim import cli, commands, kernel_setup, machine
from tests.sim.elf import make_elf
from tests.sim.scripted import ScriptedHart, load, store
from tests.sim.test_cli import complaint
from tests.sim.user import PROGRAM, TRAMPOLINE, User

BASE = 0x8000_0000
TOHOST = BASE + 8


@pytest.fixture
def script(monkeypatch):
    """Lets the machine run `ScriptedHart(script)`; the tests fill the list."""
    accesses = []
    monkeypatch.setattr(machine, "real_hart", lambda ram: (lambda: ScriptedHart(accesses), None))
    return accesses


@pytest.fixture
def bare_file(tmp_path):
    path = tmp_path / "program.elf"
    symbols = {"tohost": TOHOST, "begin_signature": BASE, "end_signature": BASE + 16}
    path.write_bytes(make_elf([(BASE, b"\x13\0\0\0" * 2, 64)], symbols))
    return path


@pytest.mark.parametrize(("code", "status"), [(0, 0), (1, 1), (7, 7), (255, 255), (300, 255)])
def test_bare_exits_with_the_number_of_the_test(capsys, script, bare_file, code, status):
    script += [store(TOHOST, code << 1 | 1)]

    assert cli.main(["bare", "--quiet", str(bare_file)]) == status
    error = capsys.readouterr().err
    assert error == (f"{bare_file}: test {code} failed\n" if code else "")


def test_bare_prints_what_the_program_prints(capfdbinary, script, bare_file):
    script += [store(TOHOST, 0x0101 << 48 | character) for character in b"hi\n"]
    script += [store(TOHOST, 1)]

    assert cli.main(["bare", str(bare_file)]) == 0
    output = capfdbinary.readouterr()
    assert output.out == b"hi\n"
    assert b"exit status" in output.err


def test_a_word_written_by_halves_ends_the_program(script, bare_file):
    script += [store(TOHOST, 3, size=2), store(TOHOST + 4, 0, size=2)]

    assert cli.main(["bare", "--quiet", str(bare_file)]) == 1


def test_half_a_word_ends_the_program_too(script, bare_file):
    script += [store(TOHOST, 3, size=2)]

    assert cli.main(["bare", "--quiet", str(bare_file)]) == 1


@pytest.mark.parametrize(("granularity", "words"), [("4", 4), ("8", 2)])
def test_bare_writes_the_signature(script, bare_file, tmp_path, granularity, words):
    script += [store(BASE, 0x1122_3344_5566_7788), store(TOHOST, 1)]
    path = tmp_path / "signature"

    arguments = ["--signature", str(path), "--signature-granularity", granularity]
    assert cli.main(["bare", "--quiet", *arguments, str(bare_file)]) == 0

    lines = path.read_text().splitlines()
    assert "".join(reversed(lines[: words // 2])) == "1122334455667788"
    assert len(lines) == words


def test_max_cycles_ends_with_124_and_says_so(capsys, script, bare_file):
    assert cli.main(["bare", "--quiet", "--max-cycles", "50", str(bare_file)]) == 124
    assert "ended by --max-cycles 50" in capsys.readouterr().err


def test_a_stuck_hart_ends_with_125(capsys, script, bare_file, monkeypatch):
    monkeypatch.setattr(machine, "STALL_LIMIT", 100)

    assert cli.main(["bare", "--quiet", str(bare_file)]) == 125
    assert "the hart is stuck" in capsys.readouterr().err


def test_an_unknown_htif_device_ends_with_125_and_one_line(capsys, script, bare_file):
    script += [store(TOHOST, 9 << 56)]

    assert cli.main(["bare", str(bare_file)]) == 125
    assert "no device 9" in complaint(capsys)


def test_ctrl_c_ends_with_130_the_summary_and_a_whole_vcd(
    capsys, script, bare_file, tmp_path, monkeypatch
):
    class Progress(commands.Progress):
        def update(self, cycle, faults, skipped):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(commands, "Progress", Progress)
    vcd = tmp_path / "run.vcd"

    assert cli.main(["bare", "--engine", "pysim", "--vcd", str(vcd), str(bare_file)]) == 130
    error = capsys.readouterr().err
    assert "interrupted at cycle 500" in error
    assert "instructions per cycle" in error
    assert f"gtkwave {tmp_path / 'run.gtkw'}" in error
    assert vcd.read_text().rstrip().endswith("#500500000000")


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_setup, "assemble_trampoline", lambda: TRAMPOLINE)
    path = tmp_path / "program"
    path.write_bytes(PROGRAM)
    return path


SBRK, WRITE, EXIT = 12, 16, 2


def test_run_reports_every_fault_and_exits_with_the_programs_status(
    capfdbinary, script, program, tmp_path
):
    user = User()
    page = user.heap
    script += user.boot() + user.call(SBRK, 5 * 4096)
    script += user.trap(Cause.STORE_PAGE, 0x200, page + 8) + user.retire(0x200)
    script += user.call(WRITE, 1, page + 4096, 3) + user.call(EXIT, 7)
    report = tmp_path / "report.json"

    arguments = ["--memory", "1", "--kernel-cost", "zero", "--json", str(report)]
    assert cli.main(["run", *arguments, str(program), "--json", "x"]) == 7

    content = json.loads(report.read_text())
    first, second = content.pop("faults")
    assert content["exit_status"] == 7
    assert (content["pages_promised"], content["heap_frames_used"]) == (5, 2)
    assert first["retired_cycle"] > first["cycle"]
    assert {key: first[key] for key in ("number", "pc", "cause", "stval", "outcome")} == {
        "number": 1,
        "pc": 0x200,
        "cause": 15,
        "stval": page + 8,
        "outcome": "mapped",
    }
    assert second["via"] == "copyin"
    assert second["stval"] == page + 4096
    assert "pc" not in second
    output = capfdbinary.readouterr()
    assert output.out == b"\0\0\0"
    assert b"mapped frame" in output.err


def test_a_killed_program_exits_with_255(capfdbinary, script, program):
    user = User()
    script += user.boot() + user.trap(Cause.STORE_PAGE, 0x200, 0x100_0000)

    assert cli.main(["run", "--memory", "1", str(program)]) == 255
    output = capfdbinary.readouterr()
    assert b"usertrap(): unexpected scause 0xf pid=2\n" in output.out
    assert b"killed" in output.err


def test_a_kernel_panic_is_printed_and_ends_with_134(capfdbinary, script, program):
    script += [store(DOORBELL + Register.RING, Reason.KERNEL_PANIC)]

    assert cli.main(["run", "--memory", "1", "--quiet", str(program)]) == 134
    assert b"panic: kerneltrap" in capfdbinary.readouterr().out


def test_the_kernels_work_costs_cycles_or_none(script, program, tmp_path):
    user = User()
    script += user.boot() + user.call(SBRK, 4096)
    script += user.trap(Cause.STORE_PAGE, 0x200, user.heap) + user.call(EXIT, 0)
    cycles = {}
    for cost in ("zero", "table"):
        path = tmp_path / f"{cost}.json"
        arguments = ["--memory", "1", "--quiet", "--kernel-cost", cost, "--json", str(path)]
        assert cli.main(["run", *arguments, str(program)]) == 0
        cycles[cost] = json.loads(path.read_text())["cycles"]

    assert cycles["zero"] + 1000 < cycles["table"]


def test_a_trap_frame_that_contradicts_the_hart_ends_with_125(capsys, script, program):
    user = User()
    *trap, ring = user.trap(Cause.STORE_PAGE, 0x200, user.heap)
    script += user.boot() + user.call(SBRK, 4096)
    script += [*trap, user.store("stval", user.heap + 8), ring]

    assert cli.main(["run", "--memory", "1", str(program)]) == 125
    assert "the trap frame of process 2 says" in complaint(capsys)


def test_a_waveform_begins_with_the_program_and_is_announced(capsys, script, program, tmp_path):
    user = User()
    script += [load(BASE)] * 10 + user.boot() + user.call(EXIT, 0)
    vcd = tmp_path / "run.vcd"

    assert cli.main(["run", "--memory", "1", "--vcd", str(vcd), str(program)]) == 0

    assert f"open it with: gtkwave {tmp_path / 'run.gtkw'}" in capsys.readouterr().err
    # Ten loads of two cycles, then the bell.
    assert "#21000000000\n$dumpvars" in vcd.read_text()
