#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is special of storage trees in a bucket: docker-registry's settings and keys, requests, redirects, rights, gc,
copies by the server, and what a proxy or kill -9 does to all that."""

import concurrent.futures
import difflib
import hashlib
import http.client
import json
import os
import re
import signal
import sys
import time
import urllib.parse
from xml.sax.saxutils import escape

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from s3_server import shared_server  # noqa: E402
from harness import ROOT, Layer, RegctlServer, interrupt, main, make_archive, wait_for  # noqa: E402
from s3_case import S3Case  # noqa: E402

MIB = 1 << 20
MARK_HOLDS_S = 100  # less than a young mark of a process that may be alive keeps others waiting


class Bucket(S3Case):
    @property
    def tree(self):
        return f"v1-storage:s3://{self.bucket.name}/registry"

    def serve(self, *options, storage=None, env=None):
        """regctl serve on the tree, or as the environment says."""
        extra = {} if env else {"storage": storage or f"s3://{self.bucket.name}/registry"}
        return self.start(RegctlServer, *options, env={**self.s3_environment, **(env or {})}, **extra)

    def original_environment(self, **more):
        """What docker-registry's container is told."""
        endpoint = urllib.parse.urlsplit(self.s3_environment["AWS_ENDPOINT_URL"])
        return {"SETTINGS_FLAVOR": "s3", "AWS_BUCKET": self.bucket.name, "AWS_HOST": endpoint.hostname,
                "AWS_PORT": str(endpoint.port), "AWS_SECURE": "false", "AWS_ENCRYPT": "false",
                "AWS_KEY": self.bucket.access_key, "AWS_SECRET": self.bucket.secret_key, "STORAGE_PATH": "/registry",
                "AWS_CALLING_FORMAT": "boto.s3.connection.OrdinaryCallingFormat", **more}

    def push_archive(self, image="team/app:1.0", seeds=("base", "top"), size=5000):
        layers = make_archive(self.path("app.tar"), seeds, size)
        self.ok("push", "app.tar", f"{self.tree}:{image}")
        return layers

    @staticmethod
    def grow_old(proxy):
        """Everything looks as if it were of 2015."""
        proxy.fault(method="GET", query="list-type", times=None,
                    replace=[["(<LastModified>)20[0-9]{2}", r"\g<1>2015"]])
        proxy.fault(method="GET", query="uploads", times=None, replace=[["(<Initiated>)20[0-9]{2}", r"\g<1>2015"]])

    def assert_sound(self):
        result = self.regctl("audit", "--deep", self.tree)
        self.assertEqual(result.code, 0, result.out + result.err)


class Settings(Bucket):
    def test_every_spelling_of_the_storage_path_means_the_same_keys(self):
        layer = Layer("a", 100)
        for path, prefix in (("/registry", "registry/"), ("registry/", "registry/"), ("/a/b/", "a/b/"), ("/", "")):
            with self.subTest(path):
                self.bucket.empty()
                server = self.serve(env=self.original_environment(STORAGE_PATH=path, AWS_ACCESS_KEY_ID="",
                                                                  AWS_REGION=""))
                self.assertEqual(server.push(layer, "team/deep/app"), [200, 200, 200, 200, 200, 204])
                self.assertEqual(server.end(), 0)
                self.assertIn(f"{prefix}repositories/team/deep%252Fapp/tag_1.0", self.bucket.keys())
                self.assertEqual([key for key in self.bucket.keys() if not key.startswith(
                    (f"{prefix}images/", f"{prefix}repositories/"))], [])
                again = self.serve(env=self.original_environment(STORAGE_PATH=path))
                self.assertEqual([r["name"] for r in json.loads(again.get("/v1/search?q="))["results"]],
                                 ["team/deep/app"])
                again.end()

    def test_a_configuration_file_of_docker_registry_names_the_bucket(self):
        endpoint = urllib.parse.urlsplit(self.bucket.endpoint)
        self.write("config.yml", f"""
common: &common
    search_backend: _env:SEARCH_BACKEND:sqlalchemy
s3: &s3
    <<: *common
    storage: s3
    boto_bucket: _env:AWS_BUCKET
    s3_access_key: _env:AWS_KEY
    s3_secret_key: _env:AWS_SECRET
    s3_secure: false
    s3_encrypt: false
    boto_host: {endpoint.hostname}
    boto_port: {endpoint.port}
    storage_path: _env:STORAGE_PATH:/registry
""")
        env = {"SETTINGS_FLAVOR": "s3", "DOCKER_REGISTRY_CONFIG": self.path("config.yml"), "STORAGE_PATH": "/x",
               "AWS_BUCKET": self.bucket.name, "AWS_KEY": self.bucket.access_key, "AWS_SECRET": self.bucket.secret_key}
        server = self.serve("--config", self.path("config.yml"), env=env)
        self.assertEqual(server.push(Layer("a", 100))[-1], 204)
        self.assertIn("x/repositories/team/app/tag_1.0", self.bucket.keys())

    def test_flavors_that_no_bucket_holds_are_refused(self):
        for flavor in ("azureblob", "glance", "glance-swift", "elliptics", "unheard-of"):
            with self.subTest(flavor):
                result = self.regctl("serve", "--listen", "127.0.0.1:0", env={"SETTINGS_FLAVOR": flavor})
                self.assertEqual(result.code, 9, result.err)
                self.assertIn("not supported", result.err)

    def test_a_wrong_secret_and_a_missing_bucket_are_told(self):
        self.push_archive()
        wrong = {"AWS_SECRET_ACCESS_KEY": "not the secret"}
        result = self.fails(4, "tags", f"{self.tree}:team/app", env=wrong)
        self.assertNotIn("not the secret", result.err)
        self.fails(3, "tags", f"v1-storage:s3://{self.bucket.name}-gone/registry:team/app", saying="-gone")


