"""The same programs under two kernels: output, status and page faults agree."""

from dataclasses import replace
from random import Random

import pytest

from tests.verify import runner
from tests.verify.twokernels import check
from tests.verify.twokernels.cases import CASES
from tests.verify.twokernels.compare import compare, compare_scripts, difference, shrunk
from tests.verify.twokernels.run import KERNELS, Case, Fault, Outcome, image, outcomes
from tests.verify.twokernels.scripts import Operation, encoded, make

SEED = 0
#: What runs in one boot.
SCRIPTS = 16


def test_bundled_programs_do_the_same():
    assert [found for found in compare(CASES) if found is not None] == []


def test_random_scripts_do_the_same():
    scripts = [make(Random(f"two {SEED + number}")) for number in range(SCRIPTS)]
    assert [found for found in compare_scripts(scripts) if found is not None] == []


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_a_kernel_does_is_told_by_command(kernel, tmp_path):
    path = tmp_path / "fs.img"
    path.write_bytes(image([Case(("/echo", "a b", "c")), Case(("/badaccess", "null"))]))

    echo, null = outcomes(kernel, path)

    assert echo == Outcome(b"a b c\n", "0", ())
    assert null.output.startswith(b"badaccess: store at 0x0\nusertrap(): unexpected scause 0xf pid")
    assert null.status == "-1"
    assert [(fault.cause, fault.stval) for fault in null.faults] == [(15, 0)]


# A difference is found wherever it is.

CASE = Case(("/program",))
OUTCOME = Outcome(b"one\ntwo\n", "0", (Fault(15, 0x10, 0x4000), Fault(13, 0x20, 0x5000)))


@pytest.mark.parametrize(
    "change, found",
    [
        ({}, None),
        ({"output": b"one\n2\n"}, "line 2: Python b'two', C b'2'"),
        ({"output": b"one\ntwo\n\n"}, "line 4: Python None, C b''"),
        ({"status": "1"}, "status: Python 0, C 1"),
        ({"faults": OUTCOME.faults[:1]}, "2 page faults with Python, 1 with C"),
        (
            {"faults": OUTCOME.faults[::-1]},
            "page fault 1: Python cause 15 at pc 0x10, stval 0x4000, "
            "C cause 13 at pc 0x20, stval 0x5000",
        ),
    ],
)
def test_a_difference_in_words(change, found):
    expected = None if found is None else f"/program: {found}"
    assert difference(CASE, OUTCOME, replace(OUTCOME, **change)) == expected


def test_the_order_of_faults_counts_where_one_process_runs_at_a_time():
    other = replace(OUTCOME, faults=OUTCOME.faults[::-1])
    assert difference(replace(CASE, ordered=False), OUTCOME, other) is None


def test_a_script_is_reduced_to_what_differs():
    script = make(Random(1))
    wanted = script[3], script[-1]
    assert shrunk(script, lambda less: all(each in less for each in wanted)) == list(wanted)


def test_a_script_is_32_bytes_an_operation():
    script = [Operation(12, (-1,)), Operation(101, (1 << 63,))]
    words = [int.from_bytes(encoded(script)[at : at + 8], "little") for at in range(0, 64, 8)]
    assert words == [12, (1 << 64) - 1, 0, 0, 101, 1 << 63, 0, 0]
    assert [str(operation) for operation in script] == ["sbrk(-0x1)", "load(0x8000000000000000)"]


def test_scripts_follow_from_their_seed_and_differ():
    scripts = [make(Random(seed)) for seed in range(50)]
    assert scripts == [make(Random(seed)) for seed in range(50)]
    assert len({encoded(script) for script in scripts}) == 50
    assert max(map(len, scripts)) <= 64  # that actor.c has room for


# The command.


@pytest.fixture
def run(monkeypatch, capsys):
    """The status and the output of a run in which scripts with an `exit` differ."""

    def differences(scripts, policy):
        return ["it differs" if any(op.number == 2 for op in s) else None for s in scripts]

    monkeypatch.setattr(check, "compare_scripts", differences)
    monkeypatch.setattr(check, "compare", lambda cases, **config: [None])

    def run(*options):
        status = runner.main(check.CHECK, ["--jobs", "1", *options])
        return status, capsys.readouterr().out

    return run


def test_a_script_that_differs_is_shown_by_its_least_operations(run):
    status, output = run("--only", "scripts", "--cases", "30", "--seed", "3")

    assert status == 1
    assert "DISAGREEMENT: it differs\n    exit(0x" in output
    assert "twokernels --only scripts --seed 3 --first" in output


def test_programs_are_chosen_by_what_is_in_their_command(run):
    status, output = run("--only", "badaccess")

    assert status == 0
    assert "  programs: 13 programs in" in output
