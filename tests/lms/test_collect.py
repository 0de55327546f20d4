"""Downloads of learning platforms into `submitted/`: each to its own, the newest attempt, all else by name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.handed_in import archives
from autograder.handed_in.folder import find_file

from .classroom import (
    ASSIGNMENT,
    NOTEBOOKS,
    SPANISH,
    Student,
    canvas_gradebook,
    canvas_zip,
    class_of_60,
    csv_of,
    moodle_name,
    moodle_zip,
    notebook,
    works,
    worksheet,
    zipped,
)
from .conftest import Run

CLASS = class_of_60()
HANDED_IN = [student for student in CLASS if student.share is not None]
ADA, LADA = CLASS[0], CLASS[1]
FULL, HALF, BLANK = (notebook("02_chain", share) for share in (1.0, 0.5, 0.0))


def files(course: Course) -> dict[str, bytes]:
    """Everything below `submitted/`."""
    top = course.root / "submitted"
    return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


def notebooks(course: Course) -> dict[tuple[str, str], bytes]:
    """Notebooks by student and name."""
    found = {tuple(name.split("/")): data for name, data in files(course).items() if name.endswith(".ipynb")}
    return {(parts[0], parts[2].removesuffix(".ipynb")): data for parts, data in found.items() if len(parts) == 3}


def wanted(student_of: Callable[[Student], str]) -> dict[tuple[str, str], bytes]:
    """What each student has handed in, under the student's name."""
    return {
        (student_of(student), name): notebook(name, student.share)
        for student in HANDED_IN
        for name in NOTEBOOKS
        if student.share is not None
    }


def put(course: Course, name: str, data: bytes | str) -> Path:
    path = course.root / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def unpacked(course: Course, data: bytes) -> Path:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        archive.extractall(course.root / "downloads")
    return course.root / "downloads"


def moodle_flat(students: Iterable[Student]) -> bytes:
    """Moodle's older form (downloader.php, not as folders): one name for each file."""
    return zipped(
        (f"{moodle_name(one)}_assignsubmission_file_{name}", data) for one in students for name, data in works(one)
    )


@pytest.mark.parametrize("form", ["zip", "unpacked", "flat"])
def test_a_class_comes_from_moodle_each_to_its_own(course, run, form):
    roster = put(course, "worksheet.csv", worksheet(CLASS))
    data = moodle_flat(CLASS) if form == "flat" else moodle_zip(CLASS)
    path = unpacked(course, data) if form == "unpacked" else put(course, "moodle.zip", data)
    done = run("collect", path, "--roster", roster)
    assert done.code == 0, done.said
    assert notebooks(course) == wanted(lambda student: student.email)
    assert "1_neuron: 150 notebooks, of 50 students" in done.said
    assert all(student.email in done.said for student in CLASS if student.share is None)


def test_a_class_comes_from_canvas_each_to_its_own(course, run):
    roster = put(course, "gradebook.csv", canvas_gradebook(CLASS))
    done = run("collect", put(course, "canvas.zip", canvas_zip(CLASS, late=["zoe"])), "--roster", roster)
    assert done.code == 0, done.said
    assert notebooks(course) == wanted(lambda student: student.login)
    assert "Marked as late by the platform zoe: 01_neuron zoe: 02_chain zoe: 03_step" in done.said
    assert "of 50 students it does not say when they handed in" in done.said
    assert not any(name.endswith("timestamp.txt") for name in files(course))


def test_a_spanish_worksheet_says_who_is_who(course, run):
    roster = put(course, "hoja.csv", worksheet(CLASS, SPANISH, "Participante "))
    done = run("collect", put(course, "moodle.zip", moodle_zip(CLASS)), "--roster", roster)
    assert done.code == 0, done.said
    assert notebooks(course) == wanted(lambda student: student.email)


