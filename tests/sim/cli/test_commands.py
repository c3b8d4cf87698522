"""`run` from the command line to its results, with a scripted hart for the real one."""

import csv
import json
import re
from itertools import pairwise

import pytest

from hdl.arch import Cause
from kernel_model.facts.doorbell import Reason, Register
from kernel_model.facts.memlayout import DOORBELL
from sim.cli import main as cli
from tests.sim.cli.test_main import complaint
from tests.sim.elf import make_elf
from tests.sim.scripted import load, store
from tests.sim.user import User

BASE = 0x8000_0000
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


def test_the_accounts_of_processes_are_reported(script, program, tmp_path):
    user = User()
    script += user.boot() + user.call(SBRK, 5 * 4096)
    script += user.trap(Cause.STORE_PAGE, 0x200, user.heap) + user.retire(0x200)
    script += user.call(EXIT, 7)
    report = tmp_path / "report.json"

    arguments = ["--memory", "1", "--quiet", "--json", str(report)]
    assert cli.main(["run", *arguments, str(program)]) == 7

    (account,) = json.loads(report.read_text())["processes"]
    assert account["pid"] == 2
    assert account["name"] == "program"
    assert account["size"] == user.heap + 5 * 4096
    assert (account["minor_faults"], account["syscalls"], account["exit_status"]) == (1, 2, 7)


def test_a_run_that_is_cut_short_reports_who_has_not_ended(script, program, tmp_path):
    script += User().boot()
    report = tmp_path / "report.json"

    arguments = ["--memory", "1", "--max-cycles", "100", "--json", str(report)]
    assert cli.main(["run", "--quiet", *arguments, str(program)]) == 124

    (account,) = json.loads(report.read_text())["processes"]
    assert account["exit_status"] is None
    assert account["page_tables"] == 5


def test_what_happens_is_told_as_it_happens(capsys, script, program):
    user = User()
    script += user.boot() + user.call(SBRK, 4096)
    script += user.trap(Cause.STORE_PAGE, 0x200, user.heap) + user.call(EXIT, 0)

    arguments = ["--memory", "1", "--quiet", "--trace-syscalls", "--trace-faults"]
    arguments += ["--vmprint", "2@exit", "--vmprint", "3@exit"]
    assert cli.main(["run", *arguments, str(program)]) == 0

    sbrk, fault, call, ended, heading, *table, last = capsys.readouterr().err.splitlines()
    assert sbrk.endswith(f"2  sbrk(4096) = {user.heap:#x}")
    assert f"2  program: store fault at pc 0x200, va {user.heap:#x}: mapped frame" in fault
    assert call.endswith("2  exit(0) = ?")
    assert ended.endswith("2  +++ exited with 0 +++")
    assert heading == f"2@exit: program, size {user.heap + 4096:#x}"
    assert table[0].startswith("page table 0x")
    assert last == "3@exit: there was no process 3"


@pytest.mark.parametrize(
    ("abi", "call"), [("lab", "sbrk(-1073741824) = -1"), ("2025", "sbrk(-1073741824, 9) = 0x")]
)
def test_the_personality_is_that_of_the_option(capsys, script, program, abi, call):
    user = User()
    script += user.boot() + user.call(SBRK, -(1 << 30) & (1 << 64) - 1, 9) + user.call(EXIT, 0)

    arguments = ["--memory", "1", "--quiet", "--trace-syscalls", "--abi", abi]
    assert cli.main(["run", *arguments, str(program)]) == 0

    assert call in capsys.readouterr().err


@pytest.mark.parametrize("options, said", [([], 1), (["--abi", "lab"], 0), (["--quiet"], 0)])
def test_a_release_is_guessed_where_it_is_not_given(capsys, script, program, options, said):
    program.write_bytes(make_elf([(0, b"\x13\0\0\0", 4)], {}, entry=0))
    cli.main(["run", "--memory", "1", "--max-cycles", "50", *options, str(program)])
    assert capsys.readouterr().err.count("tell its release: taken for --abi lab") == said


