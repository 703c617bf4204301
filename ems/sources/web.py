"""One question to a web service: bounded in time and size, every failure with its fix."""

import time
from collections.abc import Mapping
from http import HTTPStatus

import httpx

from ems.domain.errors import SourceError

TIMEOUT_S = 10.0
"""For connecting, and between two pieces of an answer."""
WHOLE_S = 60.0
"""For a whole answer, however small its pieces."""
GREATEST_BYTES = 4_000_000
"""A longer answer is not read to its end."""
_FIXES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "check the service's key",
    HTTPStatus.FORBIDDEN: "check the service's key, and what it is good for",
    HTTPStatus.NOT_FOUND: "check the service's address",
    HTTPStatus.TOO_MANY_REQUESTS: "wait: the service's limit is reached; let one instance ask",
}


def asked(service: str, url: str, question: Mapping[str, str]) -> str:
    """The answer of `service` at `url` to a question.

    What `question` holds, keys among them, enters no message.

    Raises:
        SourceError: no answer in time, a refusal, or far too long an answer.
    """
    try:
        with httpx.stream("GET", url, params=dict(question), timeout=TIMEOUT_S) as response:
            if response.status_code != HTTPStatus.OK:
                raise refused(service, response.status_code)
            return _read(service, response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(service, type(error).__name__) from None


def refused(service: str, status: int) -> SourceError:
    """What an answer with another status than 200 is."""
    otherwise = "wait, or see what the service says of its state"
    return SourceError(f"{service} answers {status:d}", fix=_FIXES.get(status, otherwise))


def unreachable(service: str, how: str) -> SourceError:
    """What no answer is; `how` it failed is a name without addresses or keys."""
    return SourceError(
        f"{service} does not answer ({how})", fix="check the network, name service and firewall"
    )


def unreadable(service: str, what: str) -> SourceError:
    """What an answer is that the published documents don't provide for."""
    return SourceError(
        f"{service} answers what can't be read: {what}",
        fix="wait; if it lasts, the service has changed: look for a newer release",
    )


def _read(service: str, response: httpx.Response) -> str:
    held, end = bytearray(), time.monotonic() + WHOLE_S
    for piece in response.iter_bytes():
        held += piece
        if len(held) > GREATEST_BYTES:
            raise unreadable(service, f"more than {GREATEST_BYTES:,} bytes")
        if time.monotonic() > end:
            raise unreachable(service, f"no end after {WHOLE_S:g} s")
    try:
        return held.decode()
    except UnicodeDecodeError as error:
        raise unreadable(service, str(error.reason)) from error
