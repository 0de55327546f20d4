"""The platforms' own import rules, written out as readers: what each would do with a file.

They are this project's reading of the sources named at each class, as of 2026; no platform runs here. Where a platform
would refuse the whole file, a reader raises `Refused`; otherwise it gives the marks that the platform would store.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree


class Refused(Exception):  # noqa: N818  # not an error of ours
    """The platform would take nothing."""


@dataclass(frozen=True)
class CanvasUser:
    """Somebody in a course of Canvas."""

    id: int
    name: str
    sortable: str
    sis: str
    login: str


class Canvas:
    """canvas-lms lib/gradebook_importer.rb, app/models/assignment.rb (title_and_id).

    Attributes:
        assignments: Ids with title and points.
        scores: What Canvas holds, by user's and assignment's id: a number, "EX", or nothing.
    """

    ignored = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")

    def __init__(
        self,
        users: Sequence[CanvasUser],
        assignments: Mapping[int, tuple[str, float]],
        scores: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        self.users, self.assignments, self.scores = users, assignments, dict(scores or {})

    def changes(self, data: bytes) -> dict[tuple[int, int], str]:
        """What would change, by user's and assignment's id; Refused if a student or an assignment would be made."""
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter(text)))
        header, *rest = [row for row in rows if row and not all(cell in ("", " ") for cell in row)]
        columns = self._columns(header)
        found: dict[tuple[int, int], str] = {}
        for row in rest:
            if "Points Possible" in row[0]:
                self._check_points(row, columns)
            elif all(re.fullmatch(r"(?i)\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row):
                continue
            else:
                user = self._user(header, row)
                found |= {(user.id, of): self._decimal(row[at]).strip() for of, at in columns.items()}
        return {key: grade for key, grade in found.items() if not self._is_same(grade, self.scores.get(key, ""))}

    def _delimiter(self, text: str) -> str:
        """identify_delimiter: from three lines, by which delimiter all have the same number of cells."""
        lines = text.splitlines()[:3]
        counts = {}
        for delimiter in ";,":
            sizes = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
            counts[delimiter] = sizes.pop() if len(sizes) == 1 else 0
        return ";" if counts[";"] > counts[","] else ","

    def _columns(self, header: Sequence[str]) -> dict[int, int]:
        """header?, update_column_count, strip_non_assignment_columns, parse_assignments."""
        if not (len(header) > 3 and "Student" in header[0] and "ID" in header[1]):
            raise Refused("Invalid header row")
        students = 3
        if re.search(r"SIS\s+Login\s+ID", header[2]):
            students = 4
        elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
            students = 5
        if "Section" not in header[students - 1]:
            raise Refused("Invalid header row")
        columns = {}
        for at in range(students, len(header)):
            if not self.ignored.search(header[at]):
                columns[self._assignment(header[at])] = at
        return columns

    def _assignment(self, cell: str) -> int:
        found = re.fullmatch(r"(.*)\s\((\d+)\)", cell, re.DOTALL)
        if found and int(found[2]) in self.assignments:
            return int(found[2])
        for key, (title, _) in self.assignments.items():
            if title == cell:
                return key
        raise Refused(f"{cell} would be a new assignment")

    def _check_points(self, row: Sequence[str], columns: Mapping[int, int]) -> None:
        for key, at in columns.items():
            if row[at] and float(self._decimal(row[at])) != self.assignments[key][1]:
                raise Refused("the points possible would change")

    def _user(self, header: Sequence[str], row: Sequence[str]) -> CanvasUser:
        """process_student: by id, SIS user id, SIS login id, then the exact name."""
        sis = row[2] if "SIS User ID" in header else ""
        login = row[header.index("SIS Login ID")] if "SIS Login ID" in header else ""
        tests = (
            lambda user: str(user.id) == row[1],
            lambda user: sis and user.sis == sis,
            lambda user: login and user.login == login,
            lambda user: row[0] in (user.name, user.sortable),
        )
        for test in tests:
            for user in self.users:
                if test(user):
                    return user
        raise Refused(f"{row[0]} would be a new student")

    @staticmethod
    def _decimal(cell: str) -> str:
        """decimal_comma_to_period."""
        if not re.fullmatch(r"-?[0-9.,]+%?", cell):
            return cell
        *front, last = re.split(r"[,.]", cell)
        return f"{''.join(front)}.{last}" if front else last

    @staticmethod
    def _is_same(new: str, old: str) -> bool:
        """no_change_to_value?: a blank against a score is a change; numbers are compared at two decimals."""
        if new == old or (new in ("", "-") and old in ("", "-")):
            return True
        if not new or not old or "EX" in (new.upper(), old.upper()):
            return False
        return f"{float(new):.2f}" == f"{float(old):.2f}"


def canvas_files(data: bytes, uploads: Mapping[int, int]) -> tuple[dict[int, list[bytes]], list[str]]:
    """canvas-lms app/models/assignment.rb, infer_comment_context_from_filename: files by user, and ignored ones.

    Args:
        data: A zip.
        uploads: Which user an upload's id belongs to.
    """
    found: dict[int, list[bytes]] = {}
    ignored = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            parts = name.rpartition("/")[2].split("_")
            user, upload = ([int(part) for part in parts if re.fullmatch(r"\d+", part)] + [0, 0])[:2]
            if parts[-1].startswith("link") or name.startswith("._") or uploads.get(upload) != user:
                ignored.append(name)
            else:
                found.setdefault(user, []).append(archive.read(name))
    return found, ignored


def moodle_float(text: str, point: str) -> float | None:
    """moodle lib/moodlelib.php, unformat_float with `strict`: the site's decimal point is made a "."."""
    number = text.replace(" ", "").replace(point, ".")
    return float(number) if re.fullmatch(r"-?\d+(\.\d+)?", number) else None


