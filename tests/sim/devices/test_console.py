import io

from sim.devices.console import Console


def test_output_appears_at_once():
    output = io.BufferedWriter(io.BytesIO())
    console = Console(output, io.BytesIO())

    console.write(b"hello")

    assert output.raw.getvalue() == b"hello"


def test_something_else_can_be_cleared_away_before():
    output, cleared = io.BytesIO(), []
    console = Console(output, io.BytesIO(), before_write=lambda: cleared.append(output.getvalue()))

    console.write(b"a")
    console.write(b"b")

    assert cleared == [b"", b"a"]


def test_input_comes_by_lines_and_ends_with_nothing():
    console = Console(io.BytesIO(), io.BytesIO(b"first\nsecond"))

    assert [console.read(100), console.read(3), console.read(100), console.read(100)] == [
        b"first\n",
        b"sec",
        b"ond",
        b"",
    ]
