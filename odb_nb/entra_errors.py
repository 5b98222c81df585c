"""What a failed sign-in means: any credential's exception becomes an `AuthError` with the next step in words.

The one place that translates the exceptions of azure-identity and of custom credentials. Two rules:
the words hold no secret, and neither does what hangs on the error. An exception of azure-identity can carry the
request (its body is the secret or the refresh token), frames whose locals are the secret (IPython's ``%xmode Verbose``
prints them), and, after a token answer that was cut short, the token itself in its text. Such a one is replaced
by a bare copy; a harmless one is chained as it is.
"""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING

from odb_nb.errors import AuthError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

_TEXT_LIMIT = 1200
_SECRET_VARIABLES = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD")

_CONSENT = (
    "the app has no consent for what was asked. A Global Administrator or Privileged Role Administrator grants admin "
    "consent to the BackupRestore permissions of the app registration; then sign in again"
)
_AGAIN = "the earlier sign-in is no longer valid: sign in again with a new connect()"
_CODE = "the code was not entered, or not in time: run this again and enter the new code promptly"
_MFA = (
    "multi-factor authentication is required and this way of signing in did not give it: sign in with "
    '"browser" or "device-code", or ask for a service principal ("environment")'
)
_CONDITIONAL_ACCESS = (
    "a Conditional Access policy of the tenant blocks this sign-in (device, place, app or flow): try another way of "
    'signing in, such as "browser" on a managed device, or ask the tenant\'s security administrator'
)
_APP = (
    "this app id is not known, or disabled, in this tenant: check client_id and tenant_id; an administrator may first "
    "have to add the app to the tenant"
)
_TENANT = "the tenant is not known to this sign-in host: check tenant_id (a GUID or a domain) and AZURE_AUTHORITY_HOST"
_USER = (
    "this account does not exist in the tenant: sign in with an account of that tenant, check tenant_id, or have the "
    "account invited as a guest"
)
_ACCOUNT = "the account cannot sign in (disabled, locked, or its password is wrong or expired): ask its administrator"
_WRONG_VALUE = (
    "the client secret is wrong: AZURE_CLIENT_SECRET must be the secret's value, not its id, and belong to "
    "AZURE_CLIENT_ID"
)
_EXPIRED_VALUE = "the client secret has expired: create a new one in the app registration and set AZURE_CLIENT_SECRET"
_CERTIFICATE = (
    "the certificate was not accepted: its public part must be uploaded to the app registration and still be valid, "
    "and the private key in AZURE_CLIENT_CERTIFICATE_PATH must belong to it"
)
_PUBLIC_CLIENT = (
    "the app registration does not allow public client flows: turn on Authentication > Allow public client flows "
    '(for "device-code"), or add the platform "Mobile and desktop applications" (for "browser")'
)
_REDIRECT = (
    'the app registration lacks the redirect URI: add http://localhost under the platform "Mobile and desktop '
    'applications"'
)
_SINGLE_TENANT = "the app belongs to one tenant: pass tenant_id (or set AZURE_TENANT_ID) to sign in there"
_RESOURCE = (
    "Microsoft Graph, or the host asked for, is not a resource in this tenant: check tenant_id, base_url and whether "
    "this is the right cloud"
)
_BUSY = "the sign-in service is busy or has a passing fault: try again in a minute"

