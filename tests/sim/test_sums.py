"""Every cycle of a run is somebody's: the processes' and the remainders add up to it, exactly."""

import json

import pytest

from sim.cli import main as cli
from sim.host.programs import program_names
from sim.machine import End
from tests.sim.runs import run

#: What else each bundled program is run with; `init` does not end, and `usertests` takes long.
ARGUMENTS = {
    "args": ("one",),
    "badaccess": ("text",),
    "cat": (),
    "echo": ("hi",),
    "grep": ("x",),
    "hello": (),
    "kill": ("77",),
    "labtests": ("-n", "mincore"),
    "lazy": (),
    "lazytests": ("-n", "sparse"),
    "ln": ("a", "b"),
    "ls": (),
    "mkdir": ("d",),
    "rm": ("d",),
    "sh": (),
    "sleep": ("3",),
    "usertests": ("-n", "forktest"),
    "wc": (),
}
#: Input of those that read: a pipe, redirection, waiting, and a process that is killed.
INPUT = b"echo xyzzy | cat >f\nsleep 2; badaccess null\nwc f\n"


def everybodys(finished):
    """The cycles of all processes and of the remainders."""
    accounts = finished.kernel.take_accounts(finished.cycles)
    ledger = finished.kernel.ledger
    assert min(ledger.boot, ledger.idle) >= 0
    assert all(min(each.user_cycles, each.kernel_cycles) >= 0 for each in accounts)
    processes = sum(each.user_cycles + each.kernel_cycles for each in accounts)
    return processes + ledger.boot + ledger.idle


def test_every_bundled_program_is_here():
    assert set(ARGUMENTS) == set(program_names()) - {"init"}


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_all_cycles_add_up_to_the_runs(name):
    finished = run(name, *ARGUMENTS[name], stdin=INPUT)

    assert finished.end is End.FINISHED
    assert everybodys(finished) == finished.cycles


@pytest.mark.parametrize("svadu", [False, True])
@pytest.mark.parametrize("latency", [1, 2, 7, 30])
@pytest.mark.parametrize("cost", ["table", "zero"])
def test_they_do_with_slow_memory_and_svadu(latency, svadu, cost):
    finished = run("sh", stdin=INPUT, latency=latency, svadu=svadu, kernel_cost=cost, tick=5_000)

    assert finished.end is End.FINISHED
    assert everybodys(finished) == finished.cycles
    assert finished.kernel.ledger.idle > 0


def test_both_engines_give_the_same_shares():
    shares = []
    for engine in ("native", "pysim"):
        finished = run("hello", engine=engine)
        assert everybodys(finished) == finished.cycles
        (account,) = finished.kernel.take_accounts(finished.cycles)
        shares.append((account.user_cycles, account.kernel_cycles, finished.kernel.ledger.boot))

    assert shares[0] == shares[1]


@pytest.mark.parametrize("cycles", [1, 200, 300, 2_000, 3_450, 5_000, 33_000, 66_000, 99_000])
def test_they_do_wherever_a_run_is_cut_off(cycles):
    """At boot, in user mode, in the kernel, on the way in and out, and while nobody can run."""
    finished = run("sh", stdin=INPUT, max_cycles=cycles)

    assert finished.end is End.LIMIT
    assert everybodys(finished) == cycles


def test_they_do_in_json(tmp_path):
    path = tmp_path / "hello.json"
    cli.main(["run", "--quiet", "--json", str(path), "hello"])

    content = json.loads(path.read_text())
    (process,) = content["processes"]
    shares = process["user_cycles"], process["kernel_cycles"]
    assert sum(shares) + content["boot_cycles"] + content["idle_cycles"] == content["cycles"]


def test_the_trap_that_ends_a_run_costs_what_has_passed_of_it():
    """Its price by the table, for the freeing of every page, does not pass any more."""
    finished = run("hello")
    (account,) = finished.kernel.take_accounts(finished.cycles)

    assert finished.kernel.cycles > 1_000
    assert account.kernel_cycles < finished.cycles - account.user_cycles
