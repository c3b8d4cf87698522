"""A copy of the project in a temporary folder, in which one file at a time is broken."""

import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PACKAGES", "PROJECT", "Tree", "digest", "temporary_tree"]

PROJECT = Path(__file__).resolve().parents[3]
#: What the tests import from the project, and so what a run with a mutant imports anew.
PACKAGES = ("hdl", "kernel_model", "sim", "tests")
#: What is copied besides.
OTHERS = (
    "programs",
    "docs",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "pyproject.toml",
    "LICENSE",
    "trapline",
)
#: Programs and models under names that say what they were compiled from.
CACHE = PROJECT / "build" / "cache"


class Tree:
    """The copy at `path`.

    Parameters
    ----------
    path : Path
        An empty folder. What has been compiled for the project is taken over.
    """

    def __init__(self, path: Path):
        self.path = path
        for name in (*PACKAGES, *OTHERS):
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(source, path / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.is_file():
                shutil.copy(source, path / name)
        self.cache = path / "build" / "cache"
        self.cache.mkdir(parents=True)
        _copy_files(CACHE, self.cache)
        self._kept = set(self.cache.iterdir())

    def hand_over_cache(self) -> None:
        """What has been compiled here, with nothing broken, is given to the project's cache.

        But for what says where its sources were: they will be gone.
        """
        CACHE.mkdir(parents=True, exist_ok=True)
        here = str(self.path).encode()
        _copy_files(self.cache, CACHE, lambda file: here not in file.read_bytes())

    @contextmanager
    def broken(self, file: str, source: str):
        """While it lasts `file` contains `source`; what is compiled meanwhile is thrown away."""
        path = self.path / file
        self._good = path.read_text()
        path.write_text(source)
        try:
            yield
        finally:
            path.write_text(self._good)
            for made in set(self.cache.iterdir()) - self._kept:
                shutil.rmtree(made) if made.is_dir() else made.unlink()

    @contextmanager
    def good(self, file: str):
        """While it lasts `file`, which is `broken`, is as it was."""
        path = self.path / file
        broken = path.read_text()
        path.write_text(self._good)
        try:
            yield
        finally:
            path.write_text(broken)


@contextmanager
def temporary_tree():
    """A `Tree` that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        yield Tree(Path(directory).resolve())


def _copy_files(source, target, wanted=lambda file: True):
    for file in source.glob("*"):
        if file.is_file() and not (target / file.name).exists() and wanted(file):
            # Others may be looking for it.
            temporary = target / f"{file.name}.{os.getpid()}"
            shutil.copy(file, temporary)
            temporary.replace(target / file.name)


def digest(*paths: Path) -> str:
    """A digest of the files `paths`, and of those in them where they are folders."""
    result = hashlib.sha256()
    for path in paths:
        files = [path] if path.is_file() else sorted(path.rglob("*.*"))
        for file in files:
            if file.is_file() and file.suffix in (".py", ".S", ".h", ".c", ".ld", ".cpp"):
                result.update(f"{file.relative_to(PROJECT)}\0".encode() + file.read_bytes())
    return result.hexdigest()[:16]
