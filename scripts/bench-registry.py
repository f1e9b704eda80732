#!/usr/bin/env python3
"""Measures what a registry can take, beside etcd, and prints Markdown.

    LLAMACTL=target/release/llamactl scripts/bench-registry.py [--write docs/performance.md] [PART ...]

--write puts the text between the markers of that file. PART is one of etcd, lists, fleet, memory,
growth; all without one. Exit code 1 when a figure misses its goal. Everything runs in a scratch
folder on this disk, on 127.0.0.1; wrk and Debian's etcd come from `make bench-deps`.
"""
import argparse
import asyncio
import datetime
import http.client
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- registry: begin -->", "<!-- registry: end -->"
CONNECTIONS = 16
# How often each is measured: where others use the host too, one turn says little.
TURNS = 7
CORES = sorted(os.sched_getaffinity(0))

# What the two benchmarks share.
spec = importlib.util.spec_from_file_location("bench", HERE / "bench.py")
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)


class Registry:
    """`llamactl registry serve` on a database in `folder`, on one core if `core` is given."""

    def __init__(self, folder, *args, core=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.port = bench.free_port()
        command = [os.environ["LLAMACTL"], "registry", "serve", "--port", str(self.port),
                   "--database", f"sqlite:{self.folder}/registry.db", *args]
        if core is not None:
            command = ["taskset", "-c", str(core), *command]
        log = open(self.folder / "registry.log", "ab")
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "NO_COLOR": "1"}
        begin = time.perf_counter()
        self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        bench.wait("the registry", self.health, 60)
        self.start_ms = (time.perf_counter() - begin) * 1000

    def health(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        answer = bench.get(connection, "/health")
        connection.close()
        return answer and json.loads(answer[1])

    def memory(self):
        return bench.memory(self.process)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        bench.stop(self.process)


class Etcd:
    """Debian's etcd with its data in `folder`."""

    def __init__(self, folder):
        self.port = bench.free_port()
        command = [HERE / "lab/service.sh", "etcd", "run", folder, str(self.port)]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        bench.wait("etcd", lambda: (bench.get(connection, "/health") or (0,))[0] == 200)

    def leases(self, count):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        for _ in range(count):
            connection.request("POST", "/v3/lease/grant", '{"TTL": 600}')
            yield json.loads(connection.getresponse().read())["ID"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        bench.stop(self.process)


def wrk(port, kind, path="/", leases=None, seconds=3):
    """What wrk measured; any answer that is no success ends the benchmark."""
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "bench/requests.lua",
               f"http://127.0.0.1:{port}{path}", "--", kind, *([leases] if leases else [])]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(output.splitlines()[-1])
    if result["failed"]:
        sys.exit(f"{kind}: {result['failed']} requests failed\n{output}")
    return result


def post(path, body, headers=""):
    """The bytes of one request."""
    text = body if isinstance(body, str) else json.dumps(body)
    return (f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}"
            f"content-length: {len(text)}\r\n\r\n{text}").encode()


def registration(number):
    return {
        "id": str(uuid.UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number)),
        "cluster": "bench", "job_id": str(number), "restart_count": 0, "name": f"qwen3-30b-{number}",
        "model": {"name": "qwen3-30b", "file": "Qwen3-30B-A3B-Instruct-2507-Q4_K_M.gguf"},
        "owner": f"user{number % 40}", "host": f"gpu-{number % 64:02}", "port": 50000 + number % 1000,
        "slurm_node": f"gpu-{number % 64:02}", "started": "2026-01-01T00:00:00Z", "state": "ready",
    }


class Client(asyncio.Protocol):
    """One connection that is kept: requests go out as they are given, answers are taken in order."""

    def __init__(self):
        self.answers, self.buffer = asyncio.Queue(), b""

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4:end + 4 + length]
            self.buffer = self.buffer[end + 4 + length:]
            self.answers.put_nowait((int(head[9:12]), body))

    @staticmethod
    async def connect(port):
        loop = asyncio.get_running_loop()
        transport, client = await loop.create_connection(Client, "127.0.0.1", port)
        client.send = transport.write
        return client


async def ask_all(port, requests):
    """The answers to all requests, over 64 connections at once, in order."""
    clients = [await Client.connect(port) for _ in range(64)]
    answers = [None] * len(requests)

    async def work(first):
        for number in range(first, len(requests), len(clients)):
            clients[first].send(requests[number])
            answers[number] = await clients[first].answers.get()
            if answers[number][0] >= 300:
                sys.exit(f"the registry refused a request: {answers[number]}")

    await asyncio.gather(*map(work, range(len(clients))))
    return [body for _, body in answers]


def register(port, numbers):
    """Registers so many servers: their grants."""
    requests = [post("/api/v1/servers", registration(number)) for number in numbers]
    return [json.loads(body) for body in asyncio.run(ask_all(port, requests))]


