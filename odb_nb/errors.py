"""Every exception that odb_nb raises.

OdbError
├ InputError (ValueError)       refused here; nothing was sent
├ AuthError                     no token, or consent or role missing: says which, and who can fix it
├ JournalError                  the record cannot be written: nothing is sent without it
└ GraphError                    the service said no, or what it said could not be used
  ├ NoReplyError                the network failed or timed out
  │ └ OutcomeUnknownError       a write was sent, the reply was lost, and looking did not settle it
  ├ ThrottledError              still told to wait when the deadline came
  └ ReplyShapeError             not the shape we know; what was expected, where
"""

from __future__ import annotations


class OdbError(Exception):
    """Base of every error that odb_nb raises on purpose."""


class InputError(OdbError, ValueError):
    """What was given cannot be used; it was refused here and nothing was sent."""


class JournalError(OdbError):
    """The journal cannot be read or written; nothing more is sent without it."""


class _ServiceError(OdbError):
    """What a failed exchange with the service leaves to look at; never a token or a body."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        client_request_id: str | None = None,
        request: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.client_request_id = client_request_id
        self.request = request

    @property
    def message(self) -> str:
        """What happened and, where we know it, what to do; without the trace that `str` adds."""
        return str(self.args[0])

    def __str__(self) -> str:
        known = [
            f"HTTP {self.status_code}" if self.status_code else None,
            f"code {self.code}" if self.code else None,
            f"request-id {self.request_id}" if self.request_id else None,
            self.request,
        ]
        trace = ", ".join(part for part in known if part)
        return f"{self.message} [{trace}]" if trace else self.message


class AuthError(_ServiceError):
    """No token could be had, or the service refused the one we have.

    The message says which consent, permission or role is missing and who can give it.
    The attributes are those of `GraphError`; they are None where the sign-in itself failed.
    """


class GraphError(_ServiceError):
    """The service answered with an error.

    Attributes
    ----------
    message : str
        What happened and, where we know it, what to do.
    status_code : int or None
        HTTP status, None when there was no answer.
    code : str or None
        Graph's error code, such as ``InvalidRestorePoint``. Branch on this, not on the message.
    request_id, client_request_id : str or None
        Quote these to Microsoft support.
    request : str or None
        What we asked: method and path, without query and body.
    """


class NoReplyError(GraphError):
    """The network failed or the time ran out before a usable answer came.

    Attributes
    ----------
    was_sent : bool
        False where it is proven that the service has not seen the request.
    """

    was_sent = True


class OutcomeUnknownError(NoReplyError):
    """A write was sent, its reply was lost, and looking at the service did not settle what became of it."""


class ThrottledError(GraphError):
    """The service still asked us to wait when the deadline came."""


class ReplyShapeError(GraphError):
    """The answer is not of the shape we know; the message says what was expected and where."""


def advised(error: GraphError, advice: str) -> GraphError:
    """The same error, with what to do in its words."""
    error.args = (f"{error.message.rstrip('.')}; {advice}",)
    return error
