# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings pages in Chromium: open, save, refuse, rows with and without scripts, wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.service.house import house
from tests.web.chromium import WIDTHS, Chromium, fits, served, window
from tests.web.seeds import row, save
from tests.web.settled import Settled, settled
from tests.web.test_settings_forms import ALL, GIVEN

pytestmark = pytest.mark.live


@pytest.fixture
def office(empty_file: Path, tmp_path: Path) -> Iterator[Settled]:
    with settled(empty_file, tmp_path) as made:
        made.app.config["WTF_CSRF_ENABLED"] = True
        yield made


@pytest.fixture
def site(office: Settled) -> Iterator[str]:
    with served(office.app) as running:
        yield running.address


def full(office: Settled) -> None:
    """Much of everything, some of it long."""
    long = "Оченьдлинноеимябезпробелов" * 4
    lines = [{"match": f"7495000{number:04}", "name": long[: 20 + number], "source": "CALL"} for number in range(60)]
    office.service.core.settings.save(
        {
            **GIVEN,
            "lines": lines,
            "filters.lines": [long],
            "employees.overrides": {str(number): 1 + number % 6 for number in range(200, 260)},
        }
    )
    save(office.service.core.database, row(line=long[:90], trunk=long[:90], client_name=long))
    (office.home / "hooks" / "need_registration.py").write_text(f"# {'x' * 300}\n")


OF_THE_SESSION = re.compile(r'name="csrf_token" value="[^"]+"')
LISTS = ("/lines/", "/employees/", "/customizations/", "/numbers/")


def markup(office: Settled, language: str) -> dict[str, str]:
    """Of all pages, without what differs each time."""
    client = office.reader(language)
    return {path: OF_THE_SESSION.sub("", client.get(path).text) for path in ALL}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_pages_load_cleanly_and_fit_the_screen_empty_and_full(
    browser: Chromium, office: Settled, site: str, language: str
) -> None:
    """As most installations have them, all pages are opened by tests/web/test_axe.py; here those that look otherwise
    when much of everything is set, and lists without anything in them."""
    with window(browser) as seen:
        seen.page.goto(f"{site}/?lang={language}")
        empty = markup(office, language)
        for path in LISTS:
            seen.open(f"{site}{path}")
            fits(seen.page)
        full(office)
        filled = [path for path, page in markup(office, language).items() if page != empty[path]]
        assert {*LISTS, "/rules/", "/routing/", "/settings/ami"} < set(filled) < set(ALL)
        for path in filled:
            seen.open(f"{site}{path}")
            fits(seen.page)
        assert not seen.troubles


def add_rule(page: Page, place: int, match: str, replace: str) -> None:
    """A rule for numbers of clients."""
    part = page.get_by_role("group", name="Numbers of clients")
    part.get_by_role("button", name="Add a rule").click()
    part.get_by_label("What to find (regular expression)").nth(place).fill(match)
    part.get_by_label("Instead of it").nth(place).fill(replace)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scripts", [True, False])
def test_rows_are_added_moved_removed_and_saved(
    browser: Chromium, office: Settled, site: str, scripts: bool, width: str
) -> None:
    view = {"width": WIDTHS[width], "height": 800}
    with window(browser, java_script_enabled=scripts, viewport=view) as seen:
        page = seen.page
        page.goto(f"{site}/numbers/")
        for place, rule in enumerate((("^1", "a"), ("^2", "b"), ("^3", "c"))):
            add_rule(page, place, *rule)
        part = page.get_by_role("group", name="Numbers of clients")
        part.locator("[aria-label^='Move row'][aria-label$='up']").nth(2).click()
        part.locator("[aria-label^='Remove row']").nth(0).click()
        page.get_by_role("button", name="Check and save").click()
        expect(page.locator("main")).to_contain_text("1 setting saved:")
        wanted = [{"match": "^3", "replace": "c"}, {"match": "^2", "replace": "b"}]
        assert office.settings["numbers.client_rules"] == wanted
        assert not seen.troubles


