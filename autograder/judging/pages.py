"""What all pages of the kit share: one palette, and the hash by which a page allows its own style and script alone."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

PALETTE = Path(__file__).parent / "palette.css"


def style_of(path: Path) -> str:
    """The palette, and a page's own style sheet after it."""
    return PALETTE.read_text(encoding="utf-8") + path.read_text(encoding="utf-8")


def hash_of(text: str) -> str:
    """A style or script as `style-src` and `script-src` of a page's content security policy name it."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
