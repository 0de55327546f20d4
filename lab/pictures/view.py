"""A picture under the hand: controls beside a drawing that follows them.

ipywidgets is imported when a view is first shown, never before. A view holds one frozen state; a control reads its
value from the state and writes a new state, and the whole picture is drawn anew from it. ipywidgets gives a slider no
accessible name and no element a role, so every slider has a number box of the same value beside it, and a short script
(in an output of its own, harmless where it does not run) names the sliders and makes the caption a live region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from lab.pictures.looks import style_of_view
from lab.pictures.picture import Picture, as_art, as_caption, as_page, as_text

State = TypeVar("State")

_SCRIPT = """<script>(() => {
let left = 40;
const name = () => {
  for (const node of document.querySelectorAll('.lp-live > .widget-html-content')) {
    node.setAttribute('role', 'status'); node.setAttribute('aria-live', 'polite'); node.setAttribute('aria-atomic', 'true');
  }
  for (const pair of document.querySelectorAll('.lp-pair')) {
    const handle = pair.querySelector('.noUi-handle'), label = pair.querySelector('.widget-label');
    if (handle && label) handle.setAttribute('aria-label', label.textContent + ', slider');
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
            except ImportError:  # without ipywidgets the picture still stands there
                bundle = {}
        return {**bundle, "text/html": self.html, "text/plain": as_text(self.picture)}


class Controls(Generic[State]):
    """Builds controls that read from the state and write a new one.

    Args:
        view: Whose state it is.
        follow: Where to note what must follow when the state changes.
    """

    def __init__(self, view: View[State], follow: list[Callable[[State], None]]) -> None:
        import ipywidgets

        self.widgets: Any = ipywidgets
        self._view, self._follow = view, follow

    @property
    def state(self) -> State:
        """What is shown now."""
        return self._view.state

    def number(
        self,
        label: str,
        about: str,
        limits: tuple[float, float, float],
        read: Callable[[State], float],
        write: Callable[[State, float], State],
    ) -> Any:
        """A slider and a number box for one value; `limits` are least, most and step, wholes if all are."""
        low, high, step = limits
        whole = all(isinstance(limit, int) for limit in limits)
        kind = ("BoundedIntText", "IntSlider") if whole else ("BoundedFloatText", "FloatSlider")
        options: dict[str, Any] = {
            "min": low,
            "max": high,
            "step": step,
            "value": read(self.state),
            "tooltip": about,
        }
        wide = max(28, 9 * len(label))
        box = getattr(self.widgets, kind[0])(
            description=label, layout={"width": f"{wide + 88}px", "flex": "0 0 auto"},
            style={"description_width": f"{wide}px"}, **options,
        )  # fmt: skip
        slider = getattr(self.widgets, kind[1])(readout=False, layout={"width": "auto"}, **options)
        self._follows(box, read)
        _tie(box, slider)
        self._writes(box, write)
        pair = self.widgets.HBox([box, slider])
        pair.add_class("lp-pair")
        return pair

    def choice(
        self,
        label: str,
        about: str,
        options: Sequence[tuple[str, object]],
        read: Callable[[State], object],
        write: Callable[[State, Any], State],
        *,
        drop: bool = False,
    ) -> Any:
        """One of several: buttons in a row, or a list that drops down."""
        style = {"description_width": "initial"} | ({} if drop else {"button_width": "auto"})
        control = getattr(self.widgets, "Dropdown" if drop else "ToggleButtons")(
            description=label, tooltip=about, options=list(options), value=read(self.state), style=style,
            layout={"width": "auto"},
        )  # fmt: skip
        self._follows(control, read)
        self._writes(control, write)
        return control

    def switch(
        self, label: str, about: str, read: Callable[[State], bool], write: Callable[[State, bool], State]
    ) -> Any:
        """A box to tick."""
        control = self.widgets.Checkbox(
            description=label, tooltip=about, value=read(self.state), indent=False, layout={"width": "auto"}
        )
        self._follows(control, read)
        self._writes(control, write)
        return control

    def button(
        self, label: str, about: str, do: Callable[[State], State], *, main: bool = False,
        possible: Callable[[State], bool] | None = None,
    ) -> Any:  # fmt: skip
        """A button that makes a new state; grey where it is not `possible`."""
        control = self.widgets.Button(
            description=label, tooltip=about, button_style="primary" if main else "", layout={"width": "auto"}
        )
        control.on_click(lambda _button: self._view.change(do(self.state)))
        if possible:
            usable = possible

            def follow(state: State) -> None:
                control.disabled = not usable(state)

            follow(self.state)
            self._follow.append(follow)
        return control

    def entry(
        self, label: str, about: str, hint: str, read: Callable[[State], str], write: Callable[[State, str], State]
    ) -> Any:
        """A line of text, taken when Enter is pressed or the box is left."""
        control = self.widgets.Text(
            description=label, tooltip=about, placeholder=hint, value=read(self.state), continuous_update=False,
            style={"description_width": "initial"}, layout={"width": "210px"},
        )  # fmt: skip
        self._follows(control, read)
        self._writes(control, write)
        return control

    def _follows(self, control: Any, read: Callable[[State], object]) -> None:
        def follow(state: State) -> None:
            if control.value != read(state):
                control.value = read(state)

        self._follow.append(follow)

    def _writes(self, control: Any, write: Callable[[State, Any], State]) -> None:
        control.observe(lambda change: self._view.change(write(self.state, change["new"])), "value")


def _tie(box: Any, slider: Any) -> None:
    """Keep a box and a slider at one value; the slider in the browser counts steps and hands back -0.9999999999999991."""

    def to_box(change: Any) -> None:
        box.value = round(change["new"], 6)

    def to_slider(change: Any) -> None:
        if abs(slider.value - change["new"]) > 1e-6:
            slider.value = change["new"]

    slider.observe(to_box, "value")
    box.observe(to_slider, "value")


def _row(widgets: Any, parts: Sequence[Any]) -> Any:
    row = widgets.HBox(list(parts), layout={"flex_flow": "row wrap"})
    row.add_class("lp-controls")
    return row


def _script(widgets: Any) -> Any:
    shown = {"output_type": "display_data", "data": {"text/html": _SCRIPT, "text/plain": ""}, "metadata": {}}
    output = widgets.Output(outputs=(shown,))
    output.add_class("lp-script")
    return output
