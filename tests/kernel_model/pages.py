"""Tables of the documentation, to be compared with what they describe."""

from pathlib import Path

__all__ = ["PAGE", "table_under"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kernel.md"


def table_under(heading):
    """The rows of the table under `heading` of `docs/kernel.md`, each a list of cells."""
    _, _, section = PAGE.read_text().partition(f"\n## {heading}\n")
    lines = section.partition("\n## ")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert len(rows) > 2, f"no table under {heading}"
    return rows[2:]
