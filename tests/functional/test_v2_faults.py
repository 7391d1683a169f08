#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registries of protocol v2 that misbehave: the exit code, that no tag moves, and that no credential leaves its host."""

import base64
import functools
import gzip
import hashlib
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, main  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import INDEX, MANIFEST, Document, artifact, describe, digest_of, image, index  # noqa: E402
from v2_registry import body, corrupt, cut, headers, length, lose, status  # noqa: E402

USAGE, NOT_FOUND, DENIED, UNAVAILABLE, PROTOCOL, INTEGRITY, UNSUPPORTED = 2, 3, 4, 5, 6, 7, 9
BLOB = r"/blobs/sha256:"


class Refusing(set):
    def __contains__(self, _):
        return False


class FaultCase(V2Case):
    def ends(self, document=None, **options):
        """A source with one image, a destination whose tag names an older one."""
        self.source, self.destination = self.registry(**options), self.registry()
        self.image = self.source.add("team/app", "1.0", document or image("new", 2, 50_000))
        self.old = self.destination.add("team/app", "1.0", image("old"))
        return self.source, self.destination

    @property
    def words(self):
        return "copy", f"{self.source.host}/team/app:1.0", f"{self.destination.host}/team/app:1.0"

    def copies(self, *options):
        result = self.ok(*self.words, *options)
        self.assertWhole(self.destination, "team/app", "1.0", self.image)
        return result

    def copy_fails(self, codes, saying=(), **options):
        result = self.regctl(*self.words, "--retry", "2", **options)
        self.assertIn(result.code, codes if isinstance(codes, tuple) else (codes,), result.err)
        self.assertIn("regctl: error: ", result.err)
        for text in [saying] if isinstance(saying, str) else saying:
            self.assertIn(text, result.err)
        self.assertEqual(self.destination.tags["team/app"], {"1.0": self.old.digest})
        return result

    def assertWhole(self, registry, name, tag, document):
        self.assertEqual(registry.tags[name].get(tag), document.digest)
        for one in document.manifests():
            self.assertEqual(registry.manifests[name][one.digest][1], one.bytes)
        for digest, blob in document.all_blobs().items():
            self.assertEqual(registry.blobs[name][digest], blob)

    def layer(self, number=0):
        """The digest of a layer, which is also the end of its path."""
        return digest_of(self.image.layers[number][0])


class Bodies(FaultCase):
    def test_a_blob_that_is_cut_goes_on_where_it_ended(self):
        for after in (1, 20_000, 50_000):
            with self.subTest(after):
                source, _ = self.ends()
                source.on("GET", self.layer(), cut(after), times=2)
                self.copies()
                asked = [record.headers.get("Range", "bytes=0-") for record in source.requests("GET", self.layer())]
                begins = [int(text.removeprefix("bytes=").removesuffix("-")) for text in asked]
                self.assertEqual(len(begins), 3 if after < 25_000 else 2)
                self.assertEqual(begins[0], 0)
                # A little of what is there is asked for again, to compare it.
                self.assertTrue(after - 10_000 < begins[1] < after, begins)

    def test_a_blob_that_always_ends_early(self):
        source, _ = self.ends()
        source.on("GET", self.layer(), cut(0))
        self.copy_fails(UNAVAILABLE)

    def test_a_blob_that_is_shorter_than_its_size(self):
        source, destination = self.ends()
        source.blobs["team/app"][self.layer()] = self.image.layers[0][0][:-100]
        self.copy_fails(UNAVAILABLE, "ended after")  # as far as can be told it was cut
        self.assertNotIn(self.layer(), destination.blobs["team/app"])

    def test_a_blob_that_never_ends(self):
        source, _ = self.ends()

        def endless(answer):
            answer.endless = bytes(1 << 16)
        source.on("GET", self.layer(), endless)
        self.copy_fails((PROTOCOL, INTEGRITY))
        self.assertLess(source.endless_bytes, 100_000_000)

    def test_a_blob_with_other_bytes(self):
        source, destination = self.ends()
        source.on("GET", self.layer(), corrupt(1000))
        self.copy_fails(INTEGRITY, self.layer()[7:19])
        self.assertNotIn(self.layer(), destination.blobs["team/app"])

    def test_a_blob_with_other_bytes_once(self):
        source, _ = self.ends()
        source.on("GET", self.layer(), corrupt(1000), times=1)
        self.assertIn("once more", self.copies().err)

    def test_content_lengths_that_lie(self):
        for delta in (100, -100):
            for is_blob in (True, False):
                with self.subTest(delta=delta, is_blob=is_blob):
                    source, _ = self.ends()
                    source.on("GET", self.layer() if is_blob else "/manifests/", length(delta))
                    self.copy_fails((UNAVAILABLE, PROTOCOL, INTEGRITY))

    def test_an_encoding_that_is_only_said(self):
        source, _ = self.ends()
        source.on("GET", self.layer(), headers(Content_Encoding="gzip"))
        self.copies()

    def test_an_encoding_around_a_blob(self):
        source, _ = self.ends()

        def pack(answer):
            answer.body = gzip.compress(answer.body)
            answer.headers["Content-Encoding"] = "gzip"
        source.on("GET", self.layer(), pack)
        self.copy_fails(INTEGRITY)  # the bytes as they come are not the layer, and nobody asked to unpack them

    def test_a_range_that_is_another(self):
        source, _ = self.ends()
        whole = self.image.layers[0][0]

        def shifted(answer):
            answer.body = whole[:len(answer.body)]
            answer.headers["Content-Range"] = f"bytes 0-{len(answer.body) - 1}/{len(whole)}"
        source.on("GET", self.layer(), cut(20_000), times=1)
        source.on("GET", self.layer(), shifted)
        self.copy_fails((UNAVAILABLE, PROTOCOL, INTEGRITY))


