"""How Google says no: the shape its client libraries read."""

from collections.abc import Mapping
from typing import Any

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    410: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """An answer in Google's error shape: error.code, message, errors[].reason, status."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.domain = domain
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        entry = {"domain": self.domain, "reason": self.reason, "message": self.message}
        details = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": self.reason,
                "domain": "googleapis.com",
            }
        ]
        error: dict[str, Any] = {"code": self.code, "message": self.message, "errors": [entry]}
        return {"error": error | {"status": _STATUS.get(self.code, "UNKNOWN"), "details": details}}


def refuse_argument(message: str) -> Refusal:
    return Refusal(400, "invalidArgument", message)


def refuse_unknown(message: str = "Requested entity was not found.") -> Refusal:
    return Refusal(404, "notFound", message)
