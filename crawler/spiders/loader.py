"""Scrapy's way to a portal: ``scrapy list`` names them, ``scrapy crawl ID`` crawls one."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.settings import BaseSettings

from archive.errors import BadSetting
from crawler.portal import all_declarations, find
from crawler.run import lay_over
from crawler.spiders.portal import PortalSpider


class PortalLoader:
    """Load a portal as a spider class whose settings are the portal's."""

    def __init__(self, settings: BaseSettings) -> None:
        self._archive = Path(settings["MORESTORIES_ARCHIVE"]).resolve()

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> PortalLoader:
        return cls(settings)

    def list(self) -> builtins.list[str]:
        """Return the ids of all portals, bundled and the archive's own."""
        return [portal.id for portal in all_declarations(self._archive)]

    def load(self, spider_name: str) -> type[Spider]:
        """Return a spider class for the portal; KeyError if there is none, as Scrapy asks."""
        try:
            portal = find(spider_name, self._archive)
        except BadSetting as error:
            raise KeyError(str(error)) from error
        custom: dict[str, Any] = lay_over(portal, self._archive)
        return type("PortalSpider", (PortalSpider,), {"name": portal.id, "custom_settings": custom})

    def find_by_request(self, request: Request) -> builtins.list[str]:
        """Return the portals that cover the request's URL."""
        return [p.id for p in all_declarations(self._archive) if p.covers(request.url)]