class Manifests(FaultCase):
    def test_other_bytes_than_the_digest_says_fail(self):
        source, _ = self.ends()
        source.on("GET", "/manifests/", corrupt(30))
        self.copy_fails(INTEGRITY)

    def test_a_header_with_another_digest(self):
        source, _ = self.ends()
        source.on(None, "/manifests/", headers(Docker_Content_Digest="sha256:" + "0" * 64))
        self.copy_fails(INTEGRITY)

    def test_a_manifest_of_twenty_megabytes_is_refused(self):
        source, _ = self.ends()
        source.on("GET", "/manifests/", body(b'{"schemaVersion":2,"annotations":{"a":"' + b"a" * 20_000_000 + b'"}}'))
        self.copy_fails(PROTOCOL)

    def test_no_json_and_the_wrong_json(self):
        for text in (b"", b"[]", b"null", b"<html>", b"[" * 100_000, b'{"schemaVersion":2}', b"\xff\xfe"):
            with self.subTest(text[:20]):
                source, _ = self.ends()

                def other(answer, text=text):
                    answer.body = text
                    answer.headers.pop("Docker-Content-Digest", None)
                source.on(None, "/manifests/", other)
                self.copy_fails(PROTOCOL)

    def test_sizes_that_cannot_be(self):
        good = image("new")
        for size in (-1, 1.5, "1", 1 << 64, 1e300, None, (1 << 63) - 1, 1, len(good.layers[0][0]) + 1):
            for part in ("layers", "config"):
                with self.subTest(size=size, part=part):
                    document = json.loads(good.bytes)
                    (document["layers"][0] if part == "layers" else document["config"])["size"] = size
                    self.ends(Document(document, MANIFEST, good.blobs.values()))
                    is_number = isinstance(size, int) and 0 <= size < 1 << 63
                    self.copy_fails((UNAVAILABLE, INTEGRITY) if is_number else PROTOCOL)

    def test_digests_that_are_none(self):
        good = image("new")
        for digest in ("", "sha256:", "sha256:../../../../etc/passwd", "sha256:" + "A" * 64, "md5:" + "0" * 32, 7,
                       "sha256:" + "0" * 63):
            with self.subTest(digest):
                document = json.loads(good.bytes)
                document["layers"][0]["digest"] = digest
                self.ends(Document(document, MANIFEST, good.blobs.values()))
                self.copy_fails((PROTOCOL, UNSUPPORTED))

    def test_an_index_nine_levels_deep(self):
        document = image("new")
        document.platform = None
        for _ in range(9):
            document = index([document])
        self.ends(document)
        self.copy_fails(PROTOCOL)

    def test_an_index_that_is_said_to_be_its_own_child(self):
        child = image("child")
        top = index([child])
        source, _ = self.ends(top)

        def itself(answer):
            answer.body = top.bytes
            answer.headers["Content-Type"] = INDEX
        source.on("GET", "/manifests/" + child.digest, itself)
        self.copy_fails(INTEGRITY)

    def test_an_index_whose_child_is_gone(self):
        child = image("child")
        source, _ = self.ends(index([child, image("other")]))
        del source.manifests["team/app"][child.digest]
        self.copy_fails((NOT_FOUND, INTEGRITY), child.digest[7:19])

    def test_a_layer_that_is_gone(self):
        source, _ = self.ends()
        del source.blobs["team/app"][self.layer(1)]
        self.copy_fails((NOT_FOUND, INTEGRITY), self.layer(1)[7:19])

    def test_referrers_that_refer_to_each_other(self):
        source, _ = self.ends(has_referrers=True)
        one = source.add("team/app", None, artifact(self.image, "application/x-one"))
        source.on("GET", "/referrers/", body(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            one.descriptor(), self.image.descriptor()]}).encode()))
        self.copies()


