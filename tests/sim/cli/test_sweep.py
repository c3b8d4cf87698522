"""What `sweep` cannot be asked for, in one line."""

import pytest

from sim.cli import main as cli
from tests.sim.sweep.specs import SMALL, written


@pytest.mark.parametrize(
    "options, text, complaint",
    [
        (["--workers", "2", "--scheduler", "tcp://a:1"], SMALL, "--scheduler and --workers excl"),
        (["--workers", "0"], SMALL, "--workers"),
        ([], "[hart]\nlatency = 0\n", "x.toml:2: hart.latency: must be 1 to 1000, not 0"),
        ([], SMALL.replace('"lazy"\n', '"nothere"\n'), "nothere"),
        (["--scheduler", "nonsense://a"], SMALL, "--scheduler nonsense://a: ValueError: unknown"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, monkeypatch, capsys, options, text, complaint):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sweep", *options, str(written(tmp_path, text))]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert cli.main(["sweep", str(tmp_path / "x.toml")]) == 2
    assert "x.toml: No such file" in capsys.readouterr().err
