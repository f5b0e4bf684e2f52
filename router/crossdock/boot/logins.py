"""Sign-ons of the person at this machine: got by the device flow (RFC 8628), kept in a file that only they can read.

`crossdock login` prints an address and a code; wherever the person opens it, the token comes here.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from crossdock.core.access import Denied
from crossdock.core.errors import Misconfigured, Refused

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER = 5.0
"""Seconds by which the issuer wants to be asked less often when it says `slow_down`."""
EARLY = 30.0
"""Seconds before its end at which a token is renewed."""
Row = dict[str, Any]
Post = Callable[[str, bytes], Mapping[str, Any]]


def login(
    info: Mapping[str, str], say: Callable[[str, str], None], server: str = "", wait: Callable[[float], None] = time.sleep
) -> None:
    """Sign on and keep the token; `say` shows the person an address and a code. Raises Denied, Refused, Retryable."""
    found = _discovered(info["issuer"])
    begin = str(found.get("device_authorization_endpoint", ""))
    if not begin:
        raise Misconfigured(f"{info['issuer']} has no device flow", advice="allow it for this client there, or use an API token")
    asked = _post(begin, client_id=info["client_id"], scope=info["scope"])
    if "device_code" not in asked:
        raise Denied(f"{info['issuer']} refuses the device flow: {_reason(asked)}")
    say(str(asked.get("verification_uri_complete") or asked.get("verification_uri", "")), str(asked.get("user_code", "")))
    tokens = _polled(found, info, asked, wait)
    _keep(info, tokens, server)


def _polled(
    found: Mapping[str, Any], info: Mapping[str, str], asked: Mapping[str, Any], wait: Callable[[float], None]
) -> Mapping[str, Any]:
    """Ask for the token until the person has agreed; raises Denied."""
    pause, left = float(asked.get("interval", 5)), float(asked.get("expires_in", 600))
    while left > 0:
        wait(pause)
        left -= max(pause, 0.01)
        answer = _post(
            str(found["token_endpoint"]), grant_type=GRANT, device_code=asked["device_code"], client_id=info["client_id"]
        )
        error = answer.get("error")
        if error is None:
            return answer
        if error == "slow_down":
            pause += SLOWER
        elif error != "authorization_pending":
            raise Denied(f"the sign-on was refused: {_reason(answer)}", advice="try again: `crossdock login`")
    raise Denied("nobody has agreed in time", advice="try again: `crossdock login`")


def token_for(issuer: str) -> str:
    """Return the token for an issuer, renewed where it has run out, or nothing where nobody has signed on; raises Denied."""
    kept = _read()["logins"].get(issuer)
    if kept is None:
        return ""
    if kept["expires_at"] - EARLY > time.time():
        return str(kept["token"])
    if not kept.get("refresh"):
        raise Denied(f"the sign-on at {issuer} has run out", advice="sign on again: `crossdock login`")
    return _renewed(issuer, kept)


def token_for_server(url: str) -> str:
    """Return the token for a server, or nothing; raises Denied."""
    issuer = _read()["servers"].get(url.rstrip("/"))
    return token_for(issuer) if issuer else ""


def logout(issuer: str) -> bool:
    """Forget a sign-on; return whether there was one."""
    kept = _read()
    known = kept["logins"].pop(issuer, None) is not None
    kept["servers"] = {url: one for url, one in kept["servers"].items() if one != issuer}
    _write(kept)
    return known


def signed_on() -> list[str]:
    """Return the issuers at which somebody has signed on."""
    return sorted(_read()["logins"])


def _renewed(issuer: str, kept: Row) -> str:
    answer = _post(
        str(_discovered(issuer)["token_endpoint"]),
        grant_type="refresh_token",
        refresh_token=kept["refresh"],
        client_id=kept["client_id"],
    )
    if "error" in answer:
        raise Denied(f"the sign-on at {issuer} has run out: {_reason(answer)}", advice="sign on again: `crossdock login`")
    info = {"issuer": issuer, "client_id": kept["client_id"], "audience": kept.get("audience", "")}
    _keep(info, {"refresh_token": kept["refresh"], **answer}, "")
    return str(_read()["logins"][issuer]["token"])


def _keep(info: Mapping[str, str], tokens: Mapping[str, Any], server: str) -> None:
    """Keep the token that is meant for us: the ID token, or where the API has an audience of its own, the access token."""
    token = tokens.get("access_token") if info.get("audience") else tokens.get("id_token") or tokens.get("access_token")
    if not isinstance(token, str):
        raise Refused(
            f"{info['issuer']} gave no token", advice="ask for the scope `openid` under `oidc` in the environment's file"
        )
    kept = _read()
    kept["logins"][info["issuer"]] = {
        "client_id": info["client_id"],
        "audience": info.get("audience", ""),
        "token": token,
        "refresh": tokens.get("refresh_token", ""),
        "expires_at": _end_of(token, tokens),
    }
    if server:
        kept["servers"][server.rstrip("/")] = info["issuer"]
    _write(kept)


def _end_of(token: str, tokens: Mapping[str, Any]) -> float:
    """Return when a token ends, as it says itself: the access token beside it may live longer."""
    import jwt

    try:
        said = jwt.decode(token, options={"verify_signature": False}).get("exp")
    except jwt.PyJWTError:
        said = None
    return float(said) if isinstance(said, int | float) else time.time() + float(tokens.get("expires_in", 300))


def place() -> Path:
    """Return the file that sign-ons are kept in."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "crossdock" / "logins.json"


def _read() -> Row:
    empty: Row = {"logins": {}, "servers": {}}
    try:
        found: Row = json.loads(place().read_text(encoding="utf-8"))
        return empty | found
    except FileNotFoundError:
        return empty
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(f"{place()} can't be read: {error}", advice="remove it, and sign on again") from None


def _write(kept: Row) -> None:
    """Write the file whole or not at all, for nobody else's eyes from its first byte on."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept, file)
    fresh.replace(path)


def _discovered(issuer: str) -> Mapping[str, Any]:
    from crossdock.runtime.control.sign_on import discovered

    return discovered(issuer)


def _post(url: str, **form: str) -> Mapping[str, Any]:
    from crossdock.runtime.control.sign_on import fetched, required_safe

    return fetched(required_safe(url), urlencode(form).encode())


def _reason(answer: Mapping[str, Any]) -> str:
    return str(answer.get("error_description") or answer.get("error") or "no reason given")
