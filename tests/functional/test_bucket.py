#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is special of storage trees in a bucket: docker-registry's settings and keys, requests, redirects, rights, gc,
https, copies by the server, and what a proxy or kill -9 does to all that."""

import bz2
import collections
import concurrent.futures
import difflib
import gzip
import hashlib
import http.client
import io
import json
import os
import re
import signal
import sys
import tarfile
import time
import unittest
import urllib.parse
from xml.sax.saxutils import escape

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from s3_server import shared_server  # noqa: E402
from harness import ROOT, Layer, ProxyServer, RegctlServer, interrupt, main, make_archive, wait_for  # noqa: E402
from s3_case import S3Case  # noqa: E402
from s3_proxy import S3Proxy  # noqa: E402
from storage_tree import StorageTree  # noqa: E402

MIB = 1 << 20
GOOGLE = "storage.googleapis.com"  # as ceph_server.py has it
IS_LARGE = os.environ.get("REGCTL_LARGE") == "yes"
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

    @staticmethod
    def grow_old(proxy):
        """Everything looks as if it were of 2015."""
        for query in ("list-type", "uploadId"):
            proxy.fault(method="GET", query=query, times=None,
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

    def settings_of_flavors(self):
        """Of each flavor its name, its usual STORAGE_PATH, and what else docker-registry's container is told."""
        endpoint = self.bucket.endpoint
        amazon = self.original_environment()
        del amazon["STORAGE_PATH"]
        ceph = {name: value for name, value in amazon.items() if name not in ("AWS_SECURE", "AWS_ENCRYPT")}
        # What nobody can have lead elsewhere is at Google or is spoken to by https.
        self.make_key("ca", "/CN=test CA")
        self.make_key("server", f"/CN={GOOGLE}", ca="ca", names=f"DNS:*.{GOOGLE}")
        https = S3Proxy(shared_server(), tls=(self.path("server.crt"), self.path("server.key")))
        self.addCleanup(https.stop)
        proxy = self.start(ProxyServer, hosts={f"{GOOGLE}:80": shared_server(),
                                               f"{self.bucket.name}.{GOOGLE}:80": shared_server(),
                                               f"{self.bucket.name}.{GOOGLE}:443": https})
        through = {"http_proxy": f"http://{proxy.host}", "https_proxy": f"http://{proxy.host}"}
        by_host = {**through, "AWS_HOST": GOOGLE, "AWS_PORT": "80",
                   "AWS_CALLING_FORMAT": "boto.s3.connection.SubdomainCallingFormat"}
        return [
            ("s3", "registry", amazon), ("s3", "registry", {**amazon, **by_host}), ("ceph-s3", "registry", ceph),
            ("prod", "prod", amazon), ("cloudfronts3", "registry", amazon),
            ("gcs", "registry", {**through, "GCS_BUCKET": self.bucket.name, "GCS_KEY": self.bucket.access_key,
                                 "GCS_SECRET": self.bucket.secret_key, "GCS_SECURE": "false"}),
            ("oss", "registry", {**through, "AWS_CA_BUNDLE": self.path("ca.crt"), "OSS_HOST": GOOGLE,
                                 "OSS_BUCKET": self.bucket.name, "OSS_KEY": self.bucket.access_key,
                                 "OSS_SECRET": self.bucket.secret_key}),
            ("swift", "registry", {"OS_AUTH_URL": f"{endpoint}/auth/v1.0", "OS_CONTAINER": self.bucket.name,
                                   "AWS_KEY": self.bucket.access_key, "AWS_SECRET": self.bucket.secret_key}),
        ]

    def test_each_flavor_serves_its_bucket(self):
        layers = make_archive(self.path("app.tar"), ["base", "top"], 5000)
        flavors = self.settings_of_flavors()
        self.s3_environment = {}  # nothing but what docker-registry is told
        for flavor, default, settings in flavors:
            for path in (None, "/a/b", "a/b/"):
                with self.subTest(f"{flavor} {path} {settings.get('AWS_HOST')}"):
                    self.bucket.empty()
                    env = {**settings, "SETTINGS_FLAVOR": flavor, **({"STORAGE_PATH": path} if path else {})}
                    server = self.serve(env=env)
                    self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
                    self.ok("pull", f"{server.host}/team/app:1.0", "out.tar")
                    self.ok("verify", "--deep", "app.tar", "docker-archive:out.tar")
                    os.remove(self.path("out.tar"))
                    prefix = "a/b" if path else default
                    self.assertEqual([key for key in self.bucket.keys() if not key.startswith(prefix + "/")], [])
                    for layer in layers:
                        self.assertEqual(self.bucket.get(f"{prefix}/images/{layer.id}/layer"), layer.data)
                    self.assertEqual(self.bucket.get(f"{prefix}/repositories/team/app/tag_1.0"), layers[-1].id.encode())
                    answer = server.ask("GET", f"/v1/images/{layers[0].id}/layer")
                    self.assertEqual(answer.status, 302 if flavor == "cloudfronts3" else 200)
                    self.assertEqual(server.end(), 0, server.errors())

    def test_every_command_finds_the_bucket_by_the_old_variables(self):
        make_archive(self.path("app.tar"), ["base", "top"], 5000)
        old = self.original_environment()
        bucket, self.s3_environment = self.s3_environment, old
        self.ok("push", "app.tar", f"{self.tree}:team/app:1.0")
        self.assertEqual(self.ok("tags", f"{self.tree}:team/app").out, "1.0\n")
        audited = self.ok("audit", "--verbose", self.tree)
        self.assertIn(f"using the key {self.bucket.access_key} of docker-registry's settings", audited.err)
        self.assertNotIn(self.bucket.secret_key, audited.err)
        for leave_out in ("SETTINGS_FLAVOR", "AWS_CALLING_FORMAT", "AWS_BUCKET", "STORAGE_PATH"):
            self.s3_environment = {name: value for name, value in old.items() if name != leave_out}
            self.ok("tags", f"{self.tree}:team/app")
        proxy = S3Proxy(shared_server())  # which is where the old variables lead
        self.addCleanup(proxy.stop)
        host, port = proxy.host.split(":")
        self.s3_environment = {**bucket, "AWS_HOST": host, "AWS_PORT": port}
        self.ok("tags", f"{self.tree}:team/app")
        self.assertEqual(proxy.requests(), [])  # a standard endpoint counts more, unless a flavor is named
        self.s3_environment["SETTINGS_FLAVOR"] = "ceph-s3"
        self.ok("push", "app.tar", f"{self.tree}:team/app:2.0")
        self.assertEqual([r for r in proxy.requests() if "x-amz-server-side-encryption" in r["headers"]], [])
        self.s3_environment.update(SETTINGS_FLAVOR="s3", AWS_SECURE="false")
        proxy.forget()
        self.regctl("push", "app.tar", f"{self.tree}:team/app:3.0")  # this server may refuse to encrypt
        self.assertEqual({r["headers"].get("x-amz-server-side-encryption") for r in proxy.requests("PUT")}, {"AES256"})

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

    def test_a_mirror_that_has_nothing_to_do_costs_listings(self):
        for name in ("a", "b", "c"):
            for tag in ("1", "2", "3"):
                self.push_archive(f"team/{name}:{tag}", ["base", f"{name}{tag}"])
        other = f"v1-storage:s3://{self.bucket.name}/other"
        self.ok("mirror", self.tree, other)
        proxy = self.start_proxy()
        done = self.ok("mirror", self.tree, other, "--format", "json")
        self.assertIn('"kept": 9', done.out.replace('"kept":9', '"kept": 9'))
        requests = proxy.requests()
        self.assertEqual([(r["method"], r["key"]) for r in requests if "list-type" not in r["query"]], [])
        self.assertLessEqual(len(requests), 10)  # the same for thousands of tags

    def test_search_and_listing_are_answered_503_until_the_bucket_is_listed(self):
        layers = self.push_archive()
        proxy = self.start_proxy()
        proxy.fault(method="GET", query="prefix=registry/repositories/", stall="answer", times=None)
        server = self.serve()
        proxy.wait_for_stalled()
        new = Layer("new", 100)
        # Half of all names are known then.
        self.assertEqual(server.push(new, "team/new"), [200, 200, 200, 200, 200, 204])
        paths = ("/v1/search?q=", "/v1/search?q=new", "/v1/repositories")
        with concurrent.futures.ThreadPoolExecutor(len(paths)) as pool:  # each waits for the listing a while
            for answer in pool.map(lambda path: server.ask("GET", path), paths):
                self.assertEqual(answer.status, 503)
                self.assertRegex(answer.headers["Retry-After"], r"^\d+$")
                self.assertEqual(set(answer.json), {"error"})
        self.assertEqual(server.ask("GET", "/v1/_ping").status, 200)
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags").json, {"1.0": layers[-1].id})
        proxy.forget()
        proxy.release()
        wait_for(lambda: server.ask("GET", "/v1/search?q=").status == 200, "the listing")
        self.assertEqual(server.ask("GET", "/v1/repositories").json,
                         {"team/app:1.0": layers[-1].id, "team/new:1.0": new.id})
        self.assertEqual([r["name"] for r in server.ask("GET", "/v1/search?q=").json["results"]],
                         ["team/app", "team/new"])


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


