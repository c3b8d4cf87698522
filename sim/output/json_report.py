"""The result of a run as JSON, whose faults are written as they come."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim.host.output_files import STDOUT
from sim.output.text_output import TextOutput

__all__ = ["JsonReport"]


class JsonReport:
    """Writes a JSON object to `path`: the faults first, a line each, then the rest, as of
    `sim.output.facts`.

    What goes wrong in the middle of a run is raised at its end: the run goes on.

    Parameters
    ----------
    path : Path or STDOUT
        Where it goes. If that is standard output, `write` gets it at the end, since what the
        program prints comes first.
    write : function
        Takes bytes for standard output.

    Raises OSError, with the file's name.
    """

    def __init__(self, path: Path | str, write: Callable[[bytes], object]):
        self._write_out = write if path == STDOUT else None
        self._output = TextOutput(None if path == STDOUT else path)
        self._separator = "\n    "
        self._output.write('{\n  "faults": [')

    def fault(self, facts: Mapping[str, Any]) -> None:
        """Writes a fault of which nothing more will be known."""
        self._output.write(self._separator + json.dumps(facts))
        self._separator = ",\n    "

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Writes all else, and closes the file. Raises what has gone wrong, if anything has."""
        self._output.write("\n  ],\n" + json.dumps(facts, indent=2)[2:] + "\n")
        if self._write_out is not None:
            self._output.copy_to(self._write_out)
        failure = self._output.close()
        if failure is not None:
            raise failure

    def save_state(self) -> tuple[Any, str]:
        """See `sim.checkpoint.Restorable`."""
        return self._output.save_state(), self._separator

    def load_state(self, state: tuple[Any, str]) -> None:
        """The faults since then are taken out of the file."""
        output, self._separator = state
        self._output.load_state(output)
