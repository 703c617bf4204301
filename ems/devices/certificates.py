"""Certificates of Modbus/TCP Security, and plain words for what is wrong with them.

Both sides show one: the device's must be signed by the site's authority and carry the name that we
asked for; ours must please the device, which with TLS 1.3 says so only after the handshake.
"""

import ssl
from pathlib import Path

from ems.domain.errors import DeviceError, DeviceUnreachableError
from ems.domain.modbus_address import TlsAddress

_WRONG_WITH_DEVICE = {
    9: ("is not valid yet", "set the clocks of this machine and of the device"),
    10: ("has expired", "have the device's certificate renewed"),
    18: ("is signed by itself", "put it into the file of ca if it is to be trusted"),
    19: ("comes from an authority we do not know", "put that authority's certificate into ca"),
    20: ("comes from an authority we do not know", "put that authority's certificate into ca"),
    62: ("is made out to another name", "give that name in the address: name=..."),
    64: ("is made out to another address", "give its name in the address: name=..."),
}
"""By the verification code of OpenSSL (x509_vfy.h)."""

_WRONG_WITH_OURS = {
    "CERTIFICATE_REQUIRED": "wants a certificate of ours",
    "UNKNOWN_CA": "does not know the authority of our certificate",
    "CERTIFICATE_EXPIRED": "says that our certificate has expired",
    "BAD_CERTIFICATE": "does not take our certificate",
    "UNSUPPORTED_CERTIFICATE": "does not take a certificate of this kind",
    "CERTIFICATE_REVOKED": "says that our certificate was withdrawn",
    "CERTIFICATE_UNKNOWN": "does not take our certificate",
    "DECRYPT_ERROR": "does not take our signature",
    "ACCESS_DENIED": "denies our certificate access",
}
"""By the alert that the device sends (RFC 8446, 6.2)."""


def client_context(address: TlsAddress) -> ssl.SSLContext:
    """How we prove who we are, and whom we trust.

    Raises:
        DeviceError: one of the files can't be used; names it.
    """
    for file in (address.cert, address.key, address.ca):
        if not Path(file).is_file():
            raise DeviceError(f"{file} of {address.line} is missing", fix="correct the address")
    try:
        context = ssl.create_default_context(cafile=address.ca)
    except ssl.SSLError as error:
        raise DeviceError(
            f"{address.ca} holds no certificate", fix="give a PEM file of the site's authority"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(address.cert, address.key, password=lambda: "")
    except (ssl.SSLError, OSError) as error:
        raise DeviceError(
            f"{address.cert} and {address.key} can't be used: {_why_unusable(error)}",
            fix="give our certificate and its private key, PEM, without a password",
        ) from error
    return context


def distrust(address: TlsAddress, error: BaseException | None) -> DeviceUnreachableError:
    """What stands in the way of a TLS connection, for a person; None: it ended without a word."""
    if error is None or isinstance(error, ConnectionResetError | BrokenPipeError):
        return DeviceUnreachableError(
            f"{address.line} hangs up after the TLS handshake without a word",
            fix="some devices do so when they do not trust our certificate: have it signed anew",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        what, fix = _WRONG_WITH_DEVICE.get(
            error.verify_code, (f"is not valid: {error.verify_message}", "look at it with openssl")
        )
        return DeviceUnreachableError(f"the certificate of {address.line} {what}", fix=fix)
    if isinstance(error, ssl.SSLError):
        return DeviceUnreachableError(f"{address.line} {_alert(error)}", fix=_fix(error))
    return DeviceUnreachableError(
        f"{address.line} takes no TLS connection", fix="check power, network, host and port"
    )


def _why_unusable(error: OSError) -> str:
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        return "the key belongs to another certificate"
    if "DECRYPT" in reason or "PASSWORD" in reason:
        return "the key has a password"
    return "they are no PEM files of a certificate and a key"


def _alert(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    for name, words in _WRONG_WITH_OURS.items():
        if reason.endswith(name):
            return words
    return "speaks no TLS that we know" if reason else "breaks off the TLS handshake"


def _fix(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if any(reason.endswith(name) for name in _WRONG_WITH_OURS):
        return "have our certificate signed by the authority that the device trusts"
    return "check the port, usually 802, and that the device speaks TLS 1.2 or 1.3"
