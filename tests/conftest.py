"""What all tests share: one browser, and the rule for machines without one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from . import jupyter


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if jupyter.CHROMIUM or os.environ.get("CI"):  # in CI its absence is a failure
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no chromium on PATH: `make browser` installs it"))


@pytest.fixture(autouse=True, scope="module")
def umask_as_before() -> Iterator[None]:
    """What grades in this process closes its new files to others, and the files of later tests with them."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with jupyter.chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()
