"""The key by which push services know this installation (RFC 8292): P-256, as PEM or as base64url of its 32 bytes."""

import base64
from datetime import datetime, timedelta

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

SIZE = 32
LIVES = timedelta(hours=12)  # push services refuse more than a day


def new_key() -> str:
    """A fresh key as base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _text(number.to_bytes(SIZE, "big"))


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The key in `text`. Raises ValueError for what is none."""
    if "BEGIN" in text:
        key = _from_pem(text.replace("\\n", "\n").encode())
        if not (isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)):
            raise ValueError("Not a P-256 key.")
        return key
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(raw) != SIZE:
        raise ValueError("Not 32 bytes.")
    return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())


def _from_pem(text: bytes) -> object:
    try:
        return load_pem_private_key(text, None)
    except (TypeError, UnsupportedAlgorithm) as error:  # behind a password, or of a kind nobody knows
        raise ValueError(type(error).__name__) from None


def public_text(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half as browsers and push services want it: base64url of the uncompressed point."""
    return _text(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def header(key: ec.EllipticCurvePrivateKey, *, audience: str, subject: str, now: datetime) -> str:
    """The Authorization header of one push to the origin `audience`."""
    claims = {"aud": audience, "exp": int((now + LIVES).timestamp()), "sub": subject}
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={public_text(key)}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
