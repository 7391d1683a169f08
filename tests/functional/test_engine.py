#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker-daemon: places, against a stand-in that speaks the three requests of Docker's Engine API that
are used (GET /_ping, GET /images/get, POST /images/load) on a unix socket."""

import http.server
import io
import json
import os
import socket
import socketserver
import sys
import tarfile
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, TestCase, main, make_archive  # noqa: E402


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        name = urllib.parse.parse_qs(parts.query).get("names", [""])[0]
        self.server.asked.append(parts.path)
        if parts.path == "/_ping":
            self.answer(200, b"OK")
        elif parts.path != "/images/get" or name not in self.server.images:
            self.answer(404, json.dumps({"message": f"No such image: {name}"}).encode())
        else:
            self.answer(200, self.server.images[name])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.loaded.append(body)
        self.answer(200, self.server.verdict)


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, Handler)
        self.images = {}
        self.loaded = []
        self.asked = []
        self.verdict = b'{"stream":"Loaded image"}\n'
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Daemon(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer)
        socket_path = self.path("docker.sock")
        self.engine = Engine(socket_path)
        self.addCleanup(self.engine.server_close)
        self.addCleanup(self.engine.shutdown)
        self.there = {"DOCKER_HOST": f"unix://{socket_path}"}
        self.image = f"{self.server.host}/team/app:1.0"

    def test_an_image_of_the_engine_is_pushed(self):
        make_archive(self.path("saved.tar"), ["a", "b", "c"], 50_000, name="app:1")
        self.engine.images["app:1"] = self.read("saved.tar")
        self.ok("push", "docker-daemon:app:1", self.image, env=self.there)
        self.assertEqual(len(self.ok("history", "--format", "json", self.image).json), 3)

    def test_an_image_is_pulled_into_the_engine(self):
        layers = make_archive(self.path("app.tar"), ["a", "b"], 50_000)
        self.ok("push", "app.tar", self.image)
        self.ok("pull", self.image, "docker-daemon:", env=self.there)
        with tarfile.open(fileobj=io.BytesIO(self.engine.loaded[0])) as archive:
            manifest = json.load(archive.extractfile("manifest.json"))
            self.assertEqual(manifest[0]["RepoTags"], [self.image])
            for layer in layers:
                self.assertEqual(archive.extractfile(f"{layer.id}/layer.tar").read(), layer.data)

    def test_the_engines_error_is_passed_on(self):
        make_archive(self.path("app.tar"), ["a"], 1000)
        self.fails(3, "push", "docker-daemon:gone:1", self.image, env=self.there,
                   saying=["has no image gone:1", "No such image"])
        self.engine.verdict = b'{"stream":"x"}\n{"errorDetail":{"message":"no"},"error":"invalid diffID"}\n'
        self.fails(6, "copy", "app.tar", "docker-daemon:", env=self.there, saying="invalid diffID")

    def test_without_an_engine_no_layer_is_read(self):
        make_archive(self.path("app.tar"), ["a", "b"], 50_000)
        self.ok("push", "app.tar", self.image)
        self.fails(5, "pull", self.image, "docker-daemon:", env={"DOCKER_HOST": "unix:///nowhere.sock"})
        self.assertEqual(self.server.log("GET", "/layer"), [])
        self.ok("pull", self.image, "docker-daemon:", env=self.there)
        self.assertEqual(self.engine.asked, ["/_ping"])

    def test_a_missing_engine_is_an_error_at_once(self):
        self.fails(5, "push", "docker-daemon:app:1", self.image, env={"DOCKER_HOST": "unix:///nowhere.sock"},
                   saying=["/nowhere.sock", "is the Docker engine running"])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            nowhere = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        result = self.fails(5, "push", "--retry", "0", "docker-daemon:app:1", self.image,
                            env={"DOCKER_HOST": nowhere}, saying=[nowhere, "is the Docker engine running"])
        self.assertNotIn("registry", result.err)
        self.fails(2, "push", "docker-daemon:app:1", self.image, env={"DOCKER_HOST": "ssh://host"},
                   saying="unix:// and tcp://")


if __name__ == "__main__":
    main()