# From Microsoft's page of AADSTS codes. The numbers may change, so an unknown one still gives Entra ID's own words.
_ADVICE: dict[str, str] = {
    code: advice
    for advice, codes in {
        _CONSENT: "65001 65005 650052 650056 650057 90008 90094 900941",
        "the sign-in page's consent was declined: run this again and accept, or have an administrator consent": "65004",
        "this app is Microsoft's own and cannot be used for this: register your own and pass its client_id": "65002",
        "the account is not assigned to the app: an administrator assigns it under Enterprise applications > "
        "Users and groups": "50105",
        _APP: "700016 700011 70001 7000112 7000229",
        _TENANT: "90002 900023 90019 50059 50128 90038",
        _WRONG_VALUE: "7000215 70002",
        _EXPIRED_VALUE: "7000222",
        _CERTIFICATE: "700027 700030 50012 1000502 700021 700022 700023",
        _MFA: "50072 50074 50076 50078 50079 50158",
        _CONDITIONAL_ACCESS: "50005 50097 50131 50155 50187 53000 53001 53002 53003 530003 530004 530034 530035 530036",
        _CODE: "70018 70019 70020 70016",
        _USER: "50020 50034 500208 51004 16000 16003 90072 50014",
        _ACCOUNT: "50053 50055 50056 50057 50126 50144",
        _AGAIN: "700082 70043 700084 70008 70000 50089 50132 50133 50173 54005",
        _RESOURCE: "500011 50001 650054 70011 28002",
        _PUBLIC_CLIENT: "7000218",
        "the app is a public client and takes no secret: turn off Allow public client flows, or use "
        '"browser" or "device-code"': "700025",
        "the clock of this machine is wrong, so what it signed looks out of date: set the clock": "700024 500133",
        _REDIRECT: "50011 500113 70004",
        _SINGLE_TENANT: "50194 9001023 9002332",
        "tenant restrictions or cross-tenant access rules block this tenant from here: ask the administrator of "
        "both tenants": "50002 500021 500022 500212 500213",
        "too many sign-ins in a short time: wait some minutes, and look for a loop that signs in again": "50196",
        _BUSY: "50033 50087 90006 90012 90024 90033",
    }.items()
    for code in codes.split()
}  # fmt: skip

# What azure-identity and MSAL say themselves, without a code. First match wins.
_WORDS: tuple[tuple[str, str], ...] = (
    ("Attempted credentials", 'none of the ways that "default" tries gave a token; choose one by name'),
    ("az login --claims-challenge", "the service asked for a fresh sign-in, which the Azure CLI does not do by itself: "
     "run the command below in a terminal, then try again"),
    ("Azure CLI not found", "install the Azure CLI, or choose another way of signing in"),
    ("az login", "run `az login` in a terminal, then try again"),
    ("Failed to open a browser", 'no browser can be opened where the kernel runs: use "device-code"'),
    ("Couldn't start an HTTP server", 'the browser cannot answer to where the kernel runs: use "device-code"'),
    ("Timed out", _CODE.replace("enter the new code", "finish the sign-in")),
    ("authorization_declined", "the sign-in was declined: run this again and accept"),
    ("expired_token", _CODE),
    ("anaged identity", "a managed identity exists on Azure-hosted machines only: choose another way of signing in"),
    ("IMDS", "a managed identity exists on Azure-hosted machines only: choose another way of signing in"),
    ("Unable to get authority configuration", _TENANT),
    ("JSON is invalid", "the answer was cut short, or is not Entra ID's but a proxy's: try again"),
    ("CERTIFICATE_VERIFY_FAILED", "the sign-in host's certificate is not trusted here: if a proxy inspects traffic, "
     "set REQUESTS_CA_BUNDLE to its CA file"),
)  # fmt: skip
_NETWORK = "the sign-in host could not be reached: check the network, the proxy (HTTPS_PROXY) and AZURE_AUTHORITY_HOST"

_AADSTS = re.compile(r'AADSTS(\d+).*?(?=Timestamp: \S+ \S+?Z|"|$)', re.DOTALL)
_TRACE_ID = re.compile(r"Trace ID:\s*([0-9a-fA-F-]{36})")
_CORRELATION_ID = re.compile(r"Correlation ID:\s*([0-9a-fA-F-]{36})")
_SECRET_SHAPES = (
    re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*"),  # a JWT, also one cut short
    re.compile(
        r"(?<=[\"'&?\s{])(?:access_token|refresh_token|id_token|client_secret|client_assertion|device_code|password)"
        r"[\"']?\s*[:=]\s*(?:\"[^\"]*|'[^']*|[^\s&\"',}]+)"
    ),
)
# Loggers that write down what Entra ID or a program answered, and, at DEBUG, codes that stand for a sign-in
_TALKATIVE = (
    *(f"azure.identity._internal.{name}" for name in ("decorators", "get_token_mixin", "interactive")),
    *(f"azure.identity._credentials.{name}" for name in ("chained", "azure_powershell", "azd_cli")),
    "msal.token_cache",
)
_CODE_SHAPE = re.compile(r'(?<="code": )"[^"]*"')


