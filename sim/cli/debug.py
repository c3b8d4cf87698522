"""What the command `debug` does: commands of the debugger from options, a file or somebody."""

import ipaddress
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from sim.config import RunConfig
from sim.debug.commands import Commands
from sim.debug.debugger import DebugError, Debugger
from sim.debug.gdb.server import LOOPBACK, Server
from sim.debug.gdb.stub import Stub
from sim.debug.opening import open_debugger
from sim.host.debug_info import DebugInfo
from sim.host.input_files import read_whole
from sim.host.own_programs import is_source
from sim.host.progress import tell_files
from sim.host.terminals import visible

__all__ = ["debug_program"]

_PROMPT = "(trapline) "


def debug_program(
    config: RunConfig,
    name: str,
    arguments: Sequence[str],
    commands: Sequence[str],
    *,
    stdin: Path | None,
    max_cycles: int | None,
    gdb: tuple[str | None, int] | None = None,
    tui: bool = False,
) -> None:
    """Debugs the program `name` by `commands`, or if there are none by the lines of standard input.

    A command that makes no sense ends it, with DebugError, unless somebody types. With `gdb`, a
    host and a port, it is for gdb to go on behind the commands, with `tui` for who sees the screen.
    """
    show = _screen() if tui else None
    tell_files(True)
    data = None if stdin is None else read_whole(stdin)
    debugger = open_debugger(name, arguments, config=config, stdin=data, max_cycles=max_cycles)
    with debugger.session as session:
        console = Commands(debugger, session.symbols())
        _warn_of_changes(Path(name), session.elf)
        if commands:
            _carry_out(console, commands)
        if show is not None:
            show(console)
        elif gdb is not None:
            _wait_for_gdb(console, *gdb)
        elif commands:
            return
        elif sys.stdin is not None and sys.stdin.isatty():
            _converse(console)
        else:
            _carry_out(console, _lines())


def _lines() -> Iterator[str]:
    for line in sys.stdin or ():  # None if it is closed
        yield line.rstrip("\n")


def _carry_out(console: Commands, lines: Iterable[str]) -> None:
    for line in lines:
        if line.strip():
            click.echo(f"{_PROMPT}{visible(line)}")
        _do(console, line)
        if console.finished:
            return


def _screen() -> Callable[[Commands], None]:
    """What shows the screen. Raises DebugError if its library is not installed."""
    try:
        from sim.debug.screen import DebugScreen
    except ImportError as error:
        if not (error.name or "").startswith("textual"):
            raise
        raise DebugError("--tui needs textual: pip install 'trapline[debug]'") from error
    return lambda console: DebugScreen(console).run()


def _wait_for_gdb(console: Commands, host: str | None, port: int) -> None:
    debugger = console.debugger
    server = Server(host or LOOPBACK, port)
    try:
        where = ":".join(map(str, server.address))
        if not ipaddress.ip_address(server.address[0]).is_loopback:
            _say(f"warning: anybody who reaches {where} can drive the run and see all of it")
        _say(f"waiting for gdb at {where}: target remote {where}")
        server.serve(debugger, lambda: Stub(debugger, console))
    finally:
        server.close()


def _warn_of_changes(path: Path, elf: bytes) -> None:
    """Says if lines of the source that are shown may not be those that `elf`, from `path`, has.

    What was compiled just now, or comes along, is as its source.
    """
    if is_source(path) or not path.is_file() or path.read_bytes() != elf:
        return
    changed = DebugInfo(elf).changed_since(path)
    if changed is not None:
        where = f"{visible(changed)} is newer than {visible(str(path))}"
        _say(f"warning: {where}: lines that are shown may not be those that were compiled")


def _say(message: str) -> None:
    print(f"trapline: {message}", file=sys.stderr, flush=True)


def _converse(console: Commands) -> None:
    """Asks for one command after the other; Ctrl-C ends a motion, and at the prompt all."""
    _edit_lines(console.names)
    click.echo("Type help for the commands.")
    while not console.finished:
        try:
            line = input(_PROMPT)
        except EOFError:
            click.echo()
            return
        try:
            _do(console, line)
        except DebugError as error:
            click.echo(visible(str(error)))


def _do(console: Commands, line: str) -> None:
    with _interruptible(console.debugger):
        for shown in console.run(line):
            click.echo(shown)


@contextmanager
def _interruptible(debugger: Debugger) -> Iterator[None]:
    """Meanwhile the first Ctrl-C only ends a motion where it is."""
    asked = False

    def first(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, before)

    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        yield
        return
    debugger.asked = lambda: asked
    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        debugger.asked = lambda: False


def _edit_lines(names: Sequence[str]) -> None:
    """Lines can be edited, and commands completed, where the system has a library for it."""
    try:
        import readline
    except ImportError:
        return

    def complete(text: str, state: int) -> str | None:
        fitting = [f"{name} " for name in names if name.startswith(text)]
        return fitting[state] if state < len(fitting) else None

    readline.set_completer(complete)
    readline.parse_and_bind("tab: complete")
