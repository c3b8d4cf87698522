import pytest

from kernel_model.calls.elf import ExecError
from kernel_model.facts.panic import KernelPanic
from kernel_model.fs.names import FsError
from sim.cli import main as cli
from sim.cli.errors import explain
from sim.cli.moments import MomentError
from sim.engines.base import EngineError
from sim.guests.fault_table import JoinError
from sim.guests.host_files import HostFileError
from sim.guests.loader import LoadError
from sim.host.toolchain import ToolchainError
from sim.platform.bus import ProtocolError
from sim.platform.devices.htif import HtifError
from sim.platform.devices.journal import JournalError
from sim.report.runs import RunFileError

USER = [EngineError, ExecError, FsError, HostFileError, JournalError, LoadError]
USER += [MomentError, RunFileError, ToolchainError]
MACHINE = [HtifError, JoinError, ProtocolError]


@pytest.mark.parametrize("error", USER)
def test_a_mistake_of_the_users_is_its_line_and_2(error):
    assert explain(error("x.elf: no program")) == ("x.elf: no program", 2)


@pytest.mark.parametrize("error", MACHINE)
def test_a_machine_that_cannot_go_on_is_its_line_and_125(error):
    assert explain(error("no device 9")) == ("no device 9", 125)


@pytest.mark.parametrize(
    "error, line",
    [
        (FileNotFoundError(2, "No such file or directory", "x.elf"), "x.elf: No such file"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("nobody knows"), "nobody knows"),
    ],
)
def test_an_error_of_the_host_has_the_name_of_its_file(error, line):
    said, status = explain(error)
    assert said.startswith(line)
    assert "Errno" not in said
    assert status == 2


@pytest.mark.parametrize("error", [KernelPanic, KeyError, AssertionError, ValueError])
def test_a_mistake_of_ours_is_not_explained_away(error):
    assert explain(error("walk")) is None


@pytest.mark.parametrize("command", ["run", "explain", "debug", "translate", "bare"])
def test_a_file_that_is_no_program_is_named_by_every_command(tmp_path, capsys, command):
    path = tmp_path / "empty"
    path.touch()
    more = {"translate": ["0x1000"], "debug": ["--command", "quit"]}.get(command, [])
    before, after = (more, []) if command == "debug" else ([], more)
    assert cli.main([command, *before, str(path), *after]) == 2
    assert f"trapline: error: {path}: not an ELF file" in capsys.readouterr().err.splitlines()
