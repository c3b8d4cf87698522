"""A compiler that is interrupted is no mistake in what it compiles; if it fails it has a reason."""

import os
import signal
import subprocess
import sys

import pytest

from sim.cli import main as cli
from sim.host import toolchain
from sim.host.compilers import reason_of, run_tool
from sim.host.interrupts import Interrupted

#: Programs that send a signal to themselves, and to who has started them.
ENDS_ITSELF = "import os, signal; os.kill(os.getpid(), signal.{})"
ENDS_ITS_PARENT = "import os, signal, time; os.kill(os.getppid(), signal.{}); time.sleep(60)"


def run(code, name=""):
    return run_tool([sys.executable, "-c", code.format(name)], os.environ, 30)


@pytest.fixture(params=["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def name(request):
    """A signal that is not ignored, as it may be where the tests are started by nohup."""
    number = getattr(signal, request.param)
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, usual)
    yield request.param
    signal.signal(number, before)


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
