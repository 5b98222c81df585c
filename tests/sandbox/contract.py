"""The schema's types and enums that the sandbox answers with, and a check of JSON against them.

Taken from the public v1.0 CSDL; `test_contract.py` holds it against the installed SDK, so it cannot drift.
"""

import re
from datetime import datetime

ENUMS = {
    "artifactRestoreStatus": "added scheduling scheduled inProgress succeeded failed unknownFutureValue",
    "backupServiceConsumer": "unknown firstparty thirdparty unknownFutureValue",
    "backupServiceStatus": "disabled enabled protectionChangeLocked restoreLocked unknownFutureValue",
    "browsableResourceType": "none site documentLibrary folder unknownFutureValue",
    "browseQueryOrder": "pathAsc pathDsc nameAsc nameDsc unknownFutureValue",
    "browseQueryResponseItemType": "none site documentLibrary folder file unknownFutureValue",
    "browseSessionStatus": "creating created failed unknownFutureValue",
    "disableReason": "none invalidBillingProfile userRequested unknownFutureValue",
    "protectionPolicyStatus": "inactive activeWithErrors updating active unknownFutureValue",
    "protectionSource": "none manual dynamicRule unknownFutureValue",
    "protectionUnitStatus": "protectRequested protected unprotectRequested unprotected removeRequested "
    "unknownFutureValue offboardRequested offboarded cancelOffboardRequested",
    "restoreJobType": "standard bulk unknownFutureValue granular",
    "restorePointTags": "none fastRestore unknownFutureValue",
    "restoreSessionStatus": "draft activating active completedWithError completed unknownFutureValue failed",
}
FLAGS = {"protectionSource", "restorePointTags"}