def write_leases(path, grants):
    path.write_text("".join(f"{g['id']} {g['generation']}:{g['secret']}\n" for g in grants))
    return path


def median(results, key="rate"):
    return statistics.median(result[key] for result in results)


def part_etcd(folder):
    """Durable writes and beats beside etcd's, in turns on the same disk."""
    ours, theirs = {"put": [], "beat": []}, {"put": [], "beat": []}
    for turn in range(TURNS):
        # Fresh ones each time: neither has to carry what it was given before.
        with Etcd(folder / f"etcd-{turn}") as etcd:
            leases = folder / "etcd-leases"
            leases.write_text("".join(f"{lease}\n" for lease in etcd.leases(1000)))
            theirs["put"].append(wrk(etcd.port, "etcd_put"))
            theirs["beat"].append(wrk(etcd.port, "etcd_keepalive", leases=leases))
        with Registry(folder / f"put-{turn}") as registry:
            ours["put"].append(wrk(registry.port, "register"))
        with Registry(folder / f"beat-{turn}", "--ttl", "1h") as registry:
            grants = write_leases(folder / "leases", register(registry.port, range(1000)))
            ours["beat"].append(wrk(registry.port, "heartbeat", leases=grants))
    rows = []
    for what, kind, goal in [("durable registrations", "put", 2), ("heartbeats", "beat", 3)]:
        times = median(ours[kind]) / median(theirs[kind])
        rows.append((f"{what}, {CONNECTIONS} connections",
                     f"{goal} × etcd", f"{times:.1f} × etcd",
                     f"{median(ours[kind]):,.0f} a second (99 %: {median(ours[kind], 'p99_ms'):.1f} ms), "
                     f"etcd {median(theirs[kind]):,.0f} (99 %: {median(theirs[kind], 'p99_ms'):.1f} ms)",
                     times >= goal))
    return rows


def part_lists(folder):
    """Reads of the whole list."""
    with Registry(folder / "lists", "--ttl", "1h") as registry:
        register(registry.port, range(1000))
        rows = []
        for path, goal in [("/servers", 3000), ("/api/v1/servers", None)]:
            results = [wrk(registry.port, "get", path) for _ in range(3)]
            rate = median(results)
            size = statistics.median(r["bytes"] / r["rate"] / 3 for r in results) / 1e3
            rows.append((f"`GET {path}`, 1,000 entries", f"{goal:,} a second" if goal else "",
                         f"{rate:,.0f} a second",
                         f"{size:.0f} kB each; 99 %: {median(results, 'p99_ms'):.1f} ms",
                         goal is None or rate >= goal))
    return rows


async def beat_all(port, beats, period, rounds):
    """Each of `beats` once every `period` seconds, evenly spread, over 1,000 connections. How late
    each answer came after the moment at which its beat was due, in seconds."""
    clients = [await Client.connect(port) for _ in range(1000)]
    due = [asyncio.Queue() for _ in clients]
    late, refused = [], 0

    async def work(client, queue):
        nonlocal refused
        while (item := await queue.get()) is not None:
            when, request = item
            client.send(request)
            status, _ = await client.answers.get()
            refused += status >= 300
            late.append(time.perf_counter() - when)

    workers = [asyncio.create_task(work(*pair)) for pair in zip(clients, due)]
    begin, total, sent = time.perf_counter() + 0.1, len(beats) * rounds, 0
    while sent < total:
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        while sent < total and (when := begin + sent * period / len(beats)) <= now:
            due[sent % len(due)].put_nowait((when, beats[sent % len(beats)]))
            sent += 1
    for queue in due:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    return late, refused


def part_fleet(folder, count=100_000, period=10.0, rounds=3):
    """Many nodes that beat, against a registry on one core."""
    core, rest = CORES[0], set(CORES[1:]) or set(CORES)
    os.sched_setaffinity(0, rest)
    try:
        with Registry(folder / "fleet", core=core) as registry:
            names = [f"node-{n:06}" for n in range(count)]
            nodes = [{"hostname": name, "ip": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "role": "compute",
                      "labels": ["gpu"], "node_id": name} for n, name in enumerate(names)]
            requests = [post("/api/v1/nodes/register", node) for node in nodes]
            asyncio.run(ask_all(registry.port, requests))
            beats = [post("/api/v1/nodes/heartbeat", {"node_id": name, "status": "online",
                     "metrics": {"load": 1.5}}) for name in names]
            used, begin = registry.cpu_seconds(), time.perf_counter()
            late, refused = asyncio.run(beat_all(registry.port, beats, period, rounds))
            span = time.perf_counter() - begin
            used = (registry.cpu_seconds() - used) / span
            late.sort()
            at = lambda share: late[int(len(late) * share)] * 1000
            missed = refused + sum(1 for seconds in late if seconds > 1.0)
            return [(f"{count:,} nodes, a beat every {period:.0f} s each, one core", "none missed",
                     f"{missed} of {len(late):,} missed or over 1 s late",
                     f"{used * 100:.0f} % of the core, {registry.memory():.0f} MB; "
                     f"due → answered {at(.5):.1f} ms, 99 %: {at(.99):.1f} ms, worst {late[-1] * 1000:.0f} ms",
                     missed == 0)]
    finally:
        os.sched_setaffinity(0, CORES)


