"""How wide a terminal is, and who has it; job control is in `tests/sim/test_job_control.py`."""

import io
import os

import pytest

from sim.host.terminals import columns_of, in_foreground, visible, visible_line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_width_is_the_terminals():
    termios = pytest.importorskip("termios")
    pty = pytest.importorskip("pty")
    keys, fd = pty.openpty()
    termios.tcsetwinsize(fd, (24, 77))
    with os.fdopen(fd, "w") as terminal:
        assert columns_of(terminal) == 77
        termios.tcsetwinsize(terminal.fileno(), (0, 0))
        assert columns_of(terminal) is None
    os.close(keys)


def test_what_is_no_terminal_has_no_width(tmp_path):
    with (tmp_path / "file").open("w") as file:
        assert columns_of(file) is None
    assert columns_of(io.StringIO()) is None
    assert columns_of(Terminal()) is None


def test_a_terminal_that_does_not_control_us_is_used_by_nobody_else():
    pty = pytest.importorskip("pty")
    keys, fd = pty.openpty()
    with os.fdopen(fd, "w") as terminal:
        assert in_foreground(terminal)
        assert in_foreground(fd)
    os.close(keys)
    assert in_foreground(io.StringIO())


def test_control_characters_are_made_visible():
    assert visible("a\x1b[A\0\t\n\x7f\x80\x9b é") == "a^[[A^@^I^J^?\\x80\\x9b é"


def test_what_turns_the_text_around_or_ends_the_line_is_made_visible():
    assert visible("a\u202eb\u2028c\u2069") == "a\\u202eb\\u2028c\\u2069"


def test_half_a_character_is_made_visible_but_a_byte_that_is_no_text_stays_it():
    assert visible("\ud800 \udcff \udfff") == "\\ud800 \udcff \\udfff"


def test_a_line_keeps_its_tabs():
    assert visible_line("\ta\x1b[A\tb\n") == "\ta^[[A\tb^J"
