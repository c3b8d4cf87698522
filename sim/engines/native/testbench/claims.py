"""What a design prints and claims at the edges of its clocks, in Amaranth's own words."""

from collections.abc import Container
from typing import Any

from sim.engines.internals import ast, pin_blame, value_to_string
from sim.engines.native.compiler.events import Claim

__all__ = ["Claims"]


class Claims:
    """The `Print`s and properties of a design, as `survey.Survey` finds them.

    Parameters
    ----------
    claims : list of Claim
        All of them.
    state : PyEngineState
        Has the values of their signals.
    """

    def __init__(self, claims: list[Claim], state: Any):
        self._state = state
        self._claims = [
            (claim, [state.slots[state.get_signal(signal)] for signal in claim.signals])
            for claim in claims
        ]
        self.reset()

    def reset(self) -> None:
        """There is no edge that is not done with."""
        #: How many have been heeded at the edges at hand, if one of them did not hold.
        self._heeded = 0
        #: The processes of those that did not.
        self._failed: list[tuple[Any, str]] = []

    def heed(self, edges: Container[int]) -> list[tuple[Any, int]]:
        """Prints and checks what there is to before these edges; the values are those before.

        Raises AssertionError, with the statement as its innermost frame, for an `Assert` or an
        `Assume` that does not hold. Who catches it may call again, for the rest. Amaranth's own
        engine has left the statements of the same module and domain by then, before they set
        anything: returned are the registers that therefore stay as they are, with their values.
        """
        for at in range(self._heeded, len(self._claims)):
            claim, (enabled, test, *values) = self._claims[at]
            if claim.edge in edges and claim.process not in self._failed and enabled.curr:
                try:
                    _carry_out(claim.statement, test.curr, [slot.curr for slot in values])
                except AssertionError:
                    self._heeded = at + 1
                    self._failed.append(claim.process)
                    raise
        kept = [
            (signal, self._state.slots[self._state.get_signal(signal)].curr)
            for fragment, domain in self._failed
            for signal in fragment.statements[domain]._lhs_signals()
        ]
        self.reset()
        return kept


def _carry_out(statement: Any, test: int, values: list[int]) -> None:
    if isinstance(statement, ast.Print):
        print(_text(statement.message, values), end="")
        return
    message = None if statement.message is None else _text(statement.message, values)
    if statement.kind is ast.Property.Kind.Cover:
        if test and message is not None:
            filename, line = statement.src_loc
            print(f"Coverage hit at {filename}:{line}:", message)
    elif not test:
        what = "Assertion" if statement.kind is ast.Property.Kind.Assert else "Assumption"
        said = "" if message is None else f": {message}"
        pin_blame(statement.src_loc, AssertionError(f"{what} violated{said}"))


def _text(message: Any, values: list[int]) -> str:
    """The message with numbers in it."""
    told, parts = iter(values), []
    for chunk in message._chunks:
        if isinstance(chunk, str):
            parts.append(chunk)
        elif chunk[1].endswith("s"):
            parts.append(format(value_to_string(next(told)), chunk[1][:-1]))
        else:
            parts.append(format(next(told), chunk[1]))
    return "".join(parts)
