"""Feedback pages in one zip, each named so that the platform finds whose it is."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.course.course import Course
from autograder.course.pseudonyms import own_names
from autograder.handed_in.collect import Taken
from autograder.handed_in.labels import PARTICIPANT
from autograder.handed_in.roster import Roster
from autograder.model import KitError


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A zip for a platform, and the students that it holds nothing for, with the reason."""

    data: bytes
    pages: int
    without: tuple[tuple[str, str], ...]


def pages_of(course: Course, assignment: str) -> dict[tuple[str, str], Path]:
    """The feedback pages of an assignment, by student, whose own name it is, and notebook.

    Raises:
        KitError: There are none.
    """
    names = own_names(course.root)
    pages = sorted((course.root / "feedback").glob(f"*/{assignment}/*.html"))
    found = {(names.get(path.parts[-3], path.parts[-3]), path.stem): path for path in pages}
    if not found:
        raise KitError(f"There are no feedback pages. Run `nbgrader generate_feedback {assignment}` first.")
    return found


def for_moodle(pages: Mapping[tuple[str, str], Path], roster: Roster) -> Returned:
    """As Moodle takes feedback files back (mod/assign/feedback/file/importziplib.php).

    A folder is split at "_" into full name, participant's number and the plug-in's two names, so an underscore in a
    name would shift the parts: it becomes a blank.
    """
    files: dict[str, Path] = {}
    without = []
    for student in dict.fromkeys(student for student, _ in pages):
        people = [person for person in roster.people if person.student == student]
        number = next((value for person in people for kind, value in person.ids if kind == PARTICIPANT), "")
        if not number:
            without.append((student, "the worksheet does not list the student"))
            continue
        name = re.sub(r"[_/\\\x00-\x1f]", " ", people[0].name).strip(" .~") or "Participant"
        folder = f"{name}_{number}_assignfeedback_file"
        files |= {f"{folder}/{of}.html": path for (whose, of), path in pages.items() if whose == student}
    return Returned(data=_zipped(files), pages=len(files), without=tuple(without))


def for_canvas(pages: Mapping[tuple[str, str], Path], taken: Iterable[Taken]) -> Returned:
    """As Canvas takes files back (Assignment#infer_comment_context_from_filename): by the numbers of user and upload.

    Args:
        pages: By student and notebook.
        taken: What the archive holds that Canvas handed out: a page goes back under the name of the file it is about.
    """
    files: dict[str, Path] = {}
    seen = set()
    for one in taken:
        page = pages.get((one.student, one.source.name))
        if page is not None:
            upload, *inside = one.upload.split("/")
            of = f"-{one.source.name}" if inside else ""  # of a zip
            files[f"{upload.rpartition('.')[0] or upload}{of}.html"] = page
            seen.add(one.student)
    without = [(student, "the archive holds no file of the student") for student, _ in pages if student not in seen]
    return Returned(data=_zipped(files), pages=len(files), without=tuple(dict.fromkeys(without)))


def _zipped(files: Mapping[str, Path]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            archive.writestr(name, path.read_bytes())
    return made.getvalue()