class Https(Bucket):
    def setUp(self):
        super().setUp()
        self.make_key("ca", "/CN=test CA")
        self.make_key("server", "/CN=127.0.0.1", ca="ca", names="IP:127.0.0.1")
        self.proxy = self.start_proxy(tls=(self.path("server.crt"), self.path("server.key")))
        self.layers = make_archive(self.path("app.tar"), ["base", "large"], 9 * MIB)  # two parts each
        self.image = f"{self.tree}:team/app:1.0"
        self.trusted = {"AWS_CA_BUNDLE": self.path("ca.crt")}

    def test_a_push_and_a_pull_by_https(self):
        self.ok("push", "app.tar", self.image, env=self.trusted)
        parts = [r for r in self.proxy.requests("PUT") if "partNumber" in r["query"]]
        self.assertEqual(len(parts), 2 * len(self.layers))
        self.assertEqual([r for r in parts if "Content-MD5" not in r["headers"]], [])  # no signature covers the bytes
        for layer in self.layers:
            self.assertEqual(self.bucket.get(f"registry/images/{layer.id}/layer"), layer.data)
        self.ok("pull", self.image, "out.tar", env=self.trusted)
        self.ok("verify", "--deep", "app.tar", "docker-archive:out.tar")

    def test_the_authorities_count_at_the_usual_port_too(self):
        self.make_key("usual", f"/CN={GOOGLE}", ca="ca", names=f"DNS:{GOOGLE}")
        https = S3Proxy(shared_server(), tls=(self.path("usual.crt"), self.path("usual.key")))
        self.addCleanup(https.stop)
        proxy = self.start(ProxyServer, hosts={f"{GOOGLE}:443": https})
        make_archive(self.path("small.tar"), ["small"])
        self.ok("push", "small.tar", self.image, env={**self.trusted, "AWS_ENDPOINT_URL": f"https://{GOOGLE}",
                                                      "https_proxy": f"http://{proxy.host}"})

    def test_a_server_on_a_bucket_by_https(self):
        server = self.serve(env={**self.trusted, "SETTINGS_FLAVOR": "s3", "AWS_BUCKET": self.bucket.name,
                                 "STORAGE_PATH": "/registry"})
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        self.ok("pull", f"{server.host}/team/app:1.0", "out.tar")
        self.ok("audit", "--deep", self.tree, env=self.trusted)
        self.assertTrue(self.proxy.requests("PUT"))

    def test_a_certificate_that_nobody_vouches_for_gets_nothing(self):
        self.make_key("other", "/CN=other CA")
        for env in ({}, {"AWS_CA_BUNDLE": self.path("other.crt")}):
            with self.subTest(env):
                self.fails(5, "push", "app.tar", self.image, env=env, saying="certificate is not trusted")
                self.fails(5, "pull", self.image, "out.tar", env=env, saying="certificate is not trusted")
        self.assertEqual((self.proxy.requests(), self.bucket.keys()), ([], []))

    def test_a_certificate_for_another_host_gets_nothing(self):
        env = {**self.trusted, "AWS_ENDPOINT_URL": self.proxy.endpoint.replace("127.0.0.1", "localhost")}
        self.fails(5, "push", "app.tar", self.image, env=env, saying="certificate")
        self.assertEqual((self.proxy.requests(), self.bucket.keys()), ([], []))


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

    def test_an_upload_of_which_a_part_came_within_the_grace_is_not_ended(self):
        layers = self.push_archive()
        key = f"registry/images/{layers[0].id}/layer"
        upload = self.bucket.start_upload(key)
        self.bucket.put_part(key, upload, 1, bytes(5 * MIB))
        proxy = self.start_proxy()
        proxy.fault(method="GET", query="uploads", times=None, replace=[["(<Initiated>)20[0-9]{2}", r"\g<1>2015"]])
        self.ok("gc", "--grace", "1h", "--apply", self.tree)
        self.assertEqual([found[1] for found in self.bucket.uploads()], [upload])
        self.grow_old(proxy)
        done = self.ok("gc", "--grace", "1h", "--apply", self.tree, "--format", "json")
        self.assertEqual(self.bucket.uploads(), [])
        self.assertEqual((done.json["temporary_files"], done.json["temporary_size"]), (1, 5 * MIB))
        self.assertIn("AbortIncompleteMultipartUpload", done.err)

    def test_an_image_that_is_tagged_while_others_are_removed_is_kept(self):
        """gc looks again at the tags after each 64 images."""
        ids = sorted(hashlib.sha256(b"%d" % number).hexdigest() for number in range(70))
        for identity in ids:
            folder = f"registry/images/{identity}"
            self.bucket.put_all({f"{folder}/json": json.dumps({"id": identity}).encode(), f"{folder}/layer": b"",
                                 f"{folder}/ancestry": json.dumps([identity]).encode(),
                                 f"{folder}/_checksum": b"[]"}.items())
        self.push_archive()
        proxy = self.start_proxy()
        self.grow_old(proxy)
        proxy.fault(method="DELETE", key="images/", stall="request")
        collection = self.start_regctl("gc", "--grace", "1h", "--apply", self.tree)
        proxy.wait_for_stalled()
        self.bucket.put("registry/repositories/team/app/tag_late", ids[-1].encode())
        proxy.release()
        out, err = collection.communicate()
        self.assertEqual(collection.returncode, 0, out + err)
        self.assertEqual([key for key in self.bucket.keys("registry/images/") if key.split("/")[2] in ids],
                         [f"registry/images/{ids[-1]}/{name}" for name in ("_checksum", "ancestry", "json", "layer")])

    def test_a_server_gives_no_tag_to_an_image_that_is_being_removed(self):
        layers = self.push_archive()
        server = self.serve()
        server.get("/v1/search?q=")  # by now it knows that the image is whole
        path = "/v1/repositories/team/app/tags/"
        image = json.dumps(layers[-1].id)
        self.assertEqual(server.ask("PUT", path + "sooner", image).status, 200)
        mark = f"registry/images/{layers[-1].id}/_inprogress"
        self.bucket.put(mark, b"removed\nby gc")
        self.assertEqual(server.ask("PUT", path + "later", image).status, 404)
        self.assertNotIn("registry/repositories/team/app/tag_later", self.bucket.keys())
        self.bucket.delete(mark)
        self.assertEqual(server.ask("PUT", path + "later", image).status, 200)

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

    def test_killed_servers_lose_nothing_and_the_next_push_mends(self):
        """test_serve_kill.py has random moments; here are those of a layer in parts, every other one."""
        self.push_archive("team/kept:1", ["base", "kept"])
        make_archive(self.path("app.tar"), ["large"], 9 * MIB)
        proxy = self.start_proxy()
        for number in range(1, 2 * self.ROUNDS, 2):
            with self.subTest(number):
                server = self.serve()
                proxy.forget()
                proxy.fault(method="PUT|POST|DELETE", nth=number, stall="answer")
                push = self.start_regctl("push", "--retry", "0", "app.tar", f"{server.host}/team/app-{number}:1")
                wait_for(lambda: proxy.is_stalled() or push.poll() is not None, "the moment")
                was_stalled = push.poll() is None
                server.end(signal.SIGKILL)
                _, err = push.communicate()
                self.assertEqual(push.returncode == 0, not was_stalled, err)
                proxy.release()
                proxy.forget()
                self.assert_sound()
                server = self.serve()
                begin = time.monotonic()
                self.ok("push", "app.tar", f"{server.host}/team/app-{number}:1")
                self.assertLess(time.monotonic() - begin, MARK_HOLDS_S)
                self.assert_sound()
                for image in ("team/kept:1", f"team/app-{number}:1"):
                    self.ok("pull", f"{server.host}/{image}", f"out-{number}.tar")
                self.assertEqual(server.end(), 0)
                for prefix in ("repositories/team/app", f"images/{Layer('large', 0).id}/"):
                    self.bucket.empty("registry/" + prefix)
                if not was_stalled:
                    break

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


