"""`loantrail serve` as whoever starts it meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.crash.streaming import end, said, start


@pytest.mark.database
@pytest.mark.parametrize(
    ("language", "metrics", "page"),
    [
        ("C.UTF-8", "Metrics are at http://127.0.0.1:", "Loantrail is at http://127.0.0.1:"),
        ("zh_CN.UTF-8", "监控指标的地址：http://127.0.0.1:", "贷迹的网页地址：http://127.0.0.1:"),
    ],
)
def test_where_the_page_is_is_said_in_the_language_of_the_environment(
    database_url: str, tmp_path: Path, language: str, metrics: str, page: str
) -> None:
    environment = {"LC_ALL": language, "PYTHONUTF8": "1"}
    server = start(
        database_url, tmp_path, "serve", "--port", "0", "--metrics-port", "0", environment=environment
    )
    try:
        said(server, metrics)
        said(server, page)
    finally:
        end(server)