@pytest.mark.parametrize("scripts", [True, False])
def test_refusal_is_shown_beside_the_field(browser: Chromium, office: Settled, site: str, scripts: bool) -> None:
    with window(browser, java_script_enabled=scripts) as seen:
        page = seen.page
        page.goto(f"{site}/rules/")
        page.get_by_label("Gather changes of cards").fill("99999")
        page.get_by_label("New clients from outgoing calls").check()
        page.keyboard.press("Enter") if scripts else page.get_by_role("button", name="Check and save").click()
        expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
        expect(page.locator("#f-cards-window_ms-problem")).to_contain_text("Must be from 0 to 5000")
        expect(page.get_by_label("Gather changes of cards")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("New clients from outgoing calls")).to_be_checked()
        if scripts:
            expect(page.get_by_role("alert")).to_be_focused()
        assert office.settings["calls.create_outgoing"] is False


def test_tester_of_numbers_follows_what_is_typed(browser: Chromium, office: Settled, site: str) -> None:
    with window(browser) as seen:
        page = seen.page
        page.goto(f"{site}/numbers/")
        add_rule(page, 0, "^00", "+")
        page.get_by_label("Number", exact=True).press_sequentially("0049301234567")
        expect(page.locator("#try-result")).to_contain_text("Result: +49301234567")
        expect(page.get_by_label("Number", exact=True)).to_be_focused()
        assert office.settings["numbers.client_rules"] == []
        assert not seen.troubles


def test_form_can_be_filled_in_by_keyboard(browser: Chromium, office: Settled, site: str) -> None:
    with window(browser) as seen:
        page = seen.page
        page.goto(f"{site}/rules/")
        page.get_by_label("New clients from incoming calls").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("New clients from incoming calls: on → off")
        assert office.settings["calls.create_incoming"] is False


def test_what_is_not_saved_is_not_left_by_a_slip(browser: Chromium, site: str) -> None:
    with window(browser, is_own=True) as seen:
        page, asked = seen.page, list[str]()

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.goto(f"{site}/rules/")
        page.get_by_label("Gather changes of cards").fill("200")
        page.get_by_role("link", name="Employees", exact=True).click(no_wait_after=True)
        expect(page.get_by_label("Gather changes of cards")).to_have_value("200")
        page.wait_for_function("document.querySelector('form.is-changed')")
        assert asked == ["beforeunload"]


def test_line_script_and_import_from_end_to_end(browser: Chromium, office: Settled, site: str) -> None:
    save(office.service.core.database, row())
    with window(browser, viewport={"width": 390, "height": 800}) as seen:
        page = seen.page
        page.goto(f"{site}/lines/")
        page.get_by_role("link", name="Name the line 74951234567").click()
        page.get_by_label("Name", exact=True).fill("Билборд")
        page.get_by_role("button", name="Check and save").click()
        expect(page.locator("main")).to_contain_text("The line Билборд was saved.")
        page.goto(f"{site}/customizations/need_registration")
        page.get_by_role("button", name="Copy into the folder").first.click()
        page.get_by_role("button", name="Try", exact=True).click()
        expect(page.locator("main")).to_contain_text("The call goes on with")
        page.goto(f"{site}/settings/transfer")
        page.get_by_label("or its text").fill('{"cards.lead_ms": 20}')
        page.get_by_role("button", name="Show what would change").click()
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator("main")).to_contain_text("Wait before the first card: 15 → 20")
        assert office.settings["cards.lead_ms"] == 20
        assert not seen.troubles


def test_lists_of_the_portal_are_offered_and_employees_read_again(browser: Chromium, tmp_path: Path) -> None:
    with house(tmp_path) as whole, window(browser) as seen:
        page = seen.page
        page.goto(f"{whole.panel}/lines/new")
        choices = page.get_by_label("Advertising source").locator("option")
        expect(choices.nth(1)).to_be_attached()
        page.goto(f"{whole.panel}/employees/")
        page.get_by_role("button", name="Read again now").click()
        expect(page.locator("main")).to_contain_text("10 employees were read.")
        expect(page.locator("main")).to_contain_text("Users without an extension 1")
        assert not seen.troubles
