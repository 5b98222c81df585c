"""Secrets with an unmistakable text, and what to look for them in: bytes, and all that hangs on an object."""

from __future__ import annotations

import base64
import functools
import os
import types
from collections import deque
from urllib.parse import quote

import entra
from azure.identity import ClientSecretCredential, DeviceCodeCredential

from odb_nb.credential import Credential

# Where secrets have to be, or nobody could sign in: what azure-identity gave, and our wrapper of it
VAULTS = (Credential, ClientSecretCredential, DeviceCodeCredential)

_NOT_LOOKED_INTO = (type, types.ModuleType, types.BuiltinFunctionType, type(os.environ), *VAULTS)
_MOST = 500_000


def needles(tokens):
    """What must be found nowhere: each secret as it stands, its parts, and in the codings in which things travel."""
    parts = {part for token in tokens for part in token.split(".")[1:2]}  # the first is the same in every JWT
    secrets = {*tokens, *parts, entra.SECRET, entra.REFRESH, entra.DEVICE_CODE}
    coded = set()
    for secret in secrets:
        raw = secret.encode()
        # base64 of a text inside of others: what does not depend on where it begins
        coded |= {base64.b64encode(b" " * shift + raw)[4:-4].decode() for shift in range(3)}
        coded |= {quote(secret, safe=""), raw.hex(), raw.decode().encode("utf-16-le").decode("latin-1")}
    return secrets | coded


def leaks(data, wanted):
    """Which of the secrets are in these bytes or this text."""
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    return sorted(needle for needle in wanted if needle in text)


def leaks_on(root, wanted):
    """Where secrets hang on an object: through attributes, containers, closures, tracebacks and coroutines."""
    found = []
    waiting, seen = deque([(root, type(root).__name__)]), {id(root)}
    keep = []  # ids are only good as long as their objects live
    while waiting and len(seen) < _MOST:
        thing, way = waiting.popleft()
        if isinstance(thing, (str, bytes, bytearray)):
            text = thing if isinstance(thing, str) else bytes(thing)
            found += [f"{way}: {needle[:20]}…" for needle in leaks(text, wanted)]
            continue
        for name, held in _held_by(thing):
            if held is not None and id(held) not in seen and not isinstance(held, _NOT_LOOKED_INTO):
                seen.add(id(held))
                keep.append(held)
                waiting.append((held, f"{way}.{name}"))
    assert len(seen) < _MOST, "the search did not come to its end"
    return found


def _held_by(thing):
    if isinstance(thing, dict):
        return [part for key, value in list(thing.items()) for part in (("key", key), (f"[{key!r:.30}]", value))]
    if isinstance(thing, (list, tuple, set, frozenset, deque)):
        return [(f"[{at}]", value) for at, value in enumerate(list(thing))]
    if isinstance(thing, functools.partial):
        return [("func", thing.func), ("args", thing.args), ("keywords", thing.keywords)]
    if isinstance(thing, types.MethodType):
        return [("self", thing.__self__), ("func", thing.__func__)]
    if isinstance(thing, types.FunctionType):
        return [("closure", [_content(cell) for cell in thing.__closure__ or ()])]
    if isinstance(thing, types.FrameType):
        # a test's own frames, and pytest's, hold what the test compares with
        return [] if _is_of_tests(thing) else [(name, value) for name, value in dict(thing.f_locals).items()]
    held = [(name, getattr(thing, name, None)) for name in _SPECIAL if hasattr(type(thing), name)]
    held += list(getattr(thing, "__dict__", {}).items())
    slots = [name for kind in type(thing).__mro__ for name in _listed(getattr(kind, "__slots__", ()))]
    return held + [(name, getattr(thing, name, None)) for name in slots if isinstance(name, str)]


_SPECIAL = (
    "__cause__", "__context__", "__traceback__", "__notes__", "args", "tb_next", "tb_frame",
    "cr_frame", "ag_frame", "gi_frame", "_coro", "_exception", "_result",
)  # fmt: skip


def _is_of_tests(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0] in ("tests", "security", "pytest", "_pytest", "pluggy")


def _listed(slots):
    return [slots] if isinstance(slots, str) else list(slots)


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return None


def frames_of(error):
    """Names of the functions that the error passed through, for a test that it has passed through ours."""
    names, tb = set(), error.__traceback__
    while tb:
        names.add(f"{tb.tb_frame.f_globals.get('__name__')}.{tb.tb_frame.f_code.co_name}")
        tb = tb.tb_next
    return names
