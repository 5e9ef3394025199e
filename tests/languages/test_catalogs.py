"""Every sentence people see exists in Afrikaans and isiZulu, whole and honest."""

import re
from pathlib import Path
from string import Formatter

import django
import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext

from config import catalogs
from shared_apps.identity.forms import SignInForm
from tests.plugin import ROOT

LOCALE = ROOT / "locale"
DJANGO = Path(django.__file__).parent
# Django's own strings that a page of ours can never show (we have no model forms in sets).
NEVER_SHOWN = ("contrib/", "./contrib/", "conf/", "views/", "http/", "db/", "core/paginator", "forms/formsets")
both = pytest.mark.parametrize("language", catalogs.TRANSLATED)


def entries(language):
    return list(catalogs.read(catalogs.catalog(LOCALE, language)))


def forms(entry):
    """(English, translation) of every form of an entry."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [(entry.msgid, entry.msgstr_plural[0]), (entry.msgid_plural, entry.msgstr_plural[1])]


def placeholders(text):
    named = re.findall(r"%(?:\(\w+\))?[sdf]", text)
    return sorted(named + [name for _text, name, _spec, _conversion in Formatter().parse(text) if name])


def same_as_english(language):
    return {f"{language}|{english}" for entry in entries(language) for english, said in forms(entry) if english == said}


def reviewed_as_same():
    lines = (ROOT / "tests" / "languages" / "same.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


@both
def test_nothing_people_see_is_missing(language):
    known = {catalogs.sentence_of(entry) for entry in entries(language)}
    missing = [f"{sentence.text} ({min(files)})" for sentence, files in FOUND.items() if sentence not in known]
    assert not missing, "Run `manage.py messages` and translate:\n" + "\n".join(sorted(missing))


@both
def test_nothing_is_untranslated_or_fuzzy(language):
    assert [e.msgid for e in entries(language) if not e.translated() or e.fuzzy or e.obsolete] == []


@both
def test_nothing_is_kept_that_nobody_says(language):
    stale = [
        entry.msgid
        for entry in entries(language)
        if catalogs.sentence_of(entry) not in FOUND
        and not any(where.startswith(catalogs.DJANGOS) for where, _line in entry.occurrences)
    ]
    assert not stale, f"Run `manage.py messages`: {stale}"


@both
def test_no_sentence_stands_there_twice(language):
    told = [catalogs.sentence_of(entry) for entry in entries(language)]
    assert sorted(told) == sorted(set(told))


@both
def test_only_reviewed_words_are_the_same_as_in_english(language):
    assert same_as_english(language) - reviewed_as_same() == set()


def test_the_reviewed_list_holds_nothing_that_is_gone():
    same = {
        f"{la}|{english}"
        for la in catalogs.TRANSLATED
        for e in entries(la)
        for english, said in forms(e)
        if english == said
    }
    assert reviewed_as_same() - same == set()


@both
def test_placeholders_are_the_same(language):
    wrong = [
        said for e in entries(language) for english, said in forms(e) if placeholders(english) != placeholders(said)
    ]
    assert wrong == []


@both
def test_a_sentence_stays_a_sentence(language):
    """Its full stop, question mark or colon survives, and Afrikaans writes ’n with an apostrophe."""
    ends = (".", "?", ":", "…")
    wrong = []
    for entry in entries(language):
        for english, said in forms(entry):
            if [english.endswith(end) for end in ends] != [said.endswith(end) for end in ends] or "ŉ" in said:
                wrong.append((english, said))
    assert [pair for pair in wrong if pair[0] not in ("p.m.", "a.m.") and not pair[0].startswith(MONTHS)] == []


MONTHS = ("March", "April", "May", "June", "July")


@both
def test_plural_rules_are_the_languages_own(language):
    assert catalogs.read(catalogs.catalog(LOCALE, language)).metadata["Plural-Forms"] == catalogs.PLURALS[language]


@both
def test_djangos_own_words_are_translated_too(language):
    """isiZulu is not among Django's languages, and a wrong field must not answer in English."""
    source = polib.pofile(str(DJANGO / "conf" / "locale" / "en" / "LC_MESSAGES" / "django.po"))
    wanted = {
        catalogs.sentence_of(entry)
        for entry in source
        if any(not where.startswith(NEVER_SHOWN) for where, _line in entry.occurrences)
    }
    theirs = DJANGO / "conf" / "locale" / language / "LC_MESSAGES" / "django.po"
    known = {catalogs.sentence_of(entry) for entry in entries(language)}
    if theirs.exists():
        known |= {catalogs.sentence_of(entry) for entry in polib.pofile(str(theirs)) if entry.translated()}
    assert sorted(wanted - known) == []


@pytest.mark.parametrize(
    ("language", "required", "sign_in"),
    [
        ("en", "This field is required.", "Sign in"),
        ("af", "Dié veld is verpligtend.", "Meld aan"),
        ("zu", "Le nkambu kumele igcwaliswe.", "Ngena ngemvume"),
    ],
)
def test_a_form_answers_in_the_language_of_its_reader(language, required, sign_in):
    with translation.override(language):
        form = SignInForm({"email": "", "password": "x"})
        assert form.errors["email"] == [required]
        assert gettext("Sign in") == sign_in


def test_a_catalog_is_compiled_when_it_is_older_than_its_source(tmp_path):
    source = tmp_path / "zu" / "LC_MESSAGES" / "django.po"
    catalogs.bring_up_to_date(source, "zu", {catalogs.Sentence("", "Gate"): {"somewhere.py"}})
    assert catalogs.compile_all(tmp_path) == [source.with_suffix(".mo")]
    assert catalogs.compile_all(tmp_path) == []


def test_bringing_a_catalog_up_to_date_keeps_what_was_translated_and_drops_what_nobody_says(tmp_path):
    source = tmp_path / "zu" / "LC_MESSAGES" / "django.po"
    said = catalogs.Sentence("", "Gate")
    catalogs.bring_up_to_date(source, "zu", {said: {"a.py"}, catalogs.Sentence("", "Old"): {"a.py"}})
    book = catalogs.read(source)
    book.find("Gate").msgstr = "Isango"
    book.save()
    lacking = catalogs.bring_up_to_date(source, "zu", {said: {"b.py"}, catalogs.Sentence("", "New"): {"b.py"}})
    assert lacking == [catalogs.Sentence("", "New")]
    assert {entry.msgid: entry.msgstr for entry in catalogs.read(source)} == {"Gate": "Isango", "New": ""}


FOUND = catalogs.found(ROOT)
