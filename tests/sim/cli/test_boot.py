"""The command line of `boot`: what is refused, in one line each, before anything runs."""

import pytest

from sim.cli import main as cli
from tests.sim.cli.test_main import complaint
from tests.sim.elf import make_elf


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The folder in which the command is run, with a kernel that is never entered."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kernel").write_bytes(make_elf(symbols={}))
    (tmp_path / "text").write_text("no kernel")
    (tmp_path / "odd").write_bytes(bytes(1000))
    (tmp_path / "big").write_bytes(make_elf([(0x8000_0000, b"x" * 8, 1 << 20)]))
    (tmp_path / "x86").write_bytes(make_elf(machine=62))
    return tmp_path


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--raw", "0x80000000"], "--raw ADDRESS needs KERNEL"),
        (["--fail", "kalloc:3"], "--fail is about the kernel model, which is not here: only --bus"),
        (["--skip-fence", "1"], "--skip-fence is about the kernel model, which is not here: only"),
        (["--bus-error", "1"], "--bus-error must be ADDRESS@N"),
        (["--drop-tlb", "3"], "--drop-tlb must be 0 or at least 32"),
        (["--resume", "x", "--drop-tlb", "99"], "--drop-tlb cannot be given: --resume FILE says"),
        (["nosuch"], "nosuch: No such file or directory"),
        (["."], ".: no folder of a kernel: kernel.ld is not there"),
        (["--raw", "0x80000000", "."], "--raw ADDRESS needs a file, and KERNEL is a folder"),
        (["text"], "text: not an ELF file"),
        (["x86"], "x86: not for RISC-V: machine EM_X86_64"),
        (["--memory", "1", "big"], "big: reaches to 0x80100000, but from"),
        (["--disk", "nosuch", "kernel"], "nosuch: No such file or directory"),
        (["--disk", "odd", "kernel"], "odd: 1000 bytes are no whole sectors of 512"),
        (["--disk", ".", "kernel"], ".: is a folder"),
        (["--write-disk", "kernel"], "--write-disk needs --disk FILE"),
        (["--bios", "nosuch", "kernel"], "nosuch: No such file or directory"),
        (["--bios", "text", "kernel"], "--bios text: not an ELF file"),
        (
            ["--bios", "kernel", "kernel"],
            "--bios kernel: 0x80000000 to 0x80000010 is where the kernel lies",
        ),
        (["--until", "", "kernel"], "--until: the text is empty"),
        (["--virtio-version", "3", "kernel"], "3 is not in the range 1<=x<=2"),
        (["--raw", "here", "text"], "'here' is no address"),
        (["--raw", "0x80000001", "text"], "--raw must be even, not 0x80000001"),
        (["--raw", "0x1000", "text"], "text: 0x1000 to 0x1009 is outside RAM"),
        (["--replay", "nosuch", "kernel"], "nosuch: No such file or directory"),
        (["--journal", "kernel", "kernel"], "are the same file, kernel"),
        (
            ["--snapshot", "s", "--at", "5", "--at-prompt", "x", "kernel"],
            "--at and --at-prompt cannot",
        ),
        (["--snapshot", "s", "--at", "5", "--max-cycles", "6", "kernel"], "cannot both be given"),
        (
            ["--snapshot", "s", "--at-prompt", "x", "--until", "y", "kernel"],
            "--at-prompt and --until",
        ),
        (["--snapshot", "s", "--at-prompt", "", "kernel"], "--at-prompt: the text is empty"),
        (["--at", "5", "kernel"], "--at needs --snapshot FILE"),
        (["--at-prompt", "x", "kernel"], "--at-prompt needs --snapshot FILE"),
        (["--snapshot", "s", "--engine", "pysim", "kernel"], "needs the engine native, not pysim"),
        (["--resume", "nosuch"], "nosuch: No such file or directory"),
        (["--resume", "text"], "text: no snapshot, or not the whole of one"),
        (["--traced", "kernel"], "--traced needs --snapshot FILE"),
        (["--resume", "text", "kernel"], "KERNEL and --resume FILE, which has one, cannot both"),
        (["--resume", "text", "--memory", "9"], "--memory cannot be given: --resume FILE says it"),
        (["--resume", "text", "--disk", "odd"], "--disk cannot be given: --resume FILE says it"),
        (["--resume", "text", "--snapshot", "text"], "are the same file, text"),
        (["--vcd-last", "7", "kernel"], "--vcd-last needs --vcd FILE"),
        (["--kanata-window", "1:2", "kernel"], "--kanata-window needs --kanata FILE"),
    ],
)
def test_a_mistake_is_one_line(capsys, files, arguments, said):
    assert cli.main(["boot", *arguments]) == 2
    assert said in complaint(capsys)


@pytest.mark.parametrize(
    "option, told",
    [
        (["--disk", "odd"], "odd: 1000 bytes are no whole sectors of 512"),
        (["--bios", "text"], "--bios text: not an ELF file"),
    ],
)
def test_what_is_wrong_with_another_file_is_not_told_of_the_kernel(capsys, files, option, told):
    assert cli.main(["boot", *option, "kernel"]) == 2
    assert complaint(capsys) == told
