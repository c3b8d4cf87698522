import pytest

from sim.cli import main as cli
from sim.host.programs import build_program

HEAD = "va 0x4ff8: VPN[2] 0, VPN[1] 0, VPN[0] 4, offset 0xff8"


def lines_of(capsys, *arguments):
    """What `trapline translate` prints; it must end well."""
    assert cli.main(["translate", "--memory", "8", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_fault_is_looked_at_before_it_is_served(capsys):
    head, va, *lines = lines_of(capsys, "lazy", "0x4ff8", "--at", "fault:1")
    assert head.startswith("at cycle 2,888: pid 2 (lazy), page table 0x")
    assert va == HEAD
    assert lines[2].endswith("0x0000000000000000 --------  V = 0: not valid")
    assert lines[3] == "  load   load page fault, cause 13: V = 0: not valid at level 0"


@pytest.mark.parametrize("options, store", [([], "pa 0x"), (["--svadu"], "(the hart sets D)")])
def test_behind_it_the_page_is_there(capsys, options, store):
    lines = lines_of(capsys, *options, "--at", "fault:2", "lazy", "20472")
    assert lines[1] == HEAD
    assert lines[5].startswith("  load   pa 0x")
    assert store in lines[6]


def test_at_the_end_the_process_is_still_there(capsys):
    lines = lines_of(capsys, "args", "0x0", "one", "two")
    assert "(args)" in lines[0]
    assert lines[-1].startswith("  kernel segment, 0x0 to ")


def test_a_name_moves_no_cursor(capsys, tmp_path):
    """What an arrow key sends may be in the name of a file, and so of a program."""
    (tmp_path / "\x1b[Ahi").write_bytes(build_program("hello").read_bytes())
    (head, *_) = lines_of(capsys, "--disk", str(tmp_path), "\x1b[Ahi", "0x0")
    assert "(^[[Ahi)" in head


@pytest.mark.parametrize("va", ["0", "0x2ff8", "0x4ff8", "0x3ffffff000", "0x8000000000"])
def test_no_line_is_longer_than_a_terminal(capsys, va):
    assert max(map(len, lines_of(capsys, "lazy", va, "--at", "fault:2"))) < 80


def test_before_the_kernel_has_answered_none_runs(capsys):
    assert lines_of(capsys, "lazy", "0", "--at", "cycle:5") == ["at cycle 5 no process runs"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["lazy", "0x"], "Invalid value for 'VA': '0x' is no address of 64 bits, such as 0x4ff8"),
        (["lazy", "0x12345678123456789"], "is no address of 64 bits, such as 0x4ff8"),
        (["lazy", "18446744073709551616"], "is no address of 64 bits, such as 0x4ff8"),
        (["lazy", "0", "--at", "fault:13"], "the run has 12 page faults only"),
        (["lazy", "0", "--at", "cycle:1M"], "the run has ended at cycle 31,047, before cycle:1"),
        (
            ["lazy", "0", "--at", "exit", "--max-cycles", "9k"],
            "has not come to exit by cycle 9,000",
        ),
        (["nothing", "0"], "no such file or bundled program: nothing"),
    ],
)
def test_mistakes_are_told_in_one_line(capsys, arguments, message):
    assert cli.main(["translate", "--memory", "8", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("trapline: error: ")
    assert err.count("\n") == 1
    assert message in err
