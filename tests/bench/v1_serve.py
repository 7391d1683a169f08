#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`regctl serve` against Debian's docker-registry (v2), in one run, as ratios.

Usage: v1_serve.py REGCTL

Needs wrk and docker-registry (apt-get install wrk docker-registry). Both servers run at the same time on
loopback and are asked in turn, several rounds; figures are medians. What the two do for a client is
alike: the JSON of an image by its ID and a manifest by its digest; a layer of 64 MiB; the upload of one,
hashed and written to disk. CPU is user + system time of the server process. A missed bar is exit code 1.
"""

import hashlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from common import MIB, at_least, at_most, end, free_port, median

ROUNDS = 5
LAYER_BYTES = 64 * MIB
UPLOADS = 6  # in each of UPLOADERS
UPLOADERS = 2
REPOSITORIES, TAGS = 10_000, 10
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"

# Sent to wrk's standard error by its script, because wrk's own summary is for people.
SUMMARY = """
local threads = {}
function setup(thread) thread:set("number", #threads); table.insert(threads, thread) end
function done(summary, latency)
  local good = 0
  for _, thread in ipairs(threads) do good = good + (thread:get("good") or 0) end
  io.stderr:write(string.format("%d %d %d %d %d %d\\n", summary.requests, summary.bytes, good,
    summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""
PUT_V1 = """
function init(args)
  local file = io.open(args[1], "rb"); local body = file:read("*a"); file:close()
  local id = string.format("%064x", number + 1)
  wanted = tonumber(args[2]); good = 0
  put = wrk.format("PUT", "/v1/images/" .. id .. "/layer",
    {["Content-Type"] = "application/octet-stream"}, body)
end
function request() return put end
function response(status)
  good = good + (status == 200 and 1 or 0)
  if good == wanted then wrk.thread:stop() end
end
"""
PUT_V2 = """
function init(args)
  local file = io.open(args[1], "rb"); body = file:read("*a"); file:close()
  wanted = tonumber(args[2]); digest = args[3]; good = 0
  post = wrk.format("POST", "/v2/bench/image/blobs/uploads/", {["Content-Length"] = "0"})
end
function request()
  if not location then return post end
  local path = location .. "&digest=" .. digest
  location = nil
  return wrk.format("PUT", path, {["Content-Type"] = "application/octet-stream"}, body)
end
function response(status, headers)
  if status == 202 then location = headers["Location"]:gsub("^https?://[^/]+", "")
  elseif status == 201 then good = good + 1 end
  if good == wanted then wrk.thread:stop() end
end
"""


class Server:
    def __init__(self, command, port, ready="/"):
        self.port = port
        begin = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        while not self.answers(ready):
            if self.process.poll() is not None or time.monotonic() - begin > 60:
                sys.exit(f"{command} does not serve")
            time.sleep(0.005)
        self.seconds_to_ready = time.monotonic() - begin

    def answers(self, path):
        try:
            return self.request("GET", path)[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def must(self, expected, method, path, body=None, headers=None):
        status, answered, text = self.request(method, path, body, headers)
        if status != expected:
            sys.exit(f"{method} {path}: {status} {text[:200]}")
        return answered, text

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def memory_mib(self, name):
        """VmRSS, or VmHWM, which is the highest that was."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            sizes = dict(line.split(":", 1) for line in file)
        return int(sizes[name].split()[0]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(regctl, storage):
    port = free_port()
    return Server([regctl, "serve", "-q", "--listen", f"127.0.0.1:{port}", "--storage", storage], port)


def serve_v2(work):
    """Debian's docker-registry as packaged (blob descriptors cached in memory), without its logs."""
    port = free_port()
    config = os.path.join(work, "v2.yml")
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"version": "0.1", "log": {"level": "error", "accesslog": {"disabled": True}},
                   "storage": {"cache": {"blobdescriptor": "inmemory"},
                               "filesystem": {"rootdirectory": os.path.join(work, "v2")}},
                   "http": {"addr": f"127.0.0.1:{port}"}}, file)
    return Server(["docker-registry", "serve", config], port, "/v2/")


class Load:
    """One run of wrk against a server and what it cost there."""

    def __init__(self, work, server, path, connections, script="", seconds=3, words=(), threads=1):
        file = os.path.join(work, "wrk.lua")
        with open(file, "w", encoding="utf-8") as out:
            out.write(script + SUMMARY)
        before = server.cpu_s()
        wrk = subprocess.run(["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s",
                              "-s", file, "-H", f"Accept: {MANIFEST_TYPE}", server.url(path), "--", *words],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.cpu = server.cpu_s() - before
        words = wrk.stderr.decode().split()
        self.requests, self.bytes, self.good, micros, bad, broken = map(int, words[-6:])
        self.per_s = self.requests / (micros / 1e6)
        if self.bytes == 0 or bad or broken:  # many large answers may all be under way
            sys.exit(f"{server.url(path)}: {self.bytes} bytes, {bad} refused, {broken} broken")


def image_json(identity):
    """About as large as the JSON of a built image."""
    settings = {"Env": [f"VARIABLE_{i}=/usr/local/value/{i}" for i in range(20)], "Cmd": ["/bin/sh"]}
    return json.dumps({"id": identity, "created": "2015-01-01T00:00:00Z", "container_config": settings,
                       "config": settings, "architecture": "amd64", "os": "linux"}).encode()


def push_v1(server, identity, layer_file):
    text = image_json(identity)
    checksum = hashlib.sha256(text + b"\n")
    with open(layer_file, "rb") as layer:
        while piece := layer.read(MIB):
            checksum.update(piece)
        server.must(200, "PUT", f"/v1/images/{identity}/json", text)
        layer.seek(0)
        server.must(200, "PUT", f"/v1/images/{identity}/layer", layer,
                    {"Content-Length": str(os.path.getsize(layer_file))})
    server.must(200, "PUT", f"/v1/images/{identity}/checksum",
                headers={"X-Docker-Checksum-Payload": "sha256:" + checksum.hexdigest()})


def push_v2(server, layer_file):
    """Returns the digests of the layer and of a manifest with it."""

    def put_blob(data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        headers, _ = server.must(202, "POST", "/v2/bench/image/blobs/uploads/")
        place = headers["Location"].split(str(server.port), 1)[1]
        server.must(201, "PUT", f"{place}&digest={digest}", data)
        return digest

    with open(layer_file, "rb") as file:
        layer = put_blob(file.read())
    config = put_blob(image_json("0" * 64))
    entry = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": LAYER_BYTES,
             "digest": layer}
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST_TYPE, "layers": [entry] * 12,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": config,
                   "size": len(image_json("0" * 64))}}).encode()
    headers, _ = server.must(201, "PUT", "/v2/bench/image/manifests/latest", manifest,
                             {"Content-Type": MANIFEST_TYPE})
    return layer, headers["Docker-Content-Digest"]


