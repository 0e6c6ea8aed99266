"""What this machine has: memory."""

from __future__ import annotations

from pathlib import Path


def free_memory() -> float | None:
    """Return the bytes of memory that are free for use, or none where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kilobytes = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines)}
    return 1024.0 * float(kilobytes.get("MemAvailable", "inf"))
