#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve: its options, the settings of docker-registry, and what it refuses to start with."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import trees  # noqa: E402
from harness import Layer, RegctlServer, TestCase, main, wait_for  # noqa: E402
from trees import not_in_bucket  # noqa: E402

# "secret" as `htpasswd -B` hashes it.
ALICE = "alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"
CONFIG = """
common: &common
    loglevel: info
    standalone: true
    search_backend: _env:SEARCH_BACKEND:sqlalchemy
    cache: {host: _env:REDIS_HOST, port: 6379}
local: &local
    <<: *common
    storage: local
    storage_path: _env:STORAGE_PATH:FOLDER/from-config
dev: &dev
    <<: *local
    issue: '"the team registry"'
azureblob: {<<: *common, storage: azureblob}
s3: &s3
    <<: *common
    storage: s3
    s3_bucket: _env:AWS_BUCKET
mirror: &mirror
    <<: *local
    mirroring: {source: 'http://127.0.0.1:1', source_index: 'http://127.0.0.1:1', tags_cache_ttl: 600}
index: {<<: *local, standalone: false}
redirecting: {<<: *local, storage_redirect: true}
"""


class Options(TestCase):
    def refuses(self, code, *words, saying=(), env=None):
        """The server ends before serving, and has created nothing."""
        self.fails(code, "serve", *words, saying=saying, env=env)
        self.assertFalse(os.path.exists(os.path.join(self.home, ".local")))

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=h",
                        "-keyout", self.path("key"), "-out", self.path("cert")], check=True,
                       stderr=subprocess.DEVNULL)
        return "--tls-cert", self.path("cert"), "--tls-key", self.path("key")

    # --- where ---

    def test_it_listens_on_port_5000_of_loopback_by_default(self):
        with socket.socket() as taken:
            try:
                taken.bind(("127.0.0.1", 5000))
                taken.listen()
            except OSError:
                pass  # somebody else has it: as good
            self.refuses(5, saying=["cannot listen on 127.0.0.1:5000", "take another port"])

    def test_an_invalid_address_is_an_error(self):
        for address in ("5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "no such host:1"):
            with self.subTest(address):
                self.refuses(2, "--listen", address, saying="is no address to listen on")

    def test_beyond_loopback_it_needs_tls_and_users_or_open(self):
        tls = self.make_certificate()
        self.write("users", ALICE)
        users = ("--htpasswd", self.path("users"))
        for words in ((), tls, users):
            with self.subTest(words):
                self.refuses(2, "--listen", "0.0.0.0:0", *words, saying=["reachable from other machines", "--open"])
                self.refuses(2, "--listen", ":0", *words, saying="reachable from other machines")
        for words in (("--open",), (*tls, *users)):
            with self.subTest(words):
                server = self.start(RegctlServer, *words, "--listen", "0.0.0.0:0",
                                    scheme="https" if "--tls-cert" in words else "http")
                self.assertEqual(server.ask("GET", "/v1/_ping").status, 200)

    def test_tls_uses_the_given_key(self):
        tls = self.make_certificate()
        server = self.start(RegctlServer, *tls, scheme="https")
        self.assertEqual(server.ask("GET", "/v1/_ping").content, b"true")
        layer = Layer("tls", 200_000)
        self.assertEqual(server.push(layer), [200, 200, 200, 200, 200, 204])
        self.assertEqual(server.ask("GET", f"/v1/images/{layer.id}/layer").content, layer.data)
        self.refuses(2, *tls[:2], saying="--tls-cert and --tls-key go together")
        self.write("nonsense", "-----BEGIN CERTIFICATE-----\nno\n")
        self.refuses(2, "--listen", "127.0.0.1:0", "--storage", "s", "--tls-cert", "nonsense", "--tls-key", "key",
                     saying="certificate")
        self.refuses(3, "--listen", "127.0.0.1:0", "--storage", "s", "--tls-cert", "none", "--tls-key", "key",
                     saying="none")

    # --- what ---

    @not_in_bucket("a folder is the default")
    def test_the_tree_is_below_the_data_folder_by_default(self):
        for env, folder in (({"XDG_DATA_HOME": self.path("data")}, self.path("data")),
                            ({"XDG_DATA_HOME": "", "HOME": self.path("me")}, self.path("me/.local/share"))):
            with self.subTest(folder):
                process = self.start_regctl("serve", "--listen", "127.0.0.1:0", "--port-file", "port", env=env)
                self.addCleanup(process.communicate)
                self.addCleanup(process.kill)
                wait_for(lambda: os.path.exists(self.path("port")) or process.poll() is not None, "the port")
                self.assertEqual(sorted(os.listdir(f"{folder}/regctl/storage")), ["images", "repositories"])
                os.remove(self.path("port"))

    @not_in_bucket("about folders")
    def test_a_folder_that_is_no_tree_is_left_alone(self):
        os.mkdir(self.path("photos"))
        self.write("photos/cat.jpg", "x")
        self.refuses(6, "--listen", "127.0.0.1:0", "--storage", "photos", saying="no storage tree")
        self.assertEqual(os.listdir(self.path("photos")), ["cat.jpg"])

    @not_in_bucket("about files")
    def test_a_file_as_storage_is_refused(self):
        self.write("file", "x")
        for words in ((), ("--read-only",)):
            self.refuses(6, "--listen", "127.0.0.1:0", *words, "--storage", "file", saying="'file' is a file, not")

    @not_in_bucket("a folder is the default")
    def test_an_empty_storage_name_never_means_the_default_tree(self):
        listen = ("--listen", "127.0.0.1:0")
        self.refuses(2, *listen, "--storage", "", saying="--storage")
        self.refuses(2, *listen, "--storage", "v1-storage:", saying="--storage")
        self.refuses(2, *listen, "--storage", "v1-storage:tree:team/app", saying="--storage")
        self.refuses(2, *listen, env={"STORAGE_PATH": ""}, saying="STORAGE_PATH is empty")
        self.refuses(2, *listen, env={"HOME": "", "XDG_DATA_HOME": ""}, saying=["$HOME", "--storage DIR"])
        for settings in ("storage: local", "storage_path: _env:NOPE", "storage_path: ''", "loglevel: info"):
            self.write("config.yml", f"dev:\n  {settings}\n")
            self.refuses(2, *listen, "--config", "config.yml", saying=["config.yml' names no storage_path", "--storage"])
        self.start(RegctlServer, "--config", self.path("config.yml"), storage=self.path("told"))
        self.assertTrue(os.path.isdir(self.path("told/images")))
        self.start(RegctlServer, storage="v1-storage:" + self.path("as elsewhere"))
        self.assertTrue(os.path.isdir(self.path("as elsewhere/images")))

    def test_it_serves_only_after_writing_its_port_file(self):
        result = self.fails(8, "serve", "--listen", "127.0.0.1:0", "--storage", "s", "--port-file", "none/port",
                            saying="none/port")
        self.assertNotIn("serving", result.err)

    def test_a_users_file_without_users_is_noted(self):
        self.write("users", "# nobody yet\n")
        server = self.start(RegctlServer, "--htpasswd", self.path("users"))
        self.assertIn("names no users: nobody is let in", server.errors())
        self.write("users", ALICE)
        server = self.start(RegctlServer, "--htpasswd", self.path("users"))
        self.assertNotIn("names no users", server.errors())

    def test_read_only_changes_nothing(self):
        self.refuses(3, "--listen", "127.0.0.1:0", "--read-only", "--storage", trees.location(self.path("none")),
                     saying="none")
        server = self.start(RegctlServer)
        layer = Layer("kept", 1000)
        server.push(layer)
        server.end()
        before = self.list_tree(server)
        reader = self.start(RegctlServer, "--read-only", storage=server.storage)
        self.assertEqual(reader.push(Layer("new", 10)), [403] * 6)
        for method, path in (("DELETE", "/v1/repositories/team/app/tags/1.0"), ("DELETE", "/v1/repositories/team/app/"),
                             ("PUT", "/v1/repositories/team/app/properties")):
            answer = reader.ask(method, path, '{"access": "private"}')
            self.assertEqual((answer.status, answer.json), (403, {"error": "this registry is read-only"}))
        self.assertEqual(reader.ask("GET", f"/v1/images/{layer.id}/layer").content, layer.data)
        self.ok("pull", f"{reader.host}/team/app:1.0", "out.tar")
        self.assertEqual(self.list_tree(server), before)
        self.refuses(2, "--read-only", "--mirror-source", "http://127.0.0.1:1", saying="--read-only")

    def test_public_read_with_a_source_is_refused(self):
        self.write("users", ALICE)
        self.refuses(2, "--listen", "127.0.0.1:0", "--htpasswd", "users", "--public-read", "--mirror-source",
                     "http://127.0.0.1:1", saying=["--public-read with a mirror's source", "private"])
        self.refuses(2, "--listen", "127.0.0.1:0", "--htpasswd", "users", "--public-read",
                     env={"MIRROR_SOURCE": "http://127.0.0.1:1"}, saying="--public-read with a mirror's source")

    @staticmethod
    def list_tree(server):
        folders = sorted((base, os.stat(base).st_mtime_ns) for base, _, _ in os.walk(server.storage))
        return folders, server.files.versions()

    # --- the original's settings ---

    @not_in_bucket("test_bucket.py has the settings of buckets")
    def test_the_originals_configuration_is_read(self):
        self.write("config.yml", CONFIG.replace("FOLDER", self.folder))
        config = ("--config", self.path("config.yml"))
        server = self.start(RegctlServer, *config, env={"STORAGE_PATH": self.path("from-environment")})
        self.assertEqual(server.ask("GET", "/").json, "the team registry")
        self.assertTrue(os.path.isdir(self.path("from-environment/images")))
        server = self.start(RegctlServer, *config, env={"SETTINGS_FLAVOR": "local", "SEARCH_BACKEND": "none",
                                                        "STORAGE_PATH": self.path("other")})
        self.assertEqual(server.ask("GET", "/v1/search?q=a").status, 404)
        # Options win over the file, also over one that the environment names.
        self.start(RegctlServer, storage=self.path("flag"), env={"DOCKER_REGISTRY_CONFIG": self.path("config.yml")})
        self.assertTrue(os.path.isdir(self.path("flag/images")))
        self.assertFalse(os.path.exists(self.path("from-config")))
        # A variable that is not set leaves the default.
        process = self.start_regctl("serve", *config, "--listen", "127.0.0.1:0", "--port-file", "port")
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_for(lambda: os.path.exists(self.path("port")) or process.poll() is not None, "the port")
        self.assertTrue(os.path.isdir(self.path("from-config/images")))

    def test_an_unsupported_setting_is_refused_with_its_counterpart(self):
        self.write("config.yml", CONFIG.replace("FOLDER", self.folder))
        config = ("--config", self.path("config.yml"))
        rows = ((9, "azureblob", ["storage: azureblob is not supported", "azcopy"]),
                (2, "s3", ["boto_bucket", "AWS_BUCKET"]),
                (9, "index", ["standalone: false is not supported"]),
                (9, "redirecting", ["storage_redirect: true is not supported"]),
                (2, "nowhere", ["has no flavor nowhere", "common, local, dev, azureblob, s3"]))
        for code, flavor, words in rows:
            with self.subTest(flavor):
                self.refuses(code, "--listen", "127.0.0.1:0", *config, env={"SETTINGS_FLAVOR": flavor}, saying=words)
        self.write("config.yml", "dev: [")
        self.refuses(2, "--listen", "127.0.0.1:0", *config, saying="config.yml' line 1")

    @not_in_bucket("test_bucket.py has the settings of buckets")
    def test_the_originals_environment_is_read(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = self.start_regctl("serve", "--port-file", "port", env={
            "REGISTRY_PORT": str(port), "STORAGE_PATH": self.path("tree"), "SETTINGS_FLAVOR": "dev",
            "SEARCH_BACKEND": "none", "STANDALONE": "true", "LOGLEVEL": "debug"})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_for(lambda: os.path.exists(self.path("port")) or process.poll() is not None, "the port")
        self.assertEqual(self.read("port").decode().strip(), str(port))
        self.assertTrue(os.path.isdir(self.path("tree/repositories")))
        with self.assertRaises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/search?q=a")
        self.assertEqual(refusal.exception.code, 404)
        refusal.exception.close()

    def test_variables_with_unsupported_settings_are_refused(self):
        rows = (({"SETTINGS_FLAVOR": "glance"}, 9, "SETTINGS_FLAVOR: glance is not supported"),
                ({"SETTINGS_FLAVOR": "unheard-of"}, 9, "the flavor unheard-of is not supported"),
                ({"SETTINGS_FLAVOR": "s3"}, 2, "AWS_BUCKET"),
                ({"SETTINGS_FLAVOR": "s3", "AWS_BUCKET": "b", "AWS_KEY": "k"}, 2, "AWS_KEY and AWS_SECRET"),
                ({"STANDALONE": "false"}, 9, "standalone: false"),
                ({"SEARCH_BACKEND": "elastic"}, 9, "search_backend: elastic"),
                ({"REGISTRY_PORT": "http"}, 2, "is no address"),
                ({"MIRROR_SOURCE": "ftp://h"}, 2, "ftp"))
        for env, code, text in rows:
            with self.subTest(env):
                self.refuses(code, "--storage", "tree", *(() if "REGISTRY_PORT" in env else ("-l", "127.0.0.1:0")),
                             env=env, saying=text)


if __name__ == "__main__":
    main()
