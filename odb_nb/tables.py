"""The tables users see: one list of columns each. Column names are msgraph-sdk's attribute names."""

from __future__ import annotations

from odb_nb.columns import COUNT, SPAN, TIME, Column, Table

DRIVES = Table(
    "drives",
    (
        Column("id", path="id"),
        Column("display_name", path="displayName"),
        Column("email", path="email"),
        Column("status", path="status"),
        Column("directory_object_id", path="directoryObjectId"),
        Column("policy_id", path="policyId"),
        Column("created_date_time", TIME, "createdDateTime"),
    ),
)

RESTORE_POINTS = Table(
    "restore points",
    (
        Column("id", path="id"),
        Column("drive_id", path="protectionUnit.id"),
        Column("display_name", path="protectionUnit.displayName"),
        Column("protection_date_time", TIME, "protectionDateTime"),
        Column("expiration_date_time", TIME, "expirationDateTime"),
        Column("tags", path="tags"),
        Column("directory_object_id", path="protectionUnit.directoryObjectId"),
    ),
)

SESSIONS = Table(
    "sessions",
    (
        Column("restore_point_id", path="restorePointId"),
        Column("id", path="id"),
        Column("status", path="status"),
        Column("outcome"),
        Column("restore_point_date_time", TIME, "restorePointDateTime"),
        Column("created_date_time", TIME, "createdDateTime"),
        Column("expiration_date_time", TIME, "expirationDateTime"),
        Column("backup_size_in_bytes", COUNT, "backupSizeInBytes"),
        Column("directory_object_id", path="directoryObjectId"),
        Column("error_code", path="error.code"),
        Column("error_message", path="error.message"),
        Column("request_id"),
    ),
)

STATUS = Table(
    "status",
    (
        Column("restore_point_id"),
        *RESTORE_POINTS.columns[1:],
        Column("session_id", path="id"),
        Column("status", path="status"),
        Column("matched_by"),
        Column("session_created_date_time", TIME, "createdDateTime"),
        Column("session_expiration_date_time", TIME, "expirationDateTime"),
        Column("expires_in", SPAN),
        Column("backup_size_in_bytes", COUNT, "backupSizeInBytes"),
        Column("error_code", path="error.code"),
        Column("error_message", path="error.message"),
    ),
)

ITEMS = Table(
    "items",
    (
        Column("session_id"),
        Column("item_key", path="itemKey"),
        Column("name", path="name"),
        Column("type", path="type"),
        Column("path"),
        Column("depth", COUNT),
        Column("parent_key"),
        Column("size_in_bytes", COUNT, "sizeInBytes"),
        Column("items_count", COUNT, "itemsCount"),
        Column("web_url", path="webUrl"),
    ),
)

# what only beta tells: v1.0 has no dates of files
BETA_ITEMS = Table(
    "items",
    (
        *ITEMS.columns,
        Column("created_date_time", TIME, "createdDateTime"),
        Column("created_by", path="createdBy.user.displayName"),
        Column("last_modified_date_time", TIME, "lastModifiedDateTime"),
        Column("last_modified_by", path="lastModifiedBy.user.displayName"),
    ),
)

COMPARISON = Table(
    "comparison",
    (
        Column("path"),
        Column("path_before"),
        Column("type"),
        Column("change"),
        Column("size_before", COUNT),
        Column("size_after", COUNT),
        Column("item_key_before"),
        Column("item_key_after"),
    ),
)

CHANGES = Table(
    "points looked at",
    (
        Column("restore_point_id"),
        Column("drive_id"),
        Column("display_name"),
        Column("protection_date_time", TIME),
        Column("session_id"),
        Column("verdict"),
        Column("change"),
        Column("items_seen", COUNT),
        Column("error_code"),
        Column("error_message"),
    ),
)

PLAN = Table(
    "plan",
    (
        Column("item_key"),
        Column("name"),
        Column("type"),
        Column("path"),
        Column("size_in_bytes", COUNT),
        Column("session_id"),
        Column("restore_point_id"),
        Column("drive_id"),
        Column("destination"),
        Column("conflict"),
        Column("request_number", COUNT),
    ),
)

RESTORES = Table(
    "restores",
    (
        Column("restore_session_id"),
        Column("item_key", path="id"),
        Column("name"),
        Column("status", path="status"),
        Column("outcome"),
        Column("restored_item_path", path="restoredItemPath"),
        Column("restored_item_web_url", path="restoredItemWebUrl"),
        Column("start_date_time", TIME, "startDateTime"),
        Column("completion_date_time", TIME, "completionDateTime"),
        Column("error_code", path="error.code"),
        Column("error_message", path="error.message"),
    ),
)

HISTORY = Table(
    "history",
    (
        Column("date_time", TIME, "date_time"),
        Column("tenant_id", path="tenant_id"),
        Column("account", path="account"),
        Column("operation", path="operation"),
        Column("restore_point_id", path="restore_point_id"),
        Column("item_hash", path="item_hash"),
        Column("session_id", path="session_id"),
        Column("outcome", path="outcome"),
        Column("error_code", path="error_code"),
        Column("request_id", path="request_id"),
        Column("client_request_id", path="client_request_id"),
    ),
)

PERMISSIONS = Table(
    "permissions",
    tuple(Column(name, path=name) for name in ("permission", "needed_for", "state", "granted_by")),
)

DRILL = Table(
    "drill evidence",
    (
        Column("restore_point_id"),
        Column("drive_id"),
        Column("display_name"),
        Column("protection_date_time", TIME),
        Column("session_id"),
        Column("status"),
        Column("files", COUNT),
        Column("folders", COUNT),
        Column("bytes", COUNT),
        Column("date_time_before", TIME),
        Column("files_before", COUNT),
        Column("bytes_before", COUNT),
        Column("verdict"),
        Column("reasons"),
    ),
)
