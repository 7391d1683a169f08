#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pulling from a registry that is old, damaged or faulty."""

import hashlib
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, RegctlServer, TestCase, main, make_archive, wait_for  # noqa: E402
from storage_tree import StorageTree  # noqa: E402

WILD = os.path.join(DATA, "tree-wild.tar.gz")
CUT = "2b55fd13656d"
FLIPPED = "12bc7d913d44"


class Wild(TestCase):
    """A neglected storage tree, as docker-registry would serve it."""

    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer, "--storage", WILD)

    def image(self, name):
        return f"{self.server.host}/{name}"

    def test_sound_images_come_byte_for_byte(self):
        for name in ("mixed:latest", "mixed:no-xz", "team/demo-1.3.3:1.0", "team/demo-1.5.0:1.0",
                     "team/demo-1.9.1:latest", "team/deep/name:1", "team/dead:whole", "team/oldsum:1"):
            with self.subTest(name):
                self.ok("pull", self.image(name), "out.tar")
                with tarfile.open(self.path("out.tar")) as archive:
                    for member in archive.getnames():
                        identity, _, part = member.partition("/")
                        if part in ("layer.tar", "json"):
                            stored = self.server.get(f"/v1/images/{identity}/{part.split('.')[0]}")
                            self.assertEqual(archive.extractfile(member).read(), stored)

    def test_a_missing_or_wrong_ancestry_is_rebuilt_and_noted(self):
        for name, word in (("team/noancestry:1", "is missing"), ("team/wrongancestry:1", "is wrong")):
            with self.subTest(name):
                result = self.ok("pull", self.image(name), "out.tar")
                self.assertIn(word, result.err)
                self.assertIn("rebuilt from the images' parents", result.err)

    def test_damage_is_named_and_has_its_exit_code(self):
        rows = (
            ("team/cut:1", 7, ["layer of image " + CUT, "has checksum ", ", not "]),
            ("team/flipped:1", 7, ["layer of image " + FLIPPED]),
            ("team/nowhere:1", 3, ["image b19f993fa05c is not at"]),
            ("team/dead:half", 5, ["is being uploaded, or its upload was never completed", "repairs it"]),
            ("team/dead:hole", 3, ["there is no tag", "did you mean whole?"]),
            ("team/none:1", 3, ["there is no repository team/none"]),
        )
        for name, code, words in rows:
            with self.subTest(name):
                self.fails(code, "pull", self.image(name), "out.tar", saying=words)
                self.assertFalse(os.path.exists(self.path("out.tar")))

    def test_a_damaged_layer_is_fetched_once_more_before_it_is_refused(self):
        self.fails(7, "pull", self.image("team/flipped:1"), "out.tar")
        gets = [r for r in self.server.log("GET", "/layer") if FLIPPED in r["path"]]
        self.assertEqual(len(gets), 2)

    def test_every_command_gives_a_hint_about_a_damaged_layer(self):
        tree = StorageTree.recorded(self.path("tree"), "tree-wild").place
        rescue = "copy --no-verify rescues it"
        for store, source in ((self.server.host, self.image("team/flipped:1")),
                              (tree, f"{tree}:team/flipped:1")):
            hint = f"regctl audit {store} --deep finds more"
            for words in (("pull", source, "out.tar"), ("copy", source, self.place("copy")),
                          ("layer", "get", source, FLIPPED, "-o", "layer"), ("layer", "files", source, FLIPPED)):
                with self.subTest(words):
                    self.fails(7, *words, saying=[f"hint: {hint}", rescue])
            destination = self.start(RegctlServer)
            self.regctl("mirror", source, f"{destination.host}/team/flipped", "--report", "report")
            errors = [record["error"] for record in map(json.loads, self.read("report").splitlines())
                      if record["type"] == "tag"]
            self.assertEqual([error["hint"].split(";")[0] for error in errors], [hint])
            # The hint is true: what it names finds the damage, and takes the bytes.
            self.assertIn("checksum wrong", self.regctl("audit", store, "--deep").out)
            self.ok("copy", "--no-verify", source, "docker-archive:rescued.tar")
            self.ok("layer", "get", "--no-verify", source, FLIPPED, "-o", "layer")

    def test_a_damaged_layer_can_be_rescued(self):
        for name, identity in (("team/flipped:1", FLIPPED), ("team/cut:1", CUT)):
            self.ok("pull", "--no-verify", self.image(name), "out.tar")
            with tarfile.open(self.path("out.tar")) as archive:
                layer = next(n for n in archive.getnames() if n.startswith(identity) and n.endswith("layer.tar"))
                stored = self.server.get(f"/v1/images/{layer.split('/')[0]}/layer")
                self.assertEqual(archive.extractfile(layer).read(), stored)
            self.assertEqual(len(self.ok("history", "out.tar", "--format", "json").json), 3)

    def test_an_existing_file_stays_when_a_pull_fails(self):
        self.write("out.tar", "precious")
        self.fails(7, "pull", self.image("team/cut:1"), "out.tar")
        self.assertEqual(self.read("out.tar"), b"precious")

    def test_images_lists_unreadable_images_beside_the_others(self):
        rows = {(r["repository"], r["tag"]): r
                for r in self.ok("images", self.server.host, "--format", "json").json}
        self.assertEqual(len(rows), 17)
        self.assertIn(("team/deep/name", "1"), rows)  # which search spells team/deep%2Fname
        self.assertIn("is not there", rows["team/nowhere", "1"]["error"]["message"])
        self.assertIn("never completed", rows["team/dead", "half"]["error"]["message"])
        self.assertIsNone(rows["mixed", "latest"]["error"])
        self.assertEqual(rows["team/oldsum", "1"]["size"],
                         self.ok("inspect", self.image("team/oldsum:1")).json["size"])

    def test_names_that_the_search_quotes_twice_are_decoded(self):
        twice = json.dumps({"results": [{"name": "team/deep%252Fname"}, {"name": "mixed"}]})
        self.server.control({"method": "GET", "path": "/v1/search", "action": "body", "text": twice})
        rows = {r["repository"] for r in self.ok("images", self.server.host, "--format", "json").json}
        self.assertEqual(rows, {"team/deep/name", "mixed"})
        for words in ([], ["--include", "team/deep/**"]):
            done = self.ok("mirror", self.server.host, self.place(f"tree{len(words)}"), *words)
            self.assertIn("copied team/deep/name:1 ", done.out)

    def test_tags_may_be_listed_as_the_hub_did(self):
        tags = json.loads(self.server.get("/v1/repositories/library/mixed/tags"))
        listed = [{"layer": identity[:8], "name": tag} for tag, identity in tags.items()]
        self.server.control({"method": "GET", "path": "/mixed/tags$", "action": "body", "text": json.dumps(listed)})
        for tag, identity in tags.items():
            self.assertEqual(self.ok("inspect", self.image(f"mixed:{tag}")).json["id"], identity)
        shown = self.ok("tags", self.image("mixed"), "--format", "json").json
        self.assertEqual({row["tag"]: row["id"] for row in shown}, tags)

    def test_images_waits_for_no_upload(self):
        dead = self.ok("tags", self.image("team/dead"), "--format", "json").json
        half = next(tag["id"] for tag in dead if tag["tag"] == "half")
        self.ok("images", self.server.host)
        self.assertEqual(len(self.server.log("GET", f"/images/{half}/json")), 1)

    def test_images_goes_on_after_an_unreadable_repository(self):
        self.server.control({"method": "GET", "path": "/mixed/tags$", "action": "status", "status": 403})
        result = self.regctl("images", self.server.host, "--format", "json")
        self.assertEqual(result.code, 10, result.err)
        self.assertIn("regctl: mixed: ", result.err)
        rows = {(r["repository"], r["tag"]): r["error"] for r in result.json}
        self.assertEqual(len(rows), 16)  # its two tags are one row
        self.assertIn("403", rows["mixed", None]["message"])
        self.assertIsNone(rows["team/oldsum", "1"])
        self.fails(4, "images", self.image("mixed"), saying=["403"])
        self.server.control({"method": "GET", "path": "/tags$", "action": "status", "status": 403})
        self.assertEqual(self.regctl("images", self.server.host).code, 4)  # nothing, and for one reason

    def test_the_same_image_gives_the_same_archive(self):
        sums = set()
        for jobs in ("1", "8"):
            for target in ("out.tar", "-"):
                result = self.ok("pull", "-j", jobs, self.image("mixed:latest"), target)
                data = result.out_bytes if target == "-" else self.read("out.tar")
                sums.add(hashlib.sha256(data).hexdigest())
        self.assertEqual(len(sums), 1)

    def test_one_bad_tag_of_several_is_named_with_a_hint(self):
        words = ["while copying tag ", "team/dead:half", "pushing it again repairs it; ", "regctl mirror"]
        self.fails(5, "pull", "-a", self.image("team/dead"), "all.tar", saying=words)
        tree = self.place("tree")
        self.fails(5, "copy", "-a", self.image("team/dead"), tree, saying=["while copying tag team/dead:half", "regctl mirror"])
        one = self.fails(5, "pull", self.image("team/dead:half"), "one.tar")
        self.assertNotIn("regctl mirror", one.err)

    def test_a_damaged_layer_among_several_tags_is_named_with_its_tag(self):
        self.ok("tag", self.image("team/cut:1"), self.image("mixed:cut"))
        self.fails(7, "pull", "-a", self.image("mixed"), "all.tar",
                   saying=["layer of image " + CUT, "while copying tag ", "mixed:cut"])

    def test_all_tags_come_in_one_archive(self):
        self.ok("pull", "-a", self.image("mixed"), "all.tar")
        tags = self.ok("tags", "all.tar", "--format", "json").json
        self.assertEqual([t["tag"] for t in tags], ["latest", "no-xz"])


