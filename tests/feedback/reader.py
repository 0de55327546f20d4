"""A page as a strict reader sees it: every element with its attributes, text and parents; nothing left open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["meta", "img", "br", "hr", "link", "input"])
SELF_CLOSED = frozenset(["path", "circle", "use", "rect", "line", "mspace", "none", "mprescripts"])


@dataclass(slots=True)
class Element:
    """An element; `parts` holds texts and elements in order."""

    tag: str
    attributes: dict[str, str]
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    @property
    def words(self) -> str:
        """All text in it, every run of white space as one space."""
        return " ".join(self.text.split())

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def all(self, tag: str = "", kind: str = "") -> Iterator[Element]:
        """Elements in it, in order, of this tag and class."""
        for part in self.parts:
            if isinstance(part, Element):
                if (not tag or part.tag == tag) and (not kind or kind in part.classes):
                    yield part
                yield from part.all(tag, kind)

    def one(self, tag: str = "", kind: str = "") -> Element:
        """The only such element."""
        (found,) = self.all(tag, kind)
        return found

    def by_id(self, name: str) -> Element:
        """The element with this id."""
        (found,) = (element for element in self.all() if element.attributes.get("id") == name)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute stands twice in <{tag}>"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID | SELF_CLOSED | {element.tag for element in self._open if element.tag == "math"} or (
            "math" in [element.tag for element in self._open]
        ), f"<{tag}/> is not closed in HTML"
        self._open[-1].parts.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)


def read(html: str) -> Element:
    """The whole page; AssertionError where it is not well formed."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader._open == [reader.root], f"<{reader._open[-1].tag}> is left open"
    return reader.root
