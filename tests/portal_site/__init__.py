"""A small Hindi news portal on loopback, with all that crawlers meet: see ``PortalSite``."""

from tests.portal_site.server import Asked, PortalSite
from tests.portal_site.story import Reach, Story

__all__ = ["Asked", "PortalSite", "Reach", "Story"]
