"""What the commands of these tests refuse: numbers that make no sense."""

import argparse

__all__ = ["require_at_least"]


def require_at_least(
    parser: argparse.ArgumentParser, options: argparse.Namespace, **least: int
) -> None:
    """Ends with one line and status 2 if an option, by name, is given and less than its `least`."""
    for name, bound in least.items():
        value = getattr(options, name)
        if value is not None and value < bound:
            parser.error(f"--{name} must be at least {bound}, not {value}")
