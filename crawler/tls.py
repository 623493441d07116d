"""How a connection is secured, in the words of the WARC-Protocol and WARC-Cipher-Suite fields."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from OpenSSL.SSL import Connection

# OpenSSL's older spellings of what IANA spells out: AES128-GCM-SHA256 is AES_128_GCM_SHA256.
_BLOCK = re.compile(r"(AES|CAMELLIA|ARIA)(128|256)(?:-(GCM|CCM8|CCM|CBC))?(?:-(SHA\d*))?")


class Security(NamedTuple):
    """``protocol`` is ``tls/1.3`` and so on, ``cipher`` an IANA name."""

    protocol: str
    cipher: str


def security(transport: Any) -> Security | None:
    """Return how a Twisted transport is secured; None while it still shakes hands."""
    handle: Any = transport.getHandle()  # None once the connection is lost
    # The cipher is known before the certificate is judged; only then is Finished sent.
    if not isinstance(handle, Connection) or handle.get_finished() is None:
        return None
    name = handle.get_cipher_name() or ""
    version = handle.get_protocol_version_name().lower()  # "tlsv1.3"; "tlsv1" for 1.0
    number = version.removeprefix("tlsv")
    return Security(f"tls/{number if '.' in number else number + '.0'}", iana_cipher(name))


def iana_cipher(name: str) -> str:
    """Return the IANA name of a cipher suite that OpenSSL calls ``name``.

    TLS 1.3 suites have one name; a suite that no rule knows keeps OpenSSL's.

    >>> iana_cipher("ECDHE-RSA-AES128-GCM-SHA256")
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
    >>> iana_cipher("AES256-SHA")
    'TLS_RSA_WITH_AES_256_CBC_SHA'
    """
    if name.startswith("TLS_"):
        return name
    exchange, cipher = _parted(name)
    known = _cipher(cipher)
    return f"TLS_{exchange}_WITH_{known}" if known else name


def _parted(name: str) -> tuple[str, str]:
    """Split off the key exchange; a suite that names none uses RSA for it."""
    exchange = re.match(r"((?:ECDHE|DHE|ECDH|ADH|AECDH|RSA|PSK)(?:-(?:RSA|ECDSA|DSS|PSK))?)-", name)
    if not exchange:
        return "RSA", name
    words = {"ADH": "DH_anon", "AECDH": "ECDH_anon"}
    return words.get(exchange[1], exchange[1].replace("-", "_")), name[exchange.end() :]


def _cipher(name: str) -> str | None:
    if name == "CHACHA20-POLY1305":
        return "CHACHA20_POLY1305_SHA256"
    block = _BLOCK.fullmatch(name)
    if not block:
        return None
    kind, bits, mode, digest = block.groups()
    if mode is None and digest is None:
        return None
    tail = {"CCM8": "CCM_8"}.get(mode, mode or "CBC")
    return f"{kind}_{bits}_{tail}" + (f"_{digest}" if digest else "")
