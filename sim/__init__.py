"""The simulator: puts the kernel model in front of the hart, with memory, devices and an engine."""

__all__ = ["__version__"]

#: The release; `CHANGELOG.md` tells what is new in it.
__version__ = "0.1.0"
