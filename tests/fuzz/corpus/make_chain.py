#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_chain: make_chain.py FOLDER. Keys are fresh each time, so seeds are kept, not remade."""

import datetime
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

BEGIN = datetime.datetime(2025, 1, 1)


def certificate(key, signer, name="p"):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    plain = isinstance(signer, ed25519.Ed25519PrivateKey)
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(BEGIN).not_valid_after(BEGIN + datetime.timedelta(days=36500))
        .sign(signer, None if plain else hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    )


def framed(*certificates):
    return b"".join(len(c).to_bytes(3, "big") + c for c in certificates)


def main():
    folder = sys.argv[1]
    edwards, other = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    p256, p384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    rsa_key = rsa.generate_private_key(65537, 2048)
    own = certificate(edwards, edwards)
    broken = bytearray(certificate(edwards, p256))
    broken[-1] ^= 1
    seeds = {
        "empty": b"",
        "ed25519": framed(own),
        "p256": framed(certificate(p256, p256)),
        "p384": framed(certificate(p384, p384)),
        "rsa": framed(certificate(rsa_key, rsa_key)),
        "two": framed(certificate(edwards, p256), certificate(p256, p256)),
        "mixed": framed(certificate(edwards, p256), certificate(p256, p384), certificate(p384, rsa_key),
                        certificate(rsa_key, rsa_key)),
        "eight": framed(*[own] * 8),
        "nine": framed(*[own] * 9),
        "unsigned": framed(certificate(edwards, other), certificate(p256, p256)),
        "broken_signature": framed(bytes(broken), certificate(p256, p256)),
        "cut": framed(own)[:-7],
        "tail": framed(own) + b"\0",
        "left_over": framed(own + b"\0"),
        "no_length": b"\0\0\0" + own,
        "not_der": framed(b"garbage of some bytes"),
    }
    os.makedirs(folder, exist_ok=True)
    for name, seed in seeds.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(seed)


if __name__ == "__main__":
    main()
