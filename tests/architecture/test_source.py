"""The source keeps the rules of the wall; each rule is shown to bite."""

import pytest

from tests.architecture import lint


def test_the_product_keeps_every_rule():
    assert [finding for path, text in lint.sources() for finding in lint.findings(path, text)] == []


def test_app_folders_hold_only_what_the_architecture_names():
    assert lint.strange_names() == []


@pytest.mark.parametrize(
    "text",
    [
        "from django.apps import apps\nLearner = apps.get_model('people', 'Learner')",
        "from django.utils.module_loading import import_string\nx = import_string('tenant_apps.people.models.Staff')",
        "import importlib\nx = importlib.import_module('tenant_apps.people.models')",
        "x = __import__('tenant_apps')",
        "from django.contrib.contenttypes.models import ContentType\nx = ContentType.objects.get_for_model(Learner)",
        "with schema_context('t_1'):\n    pass",
        "with tenant:\n    pass",
        "connection.set_tenant(school)",
        "connections['migrator'].cursor()",
        "with connections[name].cursor() as cursor:\n    pass",
        "Learner.objects.using('migrator').all()",
        "from tenants.current import _here",
        "from django.db import connection",
        "with transaction.atomic():\n    pass",
        "@transaction.atomic\ndef work(): ...",
        "transaction.on_commit(work)",
        "from django.dispatch import receiver",
        "from django.db.models.signals import post_save",
        "import django.db.models.signals",
        "def rows():\n    with school_scope(s):\n        yield 1",
        "def rows():\n    with school_scope(s):\n        for x in y:\n            if x:\n                yield from x",
        "def f():\n    with a, chunk(request):\n        try:\n            x = yield\n        finally:\n            x",
        "async def rows():\n    with scope.school_scope(s):\n        await x",
        "now = timezone.now()",
        "today = datetime.date.today()",
        "from django.core.cache import cache",
        "from django.core.cache import caches as kept",
        "from django.core import cache",
        "import django.core.cache as kept",
        "from django.core.cache.backends.locmem import LocMemCache",
        "from django.core.files.storage import default_storage",
        "from django.core.files import storage",
        "from django.conf import settings\npath = settings.SCHOOL_FILES / 'photo.jpg'",
        "path = settings.MEDIA_ROOT",
        "with open('photo.jpg', 'wb') as file:\n    file.write(photo)",
        "Path(place).write_bytes(photo)",
        "photo = path.read_bytes()",
        "cursor.execute('SELECT pg_advisory_xact_lock(7)')",
        "cursor.execute(f'SELECT PG_TRY_ADVISORY_LOCK({number})')",
        "@lru_cache(maxsize=8)\ndef classes(): ...",
        "@functools.cache\ndef classes(): ...",
    ],
)
def test_a_broken_rule_is_found(text):
    assert len(lint.findings("tenant_apps/gate/services.py", text)) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "def rows():\n    with school_scope(s):\n        kept = list(x)\n    yield from kept",
        "with school_scope(s):\n    def later():\n        yield 1",
        "with transaction.atomic(using=current_school().alias):\n    pass",
        "with connections[current_school().alias].cursor() as cursor:\n    pass",
        "@contextmanager\ndef held():\n    with door.open() as x:\n        yield x",
        "with scoped.file_path('photo.jpg').open('rb') as file:\n    photo = file.read()",
        "from django.core.files.base import ContentFile",
        "scoped.lock('register')",
    ],
)
def test_what_is_allowed_is_not_found(text):
    assert lint.findings("tenant_apps/gate/services.py", text) == []


def test_the_wall_may_do_what_others_may_not():
    text = "from django.db import connections\nconnections['migrator'].set_schema_to_public()"
    assert lint.findings("tenants/provisioning.py", text) == []
    assert lint.findings("shared_apps/identity/services.py", text) != []


def test_what_schools_share_is_closed_to_every_package_but_the_wall():
    for text in ("from django.core.cache import cache", "from django.core.files.storage import default_storage"):
        for path in ("shared_apps/schools/services/x.py", "config/pages.py", "tenant_apps/people/services/x.py"):
            assert lint.findings(path, text) != []
        assert lint.findings("tenants/scoped.py", text) == []
    assert lint.findings("shared_apps/schools/services/x.py", "open('x')") != []
    assert lint.findings("shared_apps/schools/services/x.py", "x = 'SELECT pg_advisory_xact_lock(1)'") != []


def test_every_exception_is_still_needed():
    texts = dict(lint.sources())
    needed = {(path, what) for path, text in texts.items() for what in lint.looks_like(path, text)}
    assert set(lint.ALLOWED) - needed == set()


def test_the_platform_may_open_transactions_of_its_own():
    text = "from django.db import connection, transaction\nwith transaction.atomic():\n    connection.cursor()"
    assert lint.findings("shared_apps/identity/services.py", text) == []
