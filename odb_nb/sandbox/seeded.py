"""Values that look random and follow from the seed alone: ids, sizes and page tokens never depend on arrival order."""

from __future__ import annotations

import base64
import hashlib
import uuid


class Seeded:
    """A source of repeatable values; equal seeds and equal parts give equal values."""

    def __init__(self, seed: int) -> None:
        self._key = hashlib.blake2b(f"odb-nb sandbox {seed}".encode(), digest_size=32).digest()

    def digest(self, *parts: str, size: int = 16) -> bytes:
        """`size` bytes, at most 64, for these parts."""
        return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=size, key=self._key).digest()

    def guid(self, *parts: str) -> str:
        return str(uuid.UUID(bytes=self.digest(*parts), version=4))

    def number(self, *parts: str) -> int:
        """A whole number from 0 to 2**64 - 1."""
        return int.from_bytes(self.digest(*parts, size=8), "big")

    def opaque(self, *parts: str, size: int = 36) -> str:
        """Text of letters, digits, ``_`` and ``-``; 36 bytes make 48 characters."""
        return base64.urlsafe_b64encode(self.digest(*parts, size=size)).rstrip(b"=").decode()
