from sim.cli import main as cli


def test_what_goes_wrong_is_told_among_what_the_program_prints(capfd):
    wanted = ["--bus-error", "0x80008ff8@1", "--fail", "kalloc:900", "--drop-tlb", "1k"]
    assert cli.main(["run", "--quiet", *wanted, "lazy"]) == 255
    told = capfd.readouterr().err.splitlines()
    assert [line.partition(": cycle")[0] for line in told] == [
        "trapline: --bus-error 0x80008ff8@1",
        "trapline: --bus-error 0x80008ff8@1",
        "trapline: --fail kalloc:900: only 1 was asked for",
    ]


def test_explain_tells_of_it_too(capsys):
    assert cli.main(["explain", "--fail", "kalloc:1", "lazy", "1"]) == 0
    assert "--fail kalloc:1: cycle 2,963, pid 2: kalloc finds no frame" in capsys.readouterr().out
