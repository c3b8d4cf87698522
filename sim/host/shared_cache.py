"""Where compiled files are kept: in the checkout for all who use it, else with each user.

A checkout that belongs to somebody else may only be read. What its owner has compiled serves the
others all the same: it is copied to their own cache.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["checkout_cache", "is_kept", "user_cache"]


def checkout_cache() -> Path | None:
    """The cache of this checkout; None if Trapline is installed otherwise."""
    root = Path(__file__).resolve().parents[2]
    return root / "build" / "cache" if (root / "pyproject.toml").is_file() else None


def user_cache() -> Path:
    """The cache of whoever may not write to the checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trapline"


def is_kept(path: Path) -> bool:
    """Whether the file `path` of a cache is there.

    One of the user's cache that only the checkout's has is copied: names of files tell all that
    determines their content.
    """
    if path.is_file():
        return True
    shared = checkout_cache()
    if shared is None or path.parent != user_cache():
        return False
    # Not there, or not to be read; and another process may be copying the same.
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        os.replace(shutil.copy(shared / path.name, scratch), path)
        return True
    return False