class NewReferrers(FaultCase):
    """Of an image that a mirror brought before, at a source with the referrers API."""

    def setUp(self):
        super().setUp()
        self.ends(has_referrers=True)
        self.source.add("team/app", "2.0", image("other"))
        self.mirrors(0)

    def mirrors(self, code):
        result = self.regctl("mirror", self.source.host, self.destination.host, "--retry", "1", "--report", "report")
        self.assertEqual(result.code, code, result.err)
        return json.loads(self.read("report").splitlines()[-1])

    def test_they_come_along_once(self):
        self.assertEqual(self.mirrors(0)["kept"], 2)
        one = self.source.add("team/app", None, artifact(self.image, "application/x-one"))
        counts = self.mirrors(0)
        self.assertEqual((counts["updated"], counts["kept"]), (1, 1))
        self.assertIn(one.digest, self.destination.manifests["team/app"])
        seen = len(self.source.requests("GET", "/referrers/"))
        self.assertEqual(self.mirrors(0)["kept"], 2)
        self.assertEqual(len(self.source.requests("GET", "/referrers/")), seen + 2)  # one for each image

    def test_a_list_that_cannot_be_read_fails_its_tag_alone(self):
        one = self.source.add("team/app", None, artifact(self.image, "application/x-one"))
        self.source.on("GET", f"/referrers/{self.image.digest}", status(403, "DENIED"))
        counts = self.mirrors(10)
        self.assertEqual((counts["failed"], counts["kept"]), (1, 1))
        self.assertNotIn(one.digest, self.destination.manifests["team/app"])

    def listed(self):
        """What the tag at the destination lists, which has no referrers API."""
        digest = self.destination.tags["team/app"].get(self.image.digest.replace(":", "-"))
        content = self.destination.manifests["team/app"][digest][1] if digest else b'{"manifests": []}'
        return [one["digest"] for one in json.loads(content)["manifests"]]

    def test_a_list_that_could_not_be_written_is_written_by_the_next_run(self):
        one = self.source.add("team/app", None, artifact(self.image, "application/x-one"))
        self.destination.on("PUT", "/manifests/sha256-", status(500), times=1)
        self.assertEqual(self.mirrors(10)["failed"], 1)
        self.assertIn(one.digest, self.destination.manifests["team/app"])
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.mirrors(0)["updated"], 1)
        self.assertEqual(self.listed(), [one.digest])
        del self.destination.tags["team/app"][self.image.digest.replace(":", "-")]
        self.ok(*self.words, "--referrers")
        self.assertEqual(self.listed(), [one.digest])

    def test_an_error_that_passes_is_no_lack_of_the_api(self):
        one = self.source.add("team/app", None, artifact(self.image, "application/x-one"))
        path = f"/referrers/{self.image.digest}"
        for number in (408, 500, 502, 504):
            with self.subTest(number):
                self.source.on("GET", path, status(number), times=10)
                self.assertEqual(self.mirrors(10)["failed"], 1)
                self.assertNotIn(one.digest, self.destination.manifests["team/app"])
                self.source.faults.clear()
        self.source.on("GET", path, status(502), times=1)
        self.assertEqual(self.mirrors(0)["updated"], 1)
        self.assertEqual(self.listed(), [one.digest])

    def test_a_destination_that_fails_for_a_moment_gets_its_list(self):
        one = self.source.add("team/app", None, artifact(self.image, "application/x-one"))
        self.destination.on("GET", "/referrers/", status(504), times=10)
        self.assertEqual(self.mirrors(10)["failed"], 1)
        self.destination.faults.clear()
        self.assertEqual(self.mirrors(0)["updated"], 1)
        self.assertEqual(self.listed(), [one.digest])

    def test_a_manifest_that_is_a_blob_as_well(self):
        one = self.source.add("team/app", None, artifact(self.image, "application/x-copy", self.image.bytes))
        self.mirrors(0)
        self.assertIn(one.digest, self.destination.manifests["team/app"])
        self.assertEqual(self.destination.blobs["team/app"][self.image.digest], self.image.bytes)

    def test_referrers_that_lie_too_deep_are_told(self):
        chain = [self.image]
        for number in range(6):
            chain.append(self.source.add("team/app", None, artifact(chain[-1], f"application/x-{number}")))
        result = self.ok(*self.words, "--referrers")
        there = self.destination.manifests["team/app"]
        self.assertEqual([one.digest in there for one in chain], [True] * 5 + [False] * 2)
        said = f"what refers to {chain[4].digest[7:19]} is left out"
        self.assertIn(said, result.err)
        listing = self.ok("referrers", f"{self.source.host}/team/app:1.0")
        self.assertIn(said, listing.err)


