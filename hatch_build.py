"""Build hook: puts ECharts, the chart library of the console, beside the console's own scripts.

ECharts is not in this repository. The wheel of NiceGUI carries it as an ES module, at a version
that the pin below fixes; pip lays that wheel into the build environment (`dependencies` asks for
it), and this hook copies the two files that the console loads. The third file, the WebGL chunk, is
only reached through a function that the console never calls, and stays out. The same happens for a
wheel, a source archive and an editable install.
"""

import re
import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIER = "nicegui"
CARRIER_VERSION = "3.18.0"
CARRIED = "nicegui/elements/echart/dist"
ENTRY = "index.js"
VENDOR = "ems/console/static/vendor"
NOTICES = "ems/console/notices"


class EChartsHook(BuildHookInterface[Any]):
    """Copies ECharts into `ems/console/static/vendor` before anything is packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What pip has to lay into the build environment."""
        return [f"{CARRIER}=={CARRIER_VERSION}"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy, and tell hatchling to pack what git ignores."""
        target = Path(self.root, VENDOR)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for source in [*module_files(), *notice_files(Path(self.root, NOTICES))]:
            shutil.copy(source, target / source.name)
        build_data["artifacts"].append(f"/{VENDOR}/")


def module_files() -> list[Path]:
    """The entry module of ECharts and the chunks that it imports as it starts."""
    folder = Path(str(distribution(CARRIER).locate_file(CARRIED)))
    entry = folder / ENTRY
    imported = re.findall(r'from"\./([^"]+)"', entry.read_text(encoding="utf-8"))
    if not imported:
        raise RuntimeError(
            f"{entry} imports nothing: {CARRIER} is built in another way than expected"
        )
    return [entry, *(folder / name for name in imported)]


def notice_files(folder: Path) -> list[Path]:
    """The licence notices that travel with ECharts."""
    return sorted(folder.glob("*.txt"))
