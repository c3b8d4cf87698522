"""From the options of a command to records: its configuration, and what is shown."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim.config import ConfigError, MachineConfig

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["TRACING", "config_of", "fill"]

#: Options for which all signals have to be computed.
TRACING = ("vcd", "log_commits", "rvfi", "log_walks", "kanata", "report", "fault_steps")

_Record = TypeVar("_Record", bound="DataclassInstance")
_Config = TypeVar("_Config", bound=MachineConfig)


def fill(record: type[_Record], options: Mapping[str, Any]) -> _Record:
    """A record whose members are options."""
    return record(**{f.name: options[f.name] for f in fields(record) if f.name in options})


def config_of(record: type[_Config], options: dict[str, Any]) -> _Config:
    """The configuration that the options ask for. Raises UsageError."""
    try:
        traced = any(options.get(name) is not None for name in TRACING)
        return fill(record, options | {"traced": traced or options.get("traced", False)})
    except ConfigError as error:
        name, _, reason = str(error).partition(" ")
        raise click.UsageError(f"--{name.replace('_', '-')} {reason}") from error
