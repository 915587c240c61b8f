"""Why a TLS connection failed, in words; OpenSSL's own are for developers."""

import ssl

CLOCK = ("expired", "not yet valid")
"""Parts of OpenSSL's words about a certificate that a wrong clock of this machine can cause."""


def tls_reason(error: BaseException | None) -> str:
    """The meaning of a TLS error; "" for any other, and for one without words.

    aiohttp's errors carry the one that they stand for.
    """
    found = tls_error(error)
    if isinstance(found, ssl.SSLCertVerificationError):
        said = str(getattr(found, "verify_message", "") or "").strip().rstrip(".")
        clock = "; is this machine's clock right?" if any(part in said for part in CLOCK) else ""
        return f"its TLS certificate is not trusted: {said[:1].lower()}{said[1:]}{clock}" if said else ""
    reason = str(getattr(found, "reason", None) or "").replace("_", " ").lower()
    return f"TLS failed: {reason}" if reason else ""


def tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error that an error is, or stands for."""
    for _ in range(5):
        inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        if isinstance(inner, ssl.SSLError):
            return inner
        if isinstance(error, ssl.SSLError):
            return error
        error = inner if isinstance(inner, BaseException) else getattr(error, "__cause__", None)
    return None
