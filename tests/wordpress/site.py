"""Debian's WordPress with its own database, PHP and nginx, all in one temporary folder."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
SHARE = Path("/usr/share/wordpress")
THEME = "twentytwentyone"
PHP_WORKERS = 4


class WordPress:
    """WordPress while it runs; a context manager that ends the processes it started.

    Nothing outside its temporary folder is written: WordPress is copied there, the database
    listens on a socket there, and nginx on a free port of 127.0.0.1.
    """

    def __init__(self, theme: str = THEME) -> None:
        self.theme = theme
        self.folder = Path(tempfile.mkdtemp(prefix="morestories-wordpress-"))
        self.folder.chmod(0o711)  # the workers of MariaDB, PHP and nginx look into it
        self.root = self.folder / "www"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self._start_database()
            self._unpack()
            self.php("install.php", self.theme)
            self._start_web()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def fill(self, posts: Iterable[Mapping[str, Any]]) -> int:
        """Publish posts as ``fill.php`` takes them; return how many are public or locked."""
        file = self.folder / "posts.json"
        file.write_text(json.dumps(list(posts), ensure_ascii=False), encoding="utf-8")
        return int(self.php("fill.php", str(file)))

    def truth(self) -> list[dict[str, Any]]:
        """Return what WordPress's database says of every post; see ``truth.php``."""
        return [json.loads(line) for line in self.php("truth.php").splitlines()]

    def php(self, script: str, *arguments: str) -> str:
        """Run a script of this folder as the web server's user; return what it printed."""
        command = [
            *("setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups"),
            *("php", "-d", "display_errors=stderr", str(self.folder / script)),
        ]
        shutil.copy(HERE / script, self.folder / script)
        done = subprocess.run(
            [*command, str(self.root), *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=_bare_environment(),
            timeout=300,
        )
        if done.returncode or done.stderr:
            raise RuntimeError(
                f"{script} ended with {done.returncode}: {done.stderr or done.stdout}"
            )
        return done.stdout

    def _start_database(self) -> None:
        data = self.folder / "db"
        data.mkdir()
        _give(data, "mysql")
        common = ["--no-defaults", f"--datadir={data}", "--user=mysql"]
        subprocess.run(
            ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        self._start(
            "mariadbd",
            *common,
            f"--socket={self.folder}/db/socket",
            "--skip-networking",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",  # it is thrown away when the run ends
            "--innodb-buffer-pool-size=64M",
            "--character-set-server=utf8mb4",
        )
        _until(lambda: self._sql("SELECT 1") == 0, "MariaDB", self.folder)
        self._sql(
            "CREATE DATABASE wordpress CHARACTER SET utf8mb4;"
            "CREATE USER 'wordpress'@'localhost' IDENTIFIED BY 'only-on-this-socket';"
            "GRANT ALL ON wordpress.* TO 'wordpress'@'localhost'"
        )

    def _sql(self, statement: str) -> int:
        client = ["mariadb", "--no-defaults", f"--socket={self.folder}/db/socket", "-uroot"]
        return subprocess.run(
            [*client, "-e", statement], check=False, capture_output=True, stdin=subprocess.DEVNULL
        ).returncode

    def _unpack(self) -> None:
        """Copy Debian's WordPress, its symbolic links resolved, and give it our configuration."""
        skip = shutil.ignore_patterns("languages", "wp-config.php")
        shutil.copytree(SHARE, self.root, ignore=skip)
        (self.root / "wp-config.php").write_text(_CONFIG.format(site=self), encoding="utf-8")
        plugins = self.root / "wp-content/mu-plugins"
        plugins.mkdir(exist_ok=True)
        shutil.copy(HERE / "avatars.php", plugins)
        (self.root / "wp-content/uploads").mkdir()
        _give(self.root / "wp-content/uploads", "www-data")

    def _start_web(self) -> None:
        for name, text in (("fpm.conf", _FPM), ("nginx.conf", _NGINX)):
            (self.folder / name).write_text(text.format(site=self, workers=PHP_WORKERS))
        self._start(_php_fpm(), "--nodaemonize", "--fpm-config", str(self.folder / "fpm.conf"))
        self._start("nginx", "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder))
        _until(self._answers, "WordPress", self.folder)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=20) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _start(self, *command: str) -> None:
        log = self.folder / f"{Path(command[0]).name}.log"
        with log.open("wb") as out:
            self._running.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env=_bare_environment(),
                )
            )

    def _stop(self) -> None:
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _bare_environment() -> dict[str, str]:
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
    }


def _give(path: Path, user: str) -> None:
    os.chown(path, pwd.getpwnam(user).pw_uid, grp.getgrnam(user).gr_gid)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _php_fpm() -> str:
    found = sorted(Path("/usr/sbin").glob("php-fpm*"))
    if not found:
        raise RuntimeError("no php-fpm in /usr/sbin: run tests/wordpress/run, which installs it")
    return str(found[-1])


def _until(ready: Any, what: str, folder: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            logs = "\n".join(p.read_text(errors="replace")[-2000:] for p in folder.glob("*.log"))
            raise RuntimeError(f"{what} did not answer within {seconds:.0f} s:\n{logs}")
        time.sleep(0.2)


_CONFIG = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'wordpress');
define('DB_PASSWORD', 'only-on-this-socket');
define('DB_HOST', 'localhost:{site.folder}/db/socket');
define('DB_CHARSET', 'utf8mb4');
define('WP_HOME', 'http://127.0.0.1:{site.port}');
define('WP_SITEURL', 'http://127.0.0.1:{site.port}');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('AUTH_KEY', 'x'); define('SECURE_AUTH_KEY', 'x'); define('LOGGED_IN_KEY', 'x');
define('NONCE_KEY', 'x'); define('AUTH_SALT', 'x'); define('SECURE_AUTH_SALT', 'x');
define('LOGGED_IN_SALT', 'x'); define('NONCE_SALT', 'x');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{
    define('ABSPATH', __DIR__ . '/');
}}
require_once ABSPATH . 'wp-settings.php';
"""

_FPM = """[global]
error_log = {site.folder}/php.log
[www]
user = www-data
group = www-data
listen = {site.folder}/php.socket
listen.owner = www-data
listen.group = www-data
pm = static
pm.max_children = {workers}
php_admin_value[opcache.enable] = 1
"""

_NGINX = """daemon off;
user www-data;
worker_processes 1;
pid {site.folder}/nginx.pid;
error_log {site.folder}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    access_log {site.folder}/access.log;
    client_body_temp_path {site.folder}/nginx-body;
    fastcgi_temp_path {site.folder}/nginx-fastcgi;
    proxy_temp_path {site.folder}/nginx-proxy;
    uwsgi_temp_path {site.folder}/nginx-uwsgi;
    scgi_temp_path {site.folder}/nginx-scgi;
    gzip on;
    gzip_types text/css application/javascript application/rss+xml application/xml application/json;
    server {{
        listen 127.0.0.1:{site.port};
        root {site.root};
        index index.php;
        location / {{ try_files $uri $uri/ /index.php?$args; }}
        location ~ \\.php$ {{
            include /etc/nginx/fastcgi_params;
            fastcgi_param HTTP_HOST $http_host;  # Debian's parameters drop the port
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass unix:{site.folder}/php.socket;
        }}
    }}
}}
"""