@dataclass(frozen=True)
class Language:
    """What a Moodle's language calls the columns of the worksheet."""

    identifier: str = "Identifier"
    grade: str = "Grade"
    modified: str = "Last modified (grade)"
    participant: str = "Participant "
    point: str = "."


class MoodleWorksheet:
    """moodle mod/assign/feedback/offline: importgradeslib.php (init, next), locallib.php (process_import_grades)."""

    def __init__(self, participants: Iterable[int], most: float, language: Language) -> None:
        self.participants, self.most, self.language = set(participants), most, language

    def grades(self, data: bytes) -> dict[int, float]:
        """Grades that would be stored, by participant."""
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        header, words = rows[0], self.language
        for wanted in (words.identifier, words.grade, words.modified):
            if wanted not in header:
                raise Refused("invalidgradeimport")
        found = {}
        for row in rows[1:]:
            if len(row) != len(header):
                raise Refused("csvweirdcolumns")
            number = int(row[header.index(words.identifier)][len(words.participant) :])
            grade = moodle_float(row[header.index(words.grade)], words.point)
            if number in self.participants and grade is not None and 0 <= grade <= self.most:
                found[number] = grade
        return found


def moodle_gradebook(data: bytes, key: str, users: Iterable[str], column: str, point: str = ".") -> dict[str, float]:
    """moodle grade/import/csv/classes/load_data.php: one unknown user or bad number rolls everything back.

    Args:
        data: The file.
        key: Header of the column that is mapped to the user.
        users: What the site knows under that key.
        column: Header of the column that is mapped to the grade item.
        point: The site's decimal point.
    """
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    header = [cell.strip() for cell in rows[0]]
    known, found = set(users), {}
    for row in rows[1:]:
        user, value = row[header.index(key)], row[header.index(column)]
        if user not in known:
            raise Refused(f"usermappingerror {user}")
        if value in ("", "-"):
            continue
        grade = moodle_float(value, point)
        if grade is None:
            raise Refused("badgrade")
        if grade > 100:
            raise Refused("gradevaluetoobig")
        found[user] = grade
    return found


