#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`regctl serve` on a bucket of Ceph: against the same on a folder plus curl moving the bytes, in one run, and requests
counted by a proxy before Ceph.

Usage: v1_bucket.py REGCTL [REPOSITORIES]

Transfer: an image of 8 layers of 16 MiB is pushed to serve, and pulled; CPU is user + system time of serve, and of
curl sending the same layers to Ceph and fetching them. Requests: a chain of 20 small images, pushed and pulled as an
engine does, and one layer of 20 MiB. Large: REPOSITORIES (default 10,000) with 10 tags each in 50 namespaces, in a
bucket; written by 16 writers at a time, which takes a quarter of an hour. Figures are medians. A missed bar is exit
code 1.

Needs Ceph (ceph-mon ceph-osd radosgw), which it starts, with its objects on disk: so many take 20 GB in memory.
REGCTL_S3 names one that is there already.
"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from s3_server import Ceph, shared_server
from common import MIB, at_most, end, free_port
from s3_proxy import S3Proxy
from v1_mirror import random_layer

ROUNDS = 3
LAYERS, LAYER_BYTES = 8, 16 * MIB
CHAIN = 20
TAGS, NAMESPACES, IMAGES = 10, 50, 1000
WRITERS = 16


class Server:
    """regctl serve; cpu and peak (MiB) are known once it has ended."""

    def __init__(self, regctl, storage, environment):
        self.port = free_port()
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [regctl, "serve", "-q", "--listen", f"127.0.0.1:{self.port}", "--storage", storage],
            env={**os.environ, **environment})
        while True:
            try:
                self.ask("GET", "/v1/_ping")
                break
            except OSError:
                time.sleep(0.01)
        self.ready = time.monotonic() - begin

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status not in (200, 201, 204, 404, 503):  # 503: the bucket is not listed yet
            sys.exit(f"{method} {path}: {answer.status} {content[:200]}")
        return answer.status, content

    def peak(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def stop(self):
        """Its CPU seconds."""
        self.process.send_signal(signal.SIGTERM)
        usage = os.wait4(self.process.pid, 0)[2]
        return usage.ru_utime + usage.ru_stime


class Image:
    def __init__(self, seed, layer, parent=None):
        self.id = hashlib.sha256(seed.encode()).hexdigest()
        document = {"id": self.id, "created": "2015-01-01T00:00:00Z", **({"parent": parent} if parent else {})}
        self.json = json.dumps(document, separators=(",", ":")).encode()
        self.layer = layer
        self.sum = "sha256:" + hashlib.sha256(self.json + b"\n" + layer).hexdigest()


def push(server, image):
    """As engines do."""
    server.ask("GET", f"/v1/images/{image.id}/json")
    for part, body, headers in (("json", image.json, None), ("layer", image.layer, None),
                                ("checksum", None, {"X-Docker-Checksum-Payload": image.sum})):
        status, content = server.ask("PUT", f"/v1/images/{image.id}/{part}", body, headers)
        if status != 200:
            sys.exit(f"PUT {part}: {status} {content[:200]}")


def pull(server, image):
    server.ask("GET", f"/v1/images/{image.id}/json")
    if server.ask("GET", f"/v1/images/{image.id}/layer")[1] != image.layer:
        sys.exit("a layer came back different")


def chain(seed, sizes):
    images = []
    for number, size in enumerate(sizes):
        images.append(Image(f"{seed} {number}", random_layer(size), images[-1].id if images else None))
    return images


def cpu_of_curl(bucket, layers):
    """CPU seconds of curl sending all layers to the bucket and fetching them, each way by itself."""
    url = f"{bucket.endpoint}/{bucket.name}/curl"
    key = ["--aws-sigv4", f"aws:amz:{bucket.environment()['AWS_REGION']}:s3",
           "--user", f"{bucket.access_key}:{bucket.secret_key}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    seconds = []
    for more in (["-T", "{}"], ["-o", "/dev/null"]):
        before = os.times()
        for layer in layers:
            with tempfile.NamedTemporaryFile() as file:
                file.write(layer)
                file.flush()
                words = [word.replace("{}", file.name) for word in more]
                subprocess.run(["curl", "-sf", *key, *words, url], check=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return seconds


def measure_transfer(regctl, bucket):
    rows = []
    for number in range(ROUNDS):
        images = chain(f"transfer {number}", [LAYER_BYTES] * LAYERS)
        with tempfile.TemporaryDirectory() as folder:
            row = []
            for storage in (folder, f"s3://{bucket.name}/transfer"):
                for work in (push, pull):
                    server = Server(regctl, storage, bucket.environment())
                    for image in images:
                        work(server, image)
                    row.append(server.stop())
        rows.append((*row, *cpu_of_curl(bucket, [image.layer for image in images])))
    folder_push, folder_pull, push_s, pull_s, curl_push, curl_pull = map(statistics.median, zip(*rows))
    for name, seconds, there, curl in (("push", push_s, folder_push, curl_push),
                                       ("pull", pull_s, folder_pull, curl_pull)):
        print(f"{name}: {seconds:.2f} s of CPU; on a folder {there:.2f} s, curl {curl:.2f} s")
        at_most(f"CPU of a {name} to folder and curl", seconds / (there + curl), 1.3, "x")


def count_requests(regctl, bucket, proxy):
    environment = bucket.environment(proxy.endpoint)
    server = Server(regctl, f"s3://{bucket.name}/count", environment)
    server.ask("GET", "/v1/search?q=")
    push(server, Image("the first one finds out what the server can do", random_layer(100)))
    images = chain("count", [1000] * CHAIN + [20 * MIB])
    counts = {}
    for number, image in enumerate(images):
        proxy.forget()
        push(server, image)
        seen = proxy.requests()
        parts = sum("partNumber" in request["query"] for request in seen)
        counts[number] = len(seen) - parts
    at_most("requests for the push of an image, besides parts", max(counts.values()), 9, "")
    server.stop()
    server = Server(regctl, f"s3://{bucket.name}/count", environment)
    server.ask("GET", "/v1/search?q=")
    most = 0
    for image in images:
        proxy.forget()
        pull(server, image)
        most = max(most, len(proxy.requests()))
    at_most("requests for the pull of an image", most, 3, "")
    server.stop()


def write_large(bucket, repositories):
    ids = [hashlib.sha256(f"large {number}".encode()).hexdigest() for number in range(IMAGES)]

    def image_files(identity):
        folder = f"large/images/{identity}"
        yield f"{folder}/json", json.dumps({"id": identity}).encode()
        yield f"{folder}/layer", b"x"
        yield f"{folder}/ancestry", json.dumps([identity]).encode()
        yield f"{folder}/_checksum", b"[]"

    def repository_files(number):
        folder = f"large/repositories/team-{number % NAMESPACES}/app-{number}"
        yield f"{folder}/_index_images", b"[]"
        for tag in range(TAGS):
            yield f"{folder}/tag_1.{tag}", ids[(number * TAGS + tag) % IMAGES].encode()
            yield f"{folder}/tag1.{tag}_json", b"{}"

    def write(first):
        for identity in ids[first::WRITERS]:
            bucket.put_all(image_files(identity))
        bucket.put_all(file for number in range(first, repositories, WRITERS) for file in repository_files(number))

    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))


def most_listings(files):
    """Requests that may list so many files: 260 for 220,000. Some are for the parts that are listed side by side."""
    return files // 1000 + 40


def most_image_listings():
    """One for 150 images."""
    return round(IMAGES / 150)


def measure_large(regctl, bucket, proxy, repositories):
    write_large(bucket, repositories)
    files = repositories * (2 * TAGS + 1)
    proxy.forget()
    server = Server(regctl, f"s3://{bucket.name}/large", bucket.environment(proxy.endpoint))
    at_most("seconds until serve is ready", server.ready, 1, "s")
    while True:
        status, content = server.ask("GET", "/v1/search?q=&n=1")
        if status == 200:
            break
        time.sleep(0.1)
    if json.loads(content)["num_results"] != repositories:
        sys.exit(f"not all repositories are found: {content}")
    seen = [request["query"].get("prefix", "") for request in proxy.requests()]
    at_most("requests for all names and tags", sum(prefix.startswith("large/repositories") for prefix in seen),
            most_listings(files), "")
    at_most("requests for all images", sum(prefix.startswith("large/images") for prefix in seen),
            most_image_listings(), "")
    proxy.forget()
    listed = json.loads(server.ask("GET", "/v1/repositories")[1])
    at_most("requests for the IDs of all tags", len(proxy.requests()), 0, "")
    if len(listed) != repositories * TAGS:
        sys.exit(f"{len(listed)} tags are listed")
    at_most("memory of serve", server.peak(), 64, "MiB")
    server.stop()
    proxy.forget()
    audit = subprocess.run([regctl, "audit", "--format", "json", f"v1-storage:s3://{bucket.name}/large"], check=True,
                           env={**os.environ, **bucket.environment(proxy.endpoint)}, capture_output=True)
    if str(repositories * TAGS).encode() not in audit.stdout:
        sys.exit(f"not all tags were audited: {audit.stdout[-1000:]}")
    lists = sum("list-type" in request["query"] for request in proxy.requests())
    at_most("listings of an audit", lists, most_listings(files) + most_image_listings(), "")
    print(f"  its other requests: {len(proxy.requests()) - lists}, for {IMAGES} images")


def main():
    regctl = sys.argv[1]
    repositories = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    ceph = shared_server() if "REGCTL_S3" in os.environ else Ceph("--store", "bluestore")
    bucket = ceph.make_bucket()
    proxy = S3Proxy(ceph)
    try:
        measure_transfer(regctl, bucket)
        count_requests(regctl, bucket, proxy)
        measure_large(regctl, bucket, proxy, repositories)
    finally:
        proxy.stop()
        bucket.remove()
        ceph.stop()
    end()


if __name__ == "__main__":
    main()
