#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker-daemon: places, against a stand-in that speaks the requests of Docker's Engine API that are used
(GET /_ping, /images/get and /images/json, POST /images/load and /images/NAME/tag, DELETE /images/NAME) on a unix
socket. tests/nightly/test_engines.py asks real engines the same."""

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
        elif parts.path == "/images/json":
            self.answer(200, json.dumps(self.server.listing).encode())
        elif parts.path != "/images/get" or name not in self.server.images:
            self.answer(404, json.dumps({"message": f"No such image: {name}"}).encode())
        else:
            self.answer(200, self.server.images[name])

    def entry(self, path):
        """The entry of the listing that a request's path names."""
        name = urllib.parse.unquote(path.split("/")[2])
        return next((entry for entry in self.server.listing
                     if name in (entry["RepoTags"] or []) or entry["Id"].endswith(name)), None)

    def do_DELETE(self):
        entry = self.entry(self.path)
        if entry is None:
            self.answer(404, b'{"message":"No such image"}')
        elif self.server.in_use:
            self.answer(409, b'{"message":"container abc is using it"}')
        else:
            entry["RepoTags"].remove(urllib.parse.unquote(self.path.split("/")[2]))
            self.server.listing = [entry for entry in self.server.listing if entry["RepoTags"]]
            self.answer(200, b'[{"Untagged":"x"}]')

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urllib.parse.urlsplit(self.path)
        if parts.path.endswith("/tag"):
            entry, query = self.entry(parts.path), urllib.parse.parse_qs(parts.query)
            if entry is None:
                self.answer(404, b'{"message":"No such image"}')
                return
            entry["RepoTags"].append(query["repo"][0] + ":" + query["tag"][0])
            self.answer(201, b"")
            return
        self.server.loaded.append(body)
        self.answer(200, self.server.verdict)


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, Handler)
        self.images = {}
        self.listing = []
        self.in_use = False
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

    def list_two_images(self):
        self.engine.listing = [
            {"Id": "sha256:" + "a" * 64, "RepoTags": ["app:1", "host:5000/team/app:2", "app:1.0"], "Created": 0,
             "Size": 1000},
            {"Id": "sha256:" + "b" * 64, "RepoTags": ["other:latest"], "Created": 86400, "Size": 2_000_000},
            {"Id": "sha256:" + "c" * 64, "RepoTags": None, "Created": 86400, "Size": 0},
            {"Id": "sha256:" + "d" * 64, "RepoTags": ["<none>:<none>"], "Created": 86400, "Size": 0}]

    def names_in_engine(self):
        return {name for entry in self.engine.listing for name in entry["RepoTags"] or []}

    def test_what_the_engine_has_is_listed(self):
        self.list_two_images()
        rows = self.ok("images", "docker-daemon:", "--format", "json", env=self.there).json
        self.assertEqual([(row["repository"], row["tag"], row["id"][7:8], row["size"]) for row in rows],
                         [("app", "1", "a", 1000), ("app", "1.0", "a", 1000), ("other", "latest", "b", 2_000_000),
                          ("host:5000/team/app", "2", "a", 1000), (None, None, "c", 0), (None, None, "d", 0)])
        self.assertEqual(rows[2]["created"], "1970-01-02T00:00:00Z")
        self.assertEqual(self.engine.asked, ["/_ping", "/images/json"])  # nothing is exported
        table = self.ok("images", "docker-daemon:app", env=self.there).out
        self.assertEqual([line.split()[:3] for line in table.splitlines()[1:]],
                         [["app", "1", "a" * 12], ["app", "1.0", "a" * 12]])
        self.assertEqual(self.ok("images", "-q", "docker-daemon:other:latest", env=self.there).out, "b" * 12 + "\n")
        self.fails(3, "images", "docker-daemon:app:3", env=self.there, saying=["has no image app:3", "docker-daemon:"])
        self.assertEqual(self.ok("tags", "docker-daemon:app:1", env=self.there).out.split(), ["app:1", "app:1.0"])
        self.assertEqual(len(self.ok("tags", "docker-daemon:", env=self.there).out.split()), 4)
        self.engine.listing = []
        self.assertEqual(self.ok("images", "-q", "docker-daemon:", env=self.there).out, "")

    def test_an_answer_that_is_no_list_is_an_error(self):
        for listing in ({"message": "no"}, [{"RepoTags": []}], [1]):
            with self.subTest(listing):
                self.engine.listing = listing
                self.fails(6, "images", "docker-daemon:", env=self.there)
        self.engine.listing = [{"Id": "e" * 64, "RepoTags": ["a:1", 7, "://", ""], "Created": "no", "Size": -1}]
        self.assertEqual(self.ok("images", "docker-daemon:", "--format", "json", env=self.there).json,
                         [{"repository": "a", "tag": "1", "id": "e" * 64, "created": None, "size": None,
                           "error": None}])

    def test_names_are_given_and_removed(self):
        self.list_two_images()
        lines = self.ok("tag", "docker-daemon:app:1", "stable", "docker-daemon:127.0.0.1:5000/app:2",
                        env=self.there).out
        self.assertEqual(lines.splitlines(), ["docker-daemon:app:stable sha256:" + "a" * 64,
                                              "docker-daemon:127.0.0.1:5000/app:2 sha256:" + "a" * 64])
        self.ok("tag", "--id", "b" * 64, "docker-daemon:by-id", env=self.there)
        self.assertLessEqual({"app:stable", "127.0.0.1:5000/app:2", "by-id:latest"}, self.names_in_engine())
        self.fails(3, "tag", "docker-daemon:none:1", "docker-daemon:new", env=self.there, saying="has no image none:1")
        self.fails(2, "tag", "docker-daemon:app:1", self.image, env=self.there, saying="not in the same")
        self.ok("rm", "docker-daemon:app:stable", "docker-daemon:by-id:latest", env=self.there)
        self.ok("rm", "--repository", "--yes", "docker-daemon:app", env=self.there)
        self.assertEqual(self.names_in_engine(),
                         {"host:5000/team/app:2", "127.0.0.1:5000/app:2", "other:latest", "<none>:<none>"})
        self.fails(3, "rm", "docker-daemon:app:1", env=self.there, saying="has no image app:1")
        self.engine.in_use = True
        self.fails(9, "rm", "docker-daemon:other:latest", env=self.there, saying=["container abc", "docker ps -a"])


if __name__ == "__main__":
    main()