class Keys(Bucket):
    def test_a_push_and_a_removal_write_what_docker_registry_writes(self):
        """Line by line, but for what tests/data/bucket/deviations.txt has, with its reasons."""
        base, top = Layer("base", 6 * MIB), Layer("top", 100)
        top.json = json.dumps({"id": top.id, "parent": base.id}).encode()
        images = {"BASE": base, "TOP": top}
        proxy = self.start_proxy()
        server = self.serve(env=self.original_environment(AWS_ENCRYPT="true"))
        originals, ours = self.data_lines("original-writes.txt"), []
        for line in originals:
            if not line.startswith("# "):
                continue
            ours.append(line)
            proxy.forget()
            answer = self.ask(server, images, *line.removeprefix("# ").split())
            self.assertLess(answer.status, 300, line)
            ours += [self.describe(record, images) for record in proxy.requests()
                     if record["method"] not in ("GET", "HEAD")]
        # Signatures cover the bytes here, where the original's cover this field instead.
        originals = [line.replace("  Content-MD5 ", "  ").replace("  Content-MD5", "") for line in originals]
        difference = [line for line in difflib.ndiff(originals, ours) if line[0] in "-+"]
        self.assertEqual(difference, [line for line in self.data_lines("deviations.txt") if line[0] in "-+"])
        self.assertEqual((self.bucket.keys("registry/repositories/"), self.bucket.uploads()), ([], []))

    @staticmethod
    def data_lines(name):
        """Without the blank ones."""
        with open(os.path.join(ROOT, "tests/data/bucket", name), encoding="ascii") as file:
            return [line.rstrip("\n") for line in file if line.strip()]

    @staticmethod
    def ask(server, images, method, path):
        """One v1 request of a push or a removal; the path has names in place of IDs."""
        layer = images.get(path.split("/")[3])
        part = path.rsplit("/", 1)[1]
        headers = {"X-Docker-Checksum-Payload": layer.checksum} if part == "checksum" else {}
        bodies = {"json": layer and layer.json, "layer": layer and layer.data, "checksum": None,
                  "1.0": json.dumps(images["TOP"].id), "latest": json.dumps(images["TOP"].id)}
        body = bodies.get(part, json.dumps([{"id": image.id} for image in images.values()]))
        for name, image in images.items():
            path = path.replace(f"/{name}/", f"/{image.id}/")
        return server.ask(method, path, None if method == "DELETE" else body, headers)

    @staticmethod
    def describe(record, images):
        """A request as the recording describes it."""
        key = record["key"].removeprefix("registry/")
        for name, image in images.items():
            key = key.replace(image.id, name)
        query = "&".join(f"{name}={value}" if name == "partNumber" else name
                         for name, value in sorted(record["query"].items(), reverse=True))
        values = record["headers"]
        fields = [f"{name}={value}" if name in ("Content-Type", "x-amz-server-side-encryption") else name
                  for name, value in sorted(values.items())]
        return (f"{record['method']} {key}{'?' if query else ''}{query}  {' '.join(fields)}").rstrip()

    def test_foreign_keys_under_the_prefix_are_passed_over(self):
        self.push_archive()
        foreign = ["registry/readme.txt", "registry/images/", "registry/images/x/json", "registry/repositories/a",
                   "registry/repositories/team/", "registry/images/notes.txt", "other/images/y/json"]
        for key in foreign:
            self.bucket.put(key, b"foreign")
        self.assert_sound()
        self.assertEqual(self.ok("tags", f"{self.tree}:team/app").out, "1.0\n")
        server = self.serve()
        self.assertEqual([r["name"] for r in json.loads(server.get("/v1/search?q="))["results"]], ["team/app"])
        self.ok("pull", f"{server.host}/team/app:1.0", "out.tar")
        self.assertEqual({self.bucket.get(key) for key in foreign}, {b"foreign"})


