"""What tests of the drives' files share: a tenant's drive by its story, and what it holds at an instant."""

from odb_nb.sandbox.settings import Settings

START = Settings().start


def drive_of(tenant, story):
    return next(drive for drive in tenant.world.drives if drive.story == story and drive.email)


def everything(tenant, story=None, time=START):
    return list(tenant.files.everything(drive_of(tenant, story), time))


def files_of(tenant, story=None, time=START):
    """The files by key."""
    return {item.key: item for item in everything(tenant, story, time) if item.type == "file"}
