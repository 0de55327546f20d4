"""Controls of a view: each reads its value from the state, and writes a new state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

State = TypeVar("State")


class Holder(Protocol[State]):
    """What holds the state that controls read and write."""

    @property
    def state(self) -> State:
        """What is shown now."""

    def change(self, state: State) -> None:
        """Show another state."""


class Controls(Generic[State]):
    """Builds controls that read from the state and write a new one.

    Args:
        view: Whose state it is.
        follow: Where to note what must follow when the state changes.
    """

    def __init__(self, view: Holder[State], follow: list[Callable[[State], None]]) -> None:
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
        """A slider and a number box for one value; `limits` are least, most and step, wholes if all are.

        Args:
            label: In a word or two, left of it.
            about: What it does, for those who cannot see it or point at it.
            limits: Least, most and step.
            read: Gets its value out of the state.
            write: Makes a new state with another value.
        """
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
            description=label, layout={"width": f"{wide + 76}px", "flex": "0 0 auto"},
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
        """One of several: buttons in a row, or a list that drops down.

        Args:
            label: In a word or two, left of it.
            about: What it does, for those who cannot see it or point at it.
            options: What is shown, and the value it stands for.
            read: Gets its value out of the state.
            write: Makes a new state with another value.
            drop: As a list that drops down.
        """
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
        """A box to tick.

        Args:
            label: In a word or two, left of it.
            about: What it does, for those who cannot see it or point at it.
            read: Gets its value out of the state.
            write: Makes a new state with another value.
        """
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
        """A button that makes a new state; grey where it is not `possible`.

        Args:
            label: In a word or two, left of it.
            about: What it does, for those who cannot see it or point at it.
            do: Makes the new state.
            main: It stands out among its neighbours.
            possible: Whether it can be pressed; always, if None.
        """
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

    def film(
        self,
        about: str,
        every: int,
        end: Callable[[State], int],
        read: Callable[[State], int],
        write: Callable[[State, int], State],
    ) -> Any:
        """Buttons that play through the values of a number from 0 on, and stop.

        Args:
            about: What plays, for those who cannot see the buttons or point at them.
            every: From one value to the next.
            end: Gets the last value out of the state.
            read: Gets its value out of the state.
            write: Makes a new state with another value.
        """
        control = self.widgets.Play(
            tooltip=about, max=end(self.state), step=every, interval=120, show_repeat=False, value=read(self.state)
        )
        control.add_class("lp-film")

        def follow(state: State) -> None:
            control.max = end(state)

        self._follow.append(follow)
        self._follows(control, read)
        self._writes(control, write)
        return control

    def entry(
        self, label: str, about: str, hint: str, read: Callable[[State], str], write: Callable[[State, str], State]
    ) -> Any:
        """A line of text, taken when Enter is pressed or the box is left.

        Args:
            label: In a word or two, left of it.
            about: What it does, for those who cannot see it or point at it.
            hint: Shown while the box is empty.
            read: Gets its value out of the state.
            write: Makes a new state with another value.
        """
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
    """Keep a box and a slider at one value.

    A slider in the browser knows its own steps only: of 0.25 it makes 0.3, of -1 it makes -0.9999999999999991, and it
    hands that back. What lies within half a step of the box is such an echo, and the box keeps what was typed.
    """

    def to_box(change: Any) -> None:
        if abs(change["new"] - box.value) > slider.step / 2:
            box.value = round(change["new"], 6)

    def to_slider(change: Any) -> None:
        if abs(slider.value - change["new"]) > 1e-6:
            slider.value = change["new"]

    slider.observe(to_box, "value")
    box.observe(to_slider, "value")
