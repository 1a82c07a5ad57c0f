"""How the embedded server is set, by the machine it runs on. Durable always: what is committed stays."""

from __future__ import annotations

import os
from typing import Final

import psutil

MEBIBYTE: Final = 1 << 20
SMALL_SHARED_MEMORY: Final = 512 * MEBIBYTE


def server_settings() -> dict[str, str]:
    """Settings given to the server on its command line, so that a new release needs no edited files."""
    memory = psutil.virtual_memory().total // MEBIBYTE
    cores = os.cpu_count() or 1
    return {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        # Memory: an eighth of the machine for the shared cache, a small share for each sort.
        "shared_buffers": f"{_between(64, memory // 8, 1024)}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": f"{_between(8, memory // 256, 64)}MB",
        "maintenance_work_mem": f"{_between(64, memory // 32, 512)}MB",
        "dynamic_shared_memory_type": _shared_memory_type(),
        # Durability; written out because everything rests on it.
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # Bulk loads: fewer checkpoints, smaller log.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_worker_processes": str(max(4, cores * 2)),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(_between(1, cores // 2, 4)),
        "random_page_cost": "1.1",
        "jit": "off",
        # A process that was killed must not leave a query behind that keeps others waiting.
        "client_connection_check_interval": "2s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
    }


def _between(least: int, wished: int, most: int) -> int:
    return max(least, min(wished, most))


def _shared_memory_type() -> str:
    """Containers often give only 64 MiB of shared memory, too little for parallel queries."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108  asked for its size only
    except OSError:
        return "mmap"
    return "posix" if room.f_frsize * room.f_blocks >= SMALL_SHARED_MEMORY else "mmap"
