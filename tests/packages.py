"""Programs of Debian's packages that some tests need."""

import os
import shutil
from collections.abc import Mapping

import pytest

__all__ = ["require"]


def require(variable: str, programs: Mapping[str, str]) -> None:
    """Skips the tests of the module for which it is called where a program is missing.

    `programs` are names of programs, with the packages that they are of. If the environment has 1
    as `variable`, as in `.ci/run`, the tests fail instead.
    """
    missing = sorted({package for name, package in programs.items() if not shutil.which(name)})
    if not missing:
        return
    message = f"not installed (of Debian's packages): {', '.join(missing)}"
    if os.environ.get(variable) == "1":
        pytest.fail(f"{message}; {variable} is set")
    pytest.skip(message, allow_module_level=True)
