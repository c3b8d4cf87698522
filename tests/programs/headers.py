"""Constants of the C headers that programs are built with, to be compared with the kernel's."""

import re

from sim.host.programs import programs_directory

__all__ = ["constants"]

_DEFINITION = re.compile(r"^#define (\w+) +(.+?)(?: *//.*)?$", re.M)


def constants(header):
    """The numbers that `header` of the user library defines, by name."""
    text = (programs_directory() / "lib" / header).read_text()
    numbers = {}  # later ones are made of earlier ones
    for name, expression in _DEFINITION.findall(text):
        numbers[name] = eval(expression.replace("/", "//"), {}, numbers)
    return numbers
