"""A file that is whole or is not there at all, and never in the place of another unless told so."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from odb_nb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_ANYBODYS, _OWNERS = 0o666, 0o600  # before the umask takes from it


def as_path(path: object, name: str = "path") -> Path:
    """The path as one, with homes for ``~`` and ``~somebody``; or a refusal of what is none."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or "\0" in text:
        raise InputError(f"{name}={path!r:.200} is not the path of a file")
    named = Path(text)
    try:
        return named.expanduser()
    except RuntimeError:
        if named.parts[0] == "~":
            raise InputError(f"{name}={text!r:.200}: no home folder is known here; give the whole path") from None
        return named  # of a user that there is not: a name like any other


def free(path: object, suffixes: Collection[str], *, overwrite: bool) -> Path:
    """The path as one that can be written to."""
    target = as_path(path)
    if target.suffix.lower() not in suffixes:
        suffix = (
            next(iter(suffixes)) if len(suffixes) == 1 else f"one of {', '.join(suffixes)}, which says what to write"
        )
        raise InputError(f"path={str(path)!r} must end in {suffix}")
    if target.is_dir():
        raise InputError(f"{str(path)!r} is a folder")
    if not target.parent.is_dir():
        raise InputError(f"the folder {str(target.parent)!r} does not exist; make it first")
    if os.path.lexists(target) and not overwrite:
        raise _there_already(target)
    return target


def _there_already(target: Path) -> InputError:
    return InputError(f"{str(target)!r} exists; overwrite=True replaces it")


@contextlib.contextmanager
def in_place(target: Path, *, overwrite: bool, private: bool = False) -> Iterator[BinaryIO]:
    """A file beside the target that takes its place once it is whole, and goes away if that fails.

    `private` makes it readable by its owner alone where the system has that; else a file that is replaced hands on
    who may read it.
    """
    beside = target.with_name(f".odb-{secrets.token_hex(8)}.part")
    try:
        with _opened(beside, _OWNERS if private else _ANYBODYS) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            if target.exists() and not private:
                shutil.copymode(target, beside)  # a report that was kept private stays so
            beside.replace(target)
        else:
            _take_free_name(beside, target)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror or str(exc), str(target)) from exc  # of the same class, by its number
    finally:
        beside.unlink(missing_ok=True)


def _opened(beside: Path, mode: int) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(beside, flags, mode), "w+b")


def _take_free_name(beside: Path, target: Path) -> None:
    """Rename without ever replacing, also where somebody takes the name at this very moment."""
    try:
        try:
            target.hardlink_to(beside)
        except FileExistsError:
            raise
        except OSError:  # no hard links here, as on FAT and many network drives
            target.open("xb").close()
            try:
                beside.replace(target)
            except BaseException:
                target.unlink()
                raise
    except FileExistsError:
        raise _there_already(target) from None
