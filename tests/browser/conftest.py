"""One headless Chromium for all tests, and what a page did in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.chrome.service import Service

from tests.grader.render.conftest import make_finding, make_report

__all__ = ["make_finding", "make_report"]  # fixtures of the renderers' tests, used here too

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root has none, and the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
)
WIDTHS = (360, 390, 1280)
SCHEMES = ("light", "dark")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Chromium with a profile of its own, logging its console and its requests."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.unhandled_prompt_behavior = "ignore"
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()


@dataclass(frozen=True)
class Visit:
    """What a page did: its console's lines, the addresses it asked for, its title, and how wide it came out."""

    console: list[str]
    requests: list[str]
    alerted: bool
    title: str
    wide: int
    room: int
    scheme_dark: bool
    tags: set[str]

    def sideways(self) -> bool:
        """Whether it scrolls sideways."""
        return self.wide > self.room


@pytest.fixture
def visit(browser: webdriver.Chrome, tmp_path: Path) -> Callable[..., Visit]:
    """Open a text as a page, at a width and in a colour scheme."""
    path = tmp_path / "page.html"

    def open_page(text: str, width: int, scheme: str) -> Visit:
        path.write_text(text, encoding="utf-8")
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        logs(browser)
        browser.get(path.as_uri())
        alerted = has_alert(browser)
        wide, room, dark, tags, title = browser.execute_script(
            "const root = document.documentElement;"
            "return [root.scrollWidth, root.clientWidth, matchMedia('(prefers-color-scheme: dark)').matches,"
            " [...new Set([...document.querySelectorAll('*')].map(e => e.localName))], document.title]"
        )
        console, requests = logs(browser)
        return Visit(console, requests, alerted, title, wide, room, dark, set(tags))

    return open_page


def has_alert(browser: webdriver.Chrome) -> bool:
    """Whether a dialog is open; it is closed."""
    try:
        browser.switch_to.alert.dismiss()
    except NoAlertPresentException:
        return False
    return True


def logs(browser: webdriver.Chrome) -> tuple[list[str], list[str]]:
    """The console's lines and the addresses asked for since the last call."""
    console = [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    requests = []
    for entry in browser.get_log("performance"):  # type: ignore[no-untyped-call]
        message: dict[str, Any] = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            requests.append(message["params"]["request"]["url"])
    return console, requests
