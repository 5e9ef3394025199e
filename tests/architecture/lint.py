"""Rules about source text that neither ruff nor import-linter can say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("config", "shared_apps", "tenant_apps", "tenants")

# Ways to reach a model, a schema or a module past the contracts; the wall's own code may use them.
ESCAPES = {
    "get_model", "import_string", "import_module", "__import__", "ContentType", "get_for_model", "schema_context",
    "tenant_context", "set_tenant", "set_schema", "set_schema_to_public", "raw_connection", "set_autocommit",
}  # fmt: skip
SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.db.backends.signals")
SCOPES = {"school_scope", "chunk"}
CLOCKS = {("timezone", "now"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}

# What lies beside the database is shared by all schools; `tenants.scoped` puts the school into keys, paths and locks.
SHARED_MODULES = ("django.core.cache", "django.core.files.storage")
SHARED_SETTINGS = {"SCHOOL_FILES", "MEDIA_ROOT", "CACHES", "STORAGES"}
MEMORIES = {"cache", "lru_cache"}
FILES = {"read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "NamedTemporaryFile", "mkstemp", "mkdtemp"}
LOCK = re.compile(r"pg_(try_)?advisory", re.IGNORECASE)

# What may look like an escape, and why it is none.
ALLOWED = {
    ("config/management/commands/setup_database.py", "set_schema_to_public"): "the migrator's command",
    ("config/management/commands/setup_database.py", "connections[...]"): "the migrator's command",
    ("shared_apps/workflows/services/advance.py", "using()"): "the provisioner's step is held by the migrator's login",
    ("shared_apps/workflows/services/ends.py", "using()"): "the provisioner's step closes in the migrator's commit",
    ("config/canaries/places.py", "django.core.cache"): "asks the cache for another school's, under scoped keys",
    ("shared_apps/regions/rules.py", "read_text"): "a table of countries out of a package",
}

FOLDER = {
    "__init__", "models", "rules", "services", "forms", "schemas", "api", "views", "urls", "jobs", "reactions",
    "workflows", "for_platform", "for_schools", "migrations", "channels",
}  # fmt: skip


def sources() -> Iterator[tuple[str, str]]:
    """Path and text of every module of the product."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text()


def findings(path: str, text: str) -> list[str]:
    """What is wrong with one module, each as `path:line: what`."""
    return [f"{path}:{line}: {what}" for line, what in _found(path, text) if (path, what.split()[0]) not in ALLOWED]


def looks_like(path: str, text: str) -> set[str]:
    """The first words of what would be wrong with a module, were there no exceptions."""
    return {what.split()[0] for _, what in _found(path, text)}


def _found(path: str, text: str) -> list[tuple[int, str]]:
    tree = ast.parse(text)
    return [*escapes(path, tree), *signals(tree), *yields_in_scopes(tree), *clocks(path, tree), *shared(path, tree)]


Found = Iterator[tuple[int, str]]


def name_of(node: ast.AST) -> str:
    """The last part of a name: `b` of `a.b`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def escapes(path: str, tree: ast.AST) -> Found:
    if path.startswith("tenants/") or "/migrations/" in path:
        return
    for node in ast.walk(tree):
        name = name_of(node)
        if name in ESCAPES:
            yield node.lineno, f"{name} goes round the contracts"
        if isinstance(node, ast.ImportFrom):
            yield from _imports(path, node)
        if isinstance(node, ast.Call) and name_of(node.func) == "using":
            yield node.lineno, "using() chooses a database; the scope does"
        if isinstance(node, ast.Subscript) and name_of(node.value) == "connections" and name_of(node.slice) != "alias":
            yield node.lineno, "connections[...] names a database; a school's is `school.alias`, inside its scope"
        if isinstance(node, ast.With):
            for item in node.items:
                if isinstance(item.context_expr, ast.Name) and item.context_expr.id in ("tenant", "school"):
                    yield node.lineno, "with-tenant sets the path of a connection for every thread"
        if path.startswith("tenant_apps/"):
            yield from _transactions(node)


def _imports(path: str, node: ast.ImportFrom) -> Found:
    for alias in node.names:
        if alias.name.startswith("_") and (node.module or "").split(".")[0] == "tenants":
            yield node.lineno, f"{alias.name} is the wall's own"
        if node.module == "django.db" and alias.name == "connection" and path.startswith("tenant_apps/"):
            yield node.lineno, "connection is the platform's"


def _transactions(node: ast.AST) -> Found:
    """In a school's app a transaction that does not say where would open on the platform."""
    where = ("atomic", "on_commit", "savepoint")
    if isinstance(node, ast.Call) and name_of(node.func) in where:
        if not any(word.arg == "using" for word in node.keywords):
            yield node.lineno, f"{name_of(node.func)} without using= opens on the platform"
    elif isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            if name_of(decorator) in where:
                yield node.lineno, f"{name_of(decorator)} without using= opens on the platform"


