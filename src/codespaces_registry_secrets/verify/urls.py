"""URLs as the HTTP client reads them: another reading might see another host in one."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url


def parsed(url: str) -> Url:
    """The parts of a URL; of what is none, no parts."""
    try:
        return parse_url(url)
    except LocationParseError:
        return Url()


def host_of(url: str) -> str:
    """The host of a URL, with its port where it names one."""
    return parsed(url).netloc or ""


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine by its very name."""
    name = (parsed(f"https://{host}").host or "").strip("[]")
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def joined(url: str, location: str) -> str:
    """Where a redirect leads, or nowhere."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def origin(url: str) -> tuple[str | None, str | None, int | None]:
    """What two URLs have in common where a connection to one is a connection to the other."""
    place = parsed(url)
    default = {"https": 443, "http": 80}.get(place.scheme or "")
    return place.scheme, place.host, place.port or default
