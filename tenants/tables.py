"""Tables that people open in a spreadsheet, all of them: CSV in which no cell is taken for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# A spreadsheet may read another separator than ours, or lines inside a cell as lines of the table: then a cell begins
# behind each of them. White space and quotes are cut off before a formula is looked for. The last four are full width.
BEGINS_A_FORMULA = re.compile(
    r"""(?:^|(?<=[;,\t\r\n]))(?=[\s\u200b\ufeff"]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=\s*[\t\r\n])"""
)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]], *, last: Sequence[object] = ()) -> str:
    """CSV, every cell in quotes, with a byte order mark so that a spreadsheet reads it as UTF-8. Nothing is a formula.

    `last`: a line below the rows, such as that they are not all.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    if last:
        writer.writerow([safe(cell) for cell in last])
    return "\ufeff" + out.getvalue()


def safe(cell: object) -> object:
    """A value for a cell: text in which a spreadsheet could find a formula gets a ' in front of it. Numbers stay."""
    if cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)):
        return cell
    return BEGINS_A_FORMULA.sub("'", str(cell))
