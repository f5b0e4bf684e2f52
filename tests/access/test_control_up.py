"""`crossdock up` serves the control API beside its gateway, with TLS where there is a certificate."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.access.access_kit import Company, grant
from tests.services.ports import free_port

ENVIRONMENT = "environment: local\njournal: sqlite:///.crossdock/local.db\ncontrol: {{ port: {port}{more} }}\n"


def certificate(folder: Path) -> Path:
    """Write a certificate for 127.0.0.1 and its key; return the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.key").write_bytes(key.private_bytes(*form))
    return folder / "tls.pem"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_up_runs_is_operated_through_its_api(firm: Company, scheme: str) -> None:
    port, trusted = free_port(), {}
    if scheme == "https":
        trusted = {"SSL_CERT_FILE": str(certificate(firm.root))}
    more = ", certificate: tls.pem, key: tls.key" if scheme == "https" else ""
    firm.write("config/environments/local.yaml", ENVIRONMENT.format(port=port, more=more))
    token = json.loads(firm.run("token", "new", "boss", "--json").stdout)["token"]
    firm.rules(grant("admin", "token: boss"))
    remote = {"CROSSDOCK_SERVER": f"{scheme}://127.0.0.1:{port}", **trusted}
    command = [str(Path(sys.executable).with_name("crossdock")), "-C", str(firm.root), "up"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)) as process:
        try:
            for _ in range(100):
                told = firm.run("whoami", token=token, **remote)
                if told.returncode == 0:
                    break
                time.sleep(0.3)
            assert told.stdout.startswith("boss in local, known by: token boss\n"), told.stderr
            assert firm.run("failed", "retry", firm.items["orders"], token=token, **remote).returncode == 0
            assert json.loads(firm.run("releases", "--json", token=token, **remote).stdout)[0]["act"] == "up"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    assert process.returncode == 0
