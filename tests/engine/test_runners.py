"""Which notebooks share a process, and that none of them notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.judging.grading import Grader
from autograder.judging.mistakes import as_submissions, known_mistakes
from autograder.model import Outcome, Submission
from autograder.sandbox import warm
from autograder.sandbox.pool import Sandbox

from .tiny import Tiny, by_twin, gap, handed_in, twin, values

CHAIN = [
    "x = 1.0",
    gap("double", "y = 2 * x", inputs="x", outputs="y"),
    gap("triple", "z = 3 * y", inputs="y", outputs="z"),
]
TWINS = [twin("P", x=1.0), twin("A", x=-2.0), twin("H", x=0.5)]
ROOT = Path(__file__).parents[2]
STASH = "import os\nprint(os.environ.get('kept', 'nothing'))\nos.environ['kept'] = os.environ.get('kept', '') + {}"


@pytest.fixture(scope="module")
def chain(sandbox: Sandbox) -> Tiny:
    return Tiny(sandbox, CHAIN, *TWINS)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Process ids of the runners that are started from here on."""
    started: list[int] = []
    fork = warm.Warm.fork

    def counted(self: warm.Warm) -> tuple[int, int, int]:
        found = fork(self)
        started.append(found[0])
        return found

    monkeypatch.setattr(warm.Warm, "fork", counted)
    return started


def printed(tiny: Tiny, submission: Submission) -> str:
    """All that a submission prints, and that it is the same when nothing but its outputs is asked for."""
    _, shown = tiny.sandbox.run(tiny.speech, submission)
    assert shown == tiny.sandbox.capture(tiny.speech, submission)
    return "".join(output.text for outputs in shown.values() for output in outputs)


def test_an_ordinary_notebook_has_two_runners(chain: Tiny, forks: list[int]) -> None:
    transcript, _ = chain.sandbox.run(chain.speech, chain.plan.source)
    assert values(transcript) == values(chain.reference)
    assert len(forks) == 2


def test_outputs_come_before_anything_has_been_set_right(chain: Tiny) -> None:
    own = {"double": STASH.format("'before'"), "triple": STASH.format("str(y)")}
    said = printed(chain, handed_in(chain.plan, {"double": "y = 5 * x"}, own))
    assert said == "nothing\nbefore\n"


def test_what_a_cell_keeps_in_the_process_does_not_reach_the_hidden_numbers(chain: Tiny) -> None:
    own = {"double": STASH.format("'.'"), "triple": STASH.format("'.'")}
    submission = handed_in(chain.plan, {"triple": "z = len(os.environ['kept'])"}, own)
    kept = {name: one["z"] for name, one in values(chain.sandbox.run(chain.speech, submission)[0]).items()}
    assert kept == {"P": 6, "A": 6, "H": 2}  # twice each: when shown, on two open twins; on the hidden one


@pytest.mark.parametrize(
    "leftover",
    [
        "import numpy as np\nnp.seterr(all='raise')",
        "import warnings\nwarnings.simplefilter('error')",
        "from __future__ import annotations",
        "del x, y, z",
        "x = y = z = None",
        "import numpy as np\nnp.exp = None",
        "import numpy as np\nnp.exp -= 1",
        "import numpy as np\nsetattr(np, 'exp', None)",
        "import numpy as np\nnp.__dict__['exp'] = None",
        "import builtins\nbuiltins.float = None",
        "import importlib\nimportlib.import_module('numpy').exp = None",
        "import warnings as w\nw.__dict__['warn'] = None",
    ],
)
def test_what_the_last_cell_sets_is_not_there_when_the_notebook_is_replayed(sandbox: Sandbox, leftover: str) -> None:
    solution = "import numpy as np, warnings\nwarnings.warn('w')\ny = float(np.exp(np.float64(-1e9) * x * x)) + 2 * x"
    hint = "def hint(a: no_such_name): pass\n"
    tiny = Tiny(
        sandbox,
        [*CHAIN[:1], gap("double", solution, inputs="x", outputs="y"), CHAIN[2], "w = 1.0", "v = 2.0"],
        *TWINS,
    )
    end = {"locked_4": leftover}
    submission = handed_in(tiny.plan, {}, end)
    assert values(tiny.sandbox.run(tiny.speech, submission)[0]) == values(tiny.reference)
    fails = handed_in(tiny.plan, {"double": f"{hint}{solution}"}, end)
    assert by_twin(tiny.sandbox.run(tiny.speech, fails)[0], "double")["P"].outcome is Outcome.RAISED


