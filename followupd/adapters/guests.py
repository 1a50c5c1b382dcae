"""Guest lists as files: .csv as sites and spreadsheets export it, .vcf as phones and address books do.

Strangers write these files. What comes out is a table of clean text within limits, or a problem in words; a card or a
row that cannot be read is named and hides no other.
"""

import csv
import io
import re

from followupd.errors import Problem
from followupd.met import GuestTable

#: Photos make address books large; nobody's guest list is larger.
_LARGEST = 16 * 1024 * 1024
_MOST_ROWS = 5000
_MOST_COLUMNS = 200
_LONGEST_CELL = 2000
#: So much of a file is enough to tell its charset.
_SAMPLE = 64 * 1024
#: Lines above the headings, such as the event's title.
_MOST_LINES_ABOVE = 10
_DELIMITERS = ",;\t|"
#: What is no text although it may be called so: spreadsheets, PDF, pages to log in.
_OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"<!doctype": "a web page",
    b"<html": "a web page",
}
#: Western Europe's charset, by far the most usual besides UTF-8; guessing takes short texts of it for Central Europe's.
_WESTERN = "cp1252"
#: What Western text never holds once it is read as such: three accented letters in a row, signs inside words.
_NOT_WESTERN = re.compile(r"[À-ÖØ-öø-ÿ]{3}|[Ÿ¹²³£¿¥¢¤§¨¬¯°±µ¶¸¼½¾]\w|\w[§¹³¿£¥¬¯±¶¼½¾]|[ˆ˜†‡‰ƒ]|\ufffd")  # noqa: RUF001


def read_guests(data: bytes) -> GuestTable:
    """Return the guests a file names, whatever its format, charset and delimiter.

    Raises Problem when it is too large or no guest list at all.
    """
    if len(data) > _LARGEST:
        raise Problem(
            f"The file has more than {_LARGEST // 1024 // 1024} MB.", "Export only this event's guests."
        )
    head = data[:100].lstrip().lower()
    if kind := next((kind for magic, kind in _OTHER_FILES.items() if head.startswith(magic.lower())), None):
        raise Problem(f"The file is {kind}, no list of guests.", "Save it as .csv or .vcf and try again.")
    text = _decode(data)
    if re.search(r"(?:^|[\r\n])\s*begin:vcard", text, re.IGNORECASE):
        from followupd.adapters.vcards import read_cards  # noqa: PLC0415 - heavy; a CSV does not need it

        return read_cards(text)
    return _read_csv(text)


def _decode(data: bytes) -> str:
    """Return a file's text: by its mark, as UTF-8, or as what it most likely is."""
    for mark, charset in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(charset, errors="replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode(_guess_charset(data[:_SAMPLE]), errors="replace")
    if "\0" in text:
        raise Problem("The file is no text.", "Save it as .csv or .vcf and try again.")
    return text


def _guess_charset(sample: bytes) -> str:
    if not _NOT_WESTERN.search(sample.decode(_WESTERN, errors="replace")):
        return _WESTERN
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only for files that are not UTF-8

    best = from_bytes(sample).best()
    return best.encoding if best else _WESTERN


# --- csv


def _read_csv(text: str) -> GuestTable:
    rows = _parse(text)
    above = range(min(len(rows), _MOST_LINES_ABOVE))
    headings = next((place for place in above if _are_headings(rows, place)), None)
    if headings is None:
        lines = tuple((", ".join(row),) for row in rows)
        return GuestTable((), lines) if lines else _refuse_empty()
    return GuestTable(tuple(rows[headings]), tuple(map(tuple, rows[headings + 1 :])))


def _refuse_empty() -> GuestTable:
    raise Problem("The file is empty.", "Export it once more.")


def _parse(text: str) -> list[list[str]]:
    """Return the rows that hold anything, every cell within its limit."""
    delimiter, text = _find_delimiter(text)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            cells = [cell.strip()[:_LONGEST_CELL] for cell in row[:_MOST_COLUMNS]]
            if any(cells):
                rows.append(cells)
            if len(rows) > _MOST_ROWS + _MOST_LINES_ABOVE:
                raise Problem(
                    f"The file has more than {_MOST_ROWS} rows.", "Export only this event's guests."
                )
    except csv.Error as error:
        raise Problem(f"The file is no CSV: {error}.", "Export it once more, or paste its lines.") from error
    return rows


def _find_delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter, and the text without a line that only names it ("sep=;", as Excel writes)."""
    if named := re.match(r"sep=(.)\r?\n", text, re.IGNORECASE):
        return named[1], text[named.end() :]
    lines = [line for line in text[:_SAMPLE].splitlines() if line.strip()][:20]
    return max(_DELIMITERS, key=lambda sign: _rate_delimiter(sign, lines)), text


def _rate_delimiter(sign: str, lines: list[str]) -> tuple[int, int]:
    """Rate by how many lines it cuts into as many pieces as the most, then by how many pieces those are."""
    counts = [line.count(sign) for line in lines if line.count(sign)]
    usual = max(set(counts), key=counts.count, default=0)
    return counts.count(usual) if usual else 0, usual


def _are_headings(rows: list[list[str]], place: int) -> bool:
    """Tell headings: two cells or more, none of them an address; or a single one above addresses."""
    row = rows[place]
    below = rows[place + 1] if place + 1 < len(rows) else []
    many = len([cell for cell in row if cell]) > 1
    return not _holds_address(row) and (many or (len(below) == len(row) and _holds_address(below)))


def _holds_address(row: list[str]) -> bool:
    return any("@" in cell for cell in row)
