"""Whether an XLSX may be opened: decided by the directory of its zip, before any of it is unpacked.

An XLSX is a zip of XML parts, and 10 KB of zip can hold gigabytes. Python's zipfile never unpacks more of an entry than
the directory says, so the directory's sum is a limit that holds. Entities in XML are refused by defusedxml, which
openpyxl uses where it is installed.
"""

from __future__ import annotations

from io import BytesIO
from zipfile import BadZipFile, ZipFile

from engine.errors import BadInput
from engine.table import BYTES_AT_MOST

MB = 1024 * 1024
UNPACKED_AT_MOST = 64 * MB
"""Eight times what a file may have: XML of spreadsheets packs about that well, and reading this much takes seconds."""

PARTS_AT_MOST = 1_000
TYPES = "[Content_Types].xml"
TYPES_AT_MOST = MB
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files begin. OLE is what Excel wrote before 2007, and what it wraps a file in that has a password."""

ENCRYPTED = 1
"""Of a zip entry's flags."""

ANEW = "Open it in a spreadsheet program and save it as .xlsx."
DAMAGED = f"The file is no XLSX spreadsheet, or a damaged one. {ANEW}"
LOCKED = "The file has a password. Save it without one, as .xlsx."


def is_package(data: bytes) -> bool:
    """Whether a file can only be meant as a spreadsheet, whatever it is called: no text begins so."""
    return data.startswith((ZIP, OLE))


def check(data: bytes) -> None:
    """Nothing when this may be opened as an XLSX; BadInput with what to do about it otherwise."""
    if len(data) > BYTES_AT_MOST:
        raise BadInput(f"The file is larger than {BYTES_AT_MOST // MB} MB.")
    if data.startswith(OLE):
        raise BadInput(f"The file is an old .xls, or has a password. {ANEW}")
    try:
        with ZipFile(BytesIO(data)) as package:
            _check_directory(package)
            _check_types(package)
    except BadInput:
        raise
    except Exception as error:  # zipfile raises what struct, zlib, codecs and it itself find wrong
        raise BadInput(DAMAGED) from error


def _check_directory(package: ZipFile) -> None:
    parts = package.infolist()
    if len(parts) > PARTS_AT_MOST:
        raise BadInput(f"The file has {len(parts)} parts; a spreadsheet with one table has about ten. {ANEW}")
    if any(part.flag_bits & ENCRYPTED for part in parts):
        raise BadInput(LOCKED)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > UNPACKED_AT_MOST:
        raise BadInput(
            f"The file would unpack to {unpacked // MB} MB; at most {UNPACKED_AT_MOST // MB} MB. "
            "Keep only the table, without pictures and other sheets."
        )
    names = [part.filename.lower() for part in parts]
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in names):
        raise BadInput("The file holds macros. Save it as .xlsx, which has none.")


def _check_types(package: ZipFile) -> None:
    """The list of what the parts are: one with macros says so there too."""
    if TYPES not in package.namelist() or package.getinfo(TYPES).file_size > TYPES_AT_MOST:
        raise BadZipFile(f"no {TYPES}")
    if b"macroenabled" in package.read(TYPES).lower():
        raise BadInput("The file is made for macros (.xlsm). Save it as .xlsx.")
