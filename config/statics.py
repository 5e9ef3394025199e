"""Whether the files that every page needs are where the web process looks for them."""

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

STYLE = "css/base.css"  # stands for all static files


def static_is_there() -> bool:
    try:
        staticfiles_storage.url(STYLE)  # a manifest that was never built raises here
        return bool(finders.find(STYLE) or staticfiles_storage.exists(STYLE))
    except (ValueError, OSError):
        return False
