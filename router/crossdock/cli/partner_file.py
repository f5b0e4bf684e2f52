"""The file that `crossdock partner new` writes: what must be said, and in comments what may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a new partner. An identity is `qualifier/id`, or the id alone; `channel` is a connector's or none."""

    name: str
    title: str
    dialects: tuple[str, ...]
    theirs: str
    ours: str
    channel: str = ""

    def text(self) -> str:
        """Return the file."""
        blocks = [_HEAD.format(name=self.name, title=_quoted(self.title))]
        blocks += [_BLOCKS[dialect](self) for dialect in self.dialects]
        blocks.append(self._channels())
        return "\n".join(blocks)

    @property
    def secret(self) -> str:
        """The name of the secret that holds the partner's password."""
        return f"{self.name.upper().replace('-', '_').replace('.', '_')}_SFTP_PASSWORD"

    def _channels(self) -> str:
        text = _CHANNELS.format(name=self.name, secret=self.secret)
        if self.channel:
            return text
        head, *lines = text.splitlines(keepends=True)
        return head + "".join(f"# {line}" for line in lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _sides(identity: str, default: str) -> tuple[str, str]:
    qualifier, slash, name = identity.partition("/")
    return (_quoted(qualifier), _quoted(name)) if slash else (_quoted(default), _quoted(identity))


def _x12(draft: Draft) -> str:
    return _X12.format(name=draft.name, theirs=_sides(draft.theirs, "ZZ"), ours=_sides(draft.ours, "ZZ"))


def _edifact(draft: Draft) -> str:
    return _EDIFACT.format(name=draft.name, theirs=_sides(draft.theirs, "ZZZ"), ours=_sides(draft.ours, "ZZZ"))


_BLOCKS = {"x12": _x12, "edifact": _edifact}

_HEAD = """\
# Who they are, what was agreed, how they are reached. `crossdock partner check {name}` says what is wrong or missing.
partner: {name}
title: {title}
# ids: {{ gln: "4012345000009", duns: "123456789", as2: THEIRAS2 }}
# contacts:
#   - {{ name: EDI desk, role: edi, email: edi@example.com, phone: "+1 214 555 0100" }}
# quotas: {{ largest_file: 20MB, files_per_minute: 60 }}
"""

_X12 = """\
x12:
  theirs: {{ qualifier: {theirs[0]}, id: {theirs[1]} }} # how they sign: ISA05 and ISA06
  ours: {{ qualifier: {ours[0]}, id: {ours[1]} }} # how we sign: ISA07 and ISA08 of what they send
  version: "004010" # what we send (GS08)
  usage: T # ISA15: T until both have tested, then P
  acknowledge: "997" # 997, 999 or none
  # ta1: on_error # never, on_error, always
  # ack_window: 24h # how soon they acknowledge what we send
  # documents: # what is exchanged; without it any set is taken
  #   "850": {{ guide: {name}-850, expect: {{ "855": 24h, "856": 5d, "810": 10d }} }}
  #   "855": {{}}
  # preflight: {{ skip: [] }} # checks of what we send that are left out
"""

_EDIFACT = """\
edifact:
  theirs: {{ qualifier: {theirs[0]}, id: {theirs[1]} }} # how they sign: UNB S002
  ours: {{ qualifier: {ours[0]}, id: {ours[1]} }} # how we sign: UNB S003 of what they send
  version: D96A # what we send
  # association: EAN008
  usage: T # T until both have tested, then P
  acknowledge: false # answer each interchange with a CONTRL
  # ack_window: 24h # how soon they acknowledge what we send
  # documents: # what is exchanged; without it any message is taken
  #   ORDERS: {{ guide: {name}-orders, expect: {{ ORDRSP: 24h, DESADV: 5d, INVOIC: 10d }} }}
  # preflight: {{ skip: [] }} # checks of what we send that are left out
"""

_CHANNELS = """\
# How they are reached; a password is a reference, its value lies in the environment or in config/secrets.
channels:
  sftp_server:
    user: {name}
    password: "${{secret:{secret}}}"
    pickup: outbound
"""
