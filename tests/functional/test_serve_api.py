#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers of regctl serve beyond the recorded requests (test_serve_recording.py)."""

import gzip
import http.client
import io
import json
import os
import re
import socket
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import trees  # noqa: E402
from harness import Layer, PATIENCE_S, RegctlServer, TestCase, main, make_archive, wait_for  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from trees import not_in_bucket  # noqa: E402


class Api(TestCase):
    def setUp(self):
        super().setUp()
        self.tree = StorageTree.recorded(self.path("tree"), "tree-wild")
        self.server = self.start(RegctlServer, storage=self.path("tree"))

    def get(self, path, status=200, **headers):
        answer = self.server.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        self.assertEqual(answer.status, status, answer.content[:200])
        return answer

    def put(self, path, body, status=200, headers=None):
        answer = self.server.ask("PUT", path, body, headers)
        self.assertEqual(answer.status, status, answer.content[:200])
        return answer

    def tag(self, name):
        repository, tag = name.split(":")
        return self.get(f"/v1/repositories/{repository}/tags/{tag}").json

    def put_layer_of(self, image, data):
        """Replaces a layer while the server runs."""
        self.tree.write(self.tree.image_file(image, "layer"), data)

    # --- the index ---

    def test_both_pings_and_the_root_identify_the_server(self):
        for path in ("/_ping", "/v1/_ping"):
            answer = self.get(path)
            self.assertEqual((answer.content, answer.headers["X-Docker-Registry-Standalone"]), (b"true", "True"))
        self.assertEqual(self.get("/").json, "docker-registry server")

    def test_the_listing_of_npm_s_server_has_every_tag(self):
        listing = self.get("/v1/repositories").json
        self.assertEqual(listing["team/oldsum:1"], self.tag("team/oldsum:1"))
        self.assertIn("library/mixed:latest" if "library/mixed:latest" in listing else "library/mixed:1", listing)
        self.assertEqual({name.rsplit(":", 1)[0] for name in listing},
                         {r["name"] for r in self.get("/v1/search?q=").json["results"]} - self.without_tags())

    def without_tags(self):
        names = [r["name"] for r in self.get("/v1/search?q=").json["results"]]
        return {name for name in names if self.get(f"/v1/repositories/{name}/tags").json == {}}

    def test_search_finds_parts_of_names_in_any_case_and_pages_them(self):
        def names(query):
            return [r["name"] for r in self.get("/v1/search?" + query).json["results"]]

        everything = names("q=")
        self.assertEqual(everything, sorted(everything))
        self.assertEqual(names("q=DEMO-1"), ["team/demo-1.3.3", "team/demo-1.5.0", "team/demo-1.9.1"])
        self.assertEqual(names("q=deep%2Fna"), ["team/deep/name"])
        self.assertEqual(names("q=no+such"), [])
        self.assertEqual(names("q=_"), [])  # no wildcard
        page = self.get("/v1/search?q=demo&n=2&page=2").json
        self.assertEqual([r["name"] for r in page["results"]], ["team/demo-1.9.1"])
        self.assertEqual((page["num_results"], page["num_pages"], page["page"], page["page_size"]), (3, 2, 2, 2))
        for query in ("n=2&page=99999999", "n=99999999999999999999&page=2", "n=-1&page=-1", "n=x&page=", "page=3"):
            self.get("/v1/search?q=demo&" + query)

    @not_in_bucket("other processes' writes are found every five minutes there")
    def test_search_is_never_stale_after_a_write_by_any_process(self):
        def names():
            return {r["name"] for r in self.get("/v1/search?q=").json["results"]}

        before = names()
        self.server.push(Layer("here", 100), "team/pushed")
        self.assertEqual(names() - before, {"team/pushed"})
        make_archive(self.path("a.tar"), ["elsewhere"])
        self.ok("push", "a.tar", f"{self.tree.place}:other/place:1")
        self.ok("push", "a.tar", f"{self.tree.place}:team/place:1")
        self.assertEqual(names() - before, {"team/pushed", "other/place", "team/place"})
        self.ok("rm", "--repository", "--yes", f"{self.tree.place}:other/place")
        self.assertEqual(self.server.ask("DELETE", "/v1/repositories/team/pushed/").status, 200)
        self.assertEqual(names() - before, {"team/place"})

    def test_search_leaves_out_repositories_without_tags(self):
        def names():
            return [r["name"] for r in self.get("/v1/search?q=left/over").json["results"]]

        layer = Layer("left", 100)
        self.put("/v1/repositories/left/over/", json.dumps([{"id": layer.id}]))  # of a push that failed
        self.assertEqual(names(), [])
        self.server.push(layer, "left/over")
        self.assertEqual(names(), ["left/over"])
        self.assertEqual(self.get("/v1/search?q=left/over").json["num_results"], 1)
        self.assertEqual(self.server.ask("DELETE", "/v1/repositories/left/over/tags/1.0").status, 200)
        self.assertEqual(names(), [])
        make_archive(self.path("a.tar"), ["elsewhere"])
        self.ok("push", "a.tar", f"{self.tree.place}:left/over:2")
        self.assertEqual(names(), ["left/over"])

    def test_announced_images_may_have_several_shapes(self):
        ids = ["x8fq3kz01mnbvcx7", "0123456789abcdef", "Upper.Case-1_2"]
        self.put("/v1/repositories/team/odd/", json.dumps([{"id": i, "Tag": "1"} for i in ids]))
        self.assertEqual([e["id"] for e in self.get("/v1/repositories/team/odd/images").json], ids)
        self.put("/v1/repositories/team/odd/images", json.dumps([{"id": ids[0], "checksum": "sha256:1"}]), 204)
        self.assertEqual({e["id"]: e.get("checksum") for e in self.get("/v1/repositories/team/odd/images").json},
                         {ids[0]: "sha256:1", ids[1]: None, ids[2]: None})
        for body in ('[{"id": "../x"}]', '[{"id": ""}]', '[{"id": "a/b"}]', '[{"id": 7}]'):
            self.put("/v1/repositories/team/odd/", body, 400)

    def test_a_repository_is_pushed_listed_and_deleted(self):
        layer = Layer("life", 100)
        self.assertEqual(self.server.push(layer, "app", "latest"), [200, 200, 200, 200, 200, 204])
        for name in ("app", "library/app"):  # engines write it both ways within one pull
            self.assertEqual(self.get(f"/v1/repositories/{name}/tags").json, {"latest": layer.id})
            self.assertEqual(self.get(f"/v1/repositories/{name}/images").json, [{"id": layer.id}])
        self.assertEqual(self.get("/v1/repositories/app/properties").json, {"access": "public"})
        self.put("/v1/repositories/app/properties", '{"access": "private"}')
        self.assertEqual(self.get("/v1/repositories/library/app/properties").json, {"access": "private"})
        self.assertEqual(self.server.ask("DELETE", "/v1/repositories/app/tags/latest").status, 200)
        self.assertEqual(self.server.ask("DELETE", "/v1/repositories/app/tags/latest").status, 404)
        self.assertEqual(self.get("/v1/repositories/app/tags").json, {})
        self.assertEqual(self.server.ask("DELETE", "/v1/repositories/app/").status, 200)
        self.get("/v1/repositories/app/tags", 404)
        self.get("/v1/repositories/app/images", 404)
        self.get(f"/v1/images/{layer.id}/json")  # images stay

    def test_a_tag_that_cannot_be_read_is_left_out(self):
        self.tree.tag("team/oldsum", "broken", "no image ID")
        tags = self.get("/v1/repositories/team/oldsum/tags")
        self.assertEqual(set(tags.json), {"1"})
        self.get("/v1/repositories/team/oldsum/tags/broken", 404)

    # --- images ---

    def test_ranges_of_a_layer_are_served(self):
        image = self.tag("team/oldsum:1")
        path = f"/v1/images/{image}/layer"
        whole = self.get(path)
        size = len(whole.content)
        self.assertEqual(whole.headers["Accept-Ranges"], "bytes")
        rows = (("bytes=5-", 5, size - 1), ("bytes=5-5", 5, 5), ("bytes=0-", 0, size - 1),
                (f"bytes=5-{size}", 5, size - 1), ("bytes=5-99999999999", 5, size - 1), ("bytes=-7", size - 7, size - 1),
                (f"bytes={size - 1}-", size - 1, size - 1), ("bytes=-99999999999", 0, size - 1))
        for value, first, last in rows:
            with self.subTest(value):
                part = self.get(path, 206, Range=value)
                self.assertEqual(part.content, whole.content[first:last + 1])
                self.assertEqual(part.headers["Content-Range"], f"bytes {first}-{last}/{size}")
        for value in (f"bytes={size}-", f"bytes={size}-{size + 1}", "bytes=-0"):
            with self.subTest(value):
                refusal = self.get(path, 416, Range=value)
                self.assertEqual(refusal.headers["Content-Range"], f"bytes */{size}")
                self.assertIn("error", refusal.json)
        for value in ("bytes=9-5", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2", "bytes=", "bytes=-"):
            with self.subTest(value):
                self.assertEqual(self.get(path, 200, Range=value).content, whole.content)

    def test_conditional_requests_are_answered_304(self):
        image = self.tag("team/demo-1.9.1:1.0")
        for part in ("json", "layer"):
            path = f"/v1/images/{image}/{part}"
            tag = self.get(path).headers["ETag"]
            self.assertRegex(tag, f'^"[0-9a-f]{{64}}-{part}"$')
            self.assertEqual(self.get(path, 304, If_None_Match=tag).content, b"")
            self.assertEqual(self.get(path, 304, If_None_Match=f'"x", {tag}').headers["ETag"], tag)
            self.get(path, 200, If_None_Match='"other"')
            self.get(path, 200, If_None_Match='"other"', If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT")
            self.get(path, 304, If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT")
        self.get(path, 206, Range="bytes=1-2", If_Range=tag)
        self.get(path, 200, Range="bytes=1-2", If_Range='"other"')

    def test_head_has_the_headers_and_no_body(self):
        image = self.tag("team/demo-1.9.1:1.0")
        for path in (f"/v1/images/{image}/json", f"/v1/images/{image}/layer", "/v1/repositories/team/deep/name/tags"):
            whole, head = self.get(path), self.server.ask("HEAD", path)
            self.assertEqual((head.status, head.content), (200, b""))
            self.assertEqual(head.headers["Content-Length"], whole.headers["Content-Length"])

    def test_a_layer_of_no_bytes_is_whole(self):
        image = self.tag("team/oldsum:1")
        self.put_layer_of(image, b"")
        self.assertEqual(self.get(f"/v1/images/{image}/layer").content, b"")
        self.assertEqual(self.get(f"/v1/images/{image}/files").json, [])
        self.get(f"/v1/images/{image}/layer", 416, Range="bytes=0-0")
        self.assertEqual(self.get(f"/v1/images/{image}/json").headers["X-Docker-Size"], "0")

    def test_ancestry_follows_the_parents_and_not_the_record(self):
        chain = [self.tag("team/demo-1.9.1:1.0")]
        while parent := self.get(f"/v1/images/{chain[-1]}/json").json.get("parent"):
            chain.append(parent)
        self.assertEqual(len(chain), 3)
        others = self.tag("team/oldsum:1")
        for wrong in (chain[:1], chain[:2], [chain[0], chain[1], others], chain + chain[:1], "no list", None):
            with self.subTest(wrong):
                if wrong:
                    self.tree.write(self.tree.image_file(chain[0], "ancestry"), json.dumps(wrong))
                else:
                    self.tree.remove(self.tree.image_file(chain[0], "ancestry"))
                self.assertEqual(self.get(f"/v1/images/{chain[0]}/ancestry").json, chain)
        self.tree.remove(self.tree.image_file(chain[1], "json"))
        self.server = self.start(RegctlServer, storage=self.path("tree"))  # it may remember whole images
        self.assertIn("broken", self.get(f"/v1/images/{chain[0]}/ancestry", 404).json["error"])
        self.get(f"/v1/images/{chain[0]}/diff", 404)

    def test_files_and_diff_list_a_layers_entries(self):
        chain = self.get(f"/v1/images/{self.tag('team/demo-1.9.1:1.0')}/ancestry").json
        for image in chain:
            listed = [entry[0] for entry in self.get(f"/v1/images/{image}/files").json]
            data = io.BytesIO(self.tree.files.read(self.tree.image_file(image, "layer")))
            with tarfile.open(fileobj=data) as layer:
                names = ["/" + m.name.strip("/").removeprefix("./") for m in layer.getmembers()]
            self.assertEqual([n.rstrip("/").replace(".wh.", "") for n in names], ["/" + n.strip("/") for n in listed])
        diff = self.get(f"/v1/images/{chain[-1]}/diff").json
        self.assertEqual((diff["changed"], diff["deleted"]), ({}, {}))
        self.assertEqual(len(diff["created"]), len(self.get(f"/v1/images/{chain[-1]}/files").json))
        mixed = self.get(f"/v1/images/{next(iter(self.get('/v1/repositories/mixed/tags').json.values()))}/ancestry").json
        for image in mixed:  # plain tar, gzip, bzip2, xz, empty
            self.assertIsInstance(self.get(f"/v1/images/{image}/files").json, list)

    def test_a_long_listing_of_files_is_made_while_it_is_sent(self):
        count = 20_000
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for number in range(count):
                archive.addfile(tarfile.TarInfo(f"usr/share/file-{number}"))
        image = self.tag("team/demo-1.9.1:1.0")
        path = f"/v1/images/{image}/files"
        server = self.start(RegctlServer, storage=self.path("tree"), env={"TMPDIR": "/nowhere"})  # no temporary files
        self.put_layer_of(image, gzip.compress(tar.getvalue(), 1))
        answer = server.ask("GET", path)
        self.assertEqual((answer.status, answer.headers["Transfer-Encoding"]), (200, "chunked"))
        self.assertEqual([entry[0] for entry in answer.json], [f"usr/share/file-{n}" for n in range(count)])
        self.put_layer_of(image, tar.getvalue()[:2000])  # damaged early: told
        answer = server.ask("GET", path)
        self.assertEqual(answer.status, 400)
        self.assertIn(f"the layer of image {image}", answer.json["error"])
        self.put_layer_of(image, tar.getvalue()[:len(tar.getvalue()) // 2 - 300])  # late: cut
        self.assertRaises((http.client.IncompleteRead, ConnectionError), server.ask, "GET", path)

    def test_json_may_come_chunked_or_as_a_form(self):
        for seed, headers in (("chunked", {}), ("form", {"Content-Type": "application/x-www-form-urlencoded"}),
                              ("multipart", {"Content-Type": "multipart/form-data; boundary=x"})):
            with self.subTest(seed):
                layer = Layer(seed, 10)
                self.put(f"/v1/images/{layer.id}/json", iter([layer.json[:5], layer.json[5:]]) if seed == "chunked"
                         else layer.json, headers=headers)
                self.put(f"/v1/images/{layer.id}/layer", layer.data)
                self.put(f"/v1/images/{layer.id}/checksum", None, headers={"X-Docker-Checksum-Payload": layer.checksum})
                self.assertEqual(self.get(f"/v1/images/{layer.id}/json").content, layer.json)

    # --- what is wrong ---

    def test_every_error_is_json(self):
        layer = Layer("wrong", 10)
        image = f"/v1/images/{layer.id}"
        rows = (("GET", "/nowhere", 404), ("GET", "/v1/nowhere", 404), ("GET", "/v2/", 404), ("POST", "/v1/_ping", 405),
                ("PATCH", "/v1/search", 405), ("GET", "/v1/images/x/json", 404), ("GET", f"{image}/json", 404),
                ("GET", f"{image}/nothing", 404), ("PUT", f"{image}/json", 400), ("PUT", f"{image}/layer", 404),
                ("PUT", f"{image}/checksum", 412), ("GET", "/v1/repositories/no/such/tags", 404),
                ("DELETE", "/v1/repositories/no/such/", 404), ("PUT", "/v1/repositories/a/b/", 400),
                ("PUT", "/v1/repositories/a/b/tags/-x", 400), ("GET", "/v1/repositories/a/b/tags/%2e%2e", 404),
                ("PUT", "/v1/repositories/team/../tags/x", 400), ("GET", "/v1/repositories/%2e%2e/%2e%2e/tags", 400),
                ("GET", "/v1/repositories/../x/tags", 400), ("GET", "/%zz", 400), ("GET", "/v1/search%00", 400),
                ("GET", f"/v1/repositories/a/{'b' * 400}/tags", 400), ("PUT", "/v1/repositories/a/b%0d%0aX-Evil:1/", 400),
                ("GET", "/v1/images/..%2f..%2frepositories/json", 404))
        for method, path, status in rows:
            with self.subTest(f"{method} {path}"):
                answer = self.server.ask(method, path, b"" if method == "PUT" else None)
                self.assertEqual(answer.status, status, answer.content)
                self.assertEqual(set(answer.json), {"error"})
                self.assertEqual(answer.headers["Content-Type"], "application/json")
                self.assertIsNone(answer.headers["X-Evil"])
        allowed = self.server.ask("PATCH", "/v1/repositories/a/b/tags/1").headers["Allow"]
        self.assertEqual(sorted(allowed.split(", ")), ["DELETE", "GET", "HEAD", "PUT"])

    def test_hostile_json_is_refused(self):
        layer = Layer("hostile", 10)
        deep = "[" * 200_000 + "]" * 200_000
        parent = json.dumps({"id": layer.id, "parent": "f" * 64})
        rows = ((f"/v1/images/{layer.id}/json", deep, 400), (f"/v1/images/{layer.id}/json", "{}", 400),
                (f"/v1/images/{layer.id}/json", '{"id": "' + "e" * 64 + '"}', 400),
                (f"/v1/images/{layer.id}/json", parent, 400), (f"/v1/images/{layer.id}/json", b"\xff\xfe", 400),
                (f"/v1/images/{layer.id}/json", json.dumps({"id": layer.id, "parent": layer.id}), 400),
                ("/v1/repositories/a/b/", deep, 400), ("/v1/repositories/a/b/", '[{"id": "../../x"}]', 400),
                ("/v1/repositories/a/b/", '[{"id": 1}]', 400), ("/v1/repositories/a/b/", "[1]", 400),
                ("/v1/repositories/a/b/tags/1", deep[:1000], 400), ("/v1/repositories/a/b/tags/1", '"../x"', 404),
                ("/v1/repositories/a/b/tags/1", "[]", 400), ("/v1/repositories/a/b/properties", '{"access": 1}', 400),
                ("/v1/repositories/a/b/properties", deep[:1000], 400))
        for path, body, status in rows:
            with self.subTest(f"{path} {body[:40]}"):
                self.assertIn("error", self.put(path, body, status).json)
        self.assertFalse(self.tree.exists(self.tree.image_file(layer.id, "json")))

    def test_a_body_that_is_too_large_is_refused(self):
        layer = Layer("large", 10)
        for path, limit in ((f"/v1/images/{layer.id}/json", 1 << 20), ("/v1/repositories/a/b/", 16 << 20),
                            ("/v1/repositories/a/b/tags/1", 1 << 16), ("/v1/users/", 1 << 16)):
            method = "POST" if "users" in path else "PUT"
            with self.subTest(path):
                chunks = (b" " * 65536 for _ in range((limit >> 16) + 1))
                answer = self.server.ask(method, path, chunks)
                self.assertEqual((answer.status, set(answer.json)), (413, {"error"}))
                self.assertEqual(self.server.ask(method, path, b" " * (limit + 1)).status, 413)
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE_S) as connection:
            connection.sendall(b"PUT /v1/repositories/a/b/ HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n")
            self.assertIn(b" 413 ", connection.recv(100))  # before the body was sent

    def test_a_wrong_checksum_completes_nothing_and_the_next_push_repairs(self):
        layer = Layer("sum", 1000)
        image = f"/v1/images/{layer.id}"
        self.put(f"{image}/json", layer.json)
        self.put(f"{image}/layer", layer.data[:-1])
        self.put(f"{image}/checksum", None, 400, {"X-Docker-Checksum-Payload": layer.checksum})
        for part in ("json", "layer", "ancestry", "files"):
            self.assertEqual(self.get(f"{image}/{part}", 400).json, {"error": "Image is being uploaded, retry later"})
        self.assertEqual(self.server.push(layer), [200, 200, 200, 200, 200, 204])
        self.assertEqual(self.get(f"{image}/layer").content, layer.data)
        self.assertEqual(self.server.push(layer), [200, 409, 409, 409, 200, 204])

    def test_an_aborted_upload_leaves_the_old_image(self):
        layer = Layer("cut", 500_000)
        image = f"/v1/images/{layer.id}"
        self.put(f"{image}/json", layer.json)
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE_S) as connection:
            connection.sendall(f"PUT {image}/layer HTTP/1.1\r\nHost: h\r\nContent-Length: {len(layer.data)}\r\n\r\n".encode()
                               + layer.data[:400_000])
        self.assertFalse(self.tree.exists(self.tree.image_file(layer.id, "layer")))
        self.assertEqual(self.server.push(layer), [200, 200, 200, 200, 200, 204])
        self.assertEqual(sorted(self.tree.files.names(f"images/{layer.id}")), ["_checksum", "ancestry", "json", "layer"])

    # --- what is told of requests ---

    def test_metrics_count_by_route_and_status(self):
        layer = Layer("counted", 1000)
        self.server.push(layer)
        self.get(f"/v1/images/{layer.id}/layer")
        self.get("/v1/images/x/json", 404)
        self.server.ask("BREW", "/v1/_ping")
        # What was answered is counted a moment later.
        wait_for(lambda: b'method="other"' in self.get("/metrics").content and
                 b'"image_json",method="GET",status="404"' in self.get("/metrics").content, "the last requests")
        answer = self.get("/metrics")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        text = answer.content.decode()
        for line in ('regctl_http_requests_total{route="image_layer",method="PUT",status="200"} 1',
                     'regctl_http_requests_total{route="image_layer",method="GET",status="200"} 1',
                     'regctl_http_requests_total{route="image_json",method="GET",status="404"} 1',
                     'regctl_http_requests_total{route="ping",method="other",status="405"} 1',
                     "# TYPE regctl_http_sent_bytes_total counter", "# TYPE regctl_open_connections gauge"):
            self.assertIn(line + "\n", text)
        values = dict(re.findall(r"^(\w+) (\S+)$", text, re.M))
        self.assertGreaterEqual(int(values["regctl_http_received_bytes_total"]), len(layer.data))
        self.assertGreaterEqual(int(values["regctl_http_sent_bytes_total"]), len(layer.data))
        self.assertGreaterEqual(int(values["regctl_open_connections"]), 1)
        images = len(self.tree.images())
        tags = sum("/tag_" in path for path in self.tree.files.paths("repositories"))
        if trees.IN_BUCKET:  # counted at the last listing
            self.assertGreater(int(values["regctl_images"]), images - 5)
            self.assertGreater(int(values["regctl_tags"]), tags - 5)
        else:
            self.assertEqual(int(values["regctl_images"]), images)
            self.assertEqual(int(values["regctl_tags"]), tags)


class Logs(TestCase):
    def lines(self, server, count=3):
        """A line is written after its answer was sent."""
        def read():
            with open(os.path.join(server.folder, "log"), encoding="utf-8") as file:
                lines = file.read().splitlines()
            return lines if len(lines) >= count else None
        return wait_for(read, f"{count} lines of the log")

    def ask_three(self, server):
        server.ask("GET", "/v1/_ping", headers={"User-Agent": 'docker "1.9"\t', "Authorization": "Basic Ym9iOnNlY3JldA=="})
        self.lines(server, 1)
        server.ask("GET", "/v1/search?q=secret", headers={"Authorization": "Token secret"})
        self.lines(server, 2)
        connection = http.client.HTTPConnection(server.host)
        connection.request("GET", "/v1/repositories/a/b%0a%22fake%ff/tags")
        connection.getresponse().read()
        connection.close()

    def test_log_in_combined_format(self):
        server = self.start(RegctlServer, "--access-log", "log")
        self.ask_three(server)
        for line, path in zip(self.lines(server), ("/v1/_ping", "/v1/search", "/v1/repositories/a/b")):
            self.assertRegex(line, r'^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET ' + path +
                             r'.* HTTP/1\.1" \d{3} \d+ "-" ".*"$')
            self.assertNotIn("secret", line.lower())
            self.assertNotIn("Ym9i", line)

    def test_a_log_in_json_has_a_record_a_request_and_no_secret(self):
        server = self.start(RegctlServer, "--access-log", "log", "--access-log-format", "json")
        self.ask_three(server)
        records = [json.loads(line) for line in self.lines(server)]
        self.assertEqual([r["status"] for r in records], [200, 200, 400])
        self.assertEqual(set(records[0]), {"time", "peer", "method", "path", "status", "bytes", "seconds", "agent"})
        self.assertEqual((records[0]["path"], records[0]["bytes"], records[1]["path"]), ("/v1/_ping", 4, "/v1/search"))
        self.assertNotIn("secret", json.dumps(records))
        self.assertNotIn("Ym9i", json.dumps(records))

    def test_log_to_standard_output(self):
        process = self.start_regctl("serve", "--listen", "127.0.0.1:0", "--storage", trees.location(self.path("tree")), "--port-file", "port",
                                    "--access-log", "-")
        wait_for(lambda: os.path.exists(self.path("port")) or process.poll() is not None, "the port")
        connection = http.client.HTTPConnection("127.0.0.1", int(self.read("port")))
        connection.request("GET", "/v1/_ping")
        connection.getresponse().read()
        connection.close()
        self.assertIn(b'"GET /v1/_ping HTTP/1.1" 200 4', process.stdout.readline())
        process.terminate()
        process.communicate()
        self.assertEqual(process.returncode, 0)

    def test_a_log_that_cannot_be_opened_is_an_error(self):
        self.fails(8, "serve", "--listen", "127.0.0.1:0", "--storage", trees.location(self.path("tree")), "--access-log", "no/such/log",
                   saying="no/such/log")


if __name__ == "__main__":
    main()