def test_the_time_is_the_worksheets_on_the_courses_clocks_and_never_the_downloads(course, run):
    put(course, "worksheet.csv", worksheet([ADA]))
    run("collect", put(course, "moodle.zip", moodle_zip([ADA])), "--roster", "worksheet.csv")
    stamp = course.root / "submitted" / ADA.email / ASSIGNMENT / "timestamp.txt"
    assert stamp.read_text() == "2026-01-12 13:30:00.000000 UTC\n"  # 2:30 PM in Berlin


def blackboard(students: Iterable[Student]) -> bytes:
    """As docs and public tools have it: title, username, attempt's time, file's name; and a text file each attempt."""
    made: list[tuple[str, bytes]] = []
    for student in students:
        start = f"{ASSIGNMENT}_{student.login}_attempt_2026-07-12-18-30-00"
        made += [(f"{start}.txt", f"Name: {student.full} ({student.login})\n".encode())]
        made += [(f"{start}_{name}", data) for name, data in works(student)]
    return zipped(made)


def test_blackboards_names_are_told_apart_by_the_roster_or_doubted(course, run):
    rows = [["Last Name", "First Name", "Username", "Student ID"]]
    rows += [[one.last, one.first, one.login, str(one.number)] for one in CLASS]
    put(course, "class.csv", csv_of(rows))
    put(course, "bb.zip", blackboard(CLASS))
    done = run("collect", "bb.zip", "--roster", "class.csv")
    assert done.code == 0, done.said
    assert notebooks(course) == wanted(lambda student: student.login)
    stamp = course.root / "submitted" / "ada" / ASSIGNMENT / "timestamp.txt"
    assert stamp.read_text() == "2026-07-12 16:30:00.000000 UTC\n"
    put(course, "class.csv", csv_of([*rows, ["Lee", "Short", "lee", "61"]]))
    before = files(course)
    done = run("collect", "bb.zip", "--roster", "class.csv")
    assert done.code == 2
    assert "01_neuron.ipynb: it could be ann_lee or lee" in done.said
    assert files(course) == before


def test_ilias_folders_are_known_by_login_and_its_times_are_taken(course, run):
    put(course, "class.csv", csv_of([["id", "first_name"], *([one.login, one.first] for one in CLASS)]))
    archive = zipped(
        (
            f"1_neuron/{one.last}_{one.first.replace('_', '')}_{one.login}_{4000 + one.number}/20260112183000_{name}",
            data,
        )
        for one in HANDED_IN
        if "_" not in one.last
        for name, data in works(one)
    )
    done = run("collect", put(course, "ilias.zip", archive), "--roster", "class.csv")
    assert done.code == 0, done.said
    assert "ilias.zip: from ILIAS" in done.said
    assert (
        notebooks(course).items()
        == {key: data for key, data in wanted(lambda student: student.login).items() if key[0] != "under"}.items()
    )
    stamp = course.root / "submitted" / "ann_lee" / ASSIGNMENT / "timestamp.txt"
    assert stamp.read_text() == "2026-01-12 17:30:00.000000 UTC\n"


FIVE = ("Ada", "Lada", "ann_lee", "bob_lee", "s1234567")


@pytest.mark.parametrize("with_roster", [True, False])
def test_plain_files_are_named_after_exactly_one_student(course, run, with_roster):
    for at, student in enumerate(FIVE):
        folder = course.root / "downloads"
        folder.mkdir(exist_ok=True)
        (folder / f"{student}_02_chain.ipynb").write_bytes(notebook("02_chain", at / 4))
    put(course, "class.csv", csv_of([["id"], *([student] for student in FIVE)]))
    done = run("collect", "downloads", *(["--roster", "class.csv"] if with_roster else []))
    assert done.code == 0, done.said
    found = {(student, "02_chain"): notebook("02_chain", at / 4) for at, student in enumerate(FIVE)}
    assert notebooks(course) == found


