"""The debugger on a whole terminal: panes, keys and the mouse, over the same commands.

Each pane shows what a command of `sim.debug.commands` shows. What takes time runs in a thread of
its own, which alone touches the run meanwhile; a key ends it.
"""

from collections.abc import Iterator
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, ScrollableContainer
from textual.widgets import Footer, Input, RichLog, Static, TabbedContent, TabPane
from textual.worker import Worker, WorkerState

from hdl.arch import Csr
from sim.debug.commands import Commands
from sim.debug.debugger import DebugError
from sim.debug.hart_state import HartState

__all__ = ["DebugScreen"]

#: Panes, each with the command whose lines it shows; that of the walk is made from an address.
_CODE = {"Source": "list", "Assembly": "disassemble"}
_STATE = {
    "Stages": "stages",
    "Registers": "registers",
    "CSRs": "csr",
    "TLBs": "tlb",
    "Walk": "",
    "Pages": "pages",
    "Processes": "processes",
    "Fault": "explain",
}
#: What keys do: the command, and its name at the bottom.
_MOTIONS = {
    "s": ("step", "Step"),
    "b": ("back", "Back"),
    "f": ("step fault", "Fault"),
    "F": ("back fault", "Fault back"),
    "t": ("step trap", "Trap"),
    "T": ("back trap", "Trap back"),
    "y": ("step syscall", "Call"),
    "Y": ("back syscall", "Call back"),
    "n": ("step cycle", "Cycle"),
    "N": ("back cycle", "Cycle back"),
    "c": ("continue", "Go"),
    "C": ("reverse", "Rev"),
}
#: At the bottom there is room for these; a shifted key goes back by the same.
_SHOWN = "sbftyncC"


class DebugScreen(App[None]):
    """Shows the run of `commands`, and drives it.

    Members: `address`, what the walk is shown of; None for that of the last trap.
    """

    TITLE = "trapline"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    CSS = """
    #where { height: 1; background: $primary; color: $text; }
    #panes { height: 1fr; layout: vertical; }
    .-wide #panes { layout: horizontal; }
    #code, #state { height: 1fr; }
    .-wide #code, .-wide #state { width: 1fr; }
    .-narrow #code { height: 8; }
    TabPane { padding: 0; }
    ScrollableContainer Static { width: auto; height: auto; }
    #log { height: 5; border-top: solid $primary; scrollbar-size-vertical: 1; }
    .-wide #log { height: 9; }
    #command { height: 1; border: none; padding: 0; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"do({command!r})", name, show=key in _SHOWN)
            for key, (command, name) in _MOTIONS.items()
        ),
        Binding("colon", "command", "Cmd", key_display=":"),
        Binding("escape", "stop", "Stop"),
        Binding("z", "zoom", "Zoom", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, commands: Commands):
        super().__init__()
        self.address: int | None = None
        self._commands = commands
        self._asked = False
        commands.debugger.asked = lambda: self._asked

    def compose(self) -> ComposeResult:
        """The panes, from top to bottom."""
        yield Static(id="where", markup=False)
        with Container(id="panes"):
            for identifier, panes in (("code", _CODE), ("state", _STATE)):
                with TabbedContent(id=identifier):
                    for title in panes:
                        with TabPane(title, id=_pane(title)), ScrollableContainer():
                            yield Static(id=_text(title), markup=False)
        yield RichLog(id="log", wrap=True, markup=False, max_lines=2_000)
        yield Input(id="command", placeholder=": a command; help lists them", compact=True)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """The run is shown as it is; keys are for motions."""
        self.query_one("#state", TabbedContent).query_one("ContentTabs").focus()
        self.show()

    def on_tabbed_content_tab_activated(self) -> None:
        """Another pane is to be seen."""
        if not self.busy:
            self.show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A command has been typed."""
        line, event.input.value = event.value, ""
        self.query_one("#state", TabbedContent).query_one("ContentTabs").focus()
        self.action_do(line)

    @property
    def busy(self) -> bool:
        """A command is being carried out."""
        return any(worker.state is not WorkerState.SUCCESS for worker in self.workers)

    def action_do(self, line: str) -> None:
        """Carries out a command, unless another one is under way."""
        if self.busy or not line.strip():
            return
        self._asked = False
        self.query_one("#where", Static).update(f"{line} ...  (Esc ends it)")
        self.run_worker(lambda: self._carry_out(line), thread=True, exit_on_error=False)

    def action_stop(self) -> None:
        """Ends what is under way; or typing."""
        self._asked = True
        self.query_one("#state", TabbedContent).query_one("ContentTabs").focus()

    def action_command(self) -> None:
        """A command is to be typed."""
        self.query_one("#command", Input).focus()

    def action_zoom(self) -> None:
        """The state takes the whole screen, or gives it back."""
        if self.screen.maximized is None:
            self.screen.maximize(self.query_one("#state"), container=False)
        else:
            self.screen.minimize()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A command is done: what it has said goes to the log, and all panes are shown anew."""
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR):
            return
        log = self.query_one("#log", RichLog)
        if event.state is WorkerState.ERROR:
            self.exit()
            raise event.worker.error or RuntimeError("a command has failed")
        for line in event.worker.result or ():
            log.write(line)
        if self._commands.finished:
            self.exit()
            return
        self.show()

    def show(self) -> None:
        """Shows the run as it is, in what is to be seen."""
        lines = list(self._lines("where"))
        why = self._commands.debugger.stop.why
        self.query_one("#where", Static).update(f"{lines[0]}{f'  -  {why}' if why else ''}")
        for identifier, panes in (("code", _CODE), ("state", _STATE)):
            active = self.query_one(f"#{identifier}", TabbedContent).active
            for title, line in panes.items():
                if _pane(title) == active:
                    text = "\n".join(self._lines(line or f"translate {self._walked():#x}"))
                    self.query_one(f"#{_text(title)}", Static).update(text)

    def _walked(self) -> int:
        if self.address is not None:
            return self.address
        return HartState(self._commands.debugger.session).csr(Csr.STVAL).value

    def _carry_out(self, line: str) -> list[str]:
        words = line.split()
        lines = [f"> {line}"]
        try:
            lines += self._commands.run(line)
        except DebugError as error:
            lines.append(str(error))
        else:
            if len(words) == 2 and self._commands.full_name(words[0]) == "translate":
                self.address = self._commands.address(words[1])
        return lines

    def _lines(self, line: str) -> Iterator[str]:
        try:
            yield from self._commands.run(line)
        except DebugError as error:
            yield str(error)


def _pane(title: str) -> str:
    return f"pane-{title.lower()}"


def _text(title: str) -> str:
    return f"text-{title.lower()}"