class Misbehaving(TestCase):
    """One sound image, and a server that gets worse."""

    SIZE = 200_000

    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer)
        self.layers = make_archive(self.path("app.tar"), ["a", "b", "c"], self.SIZE)
        self.image = f"{self.server.host}/team/app:1.0"
        self.ok("push", "app.tar", self.image)
        self.top = self.layers[-1]

    def pull_with(self, *faults, options=(), code=0, saying=()):
        for fault in faults:
            self.server.control(fault)
        if os.path.exists(self.path("out.tar")):
            os.remove(self.path("out.tar"))
        if code:
            result = self.fails(code, "pull", *options, self.image, "out.tar", saying=saying)
            self.assertFalse(os.path.exists(self.path("out.tar")))
        else:
            result = self.ok("pull", *options, self.image, "out.tar")
            for text in saying:
                self.assertIn(text, result.err)
            with tarfile.open(self.path("out.tar")) as archive:
                for layer in self.layers:
                    self.assertEqual(archive.extractfile(f"{layer.id}/layer.tar").read(), layer.data)
        self.server.control("clear")
        return result

    def fault(self, action, path=None, **more):
        return {"method": "GET", "path": path or f"{self.top.id}/layer$", "action": action, **more}

    def test_a_cut_download_continues_where_it_broke_off(self):
        size = len(self.top.data)
        for after in (1, 1000, size - 2, size - 1):
            with self.subTest(after):
                seen = len(self.server.log("GET", "/layer"))
                self.pull_with(self.fault("cut", times=1, after=after), saying=["continuing there"])
                ranges = [r["range"] for r in self.server.log("GET", "/layer")[seen:] if r["range"]]
                # What is asked for again must come as it was; a range from 0 is the whole.
                first = after - min(after, 8192)
                self.assertEqual(ranges, [f"bytes={first}-{size - 1}"] if first else [])

    def test_a_resumed_download_answered_404_or_416_begins_again(self):
        for status in (404, 416):
            with self.subTest(status):
                self.pull_with(self.fault("cut", times=1, after=20_000),
                               self.fault("status", times=1, status=status))

    def test_a_range_with_wrong_bytes_is_read_again_from_the_start(self):
        # docker-registry on S3: the right status, length and Content-Range, and the bytes from 0.
        self.pull_with(self.fault("cut", times=1, after=20_000), self.fault("shift", times=1))
        self.assertEqual(len([r for r in self.server.log("GET", "/layer") if r["range"]]), 1)

    def test_cuts_within_a_resumed_range_are_survived(self):
        self.pull_with(self.fault("cut", times=1, after=20_000), self.fault("cut", times=3, after=3000))

    def test_several_cuts_are_survived(self):
        # More than --retry allows in a row: each of them brings some bytes.
        self.pull_with(self.fault("cut", times=4, after=20_000), options=["--retry", "2"])

    def test_cuts_without_progress_end_the_download(self):
        self.pull_with(self.fault("cut", after=0), options=["--retry", "2"], code=5,
                       saying=["broke off after 0 of"])

    def test_a_server_without_ranges_is_read_again_from_the_start(self):
        server = self.start(FaultServer, "--no-ranges")
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        server.control(self.fault("cut", times=1, after=5000))
        self.ok("pull", f"{server.host}/team/app:1.0", "out.tar")
        with tarfile.open(self.path("out.tar")) as archive:
            self.assertEqual(archive.extractfile(f"{self.top.id}/layer.tar").read(), self.top.data)

    def test_a_layer_that_changes_between_two_halves_is_refused(self):
        server = self.start(FaultServer, "--no-ranges")
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        server.control(self.fault("cut", times=1, after=5000))
        server.control(self.fault("corrupt", at=10))
        self.fails(7, "pull", f"{server.host}/team/app:1.0", "out.tar")

    def test_a_stalled_download_is_noted_and_continued(self):
        self.pull_with(self.fault("stall", times=1, after=1000), options=["--timeout", "1"],
                       saying=["stalled for 1 s after 1000 of"])

    def test_a_slow_download_is_no_stall(self):
        self.pull_with(self.fault("slow", times=1, rate=300_000), options=["--timeout", "1"])

    def test_passing_error_statuses_are_retried(self):
        for status in (429, 502, 503, 504):
            with self.subTest(status):
                self.pull_with(self.fault("status", times=1, status=status),
                               saying=[f"answered {status}; trying again in"])

    def test_retry_after_is_the_minimum_wait(self):
        self.pull_with(self.fault("status", times=1, status=429, retry_after=2),
                       saying=["answered 429; trying again in 2.0 s (1 of 5)"])

    def test_an_endless_retry_after_is_not_waited_for(self):
        self.pull_with(self.fault("status", status=503, retry_after=86400), code=5,
                       saying=["wants to be left alone for 24 h", "answered 503"])
        self.assertEqual(len([r for r in self.server.log() if r["status"] == 503]), 1)

    def test_lasting_error_statuses_are_reported_with_the_servers_text(self):
        rows = ((500, 5, "answered 500"), (403, 4, "denies access"), (418, 6, "answered 418"))
        for status, code, text in rows:
            with self.subTest(status):
                self.pull_with(self.fault("status", status=status), options=["--retry", "1"], code=code,
                               saying=[text])

    def test_a_wrong_byte_is_repaired_by_a_second_read_or_refused(self):
        self.pull_with(self.fault("corrupt", times=1, at=99), saying=["moving it once more"])
        self.pull_with(self.fault("corrupt", at=99), code=7, saying=["has checksum"])

    def test_a_wrong_length_is_noticed(self):
        self.pull_with(self.fault("length", delta=-5), options=["--retry", "1"], code=5,
                       saying=["ended after"])
        self.pull_with(self.fault("headers", path=f"{self.top.id}/json$",
                                  set={"X-Docker-Size": str(len(self.top.data) - 9)}), code=7,
                       saying=["more than the promised"])

    def test_closed_and_reset_connections_are_reopened(self):
        for action in ("close", "reset"):
            with self.subTest(action):
                self.pull_with(self.fault(action, times=2))

    def test_malformed_documents_are_protocol_errors(self):
        text = f"{self.top.id}/json$"
        rows = (
            (self.fault("body", text, text="{not json"), "is not JSON"),
            (self.fault("body", text, text="[]"), "not an object"),
            (self.fault("body", text, text=json.dumps({"id": "0" * 64})), "is that of image 000000"),
            (self.fault("huge", text, bytes=5_000_000), "is larger than 4194304 bytes"),
            (self.fault("deep", text, depth=5000), "nested more than 100 deep"),
            (self.fault("body", "/tags$", text="[1]"), "is not a JSON object"),
            (self.fault("huge", "/tags$", bytes=68_000_000), "is larger than 67108864 bytes"),
        )
        for fault, words in rows:
            with self.subTest(words):
                self.pull_with(fault, code=6, saying=[words])

    def test_an_endless_head_is_a_protocol_error_at_once(self):
        for headers in ({"X-Long": "a" * 150_000}, {f"X-{i}": "a" * 8_000 for i in range(40)}):
            with self.subTest(len(headers)):
                seen = len(self.server.log("GET", f"{self.top.id}/layer"))
                self.pull_with(self.fault("headers", set=headers), code=6, saying=["sends a head that is longer"])
                self.assertEqual(len(self.server.log("GET", f"{self.top.id}/layer")) - seen, 1)

    def test_informational_answers_do_not_extend_the_time_out(self):
        self.pull_with(self.fault("informational"), options=["--timeout", "1", "--retry", "0"], code=5,
                       saying=["has not ended the head of its answer after 1 s"])

    def test_messages_quote_only_a_part_of_a_servers_text(self):
        long = "x" * 50_000
        for target, code in ((f"ftp://{long}/", 6), (f"http://{long}/", 6), (f"http://localhost:1/{long}", 5)):
            with self.subTest(target[:20]):
                result = self.pull_with(self.fault("redirect", status=302, to=target), options=["--retry", "0"],
                                        code=code)
                self.assertLess(len(result.err), 2000)

    def test_a_loop_of_parents_ends(self):
        bottom = self.layers[0].id
        loop = json.dumps({"id": bottom, "parent": self.top.id})
        self.pull_with(self.fault("body", f"{bottom}/json$", text=loop), code=6, saying=["form a loop"])

    def test_a_false_ancestry_is_ignored(self):
        for text in ("[]", "null", '["x"]', json.dumps([self.top.id]), json.dumps([self.top.id] * 5000)):
            with self.subTest(text[:20]):
                self.pull_with(self.fault("body", "/ancestry$", text=text), saying=["rebuilt"])

    def test_checksums_come_in_several_forms(self):
        for style in ("list", "none", "npm"):
            with self.subTest(style):
                server = self.start(FaultServer, "--checksums", style)
                self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
                self.ok("pull", f"{server.host}/team/app:1.0", "out.tar")
                if style != "none":
                    server.control(self.fault("corrupt", at=99))
                    self.fails(7, "pull", f"{server.host}/team/app:1.0", "bad.tar")

    def test_an_unfinished_upload_is_requested_again(self):
        self.server.control(self.fault("status", f"{self.top.id}/json$", status=400, times=1,
                                       body='{"error": "Image is being uploaded, retry later"}'))
        self.ok("pull", self.image, "out.tar")

    def test_a_closed_port_is_an_error_at_once(self):
        port = self.server.port
        self.server.stop()
        wait_for(lambda: self.server.process.poll() is not None, "the server to end")
        self.fails(5, "pull", f"127.0.0.1:{port}/team/app:1.0", "out.tar",
                   saying=["Connection refused", "is the registry running?"])

    def test_layers_of_one_byte_and_of_none_are_pulled(self):
        identity = "e" * 64
        for data in (b"", b"x"):
            with self.subTest(data):
                identity = hashlib.sha256(identity.encode()).hexdigest()
                for name, text in (("j", json.dumps({"id": identity}).encode()), ("l", data)):
                    self.write(name, text)
                self.ok("layer", "put", f"{self.server.host}/team/odd", "j", "l")
                self.ok("tag", "--id", identity, f"{self.server.host}/team/odd:1")
                got = self.ok("layer", "get", f"{self.server.host}/team/odd:1")
                self.assertEqual(got.out_bytes, data)


    def test_layer_put_reads_standard_input_and_layer_get_names_its_file(self):
        identity = "d" * 64
        text, data = json.dumps({"id": identity}).encode(), os.urandom(3000)
        self.write("j", text)
        self.write("l", data)
        repository = f"{self.server.host}/team/piped"
        self.fails(2, "layer", "put", repository, "-", "-", saying="cannot be both")
        self.ok("layer", "put", repository, "j", "-", stdin=data)
        self.assertIn("already", self.ok("layer", "put", repository, "-", "l", stdin=text).err)
        self.ok("tag", "--id", identity, f"{repository}:1")
        told = self.ok("layer", "get", f"{repository}:1", "-o", "got", "--format", "json").json
        self.assertEqual(told, {"id": identity, "file": "got", "size": len(data)})
        self.assertEqual(self.read("got"), data)
        self.fails(2, "layer", "get", f"{repository}:1", "--format", "json", saying="name a file: -o FILE")


