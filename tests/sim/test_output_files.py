import errno
import os

import pytest

from sim import cli
from sim.output_files import open_output

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")

BARE = """\
.globl _start, tohost, begin_signature, end_signature
_start: li t0, 1
  la t1, tohost
  sd t0, (t1)
  j .
.section .tohost, "aw"
tohost: .dword 0
begin_signature: .dword 0
end_signature:
"""


def test_text_is_written_as_it_is(tmp_path):
    path = tmp_path / "file"
    with open_output(path, errors="surrogateescape") as file:
        file.write("é\udcff\n")

    assert path.read_bytes() == "é".encode() + b"\xff\n"


def test_errors_have_the_files_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        open_output(tmp_path / "nowhere" / "file")
    with pytest.raises(OSError, match="/dev/full") as caught:
        with open_output("/dev/full") as file:
            file.write("x")
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize("option", ["--json", "--journal"])
def test_a_file_of_a_run_that_is_full_is_named(capfd, option):
    assert cli.main(["run", "--quiet", option, "/dev/full", "hello"]) == 2

    assert capfd.readouterr().err == "trapline: error: /dev/full: No space left on device\n"


def test_a_signature_that_is_full_is_named(capfd, tmp_path):
    source = tmp_path / "bare.S"
    source.write_text(BARE)

    assert cli.main(["bare", "--quiet", "--signature", "/dev/full", str(source)]) == 2

    assert capfd.readouterr().err == "trapline: error: /dev/full: No space left on device\n"


def test_a_program_that_is_full_is_named_and_no_device_is_replaced(capfd, tmp_path):
    source = tmp_path / "mine.c"
    source.write_text("int main(void) { return 0; }\n")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    assert cli.main(["cc", "-o", "/dev/full", str(source)]) == 2
    assert capfd.readouterr().err == "trapline: error: /dev/full: No space left on device\n"
    assert not os.path.isfile("/dev/full")
    assert cli.main(["cc", "-o", str(pipe), str(source)]) == 2
    assert f"{pipe}" in capfd.readouterr().err
    assert pipe.is_fifo()