def show(name, ours, theirs, unit):
    print(f"{name:<40}{ours:10.1f} {unit}, docker-registry {theirs:10.1f} {unit}", flush=True)


def measure_gets(work, ours, theirs, paths, digests):
    json_path, layer_path = paths
    layer, manifest = digests
    small, large = [], []
    for _ in range(ROUNDS):
        a = Load(work, ours, json_path, 16)
        b = Load(work, theirs, f"/v2/bench/image/manifests/{manifest}", 16)
        small.append((a.per_s, b.per_s, a.per_s / b.per_s))
        a = Load(work, ours, layer_path, 4)
        b = Load(work, theirs, f"/v2/bench/image/blobs/{layer}", 4)
        a, b = [load.cpu / load.bytes * 1e12 for load in (a, b)]
        large.append((a, b, a / b))
    small, large = median(small), median(large)
    show("GET of an image's JSON, a manifest", small[0], small[1], "/s")
    show("GET of a layer of 64 MiB, CPU", large[0], large[1], "us/MB")
    at_least("rate of small GETs, to docker-registry's", small[2], 2, "x")
    at_most("CPU per byte of a layer's GET, to docker-registry's", large[2], 0.5, "x")


def measure_puts(work, ours, theirs, layer_file, digest):
    for number in range(UPLOADERS):
        identity = f"{number + 1:064x}"
        ours.must(200, "PUT", f"/v1/images/{identity}/json", image_json(identity))
    rows = []
    for _ in range(ROUNDS):
        words = [layer_file, str(UPLOADS), digest]
        costs = []
        for server, path, script in ((ours, "/v1/_ping", PUT_V1), (theirs, "/v2/", PUT_V2)):
            load = Load(work, server, path, UPLOADERS, script, 6, words, UPLOADERS)
            if load.good == 0:
                sys.exit("no upload was taken")
            costs.append(load.cpu / (load.good * LAYER_BYTES) * 1e12)
        rows.append((*costs, costs[0] / costs[1]))
    rows = median(rows)
    show("PUT of a layer of 64 MiB, CPU", rows[0], rows[1], "us/MB")
    at_most("CPU per byte of a layer's PUT, to docker-registry's", rows[2], 1, "x")


