"""Files of sweeps for tests."""

from pathlib import Path

#: Four points of one hart, a tenth of a second each.
SMALL = """\
max_cycles = 1_000_000
[hart]
latency = [4, 8]
[kernel]
memory_mib = 8
policy = ["lazy", "eager"]
[[run]]
program = "lazy"
"""


def written(folder: Path, text: str = SMALL) -> Path:
    path = folder / "x.toml"
    path.write_text(text)
    return path
