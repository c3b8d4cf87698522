"""The debugger's screen, driven by keys and the mouse."""

import asyncio
import threading

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


def drive(act, size=SMALL, program="lazy", make=DebugScreen):
    """Does what `act` says with a screen of that size."""

    async def run():
        debugger = open_debugger(program, config=RunConfig(memory_mib=8))
        with debugger.session as session:
            app = make(Commands(debugger, session.symbols()))
            async with app.run_test(size=size) as pilot:
                driver = Driver(app, pilot)
                await driver.settle()
                await act(driver)
            return app

    return asyncio.run(run())


def test_keys_go_forth_and_back():
    async def act(driver):
        await driver.press("f")
        assert driver.cycle == 2_888
        assert "cycle 2,888: pid 2 (lazy), in S-mode  -  fault" in driver.text("#where")
        await driver.press("s")
        assert driver.cycle > 2_888
        await driver.press("F")
        assert driver.cycle == 2_888
        await driver.press("b")
        assert 2_868 < driver.cycle < 2_888
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
        assert driver.cycle == 10_704
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


def test_a_pane_is_filled_when_it_is_seen_and_nothing_is_under_way():
    class Screen(DebugScreen):
        working = False

        @property
        def busy(self):
            return self.working or super().busy

    async def act(driver):
        assert driver.text("#text-stages")
        assert driver.text("#text-tlbs") == ""
        driver.app.working = True
        await driver.click("#--content-tab-pane-tlbs")
        assert driver.text("#text-tlbs") == ""
        driver.app.working = False
        await driver.click("#--content-tab-pane-csrs")
        await driver.click("#--content-tab-pane-tlbs")
        assert driver.text("#text-tlbs").startswith("itlb: ")

    drive(act, LARGE, make=Screen)


def test_one_command_is_carried_out_at_a_time():
    go = threading.Event()

    class Slow(DebugScreen):
        def _carry_out(self, line):
            go.wait(10)
            return super()._carry_out(line)

    async def act(driver):
        app = driver.app
        for nothing in ("", "  "):
            app.action_do(nothing)
            assert not app.busy
        app.action_do("step cycle")
        assert app.busy
        assert driver.text("#where") == "step cycle ...  (Esc ends it)"
        app.action_do("step cycle 5")
        go.set()
        await driver.settle()
        assert not app.busy
        assert driver.cycle == 1
        assert driver.log()[0] == "> step cycle"

    drive(act, make=Slow)


def test_the_keys_that_are_shown_are_those_that_there_is_room_for():
    async def act(driver):
        keys = {each.key_display: each.description for each in driver.app.query("FooterKey")}
        assert list(keys) == [*"sbftyncC:", "esc", "q"]
        assert keys["n"] == "Cycle"
        await driver.press("ctrl+p")
        assert len(driver.app.screen_stack) == 1

    drive(act, LARGE)


@pytest.mark.parametrize("width, beside", [(119, False), (120, True)])
def test_with_120_columns_the_code_stands_beside_the_state(width, beside):
    async def act(driver):
        code, state = (driver.app.query_one(name).region for name in ("#code", "#state"))
        assert (code.y == state.y) == beside
        assert (code.height == 8) != beside

    drive(act, (width, 40))


def test_brackets_are_text_and_long_lines_are_wrapped():
    async def act(driver):
        await driver.type("[b]no command[/b]")
        assert driver.log()[0] == "> [b]no command[/b]"
        assert "".join(driver.log()[1:]).startswith("'[b]no' is no command: step, back, ")
        assert len(driver.log()) > 3
        assert max(map(len, driver.log())) <= SMALL[0]
        for selector in ("#where", "#text-stages"):
            driver.app.query_one(selector, Static).update("[b]x[/b]")
            assert driver.text(selector) == "[b]x[/b]"

    drive(act)


def test_the_lines_of_input_and_keys_are_one_high():
    async def act(driver):
        assert driver.app.query_one("#command").region.height == 1
        assert driver.app.query_one("#command", Input).compact
        assert driver.app.query_one("Footer").compact

    drive(act)


def test_it_is_left_by_a_command_too():
    async def act(driver):
        await driver.type("quit")

    assert drive(act).return_code == 0


def test_a_fault_of_the_debugger_itself_is_raised():
    class Broken(DebugScreen):
        def _carry_out(self, line):
            raise ZeroDivisionError

    async def act(driver):
        await driver.type("step")

    with pytest.raises(ZeroDivisionError):
        drive(act, make=Broken)


def test_a_walk_is_shown_of_what_was_translated_last():
    async def act(driver):
        driver.app.query_one("#state", TabbedContent).active = "pane-walk"
        for line, shown in [
            ("goto fault 1", "va 0x4ff8"),
            ("goto fault 2", "va 0x14ff8"),
            ("tr 0x5000", "va 0x5000"),
            ("memory 0x6000", "va 0x5000"),
            ("translate main", f"va {driver.app._commands.address('main'):#x}"),
        ]:
            await driver.type(line)
            assert driver.text("#text-walk").startswith(shown), line

    drive(act)