class Requests(Bucket):
    def test_a_push_takes_nine_requests_an_image_and_a_pull_three(self):
        proxy = self.start_proxy()
        server = self.serve()
        json.loads(server.get("/v1/search?q="))
        images = [Layer(f"image-{i}", 1000) for i in range(3)]
        for layer in images:
            proxy.forget()
            server.push(layer)
            of_image = proxy.requests(key=f"images/{layer.id}/")
            listings = [r for r in proxy.requests("GET") if layer.id in r["query"].get("prefix", "")]
            self.assertLessEqual(len(of_image) + len(listings), 9, of_image + listings)
        again = self.serve()
        json.loads(again.get("/v1/search?q="))
        for layer in images:
            proxy.forget()
            for part in ("json", "layer"):
                again.ask("GET", f"/v1/images/{layer.id}/{part}")
            self.assertLessEqual(len(proxy.requests()), 3, proxy.requests())

    def test_a_large_layer_takes_one_request_more_a_part(self):
        proxy = self.start_proxy()
        server = self.serve()
        layer = Layer("large", 20 * MIB)
        proxy.forget()
        self.assertEqual(server.push(layer)[-1], 204)
        parts = [r for r in proxy.requests("PUT") if "partNumber" in r["query"]]
        self.assertGreater(len(parts), 1)
        listings = [r for r in proxy.requests("GET") if layer.id in r["query"].get("prefix", "")]
        self.assertLessEqual(len(proxy.requests(key=f"images/{layer.id}/")) + len(listings), 10 + len(parts))
        self.assertEqual(self.bucket.get(f"registry/images/{layer.id}/layer"), layer.data)

    def test_search_is_answered_503_until_the_bucket_is_listed(self):
        self.push_archive()
        proxy = self.start_proxy()
        proxy.fault(method="GET", query="prefix=registry/repositories/", stall="answer", times=None)
        server = self.serve()
        proxy.wait_for_stalled()
        answer = server.ask("GET", "/v1/search?q=")
        self.assertEqual(answer.status, 503)
        self.assertIn("Retry-After", answer.headers)
        self.assertEqual(server.ask("GET", "/v1/_ping").status, 200)
        proxy.forget()
        proxy.release()
        wait_for(lambda: server.ask("GET", "/v1/search?q=").status == 200, "the listing")


class Redirects(Bucket):
    def setUp(self):
        super().setUp()
        self.layer = Layer("a", 50_000)
        self.server = self.serve(env=self.original_environment(STORAGE_REDIRECT="true"))
        self.assertEqual(self.server.push(self.layer)[-1], 204)

    def test_a_layer_is_redirected_and_ranges_work_there(self):
        answer = self.server.ask("GET", f"/v1/images/{self.layer.id}/layer")
        self.assertEqual(answer.status, 302)
        url = urllib.parse.urlsplit(answer.headers["Location"])
        self.assertNotIn(self.bucket.secret_key, urllib.parse.unquote(answer.headers["Location"]))
        for headers, status, expected in (({}, 200, self.layer.data), ({"Range": "bytes=100-199"}, 206,
                                                                       self.layer.data[100:200])):
            connection = http.client.HTTPConnection(url.netloc)
            connection.request("GET", f"{url.path}?{url.query}", headers=headers)
            part = connection.getresponse()
            self.assertEqual((part.status, part.read()), (status, expected))
            connection.close()
        head = self.server.ask("HEAD", f"/v1/images/{self.layer.id}/layer")
        self.assertEqual((head.status, head.headers["Content-Length"]), (200, str(len(self.layer.data))))

    def test_pull_follows_it_without_credentials(self):
        """Ceph answers 400 to a request that is signed by its URL and brings an Authorization besides."""
        self.write("users", "alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n")
        guarded = self.serve("--htpasswd", self.path("users"), env=self.original_environment(STORAGE_REDIRECT="true"))
        image = f"{guarded.host}/team/app:1.0"
        self.assertNotEqual(self.regctl("pull", image, "none.tar").code, 0)
        self.ok("pull", image, "out.tar", env={"REGCTL_USERNAME": "alice", "REGCTL_PASSWORD": "secret"})
        self.assertIn(self.layer.id, self.ok("inspect", "docker-archive:out.tar", "--raw").out)


