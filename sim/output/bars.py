"""Bars of block characters, and the numbers that stand before them."""

__all__ = ["bar", "number"]

#: Columns of the longest bar, and eighths of a column.
_BAR = 36
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float) -> str:
    """A bar for a share of the longest one, 0 to 1; there is something of each."""
    eighths = max(1, round(share * _BAR * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def number(cycles: float) -> str:
    """Cycles, or an average of cycles with a decimal."""
    return f"{cycles:,}" if isinstance(cycles, int) else f"{cycles:,.1f}"