class Removals(FaultCase):
    def setUp(self):
        super().setUp()
        self.there = self.registry()
        for tag in ("1.0", "2.0"):
            self.there.add("team/app", tag, image(tag))

    def test_what_is_left_of_a_repository_is_told(self):
        self.there.on("DELETE", self.there.tags["team/app"]["1.0"], status(409, "DENIED"))
        result = self.regctl("rm", "--repository", f"{self.there.host}/team/app", "--yes")
        self.assertEqual(result.code, UNSUPPORTED, result.err)
        self.assertIn("1.0 is left", result.err)
        self.assertEqual(list(self.there.tags["team/app"]), ["1.0"])

    def test_a_child_of_an_index_in_an_index_stays(self):
        child = image("child")
        self.there.add("team/app", "child", child)
        self.there.add("team/app", "all", index([index([child]), image("other", architecture="arm64")]))
        result = self.regctl("rm", f"{self.there.host}/team/app:child")
        self.assertEqual(result.code, UNSUPPORTED, result.err)
        self.assertIn("all", result.err)
        self.assertIn(child.digest, self.there.manifests["team/app"])

    def test_a_referrer_is_listed_no_more(self):
        source = self.registry(has_referrers=True)
        app = source.add("team/app", "app", image("app"))
        both = [source.add("team/app", None, artifact(app, f"application/x-{kind}")) for kind in "ab"]
        self.ok("copy", f"{source.host}/team/app:app", f"{self.there.host}/team/app:app", "--referrers")
        tag = app.digest.replace(":", "-")
        for number, one in enumerate(both):
            self.ok("rm", f"{self.there.host}/team/app@{one.digest}")
            listed = self.ok("referrers", "--format", "json", f"{self.there.host}/team/app:app").json["referrers"]
            self.assertEqual(len(listed), 1 - number)
        self.assertNotIn(tag, self.there.tags["team/app"])


class Names(FaultCase):
    def test_a_manifest_is_put_under_a_sha512(self):
        there = self.registry()
        document = there.add("team/app", "1.0", image("app"))
        self.write("manifest.json", document.bytes)
        name = "sha512:" + hashlib.sha512(document.bytes).hexdigest()
        self.ok("manifest", "put", f"{there.host}/team/app@{name}", "manifest.json")
        self.assertEqual(there.manifests["team/app"][name][1], document.bytes)
        result = self.regctl("manifest", "put", f"{there.host}/team/app@sha512:{'0' * 128}", "manifest.json")
        self.assertEqual(result.code, USAGE, result.err)
        self.assertIn(name, result.err)


class Storms(FaultCase):
    def test_a_storm_of_429_that_ends(self):
        for more in ({"Retry_After": "0"}, {"Retry_After": "1"}, {}):
            with self.subTest(more):
                for registry in self.ends():
                    registry.on(None, "/v2/team/", status(429, "TOOMANYREQUESTS", **more), times=3)
                self.copies()

    def test_a_storm_of_429_that_does_not_end(self):
        source, _ = self.ends()
        source.on(None, "/manifests/", status(429, "TOOMANYREQUESTS", Retry_After="0"))
        self.copy_fails(UNAVAILABLE, "429")
        self.assertLess(len(source.requests(None, "/manifests/")), 20)

    def test_a_time_that_is_too_long_to_wait(self):
        source, _ = self.ends()
        source.on(None, "/manifests/", status(429, "TOOMANYREQUESTS", Retry_After="100000"))
        self.copy_fails(UNAVAILABLE, "429")

    def test_connections_that_are_lost(self):
        for registry in self.ends():
            for method in ("GET", "HEAD", "PUT"):
                registry.on(method, "", lose, times=1)
        self.copies()

    def test_errors_of_a_server_that_pass(self):
        for registry in self.ends():
            for method in ("GET", "HEAD"):
                registry.on(method, "/v2/team/", status(503), times=1)
        self.copies()

    def test_errors_of_a_server_that_stay(self):
        source, _ = self.ends()
        source.on("GET", BLOB, status(500))
        self.copy_fails(UNAVAILABLE, "500")


