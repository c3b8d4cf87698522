"""A compiler that is interrupted is no mistake in what it compiles; if it fails it has a reason."""

import os
import signal
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

import pytest

from sim.cli import main as cli
from sim.host import toolchain
from sim.host.compilers import reason_of, run_tool, run_tools
from sim.host.interrupts import Interrupted
from tests.sim.signals import heeded

#: Programs that send a signal to themselves, and to who has started them.
ENDS_ITSELF = "import os, signal; os.kill(os.getpid(), signal.{})"
ENDS_ITS_PARENT = "import os, signal, time; os.kill(os.getppid(), signal.{}); time.sleep(60)"


def run(code, name=""):
    return run_tool([sys.executable, "-c", code.format(name)], os.environ, 30)


@pytest.fixture(params=["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def name(request):
    """The name of a signal that ends runs."""
    with heeded(getattr(signal, request.param)):
        yield request.param


def test_a_signal_that_ends_the_compiler_interrupts(name):
    with pytest.raises(Interrupted) as caught:
        run(ENDS_ITSELF, name)
    assert caught.value.status == 128 + getattr(signal, name)


def test_so_does_one_that_comes_meanwhile(name):
    before = signal.getsignal(getattr(signal, name))
    with pytest.raises(KeyboardInterrupt) as caught:
        run(ENDS_ITS_PARENT, name)
    if name != "SIGINT":  # which is Python's own
        assert caught.value.status == 128 + getattr(signal, name)
    assert signal.getsignal(getattr(signal, name)) is before


@pytest.mark.parametrize("code", [ENDS_ITSELF, ENDS_ITS_PARENT])
def test_the_command_says_so(capsys, monkeypatch, tmp_path, name, code):
    source = tmp_path / "mine.c"
    source.write_text("int main(void) { return 0; }\n")
    command = [sys.executable, "-c", code.format(name)]
    monkeypatch.setattr(toolchain, "_compiler", lambda extensions: command)
    monkeypatch.setattr(toolchain, "cache_directory", lambda: tmp_path)

    status = cli.main(["cc", "-o", str(tmp_path / "mine.elf"), str(source)])

    assert status == 128 + getattr(signal, name)
    assert capsys.readouterr().err.lstrip("\n") == "trapline: error: interrupted\n"


def test_messages_and_status_are_the_compilers():
    result = run("import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)")
    assert (result.returncode, result.stdout, result.stderr) == (3, "a\n", "b\n")
    assert reason_of(result) == "b"


@pytest.mark.parametrize(
    "status, stderr, reason",
    [
        (-signal.SIGKILL, "", "it was ended by SIGKILL"),
        (-signal.SIGABRT, "oh\n", "oh\nit was ended by SIGABRT"),
        (1, "", "it says no reason, its exit status is 1"),
        (1, "oh\n", "oh"),
    ],
)
def test_every_failure_has_a_reason(status, stderr, reason):
    assert reason_of(subprocess.CompletedProcess([], status, "", stderr)) == reason


def test_several_run_at_once():
    """Each waits for the other to have begun: for a file that the other makes."""
    wait = (
        "import pathlib, sys, time\n"
        "own, other = map(pathlib.Path, sys.argv[1:])\n"
        "own.touch()\n"
        "while not other.exists(): time.sleep(0.01)\n"
        "print(own.name)"
    )
    with TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in "ab"]
        calls = [[sys.executable, "-c", wait, *order] for order in (paths, paths[::-1])]
        results = run_tools(calls, os.environ, 60)
    assert [(each.returncode, each.stdout) for each in results] == [(0, "a\n"), (0, "b\n")]


def test_after_the_time_none_runs_on():
    """Nor the one that would have ended a second later."""
    with TemporaryDirectory() as folder:
        late = os.path.join(folder, "late")
        codes = ["import time; time.sleep(60)", f"import time; time.sleep(1); open({late!r}, 'w')"]
        with pytest.raises(subprocess.TimeoutExpired):
            run_tools([[sys.executable, "-c", code] for code in codes], os.environ, 0.3)
        time.sleep(1.2)
        assert not os.path.exists(late)
