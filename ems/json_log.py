"""Log lines as JSON, one object a line, for those who gather logs: `ems run --log-json`."""

import json
import logging
import os
from datetime import UTC, datetime

VARIABLE = "EMS_LOG_JSON"
"""Set in the environment, so that every process of the family sees it."""
PLAIN = "%(asctime)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """One object: when, how bad, who, what, and the trace of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.processName,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def begin_logging() -> None:
    """Log to standard error, as JSON where the environment asks for it."""
    handler = logging.StreamHandler()
    as_json = bool(os.environ.get(VARIABLE))
    handler.setFormatter(JsonLines() if as_json else logging.Formatter(PLAIN))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
