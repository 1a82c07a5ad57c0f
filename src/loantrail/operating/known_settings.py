"""Every setting of this installation, once: its name, what its text must be, what it means. Pure data.

`LOANTRAIL_DATABASE_URL` in the environment is `database_url` in the file of settings. How they are read: loantrail.settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "LOANTRAIL_"
DEFAULT_GRACE_SECONDS: Final = 30.0
DEFAULT_LIVE_TRACE_SECONDS: Final = 30.0
DEFAULT_REQUESTS_PER_SECOND: Final = 50
DEFAULT_STOP_SECONDS: Final = 30.0
DEFAULT_CONNECTIONS: Final = 8
DEFAULT_AUDIT_ALGORITHM: Final = "sha256"


class Kind(StrEnum):
    """What a setting's text must be."""

    TEXT = "text"
    PATH = "path"
    SECONDS = "seconds"
    COUNT = "count"
    PORT = "port"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set. `default` is empty where nothing is set, or where it depends on the machine."""

    name: str
    kind: Kind
    meaning: str
    meaning_chinese: str
    default: str = ""
    secret: bool = False
    """Whether it may be given as the path of a file, and is never shown whole."""
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


_T, _P, _S, _N, _PORT, _C = Kind.TEXT, Kind.PATH, Kind.SECONDS, Kind.COUNT, Kind.PORT, Kind.CHOICE
SETTINGS: Final = (
    Setting("home", _P, "folder of the product's data; the embedded database lies in it", "数据文件夹，内嵌数据库在其中"),
    Setting("database_url", _T, "address of a PostgreSQL server of your own; none: the embedded one",
            "自有 PostgreSQL 的地址；不设则用内嵌数据库", secret=True),
    Setting("database_password", _T, "password for that address, where it holds none", "上述地址的密码（地址中没有时）",
            secret=True),
    Setting("web_database_url", _T, "address by which the web application signs in as loantrail_web; none: the same server "
            "without a password", "网页程序以 loantrail_web 登录的地址；不设则为同一服务器、不用密码", secret=True),
    Setting("database_connections", _N, "most connections to the database that one serving process keeps",
            "每个服务进程最多保持的数据库连接数", str(DEFAULT_CONNECTIONS)),
    Setting("database_grace_seconds", _S, "how long the embedded server runs on after its last use",
            "内嵌数据库在最后一次使用后继续运行的秒数", f"{DEFAULT_GRACE_SECONDS:g}"),
    Setting("database_programs", _P, "folder of pg_dump and pg_restore for back-up; none: found by themselves",
            "备份所用 pg_dump、pg_restore 的文件夹；不设则自动查找"),
    Setting("operator", _T, "whom commands of this machine are recorded under", "本机命令以谁的名义记录", "operator"),
    Setting("live_trace_seconds", _S, "how long live lines wait for others before the books are traced anew",
            "实时流水等待多少秒后重新追踪", f"{DEFAULT_LIVE_TRACE_SECONDS:g}"),
    Setting("nightly", _P, "folder that holds one folder of nightly files per business date",
            "夜间批量文件的根文件夹（每个业务日期一个子文件夹）"),
    Setting("channels", _P, "file of the channels by which warnings leave", "预警外发渠道的配置文件"),
    Setting("host", _T, "address that the page is served on", "提供页面的地址", "127.0.0.1"),
    Setting("port", _PORT, "port that the page is served on; none: 8321 or the next free one",
            "提供页面的端口；不设则为 8321 或其后第一个空闲端口"),
    Setting("workers", _N, "reading processes behind that port; none: one process does everything",
            "该端口后面的读取进程数；不设则由一个进程完成全部工作"),
    Setting("requests_per_second", _N, "requests a second that one session may send in the long run; a key ten times, an address "
            "twenty times as many", "一个登录会话长期每秒可发的请求数；接口密钥为其十倍，一个地址为其二十倍",
            str(DEFAULT_REQUESTS_PER_SECOND)),
    Setting("stop_seconds", _S, "how long a server that is stopped waits for the requests under way",
            "停止服务时等待进行中请求的秒数", f"{DEFAULT_STOP_SECONDS:g}"),
    Setting("metrics_port", _PORT, "port on 127.0.0.1 for Prometheus; none: no metrics",
            "供 Prometheus 读取的 127.0.0.1 端口；不设则不提供指标"),
    Setting("log_format", _C, "lines for people or JSON lines; none: JSON with workers, else text",
            "日志为文字或 JSON 行；不设则有工作进程时用 JSON，否则用文字", choices=("text", "json")),
    Setting("log_level", _C, "least severity that is logged; none: info with workers, else warning",
            "记录的最低级别；不设则有工作进程时为 info，否则为 warning", choices=("debug", "info", "warning", "error")),
    Setting("log_file", _P, "file that the log is appended to; none: the error stream", "日志文件；不设则写到标准错误"),
    Setting("access_log", _C, "a line for each request; none: yes with workers, else no",
            "每个请求记一行；不设则有工作进程时记，否则不记", choices=("yes", "no")),
    Setting("secret_key", _T, "key that seals second factors; none: one is made in the home folder",
            "封存第二验证因素的密钥；不设则在数据文件夹中自动生成", secret=True),
    Setting("public_url", _T, "address that people open the page at, behind a proxy; none: as each request names it",
            "用户打开页面的地址（在代理之后）；不设则以每次请求为准"),
    Setting("openid_issuer", _T, "the bank's OpenID Connect server; none: people sign in here alone",
            "本行 OpenID Connect 统一认证服务器；不设则只在本系统登录"),
    Setting("openid_client_id", _T, "name by which that server knows this installation", "本系统在该服务器登记的客户端编号"),
    Setting("openid_client_secret", _T, "secret that goes with that name; none: a public client",
            "与上述编号对应的密钥；不设则为公开客户端", secret=True),
    Setting("openid_claim", _T, "what of that server's answer is the sign-in name; sub: the subject kept with the person",
            "该服务器返回内容中哪一项是登录名；sub 表示与人员档案中登记的主体标识比对", "sub"),
    Setting("audit_algorithm", _C, "hash of the audit log's chain from the next entry on",
            "审计日志散列链自下一条起所用的算法", DEFAULT_AUDIT_ALGORITHM, choices=("sha256", "sm3")),
)  # fmt: skip
BY_NAME: Final = {one.name: one for one in SETTINGS}
