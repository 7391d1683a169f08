#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLS: verified unless told otherwise, and clear when the two sides speak different things."""

import json
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, TestCase, main, make_archive  # noqa: E402


class Tls(TestCase):
    def setUp(self):
        super().setUp()
        self.make_key("ca", "/CN=test CA")
        self.make_key("server", "/CN=127.0.0.1", ca="ca", names="IP:127.0.0.1")
        self.make_key("client", "/CN=bob", ca="ca")
        make_archive(self.path("app.tar"), ["a", "b"], 50_000)

    def start_tls(self, *words):
        server = self.start(FaultServer, "--tls-cert", self.path("server.crt"), "--tls-key",
                            self.path("server.key"), *words)
        server.image = f"{server.host}/team/app:1.0"
        return server

    def certs_folder(self, server):
        folder = os.path.join(self.home, ".docker", "certs.d", server.host)
        os.makedirs(folder)
        return folder

    def copy_key(self, name, target):
        with open(target, "wb") as file:
            file.write(self.read(name))

    def test_an_unknown_certificate_is_refused_with_advice(self):
        server = self.start_tls()
        self.fails(5, "push", "app.tar", server.image,
                   saying=["certificate is not trusted", "--ca-file", "--insecure"])
        self.assertEqual(server.log(), [])

    def test_authorities_come_from_a_flag_a_folder_or_the_configuration(self):
        server = self.start_tls()
        self.ok("push", "--ca-file", self.path("ca.crt"), "app.tar", server.image)
        self.write("config.json", json.dumps({"registries": {server.host: {"ca_file": self.path("ca.crt")}}}))
        self.ok("tags", "--config", self.path("config.json"), f"{server.host}/team/app")
        self.copy_key("ca.crt", os.path.join(self.certs_folder(server), "ca.crt"))
        self.ok("pull", server.image, "out.tar")

    def test_all_authorities_of_a_folder_are_trusted(self):
        self.make_key("old", "/CN=old CA")
        server = self.start_tls()
        folder = self.certs_folder(server)
        self.copy_key("ca.crt", os.path.join(folder, "ca.crt"))
        self.copy_key("old.crt", os.path.join(folder, "a-old.crt"))
        self.ok("ping", server.host)
        self.copy_key("old.crt", os.path.join(folder, "z-old.crt"))
        self.write_into(folder, "b-no-certificate.crt", "none")
        self.ok("ping", server.host)
        os.remove(os.path.join(folder, "ca.crt"))
        self.fails(5, "ping", server.host, saying="certificate is not trusted")

    def write_into(self, folder, name, text):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def test_of_several_client_certificates_the_accepted_one_is_shown(self):
        self.make_key("stranger", "/CN=a stranger")
        server = self.start_tls("--client-ca", self.path("ca.crt"))
        folder = self.certs_folder(server)
        for source, target in (("ca.crt", "ca.crt"), ("stranger.crt", "a.cert"), ("stranger.key", "a.key"),
                               ("client.crt", "b.cert"), ("client.key", "b.key")):
            self.copy_key(source, os.path.join(folder, target))
        self.ok("push", "app.tar", server.image)
        for name in ("b.cert", "b.key"):
            os.remove(os.path.join(folder, name))
        self.fails(5, "ping", "--retry", "0", server.host, saying="--client-cert")

    def test_a_key_without_its_certificate_is_an_error(self):
        server = self.start_tls()
        self.copy_key("client.key", os.path.join(self.certs_folder(server), "bob.key"))
        self.fails(2, "ping", server.host, saying=["bob.key' has no 'bob.cert' beside it", "*.crt"])

    def start_openssl(self, *words):
        """openssl s_server, which answers any GET with a page of its own. Returns its host."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", self.path("server.crt"), "-key",
             self.path("server.key"), "-www", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.stdin.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        while b"ACCEPT" not in server.stdout.readline():
            self.assertIsNone(server.poll())
        return f"127.0.0.1:{port}"

    def test_old_tls_is_refused_with_advice_and_can_be_allowed(self):
        trust = ["--ca-file", self.path("ca.crt")]
        for version, least in (("-tls1", "1.0"), ("-tls1_1", "1.1")):
            with self.subTest(version):
                host = self.start_openssl(version, "-cipher", "DEFAULT@SECLEVEL=0")
                self.fails(5, "ping", *trust, host, saying=["it speaks no TLS 1.2 or newer", "--tls-min 1.0"])
                # What answers there is a page, and no registry.
                self.fails(6, "ping", *trust, "--tls-min", least, host, saying="not as a Docker registry")
                self.write("config.json", json.dumps({"registries": {host: {"tls_min": "1.0"}}}))
                self.fails(6, "ping", *trust, "--config", self.path("config.json"), host,
                           saying="not as a Docker registry")
        host = self.start_openssl("-tls1_2")
        self.fails(5, "ping", *trust, "--tls-min", "1.3", host, saying="it speaks no TLS 1.3 or newer")
        self.fails(2, "ping", "--tls-min", "1.4", host)

    def test_unusable_certificate_files_are_errors(self):
        server = self.start_tls()
        for flag in ("--ca-file", "--client-cert"):
            self.fails(2, "tags", flag, "nowhere.pem", f"{server.host}/team/app",
                       saying=["cannot open 'nowhere.pem'", "check --ca-file"])
        self.fails(2, "tags", "--client-key", self.path("client.key"), f"{server.host}/team/app",
                   saying=["a client key", "and no certificate"])

    def test_insecure_skips_verification(self):
        server = self.start_tls()
        self.ok("push", "--insecure", "app.tar", server.image)

    def test_a_registry_that_asks_for_a_client_certificate_gets_one(self):
        server = self.start_tls("--client-ca", self.path("ca.crt"))
        trust = ["--ca-file", self.path("ca.crt")]
        self.fails(5, "push", *trust, "app.tar", server.image, saying="certificate")
        self.ok("push", *trust, "--client-cert", self.path("client.crt"), "--client-key",
                self.path("client.key"), "app.tar", server.image)
        folder = self.certs_folder(server)
        for source, target in (("ca.crt", "ca.crt"), ("client.crt", "bob.cert"), ("client.key", "bob.key")):
            self.copy_key(source, os.path.join(folder, target))
        self.ok("pull", server.image, "out.tar")

    def test_a_missing_key_file_is_a_usage_error(self):
        server = self.start_tls()
        self.fails(2, "tags", "--ca-file", self.path("none.crt"), f"{server.host}/team/app",
                   saying="cannot use a certificate")

    def test_plain_http_to_a_tls_port_ends_with_an_error(self):
        server = self.start_tls()
        self.fails(5, "tags", "--plain-http", "--retry", "0", f"{server.host}/team/app")

    def test_basic_goes_with_every_request_to_a_standalone_registry(self):
        server = self.start_tls("--auth", "nginx", "--user", "bob:secret")
        environment = {"REGCTL_USERNAME": "bob", "REGCTL_PASSWORD": "secret"}
        self.ok("push", "--ca-file", self.path("ca.crt"), "app.tar", server.image, env=environment)
        images = [r for r in server.log() if "/v1/images/" in r["path"]]
        self.assertEqual({r["authorization"].split()[0] for r in images}, {"Basic"})
        self.assertEqual({r["status"] for r in images if r["method"] == "PUT"}, {200})


if __name__ == "__main__":
    main()
