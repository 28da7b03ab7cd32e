"""The lessons as a course: their order, what each needs and names, and what carries what."""

import ast
import importlib
import inspect
import io
import pkgutil
import re
import tokenize
from functools import cache
from pathlib import Path
from random import Random

import pytest
from recorded_run import recorded

import micronn
from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP
from micronn.viewer import save_worksheet

DEMOS = Path(__file__).parent.parent / "demos"
LESSONS = {int(path.name[:2]): path for path in sorted(DEMOS.glob("[0-9]*.py"))}
every_lesson = pytest.mark.parametrize("number", LESSONS, ids=lambda k: LESSONS[k].stem)

# Attributes of another library's objects that have the names of some of ours.
NOT_OURS = {"print", "add_row", "sample", "weight", "bias"}


@cache
def head(number):
    """The fields between a lesson's title and its question: {"Before": "lesson 1", ...}."""
    fields = LESSONS[number].read_text("utf-8").split('"""')[1].split("\n\n")[1]
    pairs = re.findall(r"^(\w+): +((?:.|\n(?!\w))*)", fields, re.M)
    return {name: " ".join(text.split()) for name, text in pairs}


def before(number):
    """The lessons that a lesson says one needs."""
    return {int(k) for k in re.findall(r"\d+", head(number)["Before"])}


@cache
def known(number):
    """All lessons that stand behind a lesson, and itself."""
    return {number}.union(*[known(k) for k in before(number)])


def new(number):
    """The names that a lesson explains: Value, .data, .backward(), ..."""
    return {name.strip(" ()") for name in head(number).get("New", "").split(",")} - {""}


@cache
def our_attributes():
    """The names of the public attributes and methods of every public class of the package."""
    names = set()
    for module in pkgutil.walk_packages(micronn.__path__, "micronn."):
        if module.name.endswith("__main__"):
            continue
        for name, thing in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(thing) and thing.__module__.startswith("micronn") and name[0] != "_":
                set_in_it = re.findall(r"self\.(\w+)(?:: [^=\n]+)? = ", inspect.getsource(thing))
                names |= {*dir(thing), *vars(thing).get("__annotations__", {}), *set_in_it}
    plain = set().union(*map(dir, (str, list, dict, set, int, float, tuple)))
    return {name for name in names if name[0] != "_"} - plain - NOT_OURS


@cache
def used(number):
    """The names of ours that a lesson imports, and with a dot those it asks objects for."""
    tree = ast.parse(LESSONS[number].read_text("utf-8"))
    libraries, names = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            libraries |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("micronn"):
            names |= {alias.name for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in our_attributes():
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            names |= set() if owner in libraries else {f".{node.attr}"}
    return names


@every_lesson
def test_a_lesson_says_what_one_needs_before_and_what_one_can_do_after(number):
    assert set(head(number)) >= {"Run", "Takes", "Before", "After"}
    assert all(k < number for k in before(number))
    assert before(number) or number == 1
    assert head(number)["After"].startswith("you can ")


@every_lesson
def test_a_lesson_uses_no_name_that_it_or_those_before_it_have_not_explained(number):
    explained = set().union(*[new(k) for k in known(number)])
    where = {name: [k for k in LESSONS if name in new(k)] for name in used(number) - explained}
    assert where == {}, "names that are used unexplained, and the lessons that explain them"


def prose(number):
    """What a lesson says: its text behind the first lines, its comments and what it prints."""
    program = LESSONS[number].read_text("utf-8")
    strings = [
        node.value for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Constant)
    ]
    tokens = tokenize.generate_tokens(io.StringIO(program).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    strings = [text for text in strings if isinstance(text, str)]
    strings[0] = strings[0].split("\n\n", 2)[2]
    return " ".join([*strings, *[line for line in comments if "prints:" not in line]])


@every_lesson
def test_a_lesson_speaks_of_the_names_that_it_explains(number):
    said = prose(number)
    assert [n for n in new(number) if not re.search(rf"\b{n.lstrip('.')}\b", said)] == []


@every_lesson
def test_a_lesson_uses_the_names_that_it_explains_and_none_of_them_is_old(number):
    assert new(number) <= used(number)
    earlier = set().union(*[new(k) for k in known(number) - {number}])
    assert new(number) & earlier == set()


def rows(page, heading):
    """The rows of the tables below a heading of a page in demos/, as cells, without the heads."""
    text = (DEMOS / page).read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in row] for row in cells if not set(row[0]) <= set("-: ")]


def lesson_rows():
    """Of each lesson in the table of lessons: its number, its file and the other cells."""
    for link, *cells in rows("README.md", "The lessons"):
        if found := re.fullmatch(r"\[(\d\d)\]\((.*)\)(?: ★)?", link):
            yield int(found[1]), found[2], cells


def test_the_table_of_lessons_is_that_of_the_files_in_their_order():
    listed = [(number, name) for number, name, _ in lesson_rows()]
    assert listed == [(number, path.name) for number, path in LESSONS.items()]


@every_lesson
def test_the_table_says_of_a_lesson_what_the_lesson_says(number):
    (cells,) = [cells for k, _, cells in lesson_rows() if k == number]
    _, needs, can = cells  # the first is its question
    assert {int(k) for k in re.findall(r"\d+", needs)} == before(number)
    assert "you can " + can == head(number)["After"]


def test_the_evening_is_ten_lessons_that_need_no_other():
    plan = rows("README.md", "Tonight")
    evening = [int(row[1][1:3]) for row in plan if re.match(r"\[\d\d\]", row[1])]
    assert len(evening) == 10
    assert evening == sorted(evening)
    assert evening == [
        int(row[0][1:3]) for row in rows("README.md", "The lessons") if "★" in row[0]
    ]
    assert set().union(*[known(k) for k in evening]) == set(evening)


