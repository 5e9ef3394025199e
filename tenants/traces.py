"""A traceback without what the error says: a message may carry an address or a name, a line of code cannot."""

import traceback


def without_text(error: BaseException) -> str:
    """Frames and types of `error` and of what caused it, outermost first."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        parts.append("".join(traceback.format_tb(seen.__traceback__)) + type(seen).__qualname__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\nfrom\n".join(parts)