async def subscribe(port, count, trigger):
    """Opens so many event streams, lets one thing happen, and waits until all have it: seconds."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    for _, writer in streams:
        writer.write(b"GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n")
    for reader, _ in streams:
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head or b"text/event-stream" not in head:
            sys.exit(f"no event stream: {head}")
    await asyncio.sleep(1)
    begin = time.perf_counter()
    await asyncio.get_running_loop().run_in_executor(None, trigger)
    for reader, _ in streams:
        await reader.readuntil(b"node-of-the-event")
    seconds = time.perf_counter() - begin
    for _, writer in streams:
        writer.close()
    return seconds


def part_memory(folder):
    """Resident memory with many servers and many who follow the events."""
    with Registry(folder / "memory", "--ttl", "1h") as registry:
        register(registry.port, range(10_000))
        before, peak = registry.memory(), []

        def trigger():
            peak.append(registry.memory())
            register(registry.port, [10_000])

        new = registration(10_000) | {"name": "node-of-the-event"}
        def one():
            peak.append(registry.memory())
            asyncio.run(ask_all(registry.port, [post("/api/v1/servers", new)]))

        seconds = asyncio.run(subscribe(registry.port, 1000, one))
        peak.append(registry.memory())
        return [("10,000 servers and 1,000 event subscribers", "150 MB", f"{max(peak):.0f} MB",
                 f"{before:.0f} MB before the subscribers; all have an event after {seconds * 1000:.0f} ms",
                 max(peak) < 150)]


def part_growth(folder):
    """How cost grows with the number of entries: (entries, figures)."""
    rows = []
    for count in (100, 1000, 10_000, 100_000):
        home = folder / f"growth-{count}"
        with Registry(home, "--ttl", "1h") as registry:
            grants = register(registry.port, range(count))
        with Registry(home, "--ttl", "1h") as registry:
            leases = write_leases(folder / "leases", grants[:10_000])
            beats = wrk(registry.port, "heartbeat", leases=leases, seconds=2)["rate"]
            one = wrk(registry.port, "get", f"/api/v1/servers/{grants[0]['id']}", seconds=2)["rate"]
            lists = wrk(registry.port, "get", "/servers", seconds=2)["rate"]
            memory = registry.memory()
            puts = wrk(registry.port, "register", seconds=2)["rate"]
            disk = (home / "registry.db").stat().st_size / 1e6
            rows.append((f"{count:,}", f"{puts:,.0f}", f"{beats:,.0f}", f"{one:,.0f}", f"{lists:,.1f}",
                         f"{memory:.0f} MB", f"{disk:.0f} MB", f"{registry.start_ms:.0f} ms"))
    return rows


def text(rows, growth):
    date = datetime.date.today().isoformat()
    lines = [f"Measured {date} on {bench.machine()} by `make bench` (release build). The clients run on "
             "the same cores, so that their work is in the figures.", ""]
    if rows:
        lines += ["| what | goal | measured | |", "|---|---|---|---|"]
        lines += [f"| {what} | {goal} | {value} | {more} |" for what, goal, value, more, _ in rows]
    if growth:
        lines += ["", "| entries | registrations a second | heartbeats a second | reads of one | "
                  "lists of all | memory | database | start |", "|---|---|---|---|---|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for row in growth]
    return "\n".join(lines)


def main():
    parts = ["etcd", "lists", "fleet", "memory", "growth"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the text into FILE")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    args = parser.parse_args()
    if "LLAMACTL" not in os.environ or not all(map(shutil.which, ["wrk", "etcd", "taskset"])):
        sys.exit("use: make bench")
    home = pathlib.Path(os.environ.get("LLAMACTL_LAB") or os.path.expanduser("~/.cache/llamactl/lab"))
    home.mkdir(parents=True, exist_ok=True)
    rows, growth = [], []
    # On a disk, which /tmp may not be.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=home) as folder:
        for part in args.parts or parts:
            found = globals()[f"part_{part}"](pathlib.Path(folder))
            growth, rows = (found, rows) if part == "growth" else (growth, rows + found)
            print(f"{part}: done", file=sys.stderr)
    shown = text(rows, growth)
    print(shown)
    if args.write:
        bench.write(args.write, shown, BEGIN, END)
    missed = [row[0] for row in rows if not row[-1]]
    if missed:
        sys.exit("the goal was missed: " + ", ".join(missed))


if __name__ == "__main__":
    main()