class Rights(Bucket):
    def test_reading_needs_no_right_to_write(self):
        self.push_archive()
        before = self.bucket.tree()
        proxy = self.start_proxy()
        for method in ("PUT", "POST", "DELETE"):
            proxy.fault(method=method, status=403, code="AccessDenied", times=None)
        server = self.serve("--read-only")
        self.ok("pull", f"{server.host}/team/app:1.0", "out.tar")
        self.assertIn("team/app", self.ok("images", self.tree).out)
        self.ok("audit", "--deep", self.tree)
        self.ok("gc", self.tree)
        self.ok("pull", f"{self.tree}:team/app:1.0", "out2.tar")
        self.assertEqual([r for r in proxy.requests() if r["method"] not in ("GET", "HEAD")], [])
        self.fails(4, "push", "app.tar", f"{self.tree}:team/other:1")
        self.assertEqual(self.bucket.tree(), before)


class Collection(Bucket):
    def test_a_grace_below_an_hour_is_refused_where_others_cannot_be_kept_out(self):
        layers = self.push_archive()
        self.fails(2, "gc", "--grace", "30m", "--apply", self.tree, saying="1h")
        self.ok("gc", "--grace", "30m", self.tree)  # to look is allowed
        self.ok("rm", f"{self.tree}:team/app:1.0")
        upload = self.bucket.start_upload(f"registry/images/{layers[0].id}/layer")
        self.ok("gc", "--grace", "1h", "--apply", self.tree)  # all that is young is spared
        self.assertEqual(self.ok("gc", "--apply", self.tree, "--format", "json").json["removed"], 0)
        self.assertTrue(self.bucket.keys(f"registry/images/{layers[1].id}/"))
        self.assertEqual([found[1] for found in self.bucket.uploads()], [upload])
        self.grow_old(self.start_proxy())
        self.assertEqual(self.ok("gc", "--grace", "1h", "--apply", self.tree, "--format", "json").json["removed"], 2)
        self.assertEqual((self.bucket.keys("registry/images/"), self.bucket.uploads()), ([], []))


    def test_a_key_that_may_not_be_read_stops_it_even_with_force(self):
        layers = self.push_archive()
        self.push_archive("team/other:1.0", ["base", "orphan"])
        self.ok("rm", f"{self.tree}:team/other:1.0")
        before = self.bucket.keys("registry/images/")
        proxy = self.start_proxy()
        self.grow_old(proxy)
        for key in (f"images/{layers[1].id}/json$", f"images/{layers[0].id}/json$", "repositories/team/app/tag_1.0$"):
            with self.subTest(key):
                proxy.forget()
                self.grow_old(proxy)
                proxy.fault(method="GET|HEAD", key=key, status=403, code="AccessDenied", times=None)
                if "tag_" in key:  # nothing but reading it can tell what it names
                    proxy.forget()
                    proxy.fault(method="GET", query="list-type", times=None, replace=[
                        ["(<LastModified>)20[0-9]{2}", r"\g<1>2015"], ["(<ETag>)[^<]*", r"\g<1>&quot;sse-c&quot;"]])
                    proxy.fault(method="GET|HEAD", key=key, status=403, code="AccessDenied", times=None)
                for words in ([], ["--force"], ["--apply"], ["--apply", "--force"]):
                    result = self.regctl("gc", self.tree, *words)
                    self.assertNotIn(result.code, (0, 10), result.err)
                    self.assertIn("AccessDenied", result.err)
                self.assertEqual(self.bucket.keys("registry/images/"), before)
        proxy.forget()
        self.grow_old(proxy)
        self.assertEqual(self.ok("gc", self.tree, "--apply", "--format", "json").json["removed"], 1)