# name: (base, {property: type}); a type with ! is never null, one in [] is a collection.
TYPES = {
    "entity": (None, {"id": "String!"}),
    "backupRestoreRoot": ("entity", {"serviceStatus": "serviceStatus"}),
    "serviceStatus": (
        None,
        {
            "backupServiceConsumer": "backupServiceConsumer",
            "disableReason": "disableReason",
            "gracePeriodDateTime": "DateTimeOffset",
            "lastModifiedBy": "identitySet",
            "lastModifiedDateTime": "DateTimeOffset",
            "restoreAllowedTillDateTime": "DateTimeOffset",
            "status": "backupServiceStatus",
        },
    ),
    "identitySet": (None, {"application": "identity", "device": "identity", "user": "identity"}),
    "identity": (None, {"displayName": "String", "id": "String"}),
    "protectionPolicyBase": (
        "entity",
        {
            "createdBy": "identitySet",
            "createdDateTime": "DateTimeOffset",
            "displayName": "String",
            "isEnabled": "Boolean!",
            "lastModifiedBy": "identitySet",
            "lastModifiedDateTime": "DateTimeOffset",
            "protectionPolicyArtifactCount": "protectionPolicyArtifactCount",
            "retentionSettings": "[retentionSetting]",
            "status": "protectionPolicyStatus",
        },
    ),
    "oneDriveForBusinessProtectionPolicy": ("protectionPolicyBase", {}),
    "sharePointProtectionPolicy": ("protectionPolicyBase", {}),
    "protectionPolicyArtifactCount": (
        None,
        {"completed": "Int32", "failed": "Int32", "inProgress": "Int32", "total": "Int32"},
    ),
    "retentionSetting": (None, {"interval": "String", "period": "Duration"}),
    "protectionUnitBase": (
        "entity",
        {
            "createdBy": "identitySet",
            "createdDateTime": "DateTimeOffset",
            "error": "publicError",
            "lastModifiedBy": "identitySet",
            "lastModifiedDateTime": "DateTimeOffset",
            "offboardRequestedDateTime": "DateTimeOffset",
            "policyId": "String",
            "protectionSources": "protectionSource!",
            "status": "protectionUnitStatus",
        },
    ),
    "driveProtectionUnit": (
        "protectionUnitBase",
        {"directoryObjectId": "String", "displayName": "String", "email": "String"},
    ),
    "restorePoint": (
        "entity",
        {
            "expirationDateTime": "DateTimeOffset",
            "protectionDateTime": "DateTimeOffset",
            "tags": "restorePointTags",
            "protectionUnit": "driveProtectionUnit",
        },
    ),
    "restorePointSearchResponse": (
        None,
        {
            "noResultProtectionUnitIds": "[String]",
            "searchResponseId": "String",
            "searchResults": "[restorePointSearchResult]",
        },
    ),
    "restorePointSearchResult": (None, {"artifactHitCount": "Int32", "restorePoint": "restorePoint"}),
    "browseSessionBase": (
        "entity",
        {
            "backupSizeInBytes": "String",
            "createdDateTime": "DateTimeOffset",
            "error": "publicError",
            "expirationDateTime": "DateTimeOffset",
            "restorePointDateTime": "DateTimeOffset",
            "restorePointId": "String",
            "status": "browseSessionStatus!",
        },
    ),
    "oneDriveForBusinessBrowseSession": ("browseSessionBase", {"directoryObjectId": "String"}),
    "sharePointBrowseSession": ("browseSessionBase", {"siteId": "String"}),
    "browseQueryResponseItem": (
        None,
        {
            "itemKey": "String",
            "itemsCount": "Int32",
            "name": "String",
            "sizeInBytes": "String",
            "type": "browseQueryResponseItemType!",
            "webUrl": "String",
        },
    ),
    "restoreSessionBase": (
        "entity",
        {
            "completedDateTime": "DateTimeOffset",
            "createdBy": "identitySet",
            "createdDateTime": "DateTimeOffset",
            "error": "publicError",
            "lastModifiedBy": "identitySet",
            "lastModifiedDateTime": "DateTimeOffset",
            "restoreJobType": "restoreJobType",
            "restoreSessionArtifactCount": "restoreSessionArtifactCount",
            "status": "restoreSessionStatus",
        },
    ),
    "oneDriveForBusinessRestoreSession": ("restoreSessionBase", {}),
    "restoreSessionArtifactCount": (
        None,
        {"completed": "Int32", "failed": "Int32", "inProgress": "Int32", "total": "Int32"},
    ),
    "granularRestoreArtifactBase": (
        "entity",
        {
            "browseSessionId": "String",
            "completionDateTime": "DateTimeOffset",
            "restorePointDateTime": "DateTimeOffset",
            "restoredItemKey": "String",
            "restoredItemPath": "String",
            "restoredItemWebUrl": "String",
            "startDateTime": "DateTimeOffset",
            "status": "artifactRestoreStatus!",
            "webUrl": "String",
        },
    ),
    "granularDriveRestoreArtifact": ("granularRestoreArtifactBase", {"directoryObjectId": "String"}),
    "publicError": (
        None,
        {
            "code": "String",
            "details": "[publicErrorDetail]",
            "innerError": "publicInnerError",
            "message": "String",
            "target": "String",
        },
    ),
    "publicErrorDetail": (None, {"code": "String", "message": "String", "target": "String"}),
    "publicInnerError": (
        None,
        {"code": "String", "details": "[publicErrorDetail]", "message": "String", "target": "String"},
    ),
}

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
_PLAIN = {
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Int32": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "Duration": lambda value: re.fullmatch(r"P\d+D", value) is not None,
    "DateTimeOffset": lambda value: _TIME.fullmatch(value) and datetime.fromisoformat(value),
}


def properties_of(name):
    """All properties of a type, its bases' too."""
    base, own = TYPES[name]
    return {**(properties_of(base) if base else {}), **own}


def check(value, name, *, partly=False, where="answer"):
    """Assert that a JSON value is what the schema's type says; `partly` allows left-out properties."""
    if name.startswith("["):
        assert isinstance(value, list), where
        for place, item in enumerate(value):
            check(item, name[1:-1], where=f"{where}[{place}]")
    elif name in _PLAIN:
        assert _PLAIN[name](value), f"{where}: {value!r} is not {name}"
    elif name in ENUMS:
        members = value.split(",") if name in FLAGS else [value]
        assert set(members) <= set(ENUMS[name].split()), f"{where}: {value!r} is not {name}"
    else:
        _check_object(value, name, partly, where)


def _check_object(value, name, partly, where):
    assert isinstance(value, dict), where
    assert value.get("@odata.type", f"#microsoft.graph.{name}") == f"#microsoft.graph.{name}", where
    known = properties_of(name)
    shown = {key: item for key, item in value.items() if not key.startswith("@")}
    assert set(shown) <= set(known), f"{where}: {set(shown) - set(known)} in no {name}"
    for key, kind in known.items():
        if kind.endswith("!"):
            assert partly or key in shown, f"{where} has no {key}"
            assert shown.get(key, "") is not None, f"{where}.{key} is null"
        if shown.get(key) is not None:
            # The unit in a restore point is shown by a few of its properties only.
            check(shown[key], kind.rstrip("!"), partly=key == "protectionUnit", where=f"{where}.{key}")
