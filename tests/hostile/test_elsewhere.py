"""The attacks once more: on an installed kit, and by a grader that is no root."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from .elsewhere import NOBODY, attack, can_change_user, install, open_folder
from .engine import Seen
from .entries import Entry, entries

AT_THE_SYSTEM = "DEFR"
"""Classes that try the system or the runner; what a notebook holds or an object says does not depend on the user."""
SAME_FOR_ALL_USERS = "F12_many_sleepers"
"""It waits for longer than any other, and the clock knows no users."""
USERS = [NOBODY, 0] if os.geteuid() == 0 else [os.geteuid()]
Attacks = Callable[[int, str], Mapping[str, Seen]]


@pytest.fixture(scope="module")
def attacks() -> object:
    """Attacks of some classes by a user, on the kit as installed from its wheel."""
    with open_folder() as folder:
        python = install(folder)

        @cache
        def run(user: int, classes: str) -> Mapping[str, Seen]:
            return attack(folder, python, [entry.id for entry in _chosen(classes)], user=user)

        yield run


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    "classes",
    [AT_THE_SYSTEM, pytest.param("ABCG", marks=pytest.mark.long)],
)
def test_on_an_installed_kit_attacks_earn_what_is_honest_and_see_nothing(
    user: int, classes: str, attacks: Attacks
) -> None:
    if user not in (os.geteuid(), 0) and not can_change_user():
        if os.environ.get("CI"):
            pytest.fail("CI must be able to grade as another user: it needs unshare, setpriv and mount namespaces")
        pytest.skip("cannot become another user here: unshare --mount is refused")
    if user == 0 and classes == AT_THE_SYSTEM:
        classes = "D"  # reading what was installed; the rest is the same for root in either place
    found = attacks(user, classes)
    _assert_held(found, classes)
    assert found[""].remarks.startswith(f"{user} ")
    assert "an installed kit" in found[""].remarks


def _chosen(classes: str) -> list[Entry]:
    return [entry for entry in entries() if entry.id[0] in classes and entry.id != SAME_FOR_ALL_USERS]


def _assert_held(found: Mapping[str, Seen], classes: str) -> None:
    chosen = _chosen(classes)
    assert {entry.id for entry in chosen} == set(found) - {""}
    for entry in chosen:
        seen = found[entry.id]
        harm = [seen.fault, seen.leaks, seen.changed, seen.left, seen.processes, seen.connections]
        assert not any(harm), (entry.id, harm)
        assert seen.score == entry.points, entry.id


def test_the_installed_kit_is_not_the_one_of_the_repository(attacks: Attacks) -> None:
    place = Path(attacks(USERS[0], AT_THE_SYSTEM)[""].remarks.split()[1])
    assert "site-packages" in place.parts
