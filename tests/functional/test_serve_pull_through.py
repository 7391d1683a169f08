#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve --mirror-source: missing images are fetched once, verified and kept; a failing source is never
taken for a short layer."""

import base64
import http.client
import http.server
import json
import os
import socket
import sys
import tarfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import (DATA, FaultServer, Layer, NpmServer, PATIENCE_S, RegctlServer, TestCase, main,  # noqa: E402
                     make_archive, wait_for)

SIZE = 400_000
# "secret" as `htpasswd -B` hashes it, and as a client sends it.
ALICE = "alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"
AUTHORIZED = {"Authorization": "Basic " + base64.b64encode(b"alice:secret").decode()}


class PullThrough(TestCase):
    def setUp(self):
        super().setUp()
        self.layers = make_archive(self.path("app.tar"), ["base", "top"], SIZE)
        self.base, self.top = self.layers

    def start_both(self, *words, source=None, **options):
        self.source = source or self.start(FaultServer)
        if not source:
            self.ok("push", "app.tar", f"{self.source.host}/team/app:1.0")
        self.server = self.start(RegctlServer, "--mirror-source", f"http://{self.source.host}", "--retry", "0",
                                 *words, **options)
        self.image = f"{self.server.host}/team/app:1.0"

    def layer(self, layer, server=None):
        return (server or self.server).ask("GET", f"/v1/images/{layer.id}/layer")

    def fetches(self):
        return len(self.source.log("GET", "/layer"))

    def is_kept(self, layer):
        return self.server.files.exists(f"images/{layer.id}/layer")

    def fails_to_come(self, layer):
        """The client does not get a whole answer, and nothing is kept."""
        try:
            answer = self.layer(layer)
        except (http.client.IncompleteRead, ConnectionError, http.client.RemoteDisconnected):
            pass
        else:
            self.assertIn(answer.status, (400, 404, 502), f"{len(answer.content)} bytes as if all were well")
        self.assertFalse(self.is_kept(layer))
        wait_for(lambda: "fetching image" in self.server.errors() or "asking the mirror" in self.server.errors(),
                 "a complaint")

    def assert_right(self, layer):
        self.assertEqual(self.layer(layer).content, layer.data)
        wait_for(lambda: self.is_kept(layer), "the layer")
        wait_for(lambda: self.server.ask("GET", f"/v1/images/{layer.id}/json").headers["ETag"], "the image")

    # --- when all is well ---

    def test_missing_images_are_fetched_and_kept(self):
        self.start_both()
        self.ok("pull", self.image, "first.tar")
        self.assertEqual(self.fetches(), 2)
        wait_for(lambda: self.server.files.exists("repositories/team/app/tag_1.0"), "the tag")
        self.source.stop()
        self.ok("pull", self.image, "second.tar")
        self.assertEqual(self.read("first.tar"), self.read("second.tar"))
        self.assertEqual([r["name"] for r in self.server.ask("GET", "/v1/search?q=app").json["results"]], ["team/app"])
        for layer in self.layers:
            self.assertEqual(self.server.files.read(f"images/{layer.id}/json"), layer.json)
            self.assertEqual(sorted(self.server.files.names(f"images/{layer.id}")),
                             ["_checksum", "ancestry", "json", "layer"])

    def test_the_environment_can_name_the_source(self):
        self.start_both()
        server = self.start(RegctlServer, env={"MIRROR_SOURCE": f"http://{self.source.host}"})
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags").json, {"1.0": self.top.id})
        self.assertEqual(self.layer(self.top, server).content, self.top.data)

    def test_many_clients_cause_one_request_to_the_source(self):
        self.start_both()
        self.source.control({"method": "GET", "path": f"{self.base.id}/layer", "action": "slow", "rate": 1_000_000})
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(self.layer(self.base).content)) for _ in range(12)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual([len(a) for a in answers], [len(self.base.data)] * 12)
        self.assertEqual(set(answers), {self.base.data})
        self.assertEqual(self.fetches(), 1)
        self.assertEqual(self.layer(self.base).content, self.base.data)
        self.assertEqual(self.fetches(), 1)

    def test_a_layer_goes_out_while_it_comes_in(self):
        self.start_both()
        self.source.control({"method": "GET", "path": f"{self.base.id}/layer", "action": "stall", "after": 200_000})
        connection = http.client.HTTPConnection(self.server.host, timeout=PATIENCE_S)
        connection.request("GET", f"/v1/images/{self.base.id}/layer")
        answer = connection.getresponse()
        self.assertEqual(answer.headers["Content-Length"], str(len(self.base.data)))
        self.assertEqual(answer.read(100_000), self.base.data[:100_000])  # the source has not sent the rest
        self.source.stop()
        self.assertRaises((http.client.IncompleteRead, ConnectionError), answer.read)
        connection.close()
        self.assertFalse(self.is_kept(self.base))

    def test_tags_are_always_the_sources(self):
        self.start_both()
        tags = "/v1/repositories/team/app/tags"
        self.assertEqual(self.server.ask("GET", tags).json, {"1.0": self.top.id})
        self.ok("tag", f"{self.source.host}/team/app:1.0", "2.0")
        self.assertEqual(set(self.server.ask("GET", tags).json), {"1.0", "2.0"})
        self.assertEqual(self.server.ask("GET", tags + "/2.0").json, self.top.id)
        self.assertEqual(self.server.ask("GET", tags + "/3.0").status, 404)
        self.assertEqual(self.server.ask("GET", "/v1/repositories/no/such/tags").status, 404)
        self.assertEqual(self.server.ask("GET", "/v1/repositories/team/app/images").status, 200)
        self.assertEqual(self.server.ask("GET", f"/v1/images/{self.top.id}/ancestry").json, [self.top.id, self.base.id])

    def test_json_re_encoded_by_the_source_is_restored(self):
        npm = self.start(NpmServer)
        self.ok("push", os.path.join(DATA, "save-1.9.1.tar"), f"{npm.host}/team/demo:1.0")
        self.start_both(source=npm)
        self.ok("pull", f"{self.server.host}/team/demo:1.0", "through.tar")
        self.ok("pull", f"{npm.host}/team/demo:1.0", "straight.tar")
        self.assertEqual(self.images_of("through.tar"), self.images_of("straight.tar"))
        npm.stop()
        wait_for(lambda: self.server.files.exists("repositories/team/demo/tag_1.0"), "the tag")
        self.ok("pull", f"{self.server.host}/team/demo:1.0", "kept.tar")
        self.assertEqual(self.images_of("kept.tar"), self.images_of("straight.tar"))

    def images_of(self, name):
        """The parts of an archive that do not have the registry's name in them."""
        with tarfile.open(self.path(name)) as archive:
            return {m.name: archive.extractfile(m).read() for m in archive.getmembers()
                    if m.name.endswith(("/json", "/layer.tar"))}

    # --- who may have what ---

    def start_guarded_source(self):
        """A source with users that serves strangers only images in the repository of their token."""
        self.write("users", ALICE)
        source = self.start(RegctlServer, "--htpasswd", self.path("users"), "--public-read", "--access-log", "log")
        layers = {name: Layer(name, 1000) for name in ("team/one", "team/two", "team/closed")}
        for name, layer in layers.items():
            self.assertEqual(source.push(layer, name, headers=AUTHORIZED), [200] * 5 + [204])
        answer = source.ask("PUT", "/v1/repositories/team/closed/properties", '{"access": "private"}', AUTHORIZED)
        self.assertEqual(answer.status, 200)
        return source, layers

    def test_an_image_is_requested_through_a_repository_that_has_it(self):
        source, layers = self.start_guarded_source()
        self.start_both(source=source)
        for name in ("team/one", "team/two"):  # two clients at once: both hear their tags first
            self.assertEqual(self.server.ask("GET", f"/v1/repositories/{name}/tags").json, {"1.0": layers[name].id})
        for name in ("team/one", "team/two", "team/one"):
            base = f"/v1/images/{layers[name].id}"
            self.assertEqual(self.server.ask("GET", base + "/ancestry").json, [layers[name].id])
            self.assertEqual(self.server.ask("GET", base + "/json").content, layers[name].json)
            self.assertEqual(self.layer(layers[name]).content, layers[name].data)
        closed = layers["team/closed"]
        self.assertEqual(self.server.ask("GET", "/v1/repositories/team/closed/tags").status, 502)  # refused
        for part in ("json", "layer", "ancestry"):
            self.assertIn(self.server.ask("GET", f"/v1/images/{closed.id}/{part}").status, (404, 502))
        self.assertFalse(self.is_kept(closed))

    def test_a_stranger_cannot_fetch_with_the_servers_credential(self):
        source, layers = self.start_guarded_source()
        closed = layers["team/closed"]
        config = {"auths": {source.host: {"auth": AUTHORIZED["Authorization"].split()[1]}}}
        os.mkdir(self.path("docker"))
        self.write("docker/config.json", json.dumps(config))
        self.start_both("--htpasswd", self.path("users"), source=source, env={"DOCKER_CONFIG": self.path("docker")})
        base = f"/v1/images/{closed.id}"
        tags = "/v1/repositories/team/closed/tags"
        paths = (tags, tags + "/1.0", "/v1/repositories/team/closed/images", f"{base}/json", f"{base}/ancestry",
                 f"{base}/layer")
        log = os.path.join(source.folder, "log")
        before = os.path.getsize(log)
        for headers in ({}, {"Authorization": "Basic YWxpY2U6d3Jvbmc="},
                        {"Authorization": 'Token signature=x,repository="team/closed",access=read'}):
            for path in paths:
                self.assertEqual(self.server.ask("GET", path, headers=headers).status, 401, path)
        with open(log, encoding="utf-8") as file:  # which may have the ping of the start yet to come
            file.seek(before)
            asked = [line for line in file if "/v1/repositories/" in line or "/v1/images/" in line]
        self.assertEqual(asked, [])
        self.assertEqual(self.server.ask("GET", tags, headers=AUTHORIZED).json, {"1.0": closed.id})
        self.assertEqual(self.server.ask("GET", f"{base}/layer", headers=AUTHORIZED).content, closed.data)
        wait_for(lambda: self.is_kept(closed), "the layer")
        self.assertEqual(self.server.ask("GET", f"{base}/layer").status, 401)  # now that it is here, too

    def test_the_configuration_of_the_source_is_used(self):
        """Its certificates, and whether its endpoints may get its password."""
        self.make_key("ca", "/CN=test CA")
        self.make_key("server", "/CN=127.0.0.1", ca="ca", names="IP:127.0.0.1")
        self.ok("copy", "app.tar", "v1-storage:tree:team/app:1.0")
        words = ["--tls-cert", self.path("server.crt"), "--tls-key", self.path("server.key"), "--auth", "nginx",
                 "--user", "alice:secret", "--storage", self.path("tree")]
        images = self.start(FaultServer, *words)
        source = self.start(FaultServer, *words, "--standalone", "False", "--endpoints", images.host)
        os.mkdir(self.path("docker"))
        self.write("docker/config.json", json.dumps(
            {"auths": {source.host: {"auth": AUTHORIZED["Authorization"].split()[1]}}}))
        for name in (f"https://{source.host}", f"https://{source.host}/v1/", source.host):
            for settings, status in (({"ca_file": self.path("ca.crt"), "endpoints": "trusted"}, 200),
                                     ({"insecure": True, "endpoints": "trusted"}, 200),
                                     ({"ca_file": self.path("ca.crt")}, 502), ({"endpoints": "trusted"}, 502)):
                with self.subTest((name, settings)):
                    self.write("regctl.json", json.dumps({"registries": {
                        source.host: settings, images.host: {"ca_file": self.path("ca.crt")}}}))
                    server = self.start(RegctlServer, "--mirror-source", name, "--retry", "0",
                                        env={"DOCKER_CONFIG": self.path("docker"),
                                             "REGCTL_CONFIG": self.path("regctl.json")})
                    answer = server.ask("GET", "/v1/repositories/team/app/tags")
                    self.assertEqual(answer.status, status, server.errors())

    # --- pushing to a mirror ---

    def test_an_image_of_the_source_can_be_tagged_and_built_upon(self):
        self.start_both()
        child = Layer("child", 1000)
        child.json = json.dumps({"id": child.id, "parent": self.top.id}).encode()
        self.assertEqual(self.server.push(child, "team/mine"), [200, 200, 200, 200, 200, 204])
        answer = self.server.ask("PUT", "/v1/repositories/team/mine/tags/base", json.dumps(self.base.id))
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.server.ask("PUT", "/v1/repositories/team/mine/tags/x", f'"{"0" * 64}"').status, 404)
        self.ok("pull", f"{self.server.host}/team/mine:1.0", "mine.tar")
        self.source.stop()
        self.ok("pull", f"{self.server.host}/team/mine:1.0", "again.tar")

    # --- when it is not ---

    def test_a_cut_download_from_the_source_is_resumed(self):
        self.start_both()
        self.source.control({"method": "GET", "path": "/layer$", "action": "cut", "after": 200_000, "times": 1})
        self.server.stop()
        self.start_both("--retry", "2", source=self.source)
        self.assert_right(self.base)
        self.assertEqual([bool(r["range"]) for r in self.source.log("GET", "/layer")], [False, True])

    def test_a_source_that_fails_gives_an_error_and_nothing_is_kept(self):
        faults = ({"action": "cut", "after": 300}, {"action": "cut", "after": 0}, {"action": "corrupt", "at": 200},
                  {"action": "close"}, {"action": "reset"}, {"action": "status", "status": 404},
                  {"action": "status", "status": 500}, {"action": "body", "text": ""},
                  {"action": "body", "text": "x" * 500}, {"action": "length", "delta": 5})
        self.start_both()
        small = make_archive(self.path("small.tar"), ["small"], 500)[0]
        self.ok("push", "small.tar", f"{self.source.host}/team/small:1")
        for layer in (self.base, small):
            for fault in faults:
                with self.subTest(f"{fault} of {len(layer.data)} bytes"):
                    self.source.control("clear")
                    self.source.control({"method": "GET", "path": f"{layer.id}/layer", **fault})
                    self.fails_to_come(layer)
            self.source.control("clear")
            self.assert_right(layer)

    def test_a_source_that_lies_about_size_or_sum_gives_an_error(self):
        self.start_both()
        for changed in ({"X-Docker-Size": "100"}, {"X-Docker-Size": str(len(self.base.data) - 20_000)},
                        {"X-Docker-Size": str(len(self.base.data) + 1)}, {"X-Docker-Size": "0"},
                        {"X-Docker-Checksum-Payload": "sha256:" + "0" * 64}):
            with self.subTest(changed):
                self.source.control("clear")
                self.source.control({"method": "GET", "path": f"{self.base.id}/json", "action": "headers", "set": changed})
                self.fails_to_come(self.base)
        self.source.control("clear")
        self.source.control({"method": "GET", "path": f"{self.base.id}/json", "action": "body",
                             "text": json.dumps({"id": self.top.id})})
        self.assertGreaterEqual(self.layer(self.base).status, 400)
        self.source.control("clear")
        self.assert_right(self.base)

    def test_a_size_unknown_to_the_source_is_not_reported(self):
        self.start_both()
        self.source.control({"method": "GET", "path": f"{self.base.id}/json", "action": "headers",
                             "drop": ["X-Docker-Size"]})
        self.ok("tags", self.image.rsplit(":", 1)[0])
        answer = self.server.ask("GET", f"/v1/images/{self.base.id}/json")
        self.assertEqual((answer.status, answer.headers["X-Docker-Size"]), (200, None))
        self.ok("pull", self.image, "out.tar")
        self.assert_right(self.base)

    def test_a_layer_without_a_checksum_is_noted_and_can_be_refused(self):
        for words in ((), ("--require-checksum",)):
            with self.subTest(words):
                source = self.start(FaultServer, "--checksums", "none")
                self.ok("push", "app.tar", f"{source.host}/team/app:1.0")
                self.start_both(*words, source=source)
                self.ok("tags", self.image.rsplit(":", 1)[0])  # where the images are heard of
                if words:
                    self.fails_to_come(self.base)
                    self.assertIn("--require-checksum is given", self.server.errors())
                    continue
                self.assert_right(self.base)
                wait_for(lambda: "tells no checksum of the layer of image " + self.base.id[:12] in self.server.errors(),
                         "a complaint")
                source.control({"method": "GET", "path": f"{self.top.id}/layer$", "action": "corrupt", "at": 50})
                self.fails_to_come(self.top)

    def test_without_its_source_the_server_serves_its_own_images(self):
        self.start_both()
        self.ok("pull", self.image, "first.tar")
        wait_for(lambda: self.server.files.exists("repositories/team/app/tag_1.0"), "the tag")
        self.source.stop()
        self.assertEqual(self.server.end(), 0)
        server = self.start(RegctlServer, "--mirror-source", f"http://{self.source.host}", "--retry", "0",
                            storage=self.server.storage)
        self.ok("pull", f"{server.host}/team/app:1.0", "second.tar")
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags").json, {"1.0": self.top.id})
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags/1.0").json, self.top.id)
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/images").json, [])
        for path in (f"images/{'a' * 64}/json", f"images/{'a' * 64}/ancestry", f"images/{'a' * 64}/layer",
                     "repositories/team/none/tags", "repositories/team/none/tags/1.0",
                     "repositories/team/none/images", "repositories/team/app/tags/2.0"):
            self.assertEqual(server.ask("GET", "/v1/" + path).status, 502, path)
        self.assertEqual(server.ask("GET", "/v1/images/short/json").status, 404)
        answer = server.ask("PUT", "/v1/repositories/team/app/tags/2.0", json.dumps("a" * 64))
        self.assertEqual(answer.status, 502)
        child = json.dumps({"id": "c" * 64, "parent": "b" * 64})
        self.assertEqual(server.ask("PUT", f"/v1/images/{'c' * 64}/json", child).status, 502)
        self.fails(5, "pull", f"{server.host}/team/none:1.0", "none.tar", "--retry", "0")
        self.assertIn("asking the mirror's source", server.errors())

    def test_search_finds_repositories_of_the_source_too(self):
        self.start_both()
        self.server.push(self.top, "team/own")

        def names(query):
            return [r["name"] for r in self.server.ask("GET", "/v1/search?q=" + query).json["results"]]

        self.assertEqual(names("team"), ["team/app", "team/own"])
        self.assertEqual(names("own"), ["team/own"])
        self.source.control({"method": "GET", "path": "/v1/search", "action": "status", "status": 404, "times": 1})
        self.assertEqual(names("team"), ["team/own"])
        self.source.stop()
        self.assertEqual(names("team"), ["team/own"])
        self.assertIn("searching the mirror's source", self.server.errors())

    def start_other(self, answers):
        """A server that is no v1 registry: `answers` maps paths to headers of a 200."""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                headers = answers.get(self.path)
                self.send_response(404 if headers is None else 200)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}" if headers is not None else b"no")

            def log_message(self, *_):
                pass

        other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=other.serve_forever, daemon=True).start()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        return f"127.0.0.1:{other.server_port}"

    def test_an_unusable_source_is_noted_at_start_and_requests_get_502(self):
        v2 = self.start_other({"/v2/": {"Docker-Distribution-Api-Version": "registry/2.0"}})
        for source, why in ((v2, "v2"), (f"http://{v2}", "v2"), (self.start_other({}), "not as a Docker registry"),
                            ("http://nobody.invalid:5000", "no address is known for its name"), ("nobody.invalid:5000", "nobody"),
                            ("http://127.0.0.1:1", "127.0.0.1:1")):
            with self.subTest(source):
                server = self.start(RegctlServer, "--mirror-source", source, "--retry", "0")
                wait_for(lambda server=server: "the mirror's source cannot be used" in server.errors(), "a word of it")
                self.assertIn(why, server.errors())
                for path in (f"images/{'a' * 64}/json", f"images/{'a' * 64}/layer", f"images/{'a' * 64}/ancestry",
                             "repositories/team/none/tags", "repositories/team/none/images"):
                    self.assertEqual(server.ask("GET", "/v1/" + path).status, 502, path)
                self.assertEqual(server.push(Layer("own", 100)), [200, 200, 200, 200, 200, 204])
                self.assertEqual(server.end(), 0)

    def test_an_unreachable_source_delays_neither_start_nor_end(self):
        source = socket.create_server(("127.0.0.1", 0))  # it takes connections, and never answers
        self.addCleanup(source.close)
        server = self.start(RegctlServer, "--mirror-source", f"http://127.0.0.1:{source.getsockname()[1]}")
        source.accept()[0].recv(1)
        self.assertEqual(server.get("/v1/_ping"), b"true")
        self.assertEqual(server.end(), 0)

    def test_many_layers_leave_no_threads_behind(self):
        self.start_both()
        layers = make_archive(self.path("many.tar"), [f"many-{i}" for i in range(30)], 10)
        self.ok("push", "many.tar", f"{self.source.host}/team/many:1")

        def threads():
            return len(os.listdir(f"/proc/{self.server.process.pid}/task"))

        def stacks():
            with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
                return int(next(line.split()[1] for line in file if line.startswith("VmSize")))

        self.assert_right(layers[0])
        before, size = threads(), stacks()
        for layer in layers[1:]:
            self.assert_right(layer)
        wait_for(lambda: threads() <= before + 2, "threads to end")
        self.assertLess(stacks() - size, 29 * 8192 // 2)  # KiB: a thread that nobody joins keeps its stack

    def test_a_fetch_without_a_waiting_client_ends_with_the_server(self):
        self.start_both()
        self.source.control({"method": "GET", "path": "/layer$", "action": "stall", "after": 200_000})
        connection = http.client.HTTPConnection(self.server.host, timeout=PATIENCE_S)
        connection.request("GET", f"/v1/images/{self.base.id}/layer")
        connection.getresponse().read(1000)
        connection.close()
        self.server.process.terminate()
        wait_for(lambda: self.refuses_connections(), "the end of listening")
        self.assertIsNone(self.server.process.poll())
        self.assertEqual(self.server.end(), 0)
        self.assertFalse(self.is_kept(self.base))

    def refuses_connections(self):
        try:
            self.server.ask("GET", "/v1/_ping")
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False


if __name__ == "__main__":
    main()
