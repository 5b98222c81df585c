"""The routes of the sandbox, one file per Graph resource."""