class RateLimits(FaultCase):
    """A limit that is told with each answer, and how soon it is renewed."""

    LIMIT = 10

    def tell_limit(self, registry, renewed_in):
        """Refuses what comes beyond the limit, which is renewed when somebody has waited for that."""
        lock, left, since = threading.Lock(), [self.LIMIT], [None]

        def fault(answer):
            with lock:
                if left[0] == 0 and time.monotonic() - since[0] >= renewed_in:
                    left[0] = self.LIMIT
                if left[0] == 0:
                    status(429, "TOOMANYREQUESTS")(answer)
                    return
                left[0] -= 1
                since[0] = time.monotonic()
                answer.headers.update({"RateLimit-Limit": str(self.LIMIT), "RateLimit-Remaining": str(left[0]),
                                       "RateLimit-Reset": str(renewed_in)})
        registry.on(None, "/v2/team/", fault)

    def test_no_request_is_made_that_would_be_too_many(self):
        source, destination = self.registry(), self.registry()
        for number in range(12):
            source.add("team/app", f"1.{number}", image(number))
        self.tell_limit(source, 1)
        result = self.ok("mirror", f"{source.host}/team/app", f"{destination.host}/team/app", "--jobs", "4")
        self.assertEqual([one for one in source.requests() if one.status == 429], [])
        self.assertGreater(len(source.requests(None, "/v2/team/")), 2 * self.LIMIT)
        self.assertEqual(result.err.count("requests wait up to 1.0 s"), 1, result.err)
        self.assertEqual(destination.tags, source.tags)

    def test_a_limit_that_nobody_can_wait_for_is_told(self):
        source, _ = self.ends()
        source.on(None, "/manifests/", headers(RateLimit_Limit="100;w=21600", RateLimit_Remaining="0;w=21600"))
        result = self.copies()
        self.assertIn("is used up (100;w=21600)", result.err)
        self.assertNotIn("requests wait", result.err)


class Listings(FaultCase):
    """`images` of a registry whose catalog has several pages."""

    NAMES = [f"team/app-{number}" for number in range(6)]

    def setUp(self):
        super().setUp()
        self.listed = self.registry(page=2)
        for name in self.NAMES:
            for tag in ("1.0", "2.0"):
                self.listed.add(name, tag, image(name + tag))

    def rows(self, text):
        return [(row["repository"], row["tag"]) for row in json.loads(text)]

    def all_rows(self, names=NAMES):
        return [(name, tag) for name in names for tag in ("1.0", "2.0")]

    def test_what_is_known_is_shown_while_the_catalog_is_still_read(self):
        may_go_on, was_shown = threading.Event(), []
        self.listed.on("GET", r"/_catalog\?.*last=", lambda _: was_shown.append(may_go_on.wait(PATIENCE_S)), times=1)
        process = self.start_regctl("images", self.listed.host, "--format", "json", bufsize=0)
        lines = []
        while not lines or self.NAMES[1] not in lines[-1]:
            lines.append(process.stdout.readline().decode())
            self.assertTrue(lines[-1], "ended early")
        for name in self.NAMES[:2]:
            self.assertTrue(self.listed.requests("GET", f"/{name}/tags/list"))
        self.assertFalse(self.listed.requests("GET", f"/{self.NAMES[2]}/tags/list"))
        may_go_on.set()
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual((process.returncode, was_shown), (0, [True]), err)
        self.assertEqual(self.rows("".join(lines) + out.decode()), self.all_rows())

    def test_a_page_that_fails_ends_what_was_listed_before(self):
        self.listed.on("GET", r"/_catalog\?.*last=.*app-3", status(403, "DENIED"))
        result = self.regctl("images", self.listed.host, "-q")
        self.assertEqual(result.code, UNSUPPORTED, result.err)
        self.assertIn("its catalog is closed", result.err)
        self.assertEqual(len(result.out.splitlines()), 8)
        self.listed.faults.clear()
        self.listed.on("GET", "/_catalog", status(403, "DENIED"))
        result = self.regctl("images", self.listed.host)
        self.assertEqual((result.code, result.out), (UNSUPPORTED, ""), result.err)
        self.assertIn("its catalog is closed", result.err)

    def test_names_that_come_twice_are_listed_once(self):
        self.listed.on("GET", r"/_catalog\?.*last=.*app-1", body(json.dumps(
            {"repositories": [self.NAMES[1], self.NAMES[3], self.NAMES[2]]}).encode()))
        self.assertEqual(self.rows(self.ok("images", self.listed.host, "--format", "json").out), self.all_rows())

    def test_a_namespace_has_its_own_alone(self):
        self.listed.add("other/app", "1.0", image("other"))
        self.assertEqual(self.rows(self.ok("images", f"{self.listed.host}/team/", "--format", "json").out),
                         self.all_rows())
        self.fails(NOT_FOUND, "images", f"{self.listed.host}/none/", saying="no repository below none/")


