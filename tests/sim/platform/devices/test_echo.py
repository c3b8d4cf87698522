import pytest

from sim.platform.devices.echo import Echo

DELETE = b"\b \b"


def shown(*characters):
    echo = Echo()
    return b"".join(
        echo.shown(each if isinstance(each, bytes) else each.encode()) for each in characters
    )


@pytest.mark.parametrize(
    "characters, expected",
    [
        ("ab\n", b"ab\n"),
        ("a\tb", b"a\tb"),
        ("\x1b[A", b"^[[A"),
        ("\x01\x1f\x00", b"^A^_^@"),
        ("\x7f", b"^?"),
        ("\x04", b"\x04"),
    ],
)
def test_no_control_character_reaches_the_terminal(characters, expected):
    assert shown(*characters) == expected


def test_bytes_of_other_alphabets_are_shown_as_they_are():
    assert shown(*(bytes([byte]) for byte in "né".encode())) == "né".encode()


def test_what_was_shown_in_two_columns_is_taken_away_in_two():
    assert shown("\x1b", "[", DELETE, DELETE) == b"^[[" + DELETE * 3


def test_a_new_line_begins_anew():
    assert shown("\x1b", "\n", DELETE, DELETE) == b"^[\n" + DELETE * 2
