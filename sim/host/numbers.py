"""Numbers as people write them: 10000, 10,000, 10_000, 10k, 2M, 1G; and addresses."""

import re

__all__ = ["parse_address", "parse_count"]

_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
#: As many digits as 64 bits always hold; separators stand before three digits.
_COUNT = r"(?:\d{1,18}|\d{1,3}(?:[,_]\d{3}){1,5})[kmgKMG]?"
_ADDRESS = r"0x[0-9a-fA-F]{1,16}|\d{1,20}"


def parse_count(text: str) -> int | None:
    """The number that `text` says, or None if it says none that 64 bits hold."""
    if not re.fullmatch(_COUNT, text, re.ASCII):
        return None
    unit = text[-1].lower() if text[-1].isalpha() else ""
    number = int(re.sub("[^0-9]", "", text)) * _FACTORS[unit]
    return number if number < 1 << 64 else None


def parse_address(text: str) -> int | None:
    """The address of 64 bits that `text` says, in hexadecimal with 0x or decimal; or None."""
    if not re.fullmatch(_ADDRESS, text, re.ASCII):
        return None
    number = int(text, 16) if text.startswith("0x") else int(text)
    return number if number < 1 << 64 else None
