"""A picture under the hand: controls beside a drawing that follows them.

ipywidgets is imported when a view is first shown, never before. A view holds one frozen state; a control reads its
value from the state and writes a new state, and the whole picture is drawn anew from it. ipywidgets gives a slider no
accessible name and no element a role, so every slider has a number box of the same value beside it, and a short script
(in an output of its own, harmless where it does not run) names sliders and a film's buttons and makes the caption a
live region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from lab.drawing.controls import Controls
from lab.drawing.looks import style_of_view
from lab.drawing.picture import Picture, as_art, as_caption, as_page, as_text

State = TypeVar("State")

OLDEST_WIDGETS = 8
"""The version of ipywidgets from which on a widget shows itself by its mime bundle."""
_SCRIPT = """<script>(() => {
let left = 40;
const name = () => {
  for (const node of document.querySelectorAll('.lp-live > .widget-html-content')) {
    node.setAttribute('role', 'status');
    node.setAttribute('aria-live', 'polite');
    node.setAttribute('aria-atomic', 'true');
  }
  for (const pair of document.querySelectorAll('.lp-pair')) {
    const handle = pair.querySelector('.noUi-handle'), label = pair.querySelector('.widget-label');
    if (handle && label) handle.setAttribute('aria-label', label.textContent + ', slider');
  }
  for (const film of document.querySelectorAll('.lp-film')) {
    film.querySelectorAll('button').forEach((button, place) => {
      button.setAttribute('aria-label', ['Play or pause', 'Back to the start', 'Over and over'][place]);
    });
  }
  if (--left > 0) setTimeout(name, 250);
};
name();
})()</script>"""


class View(Generic[State]):
    """A picture that a notebook shows as the last value of a cell.

    Args:
        state: Where it starts.
        draw: Makes a picture of a state.
        controls: Makes the rows of controls, given the helper that builds them.
    """

    def __init__(
        self,
        state: State,
        draw: Callable[[State], Picture],
        controls: Callable[[Controls[State]], Sequence[Sequence[Any]]] | None = None,
    ) -> None:
        self._state, self._draw, self._controls = state, draw, controls
        self._follow: list[Callable[[State], None]] = []
        self._busy = False
        self._widget: Any = None

    @property
    def state(self) -> State:
        """What is shown."""
        return self._state

    @property
    def picture(self) -> Picture:
        """The state, drawn."""
        return self._draw(self._state)

    @property
    def html(self) -> str:
        """The picture as HTML that needs no kernel."""
        return as_page(self.picture)

    def change(self, state: State) -> None:
        """Show another state; the controls follow."""
        if self._busy:
            return
        self._busy = True
        try:
            self._state = state
            for follow in self._follow:
                follow(state)
        finally:
            self._busy = False

    @property
    def widget(self) -> Any:
        """The widget, built when it is first asked for."""
        if self._widget is None:
            self._widget = self._build()
        return self._widget

    def _build(self) -> Any:
        import ipywidgets as widgets

        if int(widgets.__version__.partition(".")[0]) < OLDEST_WIDGETS:
            raise ImportError(f"ipywidgets {widgets.__version__} is too old")
        helper = Controls(self, self._follow)
        rows = self._controls(helper) if self._controls else []
        boxes = [_row(widgets, row) for row in rows]
        art, words = widgets.HTML(as_art(self.picture)), widgets.HTML(as_caption(self.picture))
        words.add_class("lp-live")

        def redraw(_state: State) -> None:
            picture = self.picture
            art.value, words.value = as_art(picture), as_caption(picture)

        self._follow.append(redraw)
        whole = widgets.VBox([widgets.HTML(f"<style>{style_of_view()}</style>"), *boxes, art, words, _script(widgets)])
        whole.add_class("lp")
        return whole

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {}
        if self._controls:
            try:
                bundle = dict(self.widget._repr_mimebundle_())
            except ImportError:  # without ipywidgets, or with an old one, the picture still stands there
                bundle = {}
        return {**bundle, "text/html": self.html, "text/plain": as_text(self.picture)}


def _row(widgets: Any, parts: Sequence[Any]) -> Any:
    row = widgets.HBox(list(parts), layout={"flex_flow": "row wrap"})
    row.add_class("lp-controls")
    return row


def _script(widgets: Any) -> Any:
    shown = {"output_type": "display_data", "data": {"text/html": _SCRIPT, "text/plain": ""}, "metadata": {}}
    output = widgets.Output(outputs=(shown,))
    output.add_class("lp-script")
    return output
