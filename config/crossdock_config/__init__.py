"""YAML with positions, models, the compiled release, lint and secrets."""

from crossdock_config.access import access_files, load_access, route_domains
from crossdock_config.environments import load_environment
from crossdock_config.loader import browse, load, take_up
from crossdock_config.models import EnvironmentFile
from crossdock_config.release import Endpoint, Loaded, Release, RouteInfo
from crossdock_config.secrets import SecretSource, system_secrets

__all__ = [
    "Endpoint",
    "EnvironmentFile",
    "Loaded",
    "Release",
    "RouteInfo",
    "SecretSource",
    "access_files",
    "browse",
    "load",
    "load_access",
    "load_environment",
    "route_domains",
    "system_secrets",
    "take_up",
]
