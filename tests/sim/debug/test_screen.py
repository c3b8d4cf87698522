"""The debugger's screen, driven by keys and the mouse."""

import asyncio

import pytest

from sim.config import RunConfig
from sim.debug.commands import Commands
from sim.debug.opening import open_debugger

pytest.importorskip("textual")

from textual.widgets import Input, RichLog, Static, TabbedContent

from sim.debug.screen import DebugScreen

SMALL, LARGE = (80, 24), (160, 50)


class Driver:
    """What somebody does at the screen, and sees."""

    def __init__(self, app, pilot):
        self.app, self._pilot = app, pilot

    @property
    def cycle(self):
        return self.app._commands.debugger.cycle

    async def press(self, *keys):
        for key in keys:
            await self._pilot.press(key)
            await self.settle()

    async def type(self, line):
        await self.press("colon")
        self.app.query_one("#command", Input).value = line
        await self.press("enter")

    async def click(self, selector, **where):
        await self._pilot.click(selector, **where)
        await self.settle()

    async def settle(self):
        await self.app.workers.wait_for_complete()
        await self._pilot.pause()

    def text(self, selector):
        return str(self.app.query_one(selector, Static).render())

    def log(self):
        return [line.text for line in self.app.query_one("#log", RichLog).lines]


def drive(act, size=SMALL, program="lazy"):
    """Does what `act` says with a screen of that size."""

    async def run():
        debugger = open_debugger(program, config=RunConfig(memory_mib=8))
        with debugger.session as session:
            app = DebugScreen(Commands(debugger, session.symbols()))
            async with app.run_test(size=size) as pilot:
                driver = Driver(app, pilot)
                await driver.settle()
                await act(driver)
            return app

    return asyncio.run(run())


def test_keys_go_forth_and_back():
    async def act(driver):
        await driver.press("f")
        assert driver.cycle == 3_210
        assert "cycle 3,210: pid 2 (lazy), in S-mode  -  fault" in driver.text("#where")
        await driver.press("s")
        assert driver.cycle > 3_210
        await driver.press("F")
        assert driver.cycle == 3_210
        await driver.press("b")
        assert 3_190 < driver.cycle < 3_210
        here = driver.cycle
        await driver.press("n", "n", "N")
        assert driver.cycle == here + 1

    drive(act)


def test_panes_show_what_the_commands_show():
    async def act(driver):
        await driver.press("f")
        state = driver.app.query_one("#state", TabbedContent)
        expected = {
            "stages": "csrw sscratch, a0",
            "registers": "sp  0x0000000000003f",
            "csrs": "load page",
            "tlbs": "dtlb: pages",
            "walk": "va 0x4ff8: VPN[2] 0",
            "pages": "page table 0x000000008000b000",
            "processes": "*   2  lazy",
            "fault": "no page fault has been served yet",
        }
        for name, shown in expected.items():
            state.active = f"pane-{name}"
            await driver.settle()
            assert shown in driver.text(f"#text-{name}"), name
        assert "=>   26" in driver.text("#text-source")

    drive(act)


def test_a_command_is_typed_and_its_mistakes_are_told():
    async def act(driver):
        await driver.type("goto fault 5")
        assert driver.cycle == 11_960
        assert "| lazy: one in 16 read" in driver.log()
        await driver.type("nonsense")
        assert any("'nonsense' is no command" in line for line in driver.log())
        await driver.type("translate 0xc000")
        driver.app.query_one("#state", TabbedContent).active = "pane-walk"
        await driver.settle()
        assert "va 0xc000" in driver.text("#text-walk")

    drive(act)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_mouse_chooses_a_pane_and_a_motion(size):
    async def act(driver):
        await driver.click("#--content-tab-pane-tlbs")
        assert driver.app.query_one("#state", TabbedContent).active == "pane-tlbs"
        await driver.click("FooterKey", offset=(1, 0))
        assert driver.cycle > 0

    drive(act, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_everything_has_its_place(size):
    async def act(driver):
        for selector in ("#where", "#code", "#state", "#log", "#command", "Footer"):
            region = driver.app.query_one(selector).region
            assert region.width > 0, selector
            assert region.height > 0, selector
            assert region.right <= size[0], selector
            assert (
                driver.app.screen.find_widget(driver.app.query_one(selector)).visible_region
                == region
            )
            assert region.bottom <= size[1], selector

    drive(act, size)


def test_what_takes_long_is_ended_by_a_key():
    async def act(driver):
        driver.app.action_do("continue")
        await asyncio.sleep(0.5)
        await driver.press("escape")
        assert "interrupted" in driver.text("#where")

    drive(act, program="usertests")


def test_the_state_takes_the_whole_screen_and_gives_it_back():
    async def act(driver):
        height = driver.app.query_one("#state").region.height
        await driver.press("z")
        assert driver.app.query_one("#state").region.height > height
        await driver.press("z")
        assert driver.app.query_one("#state").region.height == height

    drive(act)


def test_it_is_left():
    async def act(driver):
        await driver.press("q")

    assert drive(act).return_code in (0, None)