@pytest.mark.parametrize(
    ("symbols", "abi", "said"),
    [
        ({"main": 0, "sbrk": 0}, "lab", ""),
        ({"main": 0, "sys_sbrk": 0}, "2025", "calls sbrk as the release of 2025 does: --abi 2025"),
        ({}, "lab", "has no symbols that tell its release: taken for --abi lab"),
    ],
)
def test_the_release_is_told_apart_by_the_symbols(
    capsys, script, tmp_path, program, symbols, abi, said
):
    program.write_bytes(make_elf([(0, b"\x13\0\0\0", 4)], symbols, entry=0))
    user = User()
    script += user.boot() + user.call(SBRK, -(1 << 30) & (1 << 64) - 1, 9) + user.call(EXIT, 0)
    report = tmp_path / "report.json"

    arguments = ["--memory", "1", "--trace-syscalls", "--json", str(report), str(program)]
    assert cli.main(["run", *arguments]) == 0

    error = capsys.readouterr().err
    assert ("sbrk(-1073741824, 9) = 0x" if abi == "2025" else "sbrk(-1073741824) = -1") in error
    assert [line for line in error.splitlines() if "--abi " in line] == (
        [f"trapline: {program} {said}"] if said else []
    )
    result = json.loads(report.read_text())
    assert (result["abi"], result["processes"][0]["abi"]) == (abi, abi)
    assert re.search(rf"release \(--abi\)\W+{abi}\W", error)

    script += user.boot() + user.call(EXIT, 0)
    assert cli.main(["run", "--quiet", "--memory", "1", str(program)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("tick", [2000, 50_000])
def test_sleep_counts_ticks_of_the_options_length(tmp_path, tick):
    report = tmp_path / "report.json"

    arguments = ["--quiet", "--kernel-cost", "zero", "--tick", str(tick), "--json", str(report)]
    assert cli.main(["run", *arguments, "sleep", "10"]) == 0

    # It begins within the first tick.
    assert 0 < json.loads(report.read_text())["cycles"] - 10 * tick < tick


def test_a_turn_is_as_long_as_the_option_says(tmp_path, capfdbinary):
    """With shorter turns two processes take turns more often, as their system calls show."""
    switches = {}
    for quantum in (0, 1000):
        report = tmp_path / f"{quantum}.json"
        arguments = ["--quantum", str(quantum), "--trace-syscalls", "--json", str(report)]
        line = ["sh", "-c", "wc sh & wc lazytests"]
        assert cli.main(["run", "--quiet", "--kernel-cost", "zero", *arguments, *line]) == 0
        trace = capfdbinary.readouterr().err.decode().splitlines()
        pids = [int(text.split()[1]) for text in trace]
        switches[quantum] = sum(one != other for one, other in pairwise(pids))

    assert switches[1000] > switches[0]


def test_files_of_the_host_are_on_the_disk(capsys, program, tmp_path):
    arguments = ["--file", f"{program}:console", str(program)]
    assert cli.main(["run", *arguments]) == 2
    assert "console: /console is there already" in complaint(capsys)


def test_a_waveform_begins_with_the_program_and_is_announced(capsys, script, program, tmp_path):
    user = User()
    script += [load(BASE)] * 10 + user.boot() + user.call(EXIT, 0)
    vcd = tmp_path / "run.vcd"

    assert cli.main(["run", "--memory", "1", "--vcd", str(vcd), str(program)]) == 0

    assert f"open it with: gtkwave {tmp_path / 'run.vcd.gtkw'}" in capsys.readouterr().err
    # Ten loads of two cycles, then the bell.
    assert "#21000000000\n$dumpvars" in vcd.read_text()


def test_transcripts_tell_what_has_retired_and_trapped(script, program, tmp_path):
    user = User()
    script += user.boot() + user.trap(Cause.STORE_PAGE, 0x200, 0x100_0000)
    commits, rvfi = tmp_path / "commits", tmp_path / "rvfi.csv"
    commits.write_text("of an earlier run")

    arguments = ["--memory", "1", "--quiet", "--log-commits", str(commits), "--rvfi", str(rvfi)]
    assert cli.main(["run", *arguments, str(program)]) == 255

    header, *rows = csv.reader(rvfi.read_text().splitlines())
    traps = [row for row in rows if row[header.index("trap")] == "1"]
    assert [row[header.index("pc_rdata")] for row in traps] == ["0x200"]
    lines = commits.read_text().splitlines()
    assert len(lines) == len(rows) - 1
    assert all(line.startswith("core   0: ") for line in lines)


@pytest.mark.parametrize("option", ["--log-commits", "--rvfi"])
@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_a_transcript_that_is_not_whole_is_told_of_at_the_end(
    capsys, script, program, option, engine
):
    user = User()
    script += user.boot() + user.call(EXIT, 0)

    arguments = ["--memory", "1", "--engine", engine, option, "/dev/full", str(program)]
    assert cli.main(["run", *arguments]) == 2
    error = capsys.readouterr().err
    assert f"trapline: error: {option} /dev/full: No space left on device; it is not" in error
    assert "exit status" in error
