"""Cipher suites by their IANA names, with OpenSSL's own list as the judge where it is there."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from crawler.tls import iana_cipher


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("DHE-RSA-AES128-SHA", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
        ("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        ("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
        ("ECDHE-ECDSA-AES128-CCM8", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"),
        ("SOMETHING-NEW", "SOMETHING-NEW"),
        ("", ""),
    ],
)
def test_iana_names(openssl, iana) -> None:
    assert iana_cipher(openssl) == iana


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command to compare with")
def test_every_suite_that_openssl_would_offer_the_web() -> None:
    listing = subprocess.run(
        ["openssl", "ciphers", "-stdname", "DEFAULT:!SRP"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    named = {line.split()[2]: line.split()[0] for line in listing.splitlines()}
    assert len(named) > 20
    assert {name: iana_cipher(name) for name in named} == named