class Kills(Bucket):
    ROUNDS = min(int(os.environ.get("REGCTL_ROUNDS", "7")), 50)  # of each command

    def kill_at(self, proxy, number, *words):
        """Kills the command when its request `number` that changes something has reached the server. Returns False if
        it made fewer of them, and what it printed."""
        proxy.forget()
        proxy.fault(method="PUT|POST|DELETE", nth=number, stall="answer")
        process = self.start_regctl(*words)
        wait_for(lambda: proxy.is_stalled() or process.poll() is not None, "the moment")
        was_stalled = process.poll() is None
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        proxy.release()
        return was_stalled, out.decode()

    def test_killed_pushes_lose_nothing_and_the_next_one_mends(self):
        kept = make_archive(self.path("kept.tar"), ["base", "kept"], 5000)
        self.ok("push", "kept.tar", f"{self.tree}:team/kept:1")
        make_archive(self.path("app.tar"), ["base", "middle", "top"], 5000)
        proxy = self.start_proxy()
        for number in range(1, self.ROUNDS + 1):
            with self.subTest(number):
                target = f"{self.tree}:team/app-{number}:1"
                if not self.kill_at(proxy, number, "push", "app.tar", target)[0]:
                    break
                self.ok("pull", f"{self.tree}:team/kept:1", f"kept-{number}.tar")
                self.ok("push", "app.tar", target)
                self.assert_sound()
                for key in self.bucket.keys("registry/images/"):
                    if kept[0].id not in key and kept[1].id not in key:
                        self.bucket.delete(key)
                self.bucket.empty(f"registry/repositories/team/app-{number}/")

    def test_killed_collections_leave_a_sound_tree(self):
        self.push_archive("team/kept:1")
        proxy = self.start_proxy()
        for number in range(1, self.ROUNDS + 1):
            with self.subTest(number):
                proxy.forget()
                self.grow_old(proxy)
                self.push_archive("team/gone:1", ["base", "gone-1", "gone-2"])
                self.ok("rm", f"{self.tree}:team/gone:1")
                proxy.fault(method="PUT|POST|DELETE", nth=number, stall="answer")
                process = self.start_regctl("gc", "--apply", self.tree)
                wait_for(lambda: proxy.is_stalled() or process.poll() is not None, "the moment")
                process.send_signal(signal.SIGKILL)
                process.communicate()
                proxy.release()
                proxy.forget()
                self.assert_sound()
                self.ok("pull", f"{self.tree}:team/kept:1", f"kept-{number}.tar")
                # Nobody waits for the process that was killed, whose marks are young.
                begin = time.monotonic()
                self.push_archive("team/gone:2", ["base", "gone-1", "gone-2"])
                self.assertLess(time.monotonic() - begin, MARK_HOLDS_S)
                self.assert_sound()
                self.ok("rm", f"{self.tree}:team/gone:2")

    def mirror_killed(self, source, wanted):
        """Mirrors `source` into the bucket, killed at one moment after the other; the next run finishes what was
        begun. wanted: "NAME:TAG" → ID of the image."""
        make_archive(self.path("kept.tar"), ["base", "kept"], 5000)
        proxy = self.start_proxy()
        kinds = set()
        for number in range(1, self.ROUNDS + 1):
            with self.subTest(number):
                self.bucket.empty("registry/")
                self.ok("push", "kept.tar", f"{self.tree}:team/kept:1")
                words = ("mirror", source, self.tree)
                was_stalled, out = self.kill_at(proxy, number, *words)
                kinds |= {re.sub(".*/", "", r["key"]) for r in proxy.requests()[-1:]}
                proxy.forget()
                self.assert_sound()
                self.ok("pull", f"{self.tree}:team/kept:1", f"kept-{number}.tar")
                for name in re.findall(r"^copied (\S+) ", out, re.M):  # what was acknowledged is there
                    self.assertEqual(self.ok("inspect", f"{self.tree}:{name}").json["id"], wanted[name])
                    self.ok("pull", f"{self.tree}:{name}", "acknowledged.tar")
                begin = time.monotonic()
                self.ok(*words)
                self.assertLess(time.monotonic() - begin, MARK_HOLDS_S)
                self.assert_sound()
                self.assertEqual(self.ok(*words).out, "")
                for name, identity in wanted.items():
                    self.assertEqual(self.ok("inspect", f"{self.tree}:{name}").json["id"], identity)
                self.ok("verify", source, self.tree, "--include", "team/app*", "--deep")
                # What the killed run began is never seen, and gc takes it away.
                self.assertLessEqual(len(self.bucket.uploads("registry/")), 2)
                if not was_stalled:
                    break
        return kinds

    def make_source(self, place):
        """Repositories that share their base, one with a layer in parts."""
        wanted = {}
        for name, seeds, size in (("app", ("base", "middle", "top"), 5000), ("app-2", ("base", "other"), 5000),
                                  ("app-large", ("large",), 9 * MIB)):
            layers = make_archive(self.path(f"{name}.tar"), seeds, size)
            self.ok("push", f"{name}.tar", f"{place}:team/{name}:1.0")
            wanted[f"team/{name}:1.0"] = layers[-1].id
        return wanted

    def test_killed_mirrors_lose_nothing_and_the_next_one_finishes(self):
        source = f"v1-storage:{self.path('source')}"
        self.mirror_killed(source, self.make_source(source))

    def test_killed_mirrors_within_the_server_lose_nothing_and_the_next_one_finishes(self):
        source = f"v1-storage:s3://{self.bucket.name}/source"
        self.mirror_killed(source, self.make_source(source))


