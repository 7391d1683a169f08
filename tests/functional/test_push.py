#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pushing: the order of requests, what is skipped, what is repaired, what is refused."""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import (DATA, PATIENCE_S, FaultServer, Layer, TestCase, interrupt, main,  # noqa: E402
                     make_archive, wait_for)


def make_plain_archive(path, seeds):
    """Makes an archive with plain tars as layers; returns the layers by ID."""
    layers = make_archive(path, seeds, 50_000)
    plain = {layer.id: gzip.decompress(layer.data) for layer in layers}
    with tarfile.open(path) as archive:
        others = {m.name: archive.extractfile(m).read() for m in archive if not m.name.endswith("/layer.tar")}
    with tarfile.open(path, "w") as archive:
        for name, data in {**{f"{i}/layer.tar": data for i, data in plain.items()}, **others}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return plain


class Push(TestCase):
    SIZE = 100_000

    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer)
        self.layers = make_archive(self.path("app.tar"), ["a", "b", "c", "d"], self.SIZE)
        self.image = f"{self.server.host}/team/app:1.0"

    def requests(self, *methods):
        return [(r["method"], r["path"]) for r in self.server.log() if r["method"] in methods]

    def position(self, layer, part):
        return self.requests("PUT").index(("PUT", f"/v1/images/{layer.id}/{part}"))

    def assertStored(self):
        for layer in self.layers:
            self.assertEqual(self.server.get(f"/v1/images/{layer.id}/json"), layer.json)
            self.assertEqual(self.server.get(f"/v1/images/{layer.id}/layer"), layer.data)
        tags = json.loads(self.server.get("/v1/repositories/team/app/tags"))
        self.assertEqual(tags, {"1.0": self.layers[-1].id})

    def test_images_are_pushed_parents_first_with_both_checksums(self):
        for jobs in ("1", "8"):
            with self.subTest(jobs):
                self.ok("push", "-j", jobs, "app.tar", self.image)
                self.assertStored()
        puts = self.requests("PUT")
        self.assertEqual(puts[0][1], "/v1/repositories/team/app/")
        self.assertTrue(puts[-1][1].endswith(("/tags/1.0", "/images")))
        for parent, child in zip(self.layers, self.layers[1:]):
            self.assertLess(self.position(parent, "json"), self.position(child, "json"))
            self.assertLess(self.position(parent, "checksum"), self.position(child, "checksum"))
        for layer in self.layers:
            self.assertLess(self.position(layer, "json"), self.position(layer, "layer"))
            self.assertLess(self.position(layer, "layer"), self.position(layer, "checksum"))
        for record in self.server.log("PUT", "/checksum"):
            self.assertRegex(record["checksum"], "^tarsum[+]sha256:[0-9a-f]{64}$")

    def test_images_already_there_are_not_sent_again(self):
        self.ok("push", "app.tar", self.image)
        sent = len(self.requests("PUT"))
        again = self.ok("push", "app.tar", self.image)
        self.assertIn(f"Image {self.layers[0].id[:12]} already pushed, skipping", again.err)
        new = self.requests("PUT")[sent:]
        self.assertEqual([path for _, path in new if "/v1/images/" in path], [])

    def test_a_dead_upload_is_repaired(self):
        for part in ("json", "layer"):
            with self.subTest(part):
                server = self.start(FaultServer)
                image = f"{server.host}/team/app:1.0"
                server.control({"method": "PUT", "path": f"{self.layers[1].id}/{part}$", "action": "status",
                                "status": 500})
                self.fails(5, "push", "app.tar", image, saying="answered 500")
                server.control("clear")
                self.ok("push", "app.tar", image)
                self.server = server
                self.assertStored()

    def test_no_tag_moves_before_its_whole_chain_is_there(self):
        self.server.control({"method": "PUT", "path": f"{self.layers[0].id}/layer$", "action": "status",
                             "status": 500})
        self.fails(5, "push", "app.tar", self.image)
        self.assertEqual(self.server.log("PUT", "/tags/1.0"), [])

    def test_an_early_409_counts_as_success_if_the_image_is_there(self):
        self.ok("push", "app.tar", self.image)
        # The image looks absent, but is there: somebody else has pushed it between our two requests.
        for part in ("json", "layer"):
            with self.subTest(part):
                self.server.control({"method": "GET", "path": f"{self.layers[3].id}/json$", "times": 1,
                                     "action": "status", "status": 404})
                if part == "layer":  # and completes it between two more
                    self.server.control({"method": "PUT", "path": f"{self.layers[3].id}/json$", "times": 1,
                                         "action": "status", "status": 200})
                self.ok("push", "app.tar", self.image)

    def in_progress_at_the_server(self, layer, data=None):
        """Another client's upload, without its checksum yet."""
        for part, body in (("json", layer.json), ("layer", data or layer.data)):
            self.put(f"/v1/images/{layer.id}/{part}", body)

    def put(self, path, body=b"", headers=None):
        typed = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.server.url(path), body, typed, method="PUT")
        urllib.request.urlopen(request).read()

    def complete(self, layer, data=None):
        checksum = "sha256:" + hashlib.sha256(layer.json + b"\n" + (data or layer.data)).hexdigest()
        self.put(f"/v1/images/{layer.id}/checksum", headers={"X-Docker-Checksum-Payload": checksum})

    def test_a_409_for_an_image_that_never_completes_is_no_success(self):
        for part in ("json", "layer", "checksum"):
            with self.subTest(part):
                self.server.control({"method": "PUT", "path": f"/{part}$", "action": "status", "status": 409,
                                     "body": '{"error": "Image is being uploaded by another client"}'})
                result = self.fails(5, "push", "--retry", "1", "--timeout", "1", "app.tar", self.image,
                                    saying=self.layers[0].id[:12])
                self.assertNotIn("complete", result.err.lower().replace("completed", ""))
                self.server.control("clear")
        self.assertEqual(self.server.log("PUT", "/tags/1.0"), [])
        self.ok("push", "app.tar", self.image)
        self.assertStored()

    def test_a_409_for_a_missing_image_is_followed_by_another_attempt(self):
        for part in ("json", "layer", "checksum"):
            self.server.control({"method": "PUT", "path": f"{self.layers[2].id}/{part}$", "times": 1,
                                 "action": "status", "status": 409})
        self.ok("push", "app.tar", self.image)
        self.assertStored()

    def test_another_clients_upload_is_waited_for(self):
        layer = self.layers[0]
        self.in_progress_at_the_server(layer)
        rule = {"method": "PUT", "path": f"{layer.id}/json$", "action": "status", "status": 409,
                "body": '{"error": "Image is being uploaded by another client"}'}
        self.server.control(rule)
        process = self.start_regctl("push", "app.tar", self.image)
        wait_for(lambda: len(self.server.log("PUT", f"{layer.id}/json")) >= 3, "a second attempt")
        self.complete(layer)
        _, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(err.count(b"another client is pushing image"), 1, err)
        self.assertStored()

    def test_waiting_for_another_client_can_be_interrupted(self):
        layer = self.layers[0]
        self.in_progress_at_the_server(layer)
        self.server.control({"method": "PUT", "path": f"{layer.id}/json$", "action": "status", "status": 409})
        process = self.start_regctl("push", "app.tar", self.image)
        wait_for(lambda: len(self.server.log("PUT", f"{layer.id}/json")) >= 2, "an attempt")
        interrupt(process)
        process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 130)

    def test_another_clients_image_must_be_equal(self):
        layer = self.layers[0]
        other = Layer("other", self.SIZE + 1000).data
        self.in_progress_at_the_server(layer, other)
        self.complete(layer, other)
        looks_absent = {"method": "GET", "path": f"{layer.id}/json$", "times": 1, "action": "status", "status": 404}
        self.server.control(looks_absent)
        self.fails(7, "push", "app.tar", self.image,
                   saying=["holds another image " + layer.id[:12], f"{len(other)} bytes", "another client"])
        self.assertEqual(self.server.log("PUT", "/tags/1.0"), [])

    def test_a_tag_that_the_server_accepts_and_forgets_is_no_success(self):
        self.ok("push", "app.tar", f"{self.server.host}/team/app:2.0")
        make_archive(self.path("other.tar"), ["x"], name="127.0.0.1:1/team/app:1.0")
        quickly = ("--retry", "0")
        self.server.control({"method": "PUT", "path": "/tags/", "action": "status", "status": 200})
        self.fails(7, "push", *quickly, "app.tar", self.image, saying=["team/app:1.0 is not there", "accepted"])
        self.fails(7, "push", *quickly, "other.tar", f"{self.server.host}/team/app:2.0",
                   saying=["leads to image " + self.layers[-1].id[:12], "another client"])
        self.fails(7, "copy", *quickly, "--all-tags", f"{self.server.host}/team/app", f"{self.server.host}/team/b",
                   saying="team/b:2.0 is not there")

    def test_one_tag_is_checked_by_itself_and_several_by_their_listing(self):
        self.ok("push", "app.tar", self.image)
        self.assertEqual(self.requests("GET")[-1][1], "/v1/repositories/team/app/tags/1.0")
        self.ok("tag", self.image, "2.0")
        self.ok("copy", "--all-tags", f"{self.server.host}/team/app", f"{self.server.host}/team/b")
        self.assertEqual(self.requests("GET")[-1][1], "/v1/repositories/team/b/tags")
        # A server that does not answer for one tag has its list.
        self.server.control({"method": "GET", "path": "/tags/1.0$", "action": "status", "status": 405})
        self.ok("push", "app.tar", self.image)
        self.assertEqual(self.requests("GET")[-1][1], "/v1/repositories/team/app/tags")

    def test_an_early_answer_to_a_large_body_is_read(self):
        make_archive(self.path("large.tar"), ["large"], 8_000_000)
        for status, code in ((413, 6), (401, 4)):
            with self.subTest(status):
                self.server.control({"method": "PUT", "path": "/layer$", "action": "early",
                                     "status": status, "text": "no such luck"})
                self.fails(code, "push", "--retry", "3", "large.tar", self.image,
                           saying=[str(status), "no such luck"])
                self.server.control("clear")

    def test_a_proxy_that_wants_lengths_gets_them(self):
        # As "docker save" of a v1 engine writes them: plain tars, whose compressed size nobody knows.
        for action in ("early", "status"):  # before the body is read, and after it
            with self.subTest(action):
                server = self.start(FaultServer, faults=[{"chunked": True, "path": "", "action": action,
                                                          "status": 411}])
                layers = make_plain_archive(self.path("plain.tar"), ["p", "q", "r"])
                result = self.ok("push", "-j", "1", "plain.tar", f"{server.host}/team/app:1.0")
                self.assertEqual(result.err.count("wants the length of what is sent"), 1)
                # It is remembered for the host.
                self.assertEqual([r["status"] for r in server.log("PUT", "/layer")], [411, 200, 200, 200])
                for identity, data in layers.items():
                    self.assertEqual(gzip.decompress(server.get(f"/v1/images/{identity}/layer")), data)
                sent = {r["path"]: r["checksum"] for r in server.log("PUT", "/checksum")}
                self.assertEqual(len(sent), 3)

    def test_a_411_despite_a_length_is_a_plain_refusal(self):
        self.server.control({"method": "PUT", "path": "/layer$", "action": "status", "status": 411})
        make_plain_archive(self.path("plain.tar"), ["p"])
        self.fails(6, "push", "plain.tar", self.image, saying="answered 411")

    def test_writing_requests_follow_redirects_that_keep_the_method(self):
        for status in (301, 307, 308):
            with self.subTest(status):
                other = self.start(FaultServer)
                moved = self.start(FaultServer, faults=[{"path": "/v1/(images|repositories)", "action": "redirect",
                                                         "status": status, "to": other.url("")}])
                self.ok("push", "app.tar", f"{moved.host}/team/app:1.0")
                self.assertEqual(len(other.log("PUT", "/layer")), 4)
                self.assertEqual(json.loads(other.get("/v1/repositories/team/app/tags")),
                                 {"1.0": self.layers[-1].id})

    def test_a_redirect_that_is_not_followed_is_named(self):
        other = self.start(FaultServer)
        elsewhere = f"http://localhost:{other.port}"
        for status, target in ((302, other.url("")), (303, other.url("")), (301, elsewhere)):
            with self.subTest((status, target)):
                self.server.control({"method": "PUT", "path": "", "action": "redirect", "status": status,
                                     "to": target})
                self.fails(6, "push", "app.tar", self.image,
                           saying=[f"answered {status}", f"and names {target}/v1/repositories/team/app/ instead"])
                self.server.control("clear")
        self.assertEqual(other.log(), [])

    def test_a_checksum_disputed_by_the_server_is_sent_twice_and_then_fails(self):
        self.server.control({"method": "PUT", "path": "/checksum$", "action": "status", "status": 400,
                             "body": '{"error": "Checksum mismatch"}'})
        self.fails(7, "push", "-j", "1", "app.tar", self.image, saying="Checksum mismatch")
        layers = [r for r in self.server.log("PUT", "/layer") if self.layers[0].id in r["path"]]
        self.assertEqual(len(layers), 2)

    def test_a_server_that_stores_less_than_was_sent_is_noticed(self):
        self.server.control({"method": "GET", "path": f"{self.layers[0].id}/json$", "skip": 1,
                             "action": "headers", "set": {"X-Docker-Size": "17"}})
        self.fails(7, "push", "app.tar", self.image,
                   saying=["holds 17 bytes of the layer", "disk may be full"])

    def test_passing_failures_are_retried(self):
        for part, action in (("json", "close"), ("layer", "reset"), ("checksum", "status")):
            self.server.control({"method": "PUT", "path": f"{self.layers[2].id}/{part}$", "times": 1,
                                 "action": action, "status": 503})
        self.ok("push", "app.tar", self.image)
        self.assertStored()

    def test_a_passing_500_is_retried(self):
        name = f"{self.server.host}/team/app"
        for method, path in (("PUT", "/team/app/$"), ("PUT", f"{self.layers[1].id}/layer$"), ("PUT", "/tags/1.0$"),
                             ("PUT", "/team/app/images$"), ("GET", f"{self.layers[0].id}/json$")):
            for done in (False, True):
                self.server.control({"method": method, "path": path, "times": 1, "action": "status", "status": 500,
                                     "done": done})
        self.ok("push", "app.tar", self.image)
        self.assertStored()
        self.ok("tag", self.image, "other")
        for words in ([f"{name}:other"], ["--repository", "--yes", name]):
            self.server.control({"method": "DELETE", "times": 1, "action": "status", "status": 500, "done": True})
            self.ok("rm", *words)
        self.fails(3, "tags", name)

    def test_plain_layers_are_compressed_unless_told_otherwise(self):
        source = os.path.join(DATA, "save-1.9.1.tar")
        self.ok("push", source, f"{self.server.host}/team/packed:1")
        server = self.start(FaultServer)
        self.ok("push", "--no-compress", source, f"{server.host}/team/plain:1")
        with tarfile.open(source) as archive:
            for name in archive.getnames():
                if name.endswith("layer.tar"):
                    plain = archive.extractfile(name).read()
                    layer = f"/v1/images/{name.split('/')[0]}/layer"
                    self.assertEqual(gzip.decompress(self.server.get(layer)), plain)
                    self.assertEqual(server.get(layer), plain)
        chunked = {r["encoding"] for r in self.server.log("PUT", "/layer")}
        self.assertEqual(chunked, {"chunked"})
        self.assertEqual({r["encoding"] for r in server.log("PUT", "/layer")}, {None})

    def test_the_payload_checksum_is_the_engines(self):
        # Recorded: engine 1.9.1 sent these bytes, and this sum.
        self.ok("push", os.path.join(DATA, "save-1.9.1.tar"), f"{self.server.host}/team/sum:1")
        for record in self.ok("layer", "ls", "--format", "json", f"{self.server.host}/team/sum:1").json:
            text = self.server.get(f"/v1/images/{record['id']}/json")
            data = self.server.get(f"/v1/images/{record['id']}/layer")
            self.assertEqual(record["checksums"],
                             ["sha256:" + hashlib.sha256(text + b"\n" + data).hexdigest()])

    def test_an_archive_may_come_through_a_pipe_and_be_compressed(self):
        data = self.read("app.tar")
        for name, stdin in (("plain", data), ("gzip", gzip.compress(data))):
            with self.subTest(name):
                self.ok("push", "-", f"{self.server.host}/team/{name}:1", stdin=stdin)
        self.ok("push", "-", f"{self.server.host}/team/nothing-new:1", stdin=data)

    def test_an_image_of_manifest_json_gets_ids_from_its_content(self):
        layer = Layer("modern", 500)
        diff_id = "sha256:" + hashlib.sha256(gzip.decompress(layer.data)).hexdigest()
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/x"]},
                             "created": "2020-01-01T00:00:00Z",
                             "rootfs": {"type": "layers", "diff_ids": [diff_id]},
                             "history": [{"created_by": "ADD x"}, {"created_by": "CMD /x", "empty_layer": True}]})
        manifest = [{"Config": "c.json", "RepoTags": ["modern:1"], "Layers": ["l/layer.tar"]}]
        with tarfile.open(self.path("modern.tar"), "w") as archive:
            for name, data in (("l/layer.tar", layer.data), ("c.json", config.encode()),
                               ("manifest.json", json.dumps(manifest).encode())):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        image = f"{self.server.host}/team/modern:1"
        self.ok("push", "modern.tar", image)
        history = self.ok("history", "--format", "json", image).json
        self.assertEqual([h["created_by"] for h in history], ["CMD /x", "ADD x"])
        self.assertIn("already pushed, skipping", self.ok("push", "modern.tar", image).err)
        self.assertEqual(self.ok("inspect", image).json["json"]["config"], {"Cmd": ["/x"]})

    def test_invalid_places_and_names_are_usage_errors(self):
        rows = (
            (["push", "app.tar", "team/app:1"], "names no registry"),
            (["push", "app.tar", "127.0.0.1:1/team//app"], "a part of the name is empty"),
            (["push", "127.0.0.1:1/a", "127.0.0.1:1/b"], "is taken for an image"),
            (["pull", self.image, "127.0.0.1:1/b"], "is taken for an image"),
            (["copy", self.image, self.image], "source and destination"),
            (["copy", "oci:x", "app2.tar"], "cannot open"),
        )
        self.ok("push", "app.tar", self.image)
        for words, text in rows:
            with self.subTest(words):
                self.fails(3 if "oci:x" in words else 2, *words, saying=text)

    def test_tags_are_set_moved_and_removed(self):
        self.ok("push", "app.tar", self.image)
        repository = f"{self.server.host}/team/app"
        self.ok("tag", self.image, "stable", f"{self.server.host}/prod/app:2")
        self.assertEqual(self.ok("tags", repository).out, "1.0\nstable\n")
        self.assertEqual(self.ok("tags", f"{self.server.host}/prod/app").out, "2\n")
        self.ok("rm", f"{repository}:stable")
        self.fails(3, "rm", f"{repository}:stable", saying="there is no tag")
        self.fails(2, "rm", repository, saying="names no tag")
        self.fails(2, "rm", "--repository", repository, saying="--yes")
        self.ok("rm", "--repository", "--yes", repository)
        self.fails(3, "tags", repository, saying="there is no repository")
        self.fails(3, "tag", "--id", "0" * 64, f"{repository}:x", saying="is not at")

    def test_access_is_shown_and_set(self):
        self.ok("push", "app.tar", self.image)
        repository = f"{self.server.host}/team/app"
        self.assertIn("public", self.ok("properties", repository).out)
        self.ok("properties", repository, "--access", "private")
        self.assertEqual(self.ok("properties", repository, "--format", "json").json["access"], "private")

    def test_copies_between_registries_keep_bytes_and_ids(self):
        self.ok("push", "app.tar", self.image)
        other = self.start(FaultServer)
        self.ok("copy", self.image, f"{other.host}/team/app:1.0")
        self.server = other
        self.assertStored()

    def test_a_copy_passes_on_the_checksums_of_its_source(self):
        tree, files = self.place("tree"), self.tree_files("tree")
        self.ok("push", "app.tar", f"{tree}:team/app:1.0")
        tarsum = "tarsum+sha256:" + "ab" * 32
        path = f"images/{self.layers[1].id}/_checksum"
        files.write(path, json.dumps([tarsum, *json.loads(files.read(path))]).encode())
        self.ok("copy", f"{tree}:team/app:1.0", self.image)
        self.assertStored()
        sent = {record["path"].split("/")[3]: record["checksum"] for record in self.server.log("PUT", "/checksum")}
        self.assertEqual(sent, {layer.id: tarsum if layer is self.layers[1] else None for layer in self.layers})

    def test_a_broken_source_is_never_tagged_at_the_destination(self):
        self.ok("push", "app.tar", self.image)
        self.server.control({"method": "GET", "path": f"{self.layers[1].id}/layer$", "action": "corrupt",
                             "at": 77})
        other = self.start(FaultServer)
        self.fails(7, "copy", self.image, f"{other.host}/team/app:1.0")
        self.assertEqual(other.log("PUT", "/tags/1.0"), [])
        self.assertEqual([r for r in other.log("PUT", "/checksum") if self.layers[1].id in r["path"]], [])


if __name__ == "__main__":
    main()