@pytest.mark.parametrize("around", ["", "all of them/"])
def test_plain_folders_are_students_with_or_without_an_assignments_folder(course, run, around):
    content = {
        f"{around}ada/1_neuron/02_chain.ipynb": FULL,
        f"{around}ada/1_neuron/timestamp.txt": b"2026-01-12 18:00:00 UTC\n",
        f"{around}bob/1_Neuron /02_chain.ipynb": HALF,
        f"{around}eve/02_chain.ipynb": BLANK,
    }
    done = run("collect", put(course, "plain.zip", zipped(content)))
    assert done.code == 0, done.said
    assert notebooks(course) == {("ada", "02_chain"): FULL, ("bob", "02_chain"): HALF, ("eve", "02_chain"): BLANK}
    assert files(course)["ada/1_neuron/timestamp.txt"] == b"2026-01-12 18:00:00.000000 UTC\n"


def test_a_zip_may_be_named_after_its_student_or_lie_in_the_students_folder(course, run):
    inside = zipped({"my work/02_chain.ipynb": FULL})
    done = run("collect", put(course, "plain.zip", zipped({"ada.zip": inside, "eve/my zip.zip": inside})))
    assert done.code == 0, done.said
    assert notebooks(course) == {("ada", "02_chain"): FULL, ("eve", "02_chain"): FULL}


def test_who_could_be_two_people_is_refused_and_named(course, run):
    content = {"ada/lada_02_chain.ipynb": FULL, "ada/01_neuron.ipynb": notebook("01_neuron", 1.0)}
    put(course, "class.csv", csv_of([["id"], ["ada"], ["lada"]]))
    done = run("collect", put(course, "plain.zip", zipped(content)), "--roster", "class.csv")
    assert done.code == 2
    assert "Doubtful, so nothing of it was written ada/lada_02_chain.ipynb: it could be ada or lada" in done.said
    assert set(notebooks(course)) == {("ada", "01_neuron")}


def test_the_worksheet_of_another_assignment_puts_nobodys_work_under_another_name(course, run):
    """Moodle numbers participants anew in each assignment: the same numbers are other people."""
    numbers = [student.participant for student in CLASS]
    lines = worksheet(CLASS)
    for number, other in zip(numbers, [*numbers[1:], numbers[0]], strict=True):
        lines = lines.replace(f"Participant {number},", f"PARTICIPANT {other},")
    put(course, "worksheet.csv", lines.replace("PARTICIPANT", "Participant"))
    done = run("collect", put(course, "moodle.zip", moodle_zip(CLASS)), "--roster", "worksheet.csv")
    assert done.code == 2
    assert "it may belong to another download" in done.said
    assert files(course) == {}


def test_somebody_who_is_not_in_the_roster_is_named(course, run):
    put(course, "worksheet.csv", worksheet([ADA]))
    done = run("collect", put(course, "moodle.zip", moodle_zip([ADA, LADA])), "--roster", "worksheet.csv")
    assert done.code == 2
    assert f"the roster knows nobody by {LADA.participant}" in done.said
    assert {student for student, _ in notebooks(course)} == {ADA.email}


@pytest.mark.parametrize(("archive", "platform"), [(moodle_zip([ADA]), "Moodle"), (canvas_zip([ADA]), "Canvas")])
def test_a_platform_that_numbers_people_needs_a_roster(course, run, archive, platform):
    done = run("collect", put(course, "download.zip", archive))
    assert done.code == 2
    assert f"is named as {platform} names files" in done.said
    assert "with --roster FILE.csv" in done.said


def canvas_of_ada(*uploads: tuple[str, bytes], when: tuple[int, ...] = (2026, 1, 20, 9, 30, 0)) -> bytes:
    return zipped(((f"lovelaceada_501_{9000 + at}_{name}", data) for at, (name, data) in enumerate(uploads)), when)


@pytest.fixture
def collect(course: Course, run: Run) -> Callable[..., str]:
    """Collect Canvas's archive of one student; what is said."""
    put(course, "gradebook.csv", canvas_gradebook([ADA]))

    def collected(archive: bytes, *options: str) -> str:
        done = run("collect", put(course, "canvas.zip", archive), "--roster", "gradebook.csv", *options)
        assert done.code == 0, done.said
        return done.said

    return collected


