"""Steps of the runbooks: what their notebooks need beside the client, as small functions over frames.

Notebooks hold no code of their own, so that what they do can be tested; import it with ``from odb_nb import runbook``.
"""

from odb_nb.runbook.around import beside, two_points, window
from odb_nb.runbook.evidence import drill_evidence, walk_each
from odb_nb.runbook.lost import lost_items
from odb_nb.runbook.parameters import listings_folder, masked, one_drive, report_file, require, yes_or_no
from odb_nb.runbook.sampling import sample, sample_points
from odb_nb.runbook.saved import listing_name, newest_listings

__all__ = [
    "beside",
    "drill_evidence",
    "listing_name",
    "listings_folder",
    "lost_items",
    "masked",
    "newest_listings",
    "one_drive",
    "report_file",
    "require",
    "sample",
    "sample_points",
    "two_points",
    "walk_each",
    "window",
    "yes_or_no",
]