class Mounts(FaultCase):
    """A blob that an earlier run brought into another repository of the destination."""

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.registry(), self.registry()
        self.base = image("base", 2, 20_000)
        self.source.add("team/app", "1.0", image("app", 1, 5_000, self.base))
        self.mirror()
        self.new = self.source.add("team/new", "1.0", image("new", 1, 5_000, self.base))
        self.source.log.clear()
        self.destination.log.clear()

    def mirror(self):
        self.ok("mirror", self.source.host, self.destination.host)

    def mounts(self, name="team/new"):
        """How each mount of a layer of the base was answered."""
        found = [self.destination.requests("POST", f"/{name}/.*mount={digest_of(layer).replace(':', '%3A')}.*from=")
                 for layer, _ in self.base.layers]
        return [one.status for some in found for one in some]

    def fetched(self):
        return [digest for digest in (digest_of(layer) for layer, _ in self.base.layers)
                if self.source.requests("GET", f"/blobs/{digest}")]

    def test_is_mounted_from_there(self):
        self.mirror()
        self.assertWhole(self.destination, "team/new", "1.0", self.new)
        self.assertEqual((self.mounts(), self.fetched()), ([201, 201], []))

    def test_is_sent_where_it_is_there_no_more(self):
        gone = digest_of(self.base.layers[0][0])
        del self.destination.blobs["team/app"][gone]
        self.mirror()
        self.assertWhole(self.destination, "team/new", "1.0", self.new)
        self.assertEqual((sorted(self.mounts()), self.fetched()), ([201, 202], [gone]))
        newest = self.source.add("team/newest", "1.0", image("newest", 1, 5_000, self.base))
        self.source.log.clear()
        self.mirror()  # and then known to be where it was sent
        self.assertWhole(self.destination, "team/newest", "1.0", newest)
        self.assertEqual((self.mounts("team/newest"), self.fetched()), ([201, 201], []))


class Uploads(FaultCase):
    def test_a_session_that_is_lost(self):
        _, destination = self.ends()
        destination.on("PUT", "/uploads/", status(404, "BLOB_UPLOAD_UNKNOWN"), times=1)
        self.copies()

    def test_sessions_that_are_always_lost(self):
        _, destination = self.ends()
        destination.on("PUT", "/uploads/", status(404, "BLOB_UPLOAD_UNKNOWN"))
        self.copy_fails(UNAVAILABLE)
        self.assertLess(len(destination.requests("PUT", "/uploads/")), 30)

    def test_a_session_that_is_lost_between_chunks(self):
        _, destination = self.ends()
        destination.on("PATCH", "/uploads/", status(404, "BLOB_UPLOAD_UNKNOWN"), times=1, skip=1)
        self.copies("--chunk-size", "16384")
        self.assertGreater(len(destination.requests("PATCH", "/uploads/")), 6)

    def test_a_location_at_a_foreign_host_gets_no_token(self):
        foreign = self.registry()
        self.ends()
        self.destination = self.registry(users={"acme": "secret"})
        self.old = self.destination.add("team/app", "1.0", image("old"))
        self.destination.on("POST", "/uploads/", headers(Location=f"http://{foreign.host}/v2/team/app/blobs/uploads/x"))
        self.log_in(self.destination.host)
        self.copy_fails((NOT_FOUND, DENIED, UNAVAILABLE, PROTOCOL))
        self.assertNoSecrets(foreign)

    def test_a_manifest_that_is_refused(self):
        _, destination = self.ends()
        destination.on("PUT", "/manifests/", status(400, "MANIFEST_INVALID"))
        self.assertIn("manifest", self.copy_fails((PROTOCOL, UNSUPPORTED)).err.lower())

    def test_a_mount_that_is_refused(self):
        registry = self.registry()
        new = registry.add("team/app", "1.0", image("new", 2, 50_000))
        registry.on("POST", "mount=", status(400, "UNSUPPORTED"))
        self.ok("copy", f"{registry.host}/team/app:1.0", f"{registry.host}/team/copy:1.0")
        self.assertWhole(registry, "team/copy", "1.0", new)


