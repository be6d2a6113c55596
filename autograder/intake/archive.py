"""The one notebook in a zip. Only that member is ever decompressed, and counted while it is."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import PurePosixPath

from autograder.errors import SubmissionError

ENTRIES = 1000
UNPACKED_BYTES = 50_000_000
RATIO = 200  # text deflates 3 to 20 times; a bomb about 1000 times

_ENTRY_MARK = b"PK\x01\x02"
_NESTED = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".jar", ".whl"}
_JUNK = {"__MACOSX", ".ipynb_checkpoints", "__pycache__"}
# lzma and bzip2 members may ask for gigabytes of memory before the first byte comes out.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def the_only_notebook(data: bytes, name: str, limit: int) -> tuple[bytes, str, tuple[str, ...]]:
    """The content and name of the only .ipynb (else the only .py) of a zip, with notes; at most `limit` bytes of it."""
    # Before zipfile reads the directory, which makes an object of every entry.
    if data.count(_ENTRY_MARK) > ENTRIES:
        raise SubmissionError(f"{name}: more than {ENTRIES} entries. Zip only the notebook.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            _check(archive.infolist(), name)
            chosen = _choose(members, name)
            content = _read(archive, chosen, name, limit)
    except SubmissionError:
        raise
    except Exception as error:  # zipfile lets a dozen kinds out: BadZipFile, zlib.error, struct.error, EOFError ...
        raise SubmissionError(
            f"{name}: the zip cannot be read ({type(error).__name__}). Make it again, or hand in the .ipynb itself."
        ) from None
    others = sum(1 for info in members if _is_source(info) and info is not chosen)
    notes = (f"Only the notebook of the zip was read; {others} other source file(s) were left out.",) if others else ()
    return content, PurePosixPath(chosen.filename).name, notes


def _check(infos: list[zipfile.ZipInfo], name: str) -> None:
    if len(infos) > ENTRIES:
        raise SubmissionError(f"{name}: more than {ENTRIES} entries. Zip only the notebook.")
    if sum(info.file_size for info in infos) > UNPACKED_BYTES:
        raise SubmissionError(
            f"{name}: unpacks to more than {UNPACKED_BYTES // 1_000_000} MB. Zip only the notebook, without outputs."
        )
    for info in infos:
        problem = _problem(info)
        if problem:
            raise SubmissionError(f"{name}: holds {problem}. Zip only the notebook, as a plain file.")


def _problem(info: zipfile.ZipInfo) -> str | None:
    """What is wrong with an entry, whether or not we would read it."""
    path = PurePosixPath(info.filename.replace("\\", "/"))
    kind = stat.S_IFMT(info.external_attr >> 16)
    drive = info.filename[1:2] == ":"
    if path.is_absolute() or drive or ".." in path.parts:
        return "a path that leads out of the archive"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link or a device"
    if info.flag_bits & 0x1:
        return "an encrypted entry"
    if path.suffix.lower() in _NESTED and not _junk(info):
        return "another archive"
    if info.file_size > RATIO * max(info.compress_size, 1) and info.file_size > 1_000_000:
        return "an entry that is packed far too tightly"
    return None


def _choose(members: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    for suffix in (".ipynb", ".py"):
        found = [info for info in members if suffix in _suffixes(info) and not _junk(info)]
        if len(found) == 1:
            return found[0]
        if found:
            raise SubmissionError(f"{name}: holds {len(found)} {suffix} files. Leave only the one to be graded.")
    raise SubmissionError(f"{name}: holds no .ipynb and no .py. Zip the notebook itself.")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    if info.compress_type not in _METHODS:
        raise SubmissionError(f"{name}: is packed by an unusual method. Zip it again with the ordinary one (deflate).")
    with archive.open(info) as member:
        content = member.read(limit + 1)  # what the header says about its size is only a claim
    if len(content) > limit:
        raise SubmissionError(
            f"{name}: the notebook in it is over {limit // 1_000_000} MB. Clear the outputs, save, and zip it again."
        )
    return content


def _is_source(info: zipfile.ZipInfo) -> bool:
    return not _junk(info) and bool({".ipynb", ".py"} & _suffixes(info))


def _suffixes(info: zipfile.ZipInfo) -> set[str]:
    return {suffix.strip().lower() for suffix in PurePosixPath(info.filename).suffixes}


def _junk(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename).parts
    return not parts or bool(_JUNK & set(parts)) or parts[-1].startswith(".")
