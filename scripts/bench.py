#!/usr/bin/env python3
"""Measures what docs/performance.md promises, and prints a Markdown table.

    LLAMACTL=target/release/llamactl scripts/bench.py [--write docs/performance.md]

--write puts the table between the markers of that file. Exit code 1 when a figure is over its
limit. Everything runs in a scratch folder, on 127.0.0.1, with the real llama-server.
"""
import argparse
import datetime
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


class World:
    """A scratch folder, and an environment that sees nothing else."""

    def __init__(self, folder, llamactl, llama_server):
        self.folder = pathlib.Path(folder)
        self.llamactl = llamactl
        for name in ("home", "runtime", "work"):
            (self.folder / name).mkdir()
        (self.folder / "runtime").chmod(0o700)
        (self.folder / "site.yaml").write_text("{}\n")
        self.model = self.folder / "tiny.gguf"
        subprocess.run([HERE / "lab/tiny-model.py", self.model], check=True)
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(self.folder / "runtime"),
            "TMPDIR": str(self.folder / "runtime"),
            "LLAMACTL_SITE_CONFIG": str(self.folder / "site.yaml"),
            "LLAMACTL_LLAMA_SERVER": llama_server,
            # No SLURM: what squeue takes is not ours.
            "LLAMACTL_SLURM_BIN": str(self.folder / "no-slurm"),
            "NO_COLOR": "1",
        }

    def start(self, *args):
        log = open(self.folder / f"{args[0]}.log", "ab")
        return subprocess.Popen(
            [self.llamactl, *args], env=self.env, cwd=self.folder / "work",
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )

    def time(self, *args):
        """Milliseconds from start to end of one run, its output thrown away."""
        out = os.open(os.devnull, os.O_WRONLY)
        actions = [(os.POSIX_SPAWN_DUP2, out, 1)]
        begin = time.perf_counter()
        pid = os.posix_spawn(self.llamactl, [self.llamactl, *args], self.env, file_actions=actions)
        status = os.waitpid(pid, 0)[1]
        taken = (time.perf_counter() - begin) * 1000
        os.close(out)
        if status != 0:
            sys.exit(f"llamactl {' '.join(args)} failed: {status}")
        return taken


class Unix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def get(connection, path):
    """(status, body) of one GET on a connection that is kept, or None when nobody answers."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return None


def wait(what, check, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.0005)
    sys.exit(f"waited {seconds:.0f} s in vain: {what}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def registry(world):
    port = free_port()
    database = f"sqlite:{world.folder}/registry.db"
    process = world.start("registry", "serve", "--port", str(port), "--database", database)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    wait("the registry", lambda: get(connection, "/health"))
    world.env["REGISTRY_URL"] = f"http://127.0.0.1:{port}"
    return process, connection


def fill(connection, count):
    """Registers servers of old clients: they live without heartbeats."""
    for number in range(count):
        record = {
            "host": f"gpu-{number % 64:02}", "port": 50000 + number % 1000,
            "owner": f"user{number % 40}", "slurm_node": f"gpu-{number % 64:02}",
            "model_file": "Qwen3-30B-A3B-Instruct-2507-Q4_K_M.gguf", "model_name": "qwen3-30b",
            "start_time": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        }
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"/servers/{100000 + number}", json.dumps(record), headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"the registry refused an entry: {response.status} {body}")


def one_start(world, connection):
    """Milliseconds from llama-server's first 200 to the entry `ready` in the registry."""
    seen = {}

    def watch_llama_server():
        runtime = world.folder / "runtime"
        path = wait("llama-server's socket", lambda: next(runtime.glob("*/*.sock"), None))
        unix = Unix(str(path))
        wait("llama-server's 200", lambda: (get(unix, "/health") or (0,))[0] == 200)
        seen["ready"] = time.perf_counter()

    watcher = threading.Thread(target=watch_llama_server)
    watcher.start()
    process = world.start(
        "run", "--model", str(world.model), "--name", "bench", "-c", "512", "--gpu-layers", "0",
        "--host", "127.0.0.1",
    )
    path = "/api/v1/servers?state=ready&model=bench"
    wait("the entry", lambda: b'"bench"' in (get(connection, path) or (0, b""))[1])
    visible = time.perf_counter()
    watcher.join()
    return (visible - seen["ready"]) * 1000, process


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def memory(process):
    """Resident memory of a process, in MB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def measure(world):
    """(what, limit, unit, values) of each figure."""
    versions = [world.time("--version") for _ in range(220)][20:]
    yield "`llamactl --version`", 5, "ms", versions

    process, connection = registry(world)
    try:
        starts = []
        for _ in range(20):
            taken, server = one_start(world, connection)
            starts.append(max(taken, 0.0))
            stop(server)
        yield "llama-server's first 200 → ready in the registry", 100, "ms", starts

        _, server = one_start(world, connection)
        samples = []
        for _ in range(20):  # 10 s: several heartbeats
            time.sleep(0.5)
            samples.append(memory(server))
        stop(server)
        yield "memory of the supervisor, idle, one server", 20, "MB", samples

        fill(connection, 1000)
        lists = [world.time("ls") for _ in range(55)][5:]
        yield "`llamactl ls`, 1,000 servers", 50, "ms", lists
    finally:
        stop(process)


def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    system = os.uname()
    kernel = system.release.split("-")[0]
    return f"{os.cpu_count()} cores of {model.group(1) if model else system.machine}, Linux {kernel}"


def table(rows):
    lines = ["| what | limit | median | 95 % | worst | runs |", "|---|---|---|---|---|---|"]
    for what, limit, unit, values in rows:
        ordered = sorted(values)
        figures = statistics.median(ordered), ordered[int(len(ordered) * 0.95)], ordered[-1]
        shown = " | ".join(f"{figure:.1f} {unit}" for figure in figures)
        lines.append(f"| {what} | {limit} {unit} | {shown} | {len(values)} |")
    date = datetime.date.today().isoformat()
    return "\n".join([f"Measured {date} on {machine()} by `make bench` (release build).", "", *lines])


def write(path, text, begin=BEGIN, end=END):
    old = path.read_text()
    before, rest = old.split(begin)
    after = rest.split(end)[1]
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the table into FILE")
    args = parser.parse_args()
    lab = os.environ.get("LLAMACTL_LAB") or os.path.expanduser("~/.cache/llamactl/lab")
    llama_server = shutil.which("llama-server", path=f"{lab}/tools/bin")
    if not llama_server or "LLAMACTL" not in os.environ:
        sys.exit("use: make bench")
    with tempfile.TemporaryDirectory(prefix="llamactl-bench-") as folder:
        rows = list(measure(World(folder, os.path.abspath(os.environ["LLAMACTL"]), llama_server)))
    text = table(rows)
    print(text)
    if args.write:
        write(args.write, text)
    slow = [row[0] for row in rows if statistics.median(row[3]) > row[1]]
    if slow:
        sys.exit("over the limit: " + ", ".join(slow))


if __name__ == "__main__":
    main()