def measure_memory(work, ours, paths):
    """256 connections that fetch small things, then 256 that fetch layers, then 256 that send one."""
    for path in paths:
        Load(work, ours, path, 256, seconds=4)
    uploads = []
    for number in range(256):
        identity = f"{number + 1000:064x}"
        ours.must(200, "PUT", f"/v1/images/{identity}/json", image_json(identity))
        upload = socket.create_connection(("127.0.0.1", ours.port))
        upload.sendall(f"PUT /v1/images/{identity}/layer HTTP/1.1\r\nHost: x\r\n"
                       f"Content-Length: {2 * MIB}\r\n\r\n".encode())
        uploads.append(upload)
    for _ in range(2):
        for upload in uploads:
            upload.sendall(bytes(MIB))
    for upload in uploads:
        if not upload.recv(MIB).startswith(b"HTTP/1.1 200"):
            sys.exit("an upload was not taken")
        upload.close()
    at_most("peak memory at 256 connections", ours.memory_mib("VmHWM"), 64, "MiB")


def measure_growth(work, regctl):
    """Whether memory grows with the number of requests, or with the size of a layer."""
    server = serve(regctl, os.path.join(work, "growth"))
    try:
        layer_file = os.path.join(work, "small")
        with open(layer_file, "wb") as file:
            file.write(os.urandom(MIB))
        push_v1(server, "a" * 64, layer_file)
        path = "/v1/images/" + "a" * 64 + "/json"
        Load(work, server, path, 16, seconds=1)
        before, requests = server.memory_mib("VmRSS"), 0
        while requests < 100_000:
            requests += Load(work, server, path, 16).requests
        at_most("growth of memory by 100,000 requests", server.memory_mib("VmRSS") - before, 1, "MiB")
        before = server.memory_mib("VmHWM")
        with open(layer_file, "wb") as file:
            file.truncate(1024 * MIB)
        push_v1(server, "b" * 64, layer_file)
        Load(work, server, "/v1/images/" + "b" * 64 + "/layer", 2, seconds=3)
        at_most("growth of peak memory by a layer of 1 GiB", server.memory_mib("VmHWM") - before, 4, "MiB")
    finally:
        server.stop()


def make_tree(folder):
    identity = "a" * 64
    os.makedirs(os.path.join(folder, "images"))
    for number in range(REPOSITORIES):
        repository = os.path.join(folder, "repositories", f"team{number % 100}", f"service-{number}")
        os.makedirs(repository)
        first = os.path.join(repository, "tag_1.0")
        with open(first, "w", encoding="ascii") as file:
            file.write(identity)
        for tag in range(1, TAGS):
            os.link(first, os.path.join(repository, f"tag_1.{tag}"))  # quicker to make and to remove


def measure_index(regctl, work):
    tree = os.path.join(work, "index")
    make_tree(tree)
    ready = []
    searches = {"service-77": 111, "TEAM42/": 100, "service": REPOSITORIES, "no": 0}
    rows = {term: [] for term in searches}
    for _ in range(ROUNDS):
        server = serve(regctl, tree)
        try:
            ready.append(server.seconds_to_ready)
            for term, expected in list(searches.items()) * ROUNDS:
                begin = time.monotonic()
                _, text = server.must(200, "GET", f"/v1/search?q={term}")
                rows[term].append((time.monotonic() - begin) * 1000)
                found = json.loads(text)["num_results"]
                if found != expected:
                    sys.exit(f"a search for {term} finds {found}, not {expected}")
        finally:
            server.stop()
    at_most(f"{REPOSITORIES} repositories with {TAGS} tags are ready", max(ready), 3, "s")
    for term, times in rows.items():
        at_most(f"a search in them with {searches[term]} results", statistics.median(times), 10, "ms")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    regctl = os.path.abspath(sys.argv[1])
    for program in ("wrk", "docker-registry"):
        if not any(os.access(os.path.join(folder, program), os.X_OK)
                   for folder in os.environ["PATH"].split(os.pathsep)):
            sys.exit(f"{program} is not installed: apt-get install wrk docker-registry")
    with tempfile.TemporaryDirectory(prefix="regctl-bench.") as work:
        layer_file = os.path.join(work, "layer")
        with open(layer_file, "wb") as file:
            file.write(os.urandom(LAYER_BYTES))
        identity = hashlib.sha256(b"bench").hexdigest()
        paths = (f"/v1/images/{identity}/json", f"/v1/images/{identity}/layer")
        ours = serve(regctl, os.path.join(work, "v1"))
        theirs = serve_v2(work)
        try:
            push_v1(ours, identity, layer_file)
            digests = push_v2(theirs, layer_file)
            measure_gets(work, ours, theirs, paths, digests)
            measure_puts(work, ours, theirs, layer_file, digests[0])
            measure_memory(work, ours, paths)
        finally:
            ours.stop()
            theirs.stop()
        measure_growth(work, regctl)
        measure_index(regctl, work)
    end()


if __name__ == "__main__":
    main()
