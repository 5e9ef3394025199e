"""`messages`: bring the catalogs up to date with the code and compile them; `--compile` only compiles."""

from typing import Any

from django.core.management import BaseCommand, CommandParser

from config import catalogs, env


class Command(BaseCommand):
    help = "Find every sentence people see, bring the Afrikaans and isiZulu catalogs up to date, compile them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--compile", action="store_true", help="only compile what is older than its source")

    def handle(self, *args: Any, **options: Any) -> None:
        locale = env.ROOT / "locale"
        if not options["compile"]:
            sentences = catalogs.found(env.ROOT)
            for language in catalogs.TRANSLATED:
                path = catalogs.catalog(locale, language)
                for sentence in catalogs.bring_up_to_date(path, language, sentences):
                    self.stdout.write(f"{language} lacks: {sentence.text}")
        for path in catalogs.compile_all(locale):
            self.stdout.write(f"Compiled {path.relative_to(env.ROOT)}")