class Credentials(FaultCase):
    def secured(self):
        source, destination = self.ends(users={"acme": "secret"})
        self.log_in(source.host)
        return source, destination

    def test_tokens_that_end_between_requests(self):
        """Twice, as a request is sent again with two new tokens: one more may end while it is under way."""
        source, _ = self.secured()
        left = ["/manifests/", self.layer()]

        def expire(path, answer):
            if answer.status == 200 and path in left:
                left.remove(path)
                source.expire_tokens()
        for path in tuple(left):
            source.on("GET", path, functools.partial(expire, path))
        self.copies()
        self.assertEqual(left, [])
        self.assertGreaterEqual(source.token_count, 2)

    def test_a_token_that_ends_in_the_middle_of_a_blob(self):
        source, _ = self.secured()

        def expire(answer):
            if answer.status == 200:
                source.expire_tokens()
                answer.cut_after = 20_000
        source.on("GET", self.layer(), expire)
        self.copies()
        parts = [record for record in source.requests("GET", self.layer()) if record.status == 206]
        self.assertEqual(len(parts), 1)

    def test_tokens_that_are_never_good(self):
        source, _ = self.secured()
        source.good_tokens = Refusing()
        self.copy_fails(DENIED)
        self.assertLess(source.token_count, 5)

    def test_a_blob_elsewhere_gets_no_token(self):
        source, _ = self.secured()
        elsewhere = self.registry()
        elsewhere.add("team/app", "1.0", self.image)
        source.on("GET", self.layer(), redirect(f"http://{elsewhere.host}/v2/team/app/blobs/{self.layer()}"))
        self.copies()
        self.assertEqual(len(elsewhere.requests("GET", BLOB)), 1)
        self.assertNoSecrets(elsewhere)

    def test_redirects_that_lead_in_a_circle(self):
        source, _ = self.secured()
        source.on("GET", self.layer(), redirect(f"http://{source.host}/v2/team/app/blobs/{self.layer()}"))
        self.copy_fails((UNAVAILABLE, PROTOCOL))
        self.assertLess(len(source.requests("GET", self.layer())), 60)

    def test_pages_elsewhere_get_no_token(self):
        source, _ = self.secured()
        elsewhere = self.registry()
        elsewhere.add("team/app", "9.9", image("other"))
        source.on("GET", "/tags/list",
                  headers(Link=f'<http://{elsewhere.host}/v2/team/app/tags/list?last=1.0>; rel="next"'))
        self.assertNotIn("9.9", self.regctl("tags", source.host + "/team/app").out)
        self.assertNoSecrets(elsewhere)

    def test_a_realm_elsewhere_without_tls(self):
        """A registry with TLS cannot have a password sent in the clear."""
        self.make_key("server", "/CN=127.0.0.1", names="IP:127.0.0.1")
        foreign = self.registry(users={"acme": "secret"})
        self.ends(users={"acme": "secret"}, tls=(self.path("server.crt"), self.path("server.key")))
        self.source.realm = f"http://{foreign.host}/token"
        self.log_in(self.source.host)
        result = self.regctl(*self.words, "--ca-file", self.path("server.crt"))
        self.assertIn(result.code, (DENIED, PROTOCOL, UNSUPPORTED), result.err)
        self.assertNoSecrets(foreign)

    def test_no_secret_is_printed(self):
        source, _ = self.secured()
        source.on("GET", BLOB, status(500))
        result = self.copy_fails(UNAVAILABLE)
        for secret in ("secret", base64.b64encode(b"acme:secret").decode(), "token-1"):
            self.assertNotIn(secret, result.err + result.out)


def redirect(to):
    def fault(answer):
        answer.status, answer.body = 307, b""
        answer.headers["Location"] = to
    return fault


