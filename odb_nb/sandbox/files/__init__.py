"""What a drive holds at an instant: worked out from the seed, the drive and the time; nothing is stored."""

from odb_nb.sandbox.files.book import FileBook
from odb_nb.sandbox.files.item import Item

__all__ = ["FileBook", "Item"]
