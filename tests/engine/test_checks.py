"""What a check must say of itself before it judges anything."""

from __future__ import annotations

import types

import pytest

from autograder.judging import checking
from autograder.model import CheckKind, KitError


def module_with(*markers: pytest.MarkDecorator) -> types.ModuleType:
    """A module with one check, `test_sums`, that has these markers."""

    def test_sums(case: object) -> None:
        """Nothing: it is not called."""

    for marker in markers:
        test_sums = marker(test_sums)
    module = types.ModuleType("checks")
    module.__file__ = "checks/test_more.py"
    module.test_sums = test_sums  # type: ignore[attr-defined]
    return module


def test_a_check_has_the_kind_and_the_gaps_of_its_markers() -> None:
    (found,) = checking._of(module_with(pytest.mark.edge, pytest.mark.gap("dmul", "dsum")))
    assert (found.name, found.kind, found.gaps) == ("test_sums", CheckKind.EDGE, {"dmul", "dsum"})


@pytest.mark.parametrize(
    ("markers", "said"),
    [
        ((), "it has none of them"),
        ((pytest.mark.gap("dmul"),), "it has none of them"),
        ((pytest.mark.value, pytest.mark.edge), "it has @pytest.mark.value and @pytest.mark.edge"),
    ],
)
def test_a_check_without_its_marker_is_refused_by_name_when_it_is_loaded(
    markers: tuple[pytest.MarkDecorator, ...], said: str
) -> None:
    with pytest.raises(KitError, match=r"checks/test_more\.py: the check test_sums must have exactly one") as refused:
        checking._of(module_with(*markers))
    assert said in str(refused.value)