def moodle_files(data: bytes, participants: Iterable[int]) -> tuple[dict[int, dict[str, bytes]], list[str]]:
    """moodle mod/assign/feedback/file/importziplib.php, is_valid_filename_for_import: files by participant; skipped."""
    known = set(participants)
    found: dict[int, dict[str, bytes]] = {}
    skipped = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for path in archive.namelist():
            number, name = _moodle_file(path, known)
            if number:
                found.setdefault(number, {})[name] = archive.read(path)
            else:
                skipped.append(path)
    return found, skipped


def _moodle_file(path: str, known: set[int]) -> tuple[int, str]:
    *folders, file = path.split("/")
    if file.startswith((".", "~")):
        return 0, ""
    parts = [*folders, file]
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) < 4 or not info[1].isdigit() or int(info[1]) not in known:
            continue
        if info[2:4] != ["assignfeedback", "file"]:
            continue
        return int(info[1]), "/".join([*info[4:], *parts])
    return 0, ""


def blackboard(data: bytes, users: Iterable[str], columns: Iterable[int]) -> dict[tuple[str, int], float]:
    """Blackboard's Work Offline (help.blackboard.com, Work Offline with Grade Data; nbeaver/offline-grades-upload).

    The key is Username; the number behind "|" is the column's; a header without one would make a new text column.
    """
    text = data.decode("utf-16" if data.startswith(b"\xff\xfe") else "utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in text.splitlines()[0] else ","))
    header, known, wanted = rows[0], set(users), set(columns)
    found = {}
    for at, cell in enumerate(header):
        if cell in ("Last Name", "First Name", "Username", "Student ID", "Last Access", "Availability"):
            continue
        column = re.search(r"\|(\d+)$", cell)
        if not column or int(column[1]) not in wanted:
            raise Refused(f"{cell} would be a new column")
        for row in rows[1:]:
            if row[header.index("Username")] in known and row[at]:
                found[row[header.index("Username")], int(column[1])] = float(row[at])
    return found


def gradescope(data: bytes) -> tuple[float, dict[str, dict[str, object]]]:
    """gradescope-autograders.readthedocs.io, specs: the sum of the tests' scores, and the tests by name."""
    content = json.loads(data)
    allowed = {"score", "max_score", "status", "name", "number", "output", "tags", "visibility", "extra_data"}
    for test in content["tests"]:
        assert set(test) <= allowed
        assert test.get("status", "passed") in ("passed", "failed")
        assert test["visibility"] in ("hidden", "after_due_date", "after_published", "visible")
    assert set(content) <= {"score", "output", "tests", "visibility", "stdout_visibility", "execution_time"}
    return sum(test.get("score", 0) for test in content["tests"]), {test["name"]: test for test in content["tests"]}


def ags(data: bytes) -> dict[str, float | None]:
    """IMS LTI AGS 2.0, 3.4 (score publish service), as Canvas takes it: the mark by user; None where none counts."""
    found: dict[str, float | None] = {}
    for line in data.splitlines():
        score = json.loads(line)
        assert {"userId", "activityProgress", "gradingProgress", "timestamp"} <= set(score)
        assert score["activityProgress"] in ("Initialized", "Started", "InProgress", "Submitted", "Completed")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", score["timestamp"])
        assert ("scoreGiven" in score) == ("scoreMaximum" in score)
        counts = score["gradingProgress"] == "FullyGraded"
        found[score["userId"]] = score["scoreGiven"] if counts else None
    return found


def junit(data: bytes) -> dict[str, int]:
    """github.com/testmoapp/junitxml: counts of the whole, which must be those of its cases."""
    top = ElementTree.fromstring(data)
    cases = list(top.iter("testcase"))
    counted = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    assert counted == {key: int(top.get(key, "-1")) for key in counted}
    return counted