@pytest.mark.parametrize(
    ("cell", "outcome"), [("import os\nos._exit(0)", Outcome.DIED), ("while True: pass", Outcome.STOPPED)]
)
def test_a_gap_that_ends_its_runner_is_not_shown_and_the_rest_is(chain: Tiny, cell: str, outcome: Outcome) -> None:
    submission = handed_in(chain.plan, {"double": cell, "triple": "z = 3 * y\nprint(z)"}, {"double": "y = 1\nprint(y)"})
    transcript, shown = chain.sandbox.run(chain.speech, submission)
    assert {one.outcome for one in by_twin(transcript, "double").values()} == {outcome}
    assert {name: found["z"] for name, found in values(transcript).items()} == chain.right("z")
    assert [output.text for outputs in shown.values() for output in outputs] == ["1\n", "3\n"]


@pytest.mark.parametrize(
    "cell",
    ["np.sum(x) == 2", "self.x = 1", "x = [1, 2]\nx[0] -= 1", "class A:\n    def __init__(self): self.math = 1"],
)
def test_what_changes_no_module_shares_a_runner(chain: Tiny, forks: list[int], cell: str) -> None:
    chain.sandbox.run(chain.speech, handed_in(chain.plan, {}, {"triple": cell}))
    assert len(forks) == 2


def test_a_notebook_that_ends_the_runner_it_was_shown_in_gets_new_ones(chain: Tiny, forks: list[int]) -> None:
    third_time = f"{STASH.format(repr('.'))}\nif len(os.environ['kept']) == 3: os._exit(0)"
    transcript, shown = chain.sandbox.run(chain.speech, handed_in(chain.plan, {}, {"triple": third_time}))
    assert (values(transcript), transcript.remarks) == (values(chain.reference), {})
    assert [output.text for outputs in shown.values() for output in outputs] == ["nothing\n"]
    assert len(forks) == 4


def test_time_is_counted_anew_for_each_notebook_of_a_runner(sandbox: Sandbox, forks: list[int]) -> None:
    busy = "import time\nstart = time.process_time()\nwhile time.process_time() < start + {}: pass\n"
    most = sandbox.limits.cell_cpu_s
    slow = gap("double", busy.format(0.6 * most) + "y = 2 * x", inputs="x", outputs="y")
    tiny = Tiny(sandbox, [CHAIN[0], slow, "w = 1.0"], *TWINS[:2])
    forks.clear()
    transcript, _ = sandbox.run(tiny.speech, tiny.plan.source)
    assert values(transcript) == values(tiny.reference)
    assert len(forks) == 1


class TestOurs:
    """Notebooks that we wrote share one runner."""

    def test_they_have_one_runner(self, chain: Tiny, forks: list[int]) -> None:
        submissions = [handed_in(chain.plan, {"double": f"y = {factor} * x"}) for factor in range(5)]
        found = chain.sandbox.replay_together(chain.speech, submissions)
        assert [one["y"] for one in map(lambda one: values(one)["A"], found)] == [0, -2.0, -4.0, -6.0, -8.0]
        assert len(forks) == 1

    @pytest.mark.parametrize("ends", ["import os\nos._exit(0)", "while True: pass"])
    def test_one_that_ends_it_costs_no_other(self, chain: Tiny, ends: str) -> None:
        cells = ["y = 2 * x", ends, "y = 3 * x", ends, ends, "y = 4 * x"]
        submissions = [handed_in(chain.plan, {"double": cell}) for cell in cells]
        found = chain.sandbox.replay_together(chain.speech, submissions)
        assert found == [chain.sandbox.replay(chain.speech, submission) for submission in submissions]

    def test_what_one_has_computed_is_not_charged_to_the_next(self, chain: Tiny, forks: list[int]) -> None:
        busy = "import time\nends_at = time.process_time() + 0.3\nwhile time.process_time() < ends_at: pass\ny = 2 * x"
        found = chain.sandbox.replay_together(chain.speech, [handed_in(chain.plan, {"double": busy})] * 2)
        assert [values(one) for one in found] == [values(chain.reference)] * 2
        assert len(forks) == 1

    def test_no_notebook_gives_nothing(self, chain: Tiny, forks: list[int]) -> None:
        assert chain.sandbox.replay_together(chain.speech, []) == []
        assert not forks


@pytest.mark.parametrize("name", sorted(path.stem for path in ROOT.glob("source/*/*.ipynb")))
def test_known_mistakes_give_together_what_each_gives_alone(grader: Grader, name: str) -> None:
    carriers = list(as_submissions(grader.course.plan(name), known_mistakes(grader.course, name)))
    assert len(carriers) > 5
    for submission, carried in carriers:
        alone = grader.replay(submission)
        for mistake in carried.values():
            together = grader.known_mistakes(name)[mistake]
            assert repr(by_twin(together, mistake.gap)) == repr(by_twin(alone, mistake.gap)), mistake.slug
