"""Paging policies on the command line."""

from typing import Any

import click

from kernel_model.mm.policy import PolicyError, make_policy

__all__ = ["PolicyName", "PolicyNames"]


class PolicyName(click.ParamType[str]):
    """A paging policy: `NAME[:N][+NAME...]`."""

    name = "policy"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it was given."""
        try:
            make_policy(str(value))
        except PolicyError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class PolicyNames(click.ParamType[tuple[str, ...]]):
    """Two paging policies or more, with commas between."""

    name = "policies"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names as they were given."""
        if isinstance(value, tuple):
            return value
        names = str(value).split(",")
        if len(names) < 2:
            self.fail(f"{value} is one alone: two or more are compared", param, ctx)
        if len({*names}) < len(names):
            self.fail(f"{value} has one of them twice", param, ctx)
        return tuple(PolicyName().convert(name, param, ctx) for name in names)
