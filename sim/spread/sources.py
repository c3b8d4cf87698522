"""What version of Trapline this is, to the byte: only of equal ones are results equal."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["PRODUCT", "VERIFICATION", "digest"]

_ROOT = Path(__file__).resolve().parents[2]
#: Folders that what a run does depends on, and with the tests what a comparison shows.
PRODUCT = ("hdl", "kernel_model", "sim", "programs")
VERIFICATION = (*PRODUCT, "tests")


@cache
def digest(folders: tuple[str, ...] = PRODUCT) -> str:
    """A hash, 16 hexadecimal digits, of all source files below `folders` of the installation."""
    found = hashlib.sha256()
    for path in _files(folders):
        found.update(f"\0{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _files(folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
