"""A notebook that is open in JupyterLab or Notebook 7, used as a student uses it: by keyboard, mouse and eyes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from ..jupyter import TOKEN

READY = """() => {
  const panel = window.jupyterapp && jupyterapp.shell.currentWidget;
  const session = panel && panel.context && panel.context.sessionContext;
  return panel && panel.content && panel.content.widgets && panel.context.isReady && session.isReady
    && session.session && session.session.kernel && session.session.kernel.status === 'idle';
}"""
HAVE_RUN = """() => {
  const panel = jupyterapp.shell.currentWidget;
  const code = panel.content.widgets.filter(cell => cell.model.type === 'code' && cell.model.sharedModel.source.trim());
  return code.every(cell => cell.model.executionCount !== null)
    && panel.context.sessionContext.session.kernel.status === 'idle';
}"""
ERRORS = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .flatMap(cell => cell.model.sharedModel.getOutputs().filter(output => output.output_type === 'error')
    .map(output => cell.model.sharedModel.source + ': ' + output.ename + ' ' + output.evalue))"""
SOURCES = "() => jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.source)"
EDIT = """index => {
  const notebook = jupyterapp.shell.currentWidget.content;
  const cell = notebook.widgets[index];
  if (cell.editor && cell.editor.hasFocus()) return true;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  notebook.scrollToItem(index);
  notebook.mode = 'edit';
  return false;
}"""
PASTE = """([index, source]) => {
  jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.setSource(source);
}"""
COUNT = "index => jupyterapp.shell.currentWidget.content.widgets[index].model.executionCount || 0"
COUNTED = """([index, before]) => {
  const panel = jupyterapp.shell.currentWidget;
  return (panel.content.widgets[index].model.executionCount || 0) > before
    && panel.context.sessionContext.session.kernel.status === 'idle';
}"""
KNOWN_NOISE = {
    "jupyterlab": (),
    "notebook": ("Cannot read properties of undefined (reading 'schema')",),  # its own, without any notebook of ours
}
ADDRESS = {"jupyterlab": "lab/tree", "notebook": "notebooks"}


@dataclass
class Opened:
    """One notebook, its page, and what the browser's console has complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def run_all(self) -> None:
        """Run every cell, as the menu does."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(HAVE_RUN, polling=100, timeout=60_000)

    def command(self, name: str) -> None:
        """Start a command of the front end; it is not waited for, since some never end."""
        self.page.evaluate("name => { jupyterapp.commands.execute(name); }", name)

    def errors(self) -> list[str]:
        """Every error that stands in an output."""
        return list(self.page.evaluate(ERRORS))

    def sources(self) -> list[str]:
        """What stands in the cells."""
        return list(self.page.evaluate(SOURCES))

    def find(self, text: str) -> int:
        """The index of the last cell whose source holds a text."""
        return max(index for index, source in enumerate(self.sources()) if text in source)

    def show(self, index: int) -> None:
        """Scroll to a cell."""
        self.page.evaluate("index => { jupyterapp.shell.currentWidget.content.scrollToItem(index); }", index)

    def edit(self, index: int) -> None:
        """Put the cursor into a cell; again if an output that is still being drawn takes it away."""
        self.page.wait_for_function(EDIT, arg=index, polling=200)

    def write(self, index: int, source: str) -> None:
        """Replace what stands in a cell, key by key."""
        self.edit(index)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(source)
        assert self.sources()[index] == source

    def paste(self, index: int, source: str) -> None:
        """Replace what stands in a cell at once: typed, an editor would add indents of its own."""
        self.page.evaluate(PASTE, [index, source])

    def run(self, index: int) -> Locator:
        """Run one cell by Shift and Enter; where its outputs stand."""
        before = self.page.evaluate(COUNT, index)
        self.edit(index)
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(COUNTED, arg=[index, before], polling=100)
        self.show(index)
        return self.outputs(index)

    def outputs(self, index: int) -> Locator:
        """The outputs of a cell."""
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{index}'] .jp-OutputArea").first


def opened(browser: Browser, address: str, application: str, path: str, **options: Any) -> Opened:
    """Open a notebook and wait until its kernel has time."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000}, **options)
    page.set_default_timeout(30_000)
    here = Opened(page)

    def complain(text: str) -> None:
        if not any(known in text for known in KNOWN_NOISE[application]):
            here.complaints.append(text)

    page.on("pageerror", lambda error: complain(str(error)))
    page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
    reset = "reset&" if application == "jupyterlab" else ""
    page.goto(f"{address}/{ADDRESS[application]}/{path}?{reset}token={TOKEN}")
    page.wait_for_function(READY, polling=100, timeout=60_000)
    return here