class Conversions(Bucket):
    """From docker-registry's tree to distribution's, where layers that stay as they are stay with the server."""

    def setUp(self):
        super().setUp()
        self.files = StorageTree(self.path("tree"))
        plain = gzip.decompress(Layer("plain", 5000).data)
        base = self.files.add_image("base", size=5000)
        self.kept = [base, self.files.add_image("plain", base, plain), self.files.add_image("top", base, size=50_000)]
        self.packed = self.files.add_image("bzip2", base, bz2.compress(plain))
        for tag, identity in (("base", base), ("plain", self.kept[1]), ("top", self.kept[2]), ("bzip2", self.packed)):
            self.files.tag("team/app", tag, identity)
        self.ok("mirror", self.files.place, self.tree)
        self.converted = f"v2-storage:s3://{self.bucket.name}/converted"
        self.words = "mirror", self.tree, self.converted, "--format", "json", "--state", "state"

    @staticmethod
    def layer_key(identity):
        return f"registry/images/{identity}/layer"

    @staticmethod
    def key_of(digest):
        """Of a blob in distribution's tree."""
        name = digest.removeprefix("sha256:")
        return f"converted/docker/registry/v2/blobs/sha256/{name[:2]}/{name}/data"

    def blob_key(self, data):
        return self.key_of(hashlib.sha256(data).hexdigest())

    def layer(self, identity):
        return self.files.files.read(self.files.image_file(identity, "layer"))

    def outcomes(self, out):
        """Of each tag, what a run says became of it."""
        return {one["tag"]: one["outcome"] for one in map(json.loads, out.splitlines()) if one["type"] == "tag"}

    def assert_converted(self, bucket=None):
        """All is there that a conversion on disk makes, under the same digests, and is sound, as the old tree is."""
        bucket = bucket or self.bucket
        on_disk, in_bucket = f"v2-storage:{self.path('on-disk')}", f"v2-storage:s3://{bucket.name}/converted"
        self.ok("mirror", self.files.place, on_disk, "--state", "other")
        found = [{row["tag"]: row["id"] for row in self.ok("images", "--format", "json", place).json}
                 for place in (on_disk, in_bucket)]
        self.assertEqual(*found)
        self.assertEqual(found[0].keys(), {"base", "plain", "top", "bzip2"})
        for identity in self.kept:
            self.assertEqual(bucket.get(self.blob_key(self.layer(identity))), self.layer(identity))
        for place in self.tree, in_bucket:
            self.ok("audit", "--deep", place)
        self.assertEqual(bucket.uploads("converted/"), [])

    def test_layers_that_stay_are_read_once_and_never_sent(self):
        before, other = self.bucket.listing("registry/"), shared_server().make_bucket()
        self.addCleanup(other.remove)
        proxy = self.start_proxy()
        for bucket in (self.bucket, other):
            place = f"v2-storage:s3://{bucket.name}/converted"
            for expected in ("copied", "kept"):
                proxy.forget()
                done = self.ok("mirror", self.tree, place, "--format", "json", "--state", f"state-{bucket.name}")
                self.assertEqual(self.outcomes(done.out), dict.fromkeys(("base", "plain", "top", "bzip2"), expected))
                read = collections.Counter(r["key"] for r in proxy.requests("GET", "/images/.*/layer$"))
                all_layers = [self.layer_key(identity) for identity in (*self.kept, self.packed)]
                self.assertEqual(read, collections.Counter(all_layers if expected == "copied" else []))
                if expected == "kept":
                    methods = {r["method"] for r in proxy.requests(key="^converted/")}
                    self.assertLessEqual(methods, {"GET", "HEAD"})
            proxy.forget()
            self.assert_converted(bucket)
        self.assertEqual(self.bucket.listing("registry/"), before)

    def copies(self, proxy):
        """Of the layers that the server was asked to copy out of the old tree, the new key, and how much was sent."""
        sources = [(urllib.parse.unquote(r["headers"].get("x-amz-copy-source", "")), r) for r in proxy.requests("PUT")]
        return {source: (r["key"], r["size"]) for source, r in sources
                if source.startswith(f"/{self.bucket.name}/registry/")}

    def test_of_layers_only_what_is_packed_anew_is_sent(self):
        proxy = self.start_proxy()
        self.ok(*self.words)
        self.assertEqual(self.copies(proxy), {
            f"/{self.bucket.name}/{self.layer_key(identity)}": (self.blob_key(self.layer(identity)), 0)
            for identity in self.kept})
        documents = set()
        for tag in ("base", "plain", "top", "bzip2"):
            manifest = self.ok("manifest", "get", f"{self.converted}:team/app:{tag}").out_bytes
            documents |= {self.blob_key(manifest), self.key_of(json.loads(manifest)["config"]["digest"])}
        sent = {r["key"]: r["size"] for r in proxy.requests("PUT", "/data$|/_uploads/") if r["size"]}
        uploads = {key: size for key, size in sent.items() if "/_uploads/" in key}
        self.assertEqual(sent.keys(), documents | uploads.keys())
        self.assertEqual(len(uploads), 1)
        self.assertLess(sum(uploads.values()), 2 * len(self.layer(self.packed)))

    def test_a_layer_that_is_replaced_meanwhile_is_not_taken(self):
        proxy = self.start_proxy()
        blob = self.blob_key(self.layer(self.kept[2]))
        proxy.fault(method="PUT", key=f"^{blob}$", stall="request")
        process = self.start_regctl(*self.words)
        proxy.wait_for_stalled()
        self.bucket.put(self.layer_key(self.kept[2]), Layer("another", 50_000).data)
        proxy.release()
        out, err = process.communicate()
        self.assertEqual(process.returncode, 10, err)
        self.assertEqual(self.outcomes(out), {"base": "copied", "plain": "copied", "bzip2": "copied", "top": "failed"})
        self.assertIsNone(self.bucket.head(blob))
        self.ok("audit", "--deep", self.converted)

    def test_where_the_server_copies_nothing_the_bytes_are_sent_and_that_is_said(self):
        for status, code in ((501, "NotImplemented"), (403, "AccessDenied")):
            with self.subTest(code):
                self.bucket.empty("converted/")
                proxy = self.start_proxy()
                proxy.fault(method="PUT", key="/blobs/.*/data$", status=status, code=code)
                done = self.ok("mirror", "--jobs", "1", self.tree, self.converted, "--state", code)
                self.assertEqual(done.err.count("the service copies nothing"), 1, done.err)
                self.assertEqual(len(self.copies(proxy)), 1)  # it is remembered
                self.assert_converted()

    def test_killed_at_one_moment_after_the_other_the_next_run_finishes(self):
        proxy = self.start_proxy()
        for number in range(1, Kills.ROUNDS + 1, 2):
            with self.subTest(number):
                self.bucket.empty("converted/")
                was_stalled, _ = self.kill_at(proxy, number, *self.words)
                proxy.forget()
                self.ok("audit", "--deep", self.tree)
                self.ok(*self.words)
                self.assert_converted()
                os.remove(self.path("state"))
                if not was_stalled:
                    break

    @unittest.skipUnless(IS_LARGE, "takes half a gigabyte: REGCTL_LARGE=yes")
    def test_what_is_longer_than_a_part_is_copied_in_parts(self):
        """Of 512 MiB each, of which an ETag tells the number."""
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            info = tarfile.TarInfo("large")
            info.size = 513 * MIB
            archive.addfile(info, io.BytesIO(bytes(info.size)))
        identity = self.files.add_image("large", self.kept[0], tar.getvalue())
        for part in ("json", "layer", "ancestry", "_checksum"):
            self.bucket.put(f"registry/images/{identity}/{part}",
                            self.files.files.read(self.files.image_file(identity, part)))
        self.bucket.put("registry/repositories/team/large/tag_1", identity.encode())
        self.ok("mirror", "--include", "team/large", self.tree, self.converted)
        self.assertRegex(self.bucket.head(self.blob_key(tar.getvalue()))["ETag"], '-2"$')
        self.ok("audit", "--deep", self.converted)


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