class _WithoutSecrets(logging.Filter):
    """Lets every record pass, less the secrets in its words and in the traceback that comes with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        secrets = list(filter(None, map(os.environ.get, _SECRET_VARIABLES)))
        text = record.getMessage()
        shown = _CODE_SHAPE.sub('"[secure]"', _redact(text, secrets))
        if shown != text:
            record.msg, record.args = shown, ()
        if record.exc_info:
            record.exc_text = _redact(logging.Formatter().formatException(record.exc_info), secrets)
            record.exc_info = None
        return True


def redact_logs() -> None:
    """Keep secrets out of what azure-identity and MSAL log; both write down answers that were cut short."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(one, _WithoutSecrets) for one in logger.filters):
            logger.addFilter(_WithoutSecrets())


def sign_in_failed(exc: BaseException, *, credential: str, secrets: Iterable[str] = ()) -> AuthError:
    """The `AuthError` for what a credential raised, with a cause that carries no secret; raise it outside `except`.

    Parameters
    ----------
    exc : BaseException
        What the credential raised.
    credential : str
        The name of the credential's class.
    secrets : iterable of str
        Texts known to be secret, such as tokens got before.
    """
    secrets = [*secrets, *filter(None, map(os.environ.get, _SECRET_VARIABLES))]
    links = list(_chain(exc))
    texts = [_words_of(link) for link in links]
    # MSAL hides the code of an unknown tenant: it stands in the context of the cause only
    found = next(filter(None, map(_AADSTS.search, texts)), None)
    said = _redact(found.group(0) if found else texts[0], secrets)
    everything = "\n".join(texts)
    error = AuthError(
        f"no token: {_advice(found, everything, links, credential)}. "
        f"{'Entra ID' if found else credential} said: {_one_line(said) or type(exc).__name__}",
        code=f"AADSTS{found.group(1)}" if found else None,
        request_id=_first(_TRACE_ID, everything),
        client_request_id=_first(_CORRELATION_ID, everything),
    )
    error.__cause__ = _harmless(exc, links, secrets)
    return error


def _advice(found: re.Match[str] | None, text: str, links: list[BaseException], credential: str) -> str:
    from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError

    if found and found.group(1) in _ADVICE:
        return _ADVICE[found.group(1)]
    for words, advice in _WORDS:
        if words in text:
            return advice
    if any(isinstance(link, ServiceRequestError | ServiceResponseError) for link in links):
        return _NETWORK
    if found or isinstance(links[0], AzureError):
        return "Entra ID refused the sign-in" if found else f"{credential} could not sign in"
    return f"the credential given ({credential}) failed with {type(links[0]).__name__}; try its get_token on its own"


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        link = waiting.pop(0)
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [link.__cause__, link.__context__]


def _words_of(exc: BaseException) -> str:
    # str() of azure-core's errors repeats the answer's whole body
    message = getattr(exc, "message", None)
    return message if isinstance(message, str) else str(exc)


def _redact(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "[secure]")
    for shape in _SECRET_SHAPES:
        text = shape.sub("[secure]", text)
    return text


def _one_line(text: str) -> str:
    text = " ".join(text.replace("\\r\\n", " ").replace("\\n", " ").split())
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + " …"


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match else None


def _harmless(exc: BaseException, links: list[BaseException], secrets: list[str]) -> BaseException:
    """`exc` itself where nothing secret can hang on it, else a copy of its class and redacted words."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError
    from azure.identity import CredentialUnavailableError

    if not any(_carries_more_than_words(link) or _redact(str(link), secrets) != str(link) for link in links):
        return exc
    words = _one_line(_redact(_words_of(exc), secrets))
    if isinstance(exc, CredentialUnavailableError):
        return CredentialUnavailableError(words)
    if isinstance(exc, AzureError):
        return ClientAuthenticationError(words)
    return RuntimeError(f"{type(exc).__name__}: {words}")


def _carries_more_than_words(exc: BaseException) -> bool:
    return (
        getattr(exc, "response", None) is not None
        or getattr(exc, "request", None) is not None
        or _is_from_azure(exc.__traceback__)
        or _is_from_azure(getattr(exc, "exc_traceback", None))
    )


def _is_from_azure(traceback: TracebackType | None) -> bool:
    """Whether the frames of azure-identity are in it: the secret is among their locals."""
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] in ("azure", "msal"):
            return True
        traceback = traceback.tb_next
    return False