def test_the_minutes_of_the_evening_add_up():
    minutes = [int(row[0]) for row in rows("README.md", "Tonight") if row[0].isdigit()]
    text = (DEMOS / "README.md").read_text("utf-8")
    assert f"{sum(minutes)} minutes" in text


def test_every_concept_of_the_articles_is_carried_by_a_lesson():
    concepts = rows("ARTICLES.md", "The 67 concepts")
    assert [int(row[0]) for row in concepts] == list(range(1, 68))
    carried = set()
    for _, _, where, articles in concepts:
        carriers = {int(k) for k in where.split(",")}
        assert carriers <= set(LESSONS)
        assert set(articles.split()) <= set("ABCD")
        carried |= carriers
    assert len(carried) > 30


@pytest.mark.parametrize("page", ["README.md", "ARTICLES.md", "GLOSSARY.md"])
def test_the_links_of_a_page_lead_to_files_that_exist(page):
    text = (DEMOS / page).read_text("utf-8")
    for name in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (DEMOS / name).exists(), name
    for number, name in re.findall(r"\[(\d\d)\]\((\w+\.py)\)", text):
        assert name.startswith(number)


# The words of the field


@cache
def words(number):
    """The text of a lesson without its line breaks, comment marks and quotes at a break."""
    return re.sub(r"\n *#? *", " ", LESSONS[number].read_text("utf-8"))


@cache
def terms(number):
    """The terms of the field in a lesson: words in brackets, in small letters and alone."""
    found = re.findall(r"(?<=\S )\(([a-z]{3,}(?:[ -][a-z]+)*)\)(?!\*)", words(number))
    return {singular(term) for term in found}


def singular(term):
    """A term without the s of the plural."""
    term = re.sub(r"(?<=[^aeiou])ies$", "y", term)
    return term if term.endswith(("ss", "bias")) else re.sub(r"s$", "", term)


@cache
def glossary():
    """The rows of the glossary: term, sentence, lesson, PyTorch's name, plain words."""
    text = (DEMOS / "GLOSSARY.md").read_text("utf-8").split("|---|---|---|---|---|\n")[1]
    cells = [line.strip("|").split("|") for line in text.splitlines()]
    return [[cell.strip() for cell in row] for row in cells]


@every_lesson
def test_every_term_that_a_lesson_puts_in_brackets_is_in_the_glossary(number):
    listed = {singular(row[0]) for row in glossary()}
    assert terms(number) - listed == set(), "a bracket that is no term needs other words"


def test_the_glossary_names_the_lesson_that_brings_a_term():
    for term, _, link, *_ in glossary():
        number = int(link[1:3])
        bringing = [k for k in LESSONS if singular(term) in terms(k)]
        if bringing:
            assert number == bringing[0], term
        else:  # it stands there without brackets
            assert re.search(rf"\b{term}", words(number), re.I), term


def test_the_glossary_is_sorted_and_explains_each_term_in_a_sentence():
    listed = [row[0] for row in glossary()]
    assert listed == sorted(set(listed), key=str.lower)
    assert all(re.fullmatch(r"[^.]+\.", row[1]) for row in glossary())


def says_all_it_should(text):
    """Assert that a text with a plain word of the glossary says what the field calls it."""
    terms_of = {}
    for term, _, _, _, plain in glossary():
        for word in filter(None, plain.split(", ")):
            terms_of.setdefault(word, []).append(term)
    for word, terms in terms_of.items():
        if re.search(rf"\b{word}(s|es|d|ed)?\b", text):
            assert any(term in text for term in terms), f"{word!r} is here for {terms}"


@every_lesson
def test_a_lesson_with_a_plain_word_of_the_glossary_says_the_term_too(number):
    says_all_it_should(words(number).lower())


def test_the_names_of_pytorch_in_the_glossary_are_its_names():
    torch = pytest.importorskip("torch")
    for name in re.findall(r"`torch\.([\w.]+)`", (DEMOS / "GLOSSARY.md").read_text("utf-8")):
        thing = torch
        for part in name.split("."):
            thing = getattr(thing, part)


def picture_to_keep(tmp_path):
    """A picture of a computation, as a file."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    f = (a * b) * (a + b)
    f.backward()
    return draw(f).save(tmp_path / "f.svg")


def folded_picture(tmp_path):
    """A picture whose cards are whole neurons."""
    model = MLP(2, [4, 1], "tanh", rng=Random(1))
    out = model([0.5, 0.25])
    out.backward()
    return draw(out, model, "neurons").save(tmp_path / "net.svg")


def page_of_steps(tmp_path):
    """The page that steps through a computation."""
    return draw(Value(2.0, "a") * Value(3.0, "b")).save(tmp_path / "step.html")


def sheet_to_print(tmp_path):
    """A worksheet."""
    return save_worksheet(Value(2.0, "a") * Value(3.0, "b"), tmp_path / "sheet.html")[0]


def page_of_a_run(tmp_path):
    """The page that replays a training, with its plane."""
    return recorded().save(tmp_path / "run.html")


PAGES = [picture_to_keep, folded_picture, page_of_steps, sheet_to_print, page_of_a_run]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_with_a_plain_word_of_the_glossary_says_the_term_too(page, tmp_path):
    drawn = Path(page(tmp_path)).read_text("utf-8")
    drawn = re.sub(r"(?s)<(style|script).*?</\1>", "", drawn)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", drawn)).lower()
    says_all_it_should(text)