def signals(tree: ast.AST) -> Found:
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name in SIGNALS:
                yield node.lineno, f"{name}: what follows an event is a reaction, not a signal"


def yields_in_scopes(tree: ast.AST) -> Found:
    """Whoever consumes a generator that holds a scope would be left inside it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith) and any(_opens_scope(item) for item in node.items):
            for inner in node.body:
                for stop in _pauses(inner):
                    yield stop.lineno, "yield inside a school's scope"


def _opens_scope(item: ast.withitem) -> bool:
    return isinstance(item.context_expr, ast.Call) and name_of(item.context_expr.func) in SCOPES


def _pauses(node: ast.AST) -> Iterator[ast.expr]:
    """`yield` and `await` of this function, not of functions defined in it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if isinstance(node, ast.Yield | ast.YieldFrom | ast.Await):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _pauses(child)


def clocks(path: str, tree: ast.AST) -> Found:
    """Services and rules are told the time."""
    parts = set(path.removesuffix(".py").split("/"))
    if not parts & {"services", "rules"} or path.split("/")[0] not in ("tenant_apps", "shared_apps"):
        return
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and (name_of(called.value), called.attr) in CLOCKS:
            yield called.lineno, "clock is an argument: now="


def shared(path: str, tree: ast.AST) -> Found:
    """Caches, files and locks past `tenants.scoped`. `config` has files of its own: state, keys, process ids."""
    if path.startswith("tenants/"):
        return
    for node in ast.walk(tree):
        for name in _modules(node):
            if name.startswith(SHARED_MODULES):
                yield node.lineno, f"{'.'.join(name.split('.')[:3])} is shared by all schools: tenants.scoped"
        if isinstance(node, ast.Attribute) and node.attr in SHARED_SETTINGS:
            yield node.lineno, f"{node.attr} is shared by all schools: tenants.scoped"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and LOCK.search(node.value):
            yield node.lineno, "pg_advisory locks are shared by all schools: tenants.scoped.lock"
        if path.startswith(("tenant_apps/", "shared_apps/")):
            yield from _by_hand(path, node)


def _modules(node: ast.AST) -> list[str]:
    """Whatever an import may bring in, by its whole name."""
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def _by_hand(path: str, node: ast.AST) -> Found:
    """Files opened, and in a school's app answers remembered, without a word of whose they are."""
    if isinstance(node, ast.Call):
        name = name_of(node.func)
        if name in FILES or (isinstance(node.func, ast.Name) and name == "open"):
            yield node.lineno, f"{name} takes any file: a school's is at tenants.scoped.file_path"
    if path.startswith("tenant_apps/") and isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            name = name_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
            if name in MEMORIES:
                yield node.lineno, f"{name} remembers for all schools"


def strange_names() -> list[str]:
    """What lies in an app's folder and has no place there."""
    apps = [app for package in ("tenant_apps", "shared_apps") for app in (ROOT / package).iterdir() if app.is_dir()]
    return sorted(
        str(path.relative_to(ROOT))
        for app in apps
        if app.name != "__pycache__"
        for path in app.iterdir()
        if path.name != "__pycache__" and path.stem not in FOLDER
    )
