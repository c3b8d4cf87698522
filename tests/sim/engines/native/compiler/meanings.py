"""Every operator of a circuit, with what it means: a function of Python's numbers."""

from sim.engines.native.compiler import circuit as c
from tests.sim.engines.native.compiler.cells import operator, out, source

__all__ = ["DISTANCE", "cells_and_meanings", "signed"]


def signed(number, width):
    return number - (1 << width) if number >> (width - 1) & 1 else number


def divide(a, b):
    return a // b if b else 0


def modulo(a, b):
    return a % b if b else 0


#: What a binary operator makes of two numbers; "s" and "u" in front say how it reads them.
BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "//": divide,
    "%": modulo,
    ">>": lambda a, b: a >> b,
    "<<": lambda a, b: a << b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
UNARY = {
    "~": lambda a, width: ~a,
    "-": lambda a, width: -a,
    "b": lambda a, width: a != 0,
    "r|": lambda a, width: a != 0,
    "r&": lambda a, width: a == (1 << width) - 1,
    "r^": lambda a, width: a.bit_count() & 1,
}
TESTS = ("==", "!=", "<", "<=", ">", ">=")
PLAIN = ("+", "-", "*", "&", "|", "^", "==", "!=", "<<")
#: A distance's bits: enough to shift everything out.
DISTANCE = 8


def cells_and_meanings(width):
    """Every operator on inputs 1 and 2 of `width` bits and 3, a distance, with what it means."""
    a, b, distance = out(1, 0, width), out(2, 0, width), out(3, 0, DISTANCE)
    for op, meaning in UNARY.items():
        result = width if op in ("~", "-") else 1
        yield operator(op, result, a), lambda x, y, n, f=meaning: f(x, width)
    for name, meaning in BINARY.items():
        for sign in ("",) if name in PLAIN else ("u", "s"):
            read = (lambda x: signed(x, width)) if sign == "s" else (lambda x: x)
            if name in ("<<", ">>"):
                cell = operator(sign + name, width, a, distance)
                yield cell, lambda x, y, n, f=meaning, r=read: f(r(x), n)
            else:
                cell = operator(sign + name, 1 if name in TESTS else width, a, b)
                yield cell, lambda x, y, n, f=meaning, r=read: f(r(x), r(y))
    yield operator("m", width, out(3), a, b), lambda x, y, n: x if n & 1 else y
    for is_signed in (False, True):
        cell = c.Part(width, source, a, is_signed, distance, 3)
        read = (lambda x: signed(x, width)) if is_signed else (lambda x: x)
        yield cell, lambda x, y, n, r=read: r(x) >> 3 * n
    # Sign extension, on the way into an operator.
    yield operator("+", width, a[:1] * width, b), lambda x, y, n: -(x & 1) + y
