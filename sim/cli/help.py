"""What the command `trapline` tells of itself: help, and options in the wrong place."""

from collections.abc import Sequence

import click

from sim.host.own_programs import is_source
from sim.host.programs import program_names

__all__ = ["Commands", "RunCommand"]


class Commands(click.Group):
    """Commands, of which the one that runs programs may have been left out."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or a complaint that names the one that is missing."""
        name = args[0]
        if self.get_command(ctx, name) is None and (name in program_names() or is_source(name)):
            ctx.fail(f"No such command {name!r}. A program is run by: trapline run {name}")
        return super().resolve_command(ctx, args)


class RunCommand(click.Command):
    """A command whose first argument is a program, and whose others are that program's.

    It has to take a parameter `notice`: what is to be said of options of ours among the program's
    arguments. They may be meant so: it is no error, and after `--` not worth a word.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As any command's, and makes `notice`."""
        given = list(args)
        rest = super().parse_args(ctx, args)
        arguments = ctx.params.get("arguments") or ()
        before = given[: len(given) - len(arguments)]
        ctx.params["notice"] = None if before[-2:-1] == ["--"] else self._notice(ctx, arguments)
        return rest

    def _notice(self, ctx: click.Context, arguments: Sequence[str]) -> str | None:
        names = [argument.partition("=")[0] for argument in arguments]
        ours = {name for param in self.get_params(ctx) for name in param.opts if name[:2] == "--"}
        found = next((name for name in names if name in ours), None)
        if found is None:
            return None
        program = ctx.params["program"]
        return (
            f"{found} stands behind {program} and is its argument; options of trapline come "
            f"before it ('{self.name} -- {program}' says that it is meant)"
        )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the bundled programs."""
        with formatter.section("Bundled programs"):
            formatter.write_text(", ".join(program_names()))