def test_the_second_attempt_counts_and_the_first_is_kept_and_named_to_both(course, collect):
    said = collect(canvas_of_ada(("02_chain.ipynb", FULL), ("02_chain-1.ipynb", HALF)))
    assert "ada: lovelaceada_501_9000_02_chain.ipynb is an earlier attempt; lovelaceada_501_9001_02_chain-1" in said
    assert notebooks(course) == {("ada", "02_chain"): HALF}
    found = find_file(course.root / "submitted" / "ada" / ASSIGNMENT, "02_chain", course.sources, most_bytes=1 << 24)
    assert found.data == HALF
    assert "02_chain.ipynb counts for 02_chain; passed over: earlier/02_chain." in found.remarks[0]
    assert "is an earlier attempt" in found.remarks[0]


def test_a_blank_second_attempt_does_not_count(course, collect):
    collect(canvas_of_ada(("02_chain.ipynb", FULL), ("02_chain-1.ipynb", BLANK)))
    assert notebooks(course) == {("ada", "02_chain"): FULL}


def test_collecting_again_writes_nothing_and_takes_only_what_is_newer(course, collect):
    old = canvas_of_ada(("02_chain.ipynb", FULL), ("03_step.ipynb", notebook("03_step", 1.0)))
    collect(old)
    before = {path: path.stat().st_mtime_ns for path in (course.root / "submitted").rglob("*")}
    assert "1_neuron: 0 notebooks, 2 there already" in collect(old)
    assert {path: path.stat().st_mtime_ns for path in (course.root / "submitted").rglob("*")} == before
    newer = canvas_of_ada(
        ("02_chain.ipynb", HALF), ("03_step.ipynb", notebook("03_step", 1.0)), when=(2026, 1, 21, 9, 30, 0)
    )
    said = collect(newer)
    assert "1_neuron: 1 notebooks, 1 there already" in said
    assert "ada: submitted/02_chain.ipynb is older" in said
    assert notebooks(course)["ada", "02_chain"] == HALF
    collect(old)
    assert notebooks(course)["ada", "02_chain"] == HALF


def test_a_dry_run_says_the_same_and_writes_nothing(course, collect):
    archive = canvas_of_ada(("02_chain.ipynb", FULL), ("02_chain-1.ipynb", HALF))
    said = collect(archive, "--dry-run")
    assert not (course.root / "submitted").exists()
    assert said.replace("Would be taken", "Taken") == collect(archive)


def test_zips_in_zips_deeper_folders_doubled_endings_and_capitals_are_found(course, collect):
    inner = zipped({"my work/01_neuron.ipynb": notebook("01_neuron", 1.0), "__MACOSX/._01_neuron.ipynb": b"Mac"})
    archive = canvas_of_ada(
        ("work.zip", zipped({"once more.zip": inner})),
        ("02_chain.ipynb.json", FULL),
        ("Lösung (3).IPYNB", notebook("03_step", 0.5)),
        ("notes.pdf", b"%PDF"),
    )
    said = collect(archive)
    assert set(notebooks(course)) == {("ada", name) for name in NOTEBOOKS}
    assert "Files that hold no notebook, not looked at: 1" in said


def test_notebooks_of_other_assignments_are_left_out_when_one_is_asked_for(course, run):
    put(course, "plain.zip", zipped({"ada/02_chain.ipynb": FULL}))
    done = run("collect", "plain.zip", "--assignment", "2_layer")
    assert done.code == 2
    assert "There is no assignment 2_layer" in done.said


def bad_zip(change: Callable[[zipfile.ZipInfo], None], name: str = "02_chain.ipynb", data: bytes = FULL) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        change(info)
        archive.writestr(info, data)
    return made.getvalue()


def encrypted(data: bytes) -> bytes:
    """The same zip with the flag of a password, in the member's header and in the directory."""
    made = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(mark) + at] |= 1
    return bytes(made)


def as_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


def unchanged(info: zipfile.ZipInfo) -> None:
    pass


