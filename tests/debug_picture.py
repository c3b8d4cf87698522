"""The picture of the debugger's screen: `make docs` draws docs/debugger.svg."""

import asyncio
import re

from sim.debug.commands import Commands
from sim.debug.opening import open_debugger

__all__ = ["KEYS", "draw"]

#: What is pressed before the picture is taken: to the second fault, and to the walk before it.
KEYS = ("f", "f", *("N",) * 4)
_SIZE = (100, 27)


def draw() -> str:
    """The picture as SVG, which needs no font of the network."""
    return re.sub(r"@font-face \{.*?\}\s*", "", asyncio.run(_draw()), flags=re.S)


async def _draw() -> str:
    # Not at the top: where Textual is missing only the picture is.
    from sim.debug.screen import DebugScreen

    debugger = open_debugger("lazy")
    with debugger.session as session:
        app = DebugScreen(Commands(debugger, session.symbols()))
        async with app.run_test(size=_SIZE) as pilot:
            await pilot.pause()
            for key in KEYS:
                await pilot.press(key)
                await app.workers.wait_for_complete()
                await pilot.pause()
            return app.export_screenshot(title="trapline debug --tui lazy")