class Pages(FaultCase):
    def with_tags(self, count, **options):
        registry = self.registry(**options)
        document = registry.add("team/app", "t000", image("a"))
        for number in range(1, count):
            registry.tags["team/app"][f"t{number:03}"] = document.digest
        return registry

    def loops(self, registry, *words):
        result = self.regctl(*words)
        self.assertEqual(result.code, PROTOCOL, result.err + result.out)
        self.assertLess(len(registry.log), 200)

    def test_all_pages_are_read(self):
        registry = self.with_tags(25, page=10)
        self.assertEqual(self.ok("tags", registry.host + "/team/app").out.split(), sorted(registry.tags["team/app"]))
        self.assertEqual(len(registry.requests("GET", "/tags/list")), 3)

    def test_a_page_that_leads_to_itself(self):
        registry = self.with_tags(25, page=10)
        registry.on("GET", "/tags/list.*last=", headers(Link='</v2/team/app/tags/list?n=10&last=t009>; rel="next"'))
        self.loops(registry, "tags", registry.host + "/team/app")

    def test_pages_with_a_new_address_and_nothing_new(self):
        registry = self.with_tags(25, page=10)
        counter = iter(range(10**9))

        def another(answer):
            answer.headers["Link"] = f'</v2/team/app/tags/list?n=10&last=t009&x={next(counter)}>; rel="next"'
        registry.on("GET", "/tags/list.*last=", another)
        self.loops(registry, "tags", registry.host + "/team/app")

    def test_a_catalog_that_loops(self):
        registry = self.with_tags(1)
        registry.on("GET", "/_catalog", headers(Link='</v2/_catalog>; rel="next"'))
        self.loops(registry, "images", registry.host)

    def test_links_that_are_none(self):
        for link in ("", "x", "<", "<>; rel=\"next\"", "</v2/team/app/tags/list?last=t>; rel=\"previous\"",
                     "<http://[::1>; rel=next", "<" + "a" * 60_000 + ">; rel=next", "</v2/\x01>; rel=next"):
            with self.subTest(link[:40]):
                registry = self.with_tags(3)
                registry.on("GET", "/tags/list", headers(Link=link), times=1)
                result = self.regctl("tags", registry.host + "/team/app")
                self.assertIn(result.code, (0, NOT_FOUND, UNAVAILABLE, PROTOCOL), result.err)

    def test_names_that_are_none(self):
        for names in (["1.0", None], ["../../x"], ["a b"], [7], "1.0", {"a": 1}, [["1.0"]], ["\u001b[31m"]):
            with self.subTest(names):
                registry = self.with_tags(1)
                registry.on("GET", "/tags/list", body(json.dumps({"name": "team/app", "tags": names}).encode()))
                result = self.regctl("tags", registry.host + "/team/app")
                self.assertIn(result.code, (0, PROTOCOL), result.err)
                self.assertNotIn("\x1b", result.out + result.err)
                self.assertNotIn("..", result.out)


class Layouts(FaultCase):
    def layout(self, document):
        folder = self.path("layout")
        for digest, content in {**document.all_blobs(), **{m.digest: m.bytes for m in document.manifests()}}.items():
            self.put(folder, digest, content)
        self.write("layout/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        self.write("layout/index.json", json.dumps({"schemaVersion": 2, "manifests": [document.descriptor(
            annotations={"org.opencontainers.image.ref.name": "1.0"})]}))
        return folder

    @staticmethod
    def put(folder, digest, content):
        path = os.path.join(folder, "blobs", digest.replace(":", "/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def copy_is_refused(self, codes):
        self.source, self.destination = None, self.registry()
        self.old = self.destination.add("team/app", "1.0", image("old"))
        result = self.regctl("copy", "oci:layout:1.0", self.destination.host + "/team/app:1.0")
        self.assertIn(result.code, codes, result.err)
        self.assertEqual(self.destination.tags["team/app"], {"1.0": self.old.digest})

    def test_a_blob_that_is_a_link(self):
        secret = b"not for others"
        self.write("outside", secret)
        good = image("new")
        document = json.loads(good.bytes)
        document["layers"] = [describe(secret, "application/octet-stream")]
        folder = self.layout(Document(document, MANIFEST, good.blobs.values()))
        path = os.path.join(folder, "blobs", digest_of(secret).replace(":", "/"))
        for target in (self.path("outside"), "../../../outside"):
            with self.subTest(target):
                os.symlink(target, path)
                self.copy_is_refused((NOT_FOUND, PROTOCOL, INTEGRITY, 8))
                self.assertNotIn(digest_of(secret), self.destination.blobs["team/app"])
                os.remove(path)

    def test_an_index_that_is_a_pipe(self):
        folder = self.layout(image("new"))
        os.remove(os.path.join(folder, "index.json"))
        os.mkfifo(os.path.join(folder, "index.json"))
        self.copy_is_refused((NOT_FOUND, PROTOCOL, 8))

    def test_a_blob_with_other_bytes_is_refused(self):
        good = image("new")
        self.put(self.layout(good), digest_of(good.layers[0][0]), b"another")
        self.copy_is_refused((INTEGRITY,))


if __name__ == "__main__":
    main()