class Unproven(TestCase):
    """A registry, and a tree, without checksums."""

    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer, "--checksums", "none")
        self.layers = make_archive(self.path("app.tar"), ["base", "top"], 50_000)
        self.ok("push", "app.tar", f"{self.server.host}/team/app:1.0")
        self.image = f"{self.server.host}/team/app:1.0"

    def spoil(self, **rule):
        self.server.control("clear")
        self.server.control({"method": "GET", "path": f"{self.layers[0].id}/layer$", **rule})

    def test_a_layer_without_a_checksum_is_noted_and_can_be_refused(self):
        done = self.ok("pull", "--format", "json", self.image, "out.tar")
        self.assertEqual((done.json["tags"][0]["verified"], done.json["images_unverified"]), (False, 2))
        self.assertIn("tells no checksum of 2 of 2 copied layers", done.err)
        self.ok("copy", self.image, self.place("tree"))
        proven = self.ok("pull", "--format", "json", "--require-checksum", f"{self.place('tree')}:team/app:1.0",
                         "proven.tar")
        self.assertEqual((proven.json["tags"][0]["verified"], proven.json["images_unverified"]), (True, 0))
        self.assertNotIn("tells no checksum", proven.err)
        fetched = len(self.server.log("GET", "/layer"))
        told = "tells no checksum of the layer of image"
        for words in (("pull", self.image, "refused.tar"), ("copy", self.image, self.place("other"))):
            with self.subTest(words):
                self.fails(7, *words, "--require-checksum", saying=told)
        mirror = self.regctl("mirror", self.server.host, self.place("other"), "--require-checksum")
        self.assertEqual(mirror.code, 7, mirror.err)
        self.assertIn(told, mirror.err)
        self.assertEqual(len(self.server.log("GET", "/layer")), fetched)
        self.fails(2, "pull", "--no-verify", "--require-checksum", self.image, "x.tar", saying="contradict")

    def test_a_mirror_counts_layers_without_a_checksum(self):
        done = self.ok("mirror", self.server.host, self.place("tree"), "--format", "json")
        tag, summary = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual((tag["verified"], tag["images_unverified"], summary["images_unverified"]), (False, 2, 2))
        self.assertIn("2 of them without a checksum at the source", done.err)

    def test_a_truncated_layer_without_a_checksum_is_damaged(self):
        size = len(self.layers[0].data)
        for what, rule, word in (
                ("a changed byte", {"action": "corrupt", "at": size // 2}, "is damaged"),
                ("a changed last byte", {"action": "corrupt", "at": size - 1}, "is damaged"),
                ("text", {"action": "body", "text": "x" * size}, "is damaged")):
            with self.subTest(what):
                self.spoil(**rule)
                self.fails(7, "pull", self.image, "out.tar", saying=[self.layers[0].id[:12], word])
                self.assertFalse(os.path.exists(self.path("out.tar")))
                self.ok("pull", "--no-verify", self.image, "rescued.tar")

    def test_a_short_layer_of_a_tree_is_damaged(self):
        tree, files = self.place("tree"), self.tree_files("tree")
        self.ok("copy", self.image, tree)
        folder = f"images/{self.layers[0].id}"
        files.remove(f"{folder}/_checksum")
        for size, word in ((0, "has no bytes"), (100, "is damaged"), (len(self.layers[0].data) - 1, "is damaged")):
            with self.subTest(size):
                files.write(f"{folder}/layer", self.layers[0].data[:size])
                self.fails(7, "copy", f"{tree}:team/app:1.0", "out.tar", saying=word)
        files.write(f"{folder}/layer", self.layers[0].data)
        self.ok("copy", f"{tree}:team/app:1.0", "out.tar")


class Destinations(TestCase):
    def test_a_plain_word_is_a_file_and_always_a_plain_tar(self):
        server = self.start(FaultServer)
        make_archive(self.path("app.tar"), ["a"], 1000)
        image = f"{server.host}/team/app:1.0"
        self.ok("push", "app.tar", image)
        self.assertEqual(self.ok("pull", image, "out").out, "out\n")
        result = self.ok("pull", image, "out.tgz")
        self.assertIn("'out.tgz' becomes a plain tar", result.err)
        self.assertEqual(self.read("out.tgz"), self.read("out"))
        self.fails(2, "pull", image, "home", saying=["'home' is a folder", "home/app_1.0.tar"])


if __name__ == "__main__":
    main()
