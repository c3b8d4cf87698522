import errno
from pathlib import Path

import pytest

from sim.output.text_output import TextOutput


def test_what_is_written_behind_a_snapshot_is_taken_back(tmp_path):
    path = tmp_path / "x.txt"
    output = TextOutput(path)
    output.write("one\n")
    state = output.save_state()
    output.write("two\n")
    output.load_state(state)
    output.write("three\n")
    assert output.close() is None
    assert path.read_text() == "one\nthree\n"


def test_a_file_that_cannot_be_made_is_told_by_its_name(tmp_path):
    path = tmp_path / "none" / "x.txt"
    with pytest.raises(FileNotFoundError) as caught:
        TextOutput(path)
    assert str(path) in str(caught.value)


def test_a_full_disk_ends_nothing_and_is_told_at_the_end():
    output = TextOutput(Path("/dev/full"))
    for _ in range(3):
        output.write("x" * 100_000)
    assert output.close().errno == errno.ENOSPC
