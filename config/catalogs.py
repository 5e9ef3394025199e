"""The catalogs of sentences people see: finding them in the code, bringing catalogs up to date, compiling them.

Needs polib alone. It runs at set-up and at the start of the tests, before Django has settings.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

TRANSLATED = ("af", "zu")  # English is the source and needs no catalog of its own
PLURALS = {"af": "nplurals=2; plural=(n != 1);", "zu": "nplurals=2; plural=(n > 1);"}
FOLDERS = ("config", "shared_apps", "tenant_apps", "tenants", "templates")
DJANGOS = "django/"  # where an entry comes from that translates Django's own
PLAIN = {"gettext", "gettext_lazy", "gettext_noop", "_"}
PLURAL = {"ngettext", "ngettext_lazy"}
IN_CONTEXT = {"pgettext", "pgettext_lazy"}
PLURAL_IN_CONTEXT = {"npgettext", "npgettext_lazy"}
CALL = re.compile(r"(?<![\w.])(_|gettext|ngettext|pgettext|npgettext)\(")


@dataclass(frozen=True, order=True)
class Sentence:
    """One thing to translate, as gettext tells them apart."""

    context: str
    text: str
    plural: str = ""


def catalog(locale: Path, language: str) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


def compile_all(locale: Path) -> list[Path]:
    """Write every `.mo` that is older than its `.po`; the ones written."""
    written = []
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        fresh = target.with_suffix(f".{os.getpid()}")
        polib.pofile(str(source)).save_as_mofile(str(fresh))
        fresh.replace(target)
        written.append(target)
    return written


def found(root: Path) -> dict[Sentence, set[str]]:
    """Every sentence of the product and the files that say it."""
    sentences: dict[Sentence, set[str]] = {}
    for path in _files(root):
        where = str(path.relative_to(root))
        text = path.read_text(encoding="utf-8")
        for sentence in _in_python(text) if path.suffix == ".py" else _in_template(text, where):
            sentences.setdefault(sentence, set()).add(where)
    return sentences


def _files(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(path for path in (root / folder).rglob("*") if path.suffix in (".py", ".html", ".txt"))


def _in_python(code: str) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            yield from _sentence(name, node.args)


def _in_template(text: str, where: str) -> Iterator[Sentence]:
    # Django turns a template into something call-shaped for xgettext; here the calls are read with Python's own parser.
    shaped = templatize(text, origin=where)
    for call in CALL.finditer(shaped):
        yield from _sentence(call[1], _arguments(shaped, call.end()))


def _arguments(shaped: str, start: int) -> list[ast.expr]:
    """The arguments of the call whose bracket opened before `start`: up to the first end that Python can read."""
    end = start
    while (end := shaped.find(")", end) + 1) > 0:
        try:
            parsed = ast.parse(f"f({shaped[start:end]}", mode="eval").body
        except SyntaxError:
            continue
        return parsed.args if isinstance(parsed, ast.Call) else []
    return []


def _sentence(name: str, arguments: Iterable[ast.expr]) -> Iterator[Sentence]:
    words = [node.value for node in arguments if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if name in PLAIN and words:
        yield Sentence("", words[0])
    elif name in PLURAL and len(words) >= 2:
        yield Sentence("", words[0], words[1])
    elif name in IN_CONTEXT and len(words) >= 2:
        yield Sentence(words[0], words[1])
    elif name in PLURAL_IN_CONTEXT and len(words) >= 3:
        yield Sentence(words[0], words[1], words[2])


def read(path: Path) -> polib.POFile:
    return polib.pofile(str(path), wrapwidth=118)


def sentence_of(entry: polib.POEntry) -> Sentence:
    return Sentence(entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")


def bring_up_to_date(path: Path, language: str, sentences: dict[Sentence, set[str]]) -> list[Sentence]:
    """Add what is missing, drop what nobody says any more, order by place; what still lacks a translation."""
    kept: dict[Sentence, polib.POEntry] = {}
    for entry in read(path) if path.exists() else []:
        known = kept.get(sentence_of(entry))
        if known is None or not known.translated():  # two hands may have added the same sentence
            kept[sentence_of(entry)] = entry
    fresh = polib.POFile(wrapwidth=118)
    fresh.metadata = {
        "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit", "MIME-Version": "1.0",
        "Language": language, "Plural-Forms": PLURALS[language],
    }  # fmt: skip
    for sentence, files in sorted(sentences.items(), key=lambda one: (min(one[1]), one[0])):
        fresh.append(_entry(sentence, kept.get(sentence), files))
    for entry in kept.values():
        if any(where.startswith(DJANGOS) for where, _line in entry.occurrences) and sentence_of(entry) not in sentences:
            fresh.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(path))
    return [sentence_of(entry) for entry in fresh if not entry.translated()]


def _entry(sentence: Sentence, known: polib.POEntry | None, files: set[str]) -> polib.POEntry:
    entry = known or polib.POEntry(msgid=sentence.text, msgctxt=sentence.context or None)
    if sentence.plural and known is None:
        entry.msgid_plural, entry.msgstr_plural = sentence.plural, {0: "", 1: ""}
    entry.occurrences = [(where, "") for where in sorted(files)]
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
    if re.search(r"%(\(\w+\))?[sd]", sentence.text) and "python-format" not in entry.flags:
        entry.flags.append("python-format")
    return entry


if __name__ == "__main__":
    compile_all(Path(__file__).resolve().parent.parent / "locale")