BOMB = zipped({"02_chain.ipynb": b"0" * (30 << 20)})
BAD = {
    "it is a link": bad_zip(as_link),
    "its path leads out of the archive": bad_zip(unchanged, "../../evil/02_chain.ipynb"),
    "evil/02_chain.ipynb: its path leads out": bad_zip(unchanged, "/evil/02_chain.ipynb"),
    "it has a password": encrypted(bad_zip(unchanged)),
    "it has more than 20 MB": BOMB,
    "it cannot be opened as a zip": b"PK\x03\x04 no zip",
    "archives of this kind are not opened": zipped({"work.rar": b"Rar!"}),
}


@pytest.mark.parametrize("why", BAD)
def test_what_may_not_be_read_is_refused_with_a_text_and_costs_nobody_else(course, collect, why):
    said = collect(canvas_of_ada(("work.zip", BAD[why]), ("03_step.ipynb", notebook("03_step", 1.0))))
    assert why in said
    assert set(notebooks(course)) == {("ada", "03_step")}
    assert {path.name for path in course.root.parent.iterdir()} == {"course"}


def test_an_archive_that_cannot_be_read_is_refused_as_a_whole(course, run, monkeypatch):
    put(course, "gradebook.csv", canvas_gradebook([ADA]))
    done = run("collect", put(course, "no.zip", b"no zip"), "--roster", "gradebook.csv")
    assert done.code == 2
    assert "no.zip: it cannot be opened as a zip" in done.said
    monkeypatch.setattr(archives, "MOST_BYTES", 1000)
    done = run("collect", put(course, "canvas.zip", canvas_zip([ADA])), "--roster", "gradebook.csv")
    assert done.code == 2
    assert "canvas.zip: it holds more than anybody hands in" in done.said


def test_zips_inside_a_zip_take_no_more_room_than_a_student_needs_and_leave_it_to_others(course, run):
    """Each of these is small where it lies and large where it is opened."""
    large = zipped({"more.zip": zipped({"02_chain.ipynb": FULL}) + b"0" * (60 << 20)})
    content = {"ada/work.zip": zipped({f"{name}.zip": large for name in "abc"}), "bob/work.zip": large}
    done = run("collect", put(course, "plain.zip", zipped(content)))
    assert "ada/work.zip/b.zip/more.zip: it holds more than anybody hands in" in done.said
    assert "bob/work.zip/more.zip: it holds more" not in done.said


def test_zips_are_opened_three_deep(course, collect):
    data = zipped({"02_chain.ipynb": FULL})
    for _ in range(5):
        data = zipped({"more.zip": data})
    assert "more than 3 zips deep" in collect(canvas_of_ada(("work.zip", data)))
    assert notebooks(course) == {}


@pytest.mark.parametrize("name", ["../../ada", ".hidden", "a/b", " ada"])
def test_a_roster_cannot_name_a_student_so_that_a_path_leads_elsewhere(course, run, name):
    put(course, "class.csv", csv_of([["id", "lms_user_id"], [name, "501"]]))
    done = run("collect", put(course, "canvas.zip", canvas_of_ada(("02_chain.ipynb", FULL))), "--roster", "class.csv")
    assert files(course).keys() <= {"ada/1_neuron/02_chain.ipynb"}  # blanks around an id are none of it
    assert done.code == 2 or name == " ada"


def test_a_roster_that_cannot_be_read_is_refused_with_the_next_step(course, run):
    archive = put(course, "canvas.zip", canvas_of_ada(("02_chain.ipynb", FULL)))
    for content, said in {
        "Nickname,Group\nada,1\n": "Say which one does: --student COLUMN. Its columns are: Nickname, Group",
        "id\nada\nADA\n": 'rows 2 and 3 both have ADA in the column "id"',
        "id\n": "has no rows",
        "id\nada,b\n": "row 2 has more cells than the header",
    }.items():
        put(course, "class.csv", content)
        done = run("collect", archive, "--roster", "class.csv")
        assert done.code == 2
        assert said in done.said