class Interruptions(Bucket):
    def test_an_interrupted_push_ends_its_upload(self):
        make_archive(self.path("app.tar"), ["base"], 9 * MIB)
        proxy = self.start_proxy()
        proxy.fault(method="PUT", query="partNumber=2", stall="answer")
        process = self.start_regctl("push", "app.tar", f"{self.tree}:team/app:1.0")
        proxy.wait_for_stalled()
        interrupt(process)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual(self.bucket.uploads(), [])


class Copies(Bucket):
    """From bucket to bucket, which the server does by itself."""

    def setUp(self):
        super().setUp()
        self.layers = self.push_archive(seeds=("base", "middle", "top"))
        self.image = f"{self.tree}:team/app:1.0"
        self.copied = f"v1-storage:s3://{self.bucket.name}/copy"

    def layer_key(self, layer, prefix="copy"):
        return f"{prefix}/images/{layer.id}/layer"

    def layer_requests(self, proxy):
        """(method, whether it has a copy's source) of all requests for layers."""
        return {(r["method"], "x-amz-copy-source" in r["headers"]) for r in proxy.requests(key="/layer$")}

    def assert_equal_trees(self):
        """But for marks and lists, whose order is free."""
        for kind in ("images/", "repositories/team/app/tag_"):
            copied = {key.removeprefix("copy/"): data for key, data in self.bucket.tree("copy/" + kind).items()}
            self.assertEqual(copied, {key.removeprefix("registry/"): data
                                      for key, data in self.bucket.tree("registry/" + kind).items()})

    def test_layers_are_read_to_check_them_and_copied_by_the_server(self):
        other = shared_server().make_bucket()
        self.addCleanup(other.remove)
        proxy = self.start_proxy()
        for number, words in enumerate((("copy", self.image, f"{self.copied}:team/app:1.0"),
                                        ("mirror", self.tree, self.copied),
                                        ("copy", self.image, f"v1-storage:s3://{other.name}/copy:team/app:1.0"))):
            with self.subTest(words):
                self.bucket.empty("copy/")
                proxy.forget()
                result = self.ok(*words, "--format", "json")
                self.assertEqual(self.layer_requests(proxy), {("GET", False), ("PUT", True)})
                if number < 2:
                    self.assert_equal_trees()
                rows = [json.loads(line) for line in result.out.splitlines()] if number == 1 else result.json["tags"]
                self.assertTrue(rows[0]["verified"], rows)
        self.ok("audit", "--deep", f"v1-storage:s3://{other.name}/copy")
        self.assertEqual(other.get(self.layer_key(self.layers[0])), self.layers[0].data)

    def test_without_verification_nothing_is_read_and_nothing_claimed(self):
        proxy = self.start_proxy()
        flipped = bytearray(self.layers[0].data)
        flipped[100] ^= 1
        self.bucket.put(self.layer_key(self.layers[0], "registry"), bytes(flipped))
        self.fails(7, "copy", self.image, f"{self.copied}:team/app:1.0")
        self.assertIsNone(self.bucket.head(self.layer_key(self.layers[0])))
        self.assertEqual(self.bucket.keys("copy/repositories/"), [])
        self.bucket.empty("copy/")
        proxy.forget()
        result = self.ok("copy", "--no-verify", self.image, f"{self.copied}:team/app:1.0", "--format", "json")
        self.assertEqual(self.layer_requests(proxy), {("PUT", True)})
        self.assertEqual((result.json["tags"][0]["verified"], result.json["images_unverified"]), (False, 3))
        self.assert_equal_trees()
        # The checksum goes along as it was recorded: what is damaged is not made to look sound.
        self.assertIn("checksum wrong", self.regctl("audit", "--deep", self.copied).out)

    def test_a_layer_that_is_replaced_meanwhile_is_not_taken(self):
        proxy = self.start_proxy()
        proxy.fault(method="PUT", key=f"{self.layers[0].id}/layer$", stall="request", times=2)
        process = self.start_regctl("copy", self.image, f"{self.copied}:team/app:1.0")
        proxy.wait_for_stalled()
        self.bucket.put(self.layer_key(self.layers[0], "registry"), b"another layer")
        proxy.forget()
        proxy.release()
        _, err = process.communicate()
        self.assertEqual(process.returncode, 7, err)
        self.assertIsNone(self.bucket.head(self.layer_key(self.layers[0])))
        self.assertEqual(self.bucket.keys("copy/repositories/"), [])

    def test_where_the_server_copies_nothing_the_bytes_are_sent(self):
        for status, code in ((501, "NotImplemented"), (403, "AccessDenied")):
            with self.subTest(code):
                self.bucket.empty("copy/")
                proxy = self.start_proxy()
                proxy.fault(method="PUT", key="/layer$", status=status, code=code)
                self.ok("copy", "--jobs", "1", self.image, f"{self.copied}:team/app:1.0")
                self.assert_equal_trees()
                tries = [r for r in proxy.requests("PUT", "/layer$") if "x-amz-copy-source" in r["headers"]]
                self.assertEqual(len(tries), 1)  # it is remembered

    def test_what_another_key_may_read_is_sent(self):
        """A key for the one bucket need not be good for the other: the server cannot be asked to copy."""
        source = self.serve()
        proxy = self.start_proxy()
        self.ok("copy", f"{source.host}/team/app:1.0", f"{self.copied}:team/app:1.0")
        self.assertEqual(self.layer_requests(proxy), {("PUT", False)})


