"""A WACZ's anonymous signature: whoever has the public key can tell that the maker's key signed it.

As the WACZ signing specification has it for packages without a domain: ECDSA on P-384 over the
SHA-256 of the text ``sha256:…`` of datapackage.json, as r and s in 48 bytes each, base64.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from archive.errors import BadSetting

_HALF = 48  # bytes of r and of s on P-384


class Signer:
    """A private key on P-384."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @classmethod
    def read(cls, file: Path) -> Signer:
        """Read a key in PEM without a password; raise ``BadSetting`` for anything else."""
        make = f"make one with `openssl ecparam -name secp384r1 -genkey -noout -out {file}`"
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        except OSError as error:
            raise BadSetting(f"no key at {file}: {make}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadSetting(f"{file} is no private key without a password: {make}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp384r1":
            raise BadSetting(f"{file} is no key on the curve P-384: {make}")
        return cls(key)

    def sign(self, digest: str, created: str, software: str) -> dict[str, str]:
        """Return ``signedData`` for the ``digest`` (``sha256:…``) of a datapackage.json."""
        r, s = decode_dss_signature(self._key.sign(digest.encode(), ec.ECDSA(hashes.SHA256())))
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "hash": digest,
            "created": created,
            "software": software,
            "signature": b64encode(r.to_bytes(_HALF) + s.to_bytes(_HALF)).decode(),
            "publicKey": b64encode(public).decode(),
        }
