"""`make check-fast`: which tests are those of what has changed, and when they end."""

import re
import subprocess
import sys

import pytest

from tests import fast


@pytest.mark.parametrize(
    "file, tests",
    [
        ("hdl/mmu/tlb.py", ["tests/hdl/mmu/test_tlb.py"]),
        ("tests/hdl/mmu/test_tlb.py", ["tests/hdl/mmu/test_tlb.py"]),
        ("tests/fast.py", ["tests/test_fast.py"]),
        (
            "kernel_model/mm/usercopy.py",
            [f"tests/kernel_model/mm/test_usercopy{rest}.py" for rest in ("", "_part")],
        ),
        ("tests/hdl/test_gone.py", []),
        ("README.md", []),
        ("docs/hart.md", []),
        ("pyproject.toml", []),
    ],
)
def test_a_files_own_tests(file, tests):
    assert fast.mirrors([file]) == tests


def test_a_file_whose_tests_are_a_folder():
    found = fast.mirrors(["hdl/priv/csr.py"])

    assert len(found) > 3
    assert all(name.startswith("tests/hdl/priv/csr/test_") for name in found)


def test_a_file_without_tests_of_its_own_has_those_of_its_room_last():
    found = fast.mirrors(["sim/engines/native/machine/machine.cpp", "hdl/mmu/tlb.py"])

    assert found[0] == "tests/hdl/mmu/test_tlb.py"
    assert "tests/sim/engines/native/machine/test_bus_cpp.py" in found[1:]


def test_nothing_is_run_twice():
    found = fast.mirrors(
        [
            f"{folder}hdl/mmu/{name}.py"
            for folder, name in (("", "tlb"), ("tests/", "test_tlb"), ("tests/", "support"))
        ]
    )

    assert len(found) == len(set(found)) > 1


def test_what_differs_from_the_base(tmp_path):
    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def write(*names):
        for name in names:
            (tmp_path / name).write_text(name)

    git("init", "-b", "main")
    write("old.py", "both.py")
    git("add", ".")
    git("commit", "-m", "one")
    git("checkout", "-b", "branch")
    write("committed.py")
    git("add", ".")
    git("commit", "-m", "two")
    (tmp_path / "both.py").write_text("other")
    write("unknown.py")

    assert fast.changed("main", tmp_path) == ["both.py", "committed.py", "unknown.py"]
    with pytest.raises(subprocess.CalledProcessError):
        fast.changed("nosuch", tmp_path)


WRONG = "def test_wrong(): assert 0\n"
SLOW = "def test_slow(): __import__('time').sleep(60)\n"
RIGHT = "def test_right(): pass\n"


@pytest.mark.parametrize(
    "source, status, said",
    [
        (SLOW + RIGHT, 0, "the time is up.*\n0 of 2 tests were run"),
        (WRONG + SLOW + RIGHT, 1, "the time is up.*\n1 of 3 tests were run"),
        (RIGHT, 0, "1 passed"),
    ],
    ids=["slow", "slow and wrong", "right"],
)
def test_it_ends_in_time(tmp_path, source, status, said):
    """A failure that was seen by then is one."""
    path = tmp_path / "test_it.py"
    path.write_text(source)
    script = f"import sys; from tests import fast; sys.exit(fast.run([{str(path)!r}], 8))"

    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=fast.ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert re.search(said, result.stdout, re.S), result.stdout
    assert result.returncode == status