class Faults(Bucket):
    """What a proxy does to the requests of a copy, and what comes of it."""

    def setUp(self):
        super().setUp()
        self.layers = make_archive(self.path("app.tar"), ["base", "top"], 50_000)

    def assert_whole(self):
        for layer in self.layers:
            self.assertEqual(self.bucket.get(f"registry/images/{layer.id}/layer"), layer.data)
        self.assertEqual(self.bucket.uploads(), [])
        self.assert_sound()

    def test_a_copy_into_a_bucket_survives_what_passes(self):
        rows = ({"cut": "request"}, {"cut": "answer"}, {"cut": "after"}, {"status": 500, "code": "InternalError"},
                {"status": 503, "code": "SlowDown"}, {"status": 307, "to_itself": True})
        self.layers = make_archive(self.path("app.tar"), ["base"], 9 * MIB)  # two parts
        proxy = self.start_proxy()
        for which in ({"method": "PUT", "query": "partNumber"}, {"method": "PUT", "key": "/json$"},
                      {"method": "POST", "query": "uploads"}, {"method": "POST", "query": "uploadId"}):
            for row in rows:
                with self.subTest(f"{which} {row}"):
                    self.bucket.empty()
                    proxy.forget()
                    proxy.fault(**which, **row)
                    result = self.regctl("copy", "app.tar", f"{self.tree}:team/app:1.0")
                    self.assertEqual(result.code, 0, result.err)
                    # Whose answer is lost nobody knows, but gc will find it.
                    is_lost = which.get("query") == "uploads" and row.get("cut") in ("answer", "after")
                    self.assertLessEqual(len(self.bucket.uploads()), 1 if is_lost else 0)
                    for layer in self.layers:
                        self.assertEqual(self.bucket.get(f"registry/images/{layer.id}/layer"), layer.data)

    def test_a_copy_out_of_a_bucket_survives_what_passes(self):
        self.ok("copy", "app.tar", f"{self.tree}:team/app:1.0")
        proxy = self.start_proxy()
        for row in ({"cut": "request"}, {"cut": 0.5}, {"cut": "answer"}, {"status": 500, "code": "InternalError"},
                    {"status": 503, "code": "SlowDown"}, {"status": 307, "to_itself": True}):
            with self.subTest(row):
                proxy.forget()
                proxy.fault(method="GET", key="/layer$", **row)
                self.ok("copy", f"{self.tree}:team/app:1.0", "out.tar")
                self.ok("verify", "app.tar", "docker-archive:out.tar", "--deep")
                os.remove(self.path("out.tar"))

    def test_a_layer_that_changes_while_it_is_read_is_never_mixed(self):
        self.ok("copy", "app.tar", f"{self.tree}:team/app:1.0")
        proxy = self.start_proxy()
        key = f"registry/images/{self.layers[1].id}/layer"
        proxy.fault(method="GET", key="/layer$", cut=0.5)
        proxy.fault(method="GET", key="/layer$", nth=3, stall="request")  # of the layer that was cut
        process = self.start_regctl("copy", "--retry", "2", f"{self.tree}:team/app:1.0", "out.tar")
        proxy.wait_for_stalled()
        self.bucket.put(key, b"another layer")
        self.bucket.put(f"registry/images/{self.layers[0].id}/layer", b"another layer")
        proxy.release()
        _, err = process.communicate()
        self.assertNotEqual(process.returncode, 0, err)
        self.assertFalse(os.path.exists(self.path("out.tar")))

    def test_etags_that_lie_mislead_nobody(self):
        self.ok("copy", "app.tar", f"{self.tree}:team/app:1.0")
        self.ok("copy", "app.tar", f"{self.tree}:team/app:2.0")
        top = self.layers[-1].id
        other = hashlib.md5(self.layers[0].id.encode(), usedforsecurity=False).hexdigest()
        proxy = self.start_proxy()
        for lie in ("0" * 32, "abc-def", "", 'W/"x"', other + "-1"):
            with self.subTest(lie):
                proxy.forget()
                proxy.fault(method="GET", query="list-type", times=None,
                            replace=[["(<ETag>)[^<]*", r"\g<1>" + escape(lie and f'"{lie}"')]])
                proxy.fault(method="PUT|GET|HEAD", times=None, headers={"ETag": f'"{lie}"' if lie else ""})
                tags = self.ok("tags", f"{self.tree}:team/app", "--format", "json").json
                self.assertEqual([tag["id"] for tag in tags], [top, top])
                result = self.regctl("copy", "--retry", "0", f"{self.tree}:team/app:1.0", "out.tar")
                if lie:  # which version is read cannot be told: better none than a mixture
                    self.assertEqual(result.code, 7, result.err)
                    self.assertFalse(os.path.exists(self.path("out.tar")))
                else:
                    self.assertEqual(result.code, 0, result.err)
                    self.ok("verify", "app.tar", "docker-archive:out.tar", "--deep")
                    os.remove(self.path("out.tar"))
                self.ok("copy", "app.tar", f"{self.tree}:team/new:1.0")
                proxy.forget()
                self.assert_whole()
                self.assertEqual(self.ok("tags", f"{self.tree}:team/new", "--format", "json").json[0]["id"], top)
                self.bucket.empty("registry/repositories/team/new/")

    def test_an_etag_of_a_part_that_lies_ends_the_copy(self):
        make_archive(self.path("large.tar"), ["large"], 9 * MIB)
        proxy = self.start_proxy()
        proxy.fault(method="PUT", query="partNumber", headers={"ETag": '"' + "0" * 32 + '"'})
        self.fails(6, "copy", "--retry", "0", "large.tar", f"{self.tree}:team/app:1.0", saying="InvalidPart")
        self.assertEqual([key for key in self.bucket.keys() if key.endswith(("/layer", "/tag_1.0"))], [])
        self.assertEqual(self.bucket.uploads(), [])

    def test_a_bucket_that_goes_away_ends_the_push_and_the_server_lives(self):
        self.ok("copy", "app.tar", f"{self.tree}:team/app:1.0")
        proxy = self.start_proxy()
        server = self.serve()
        server.get("/v1/search?q=")
        proxy.fault(status=404, code="NoSuchBucket", times=None)
        self.fails(3, "copy", "app.tar", f"{self.tree}:team/other:1.0", saying=self.bucket.name)
        self.assertGreaterEqual(server.ask("GET", f"/v1/images/{self.layers[0].id}/layer").status, 404)
        self.assertGreaterEqual(server.push(Layer("new", 100), "team/new")[1], 400)
        proxy.forget()
        self.assertEqual(server.push(Layer("new", 100), "team/new")[-1], 204)
        self.ok("pull", f"{server.host}/team/app:1.0", "out.tar")

    def test_a_push_waits_for_another_process_that_was_faster(self):
        """Its mark comes between the look at the image and ours."""
        layer = Layer("new", 100)
        mark = f"registry/images/{layer.id}/_inprogress"
        proxy = self.start_proxy()
        server = self.serve()
        server.push(Layer("first", 100))
        proxy.fault(method="GET", query=f"prefix=registry/images/{layer.id}/", stall="answer")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pushed = pool.submit(server.push, layer)
            proxy.wait_for_stalled()
            self.bucket.put(mark, b"true")  # of a process that nobody knows
            proxy.release()
            wait_for(lambda: [r for r in proxy.requests("PUT", mark) if r["status"] == 412], "the server's mark")
            self.assertFalse(pushed.done())
            self.bucket.delete(mark)
            self.assertEqual(pushed.result(), [200, 200, 200, 200, 200, 204])

    def test_two_writers_of_one_image_leave_one_whole(self):
        pushes = [self.start_regctl("push", "app.tar", f"{self.tree}:team/app:{i}") for i in range(3)]
        for push in pushes:
            _, err = push.communicate()
            self.assertEqual(push.returncode, 0, err)
        self.assertEqual(self.ok("tags", f"{self.tree}:team/app").out, "0\n1\n2\n")
        self.assert_whole()


if __name__ == "__main__":
    main()
