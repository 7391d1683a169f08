#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve and signals: SIGTERM finishes running requests and accepts no new ones, SIGHUP reopens logs and rereads
certificates and users anew."""

import base64
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import Layer, PATIENCE_S, RegctlServer, TestCase, main, wait_for  # noqa: E402

SECRET = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"


def basic(user, password="secret"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Signals(TestCase):
    def begin_upload(self, server, layer):
        """The first half of a layer, on a connection that waits for the rest."""
        server.ask("PUT", f"/v1/images/{layer.id}/json", layer.json)
        connection = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
        self.addCleanup(connection.close)
        connection.sendall(f"PUT /v1/images/{layer.id}/layer HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                           f"Content-Length: {len(layer.data)}\r\n\r\n".encode())
        self.assertIn(b"100 Continue", connection.recv(1000))
        connection.sendall(layer.data[:1000])
        return connection

    def listens_no_more(self, server):
        try:
            socket.create_connection(("127.0.0.1", server.port), PATIENCE_S).close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False

    def test_sigterm_finishes_running_requests_and_accepts_no_more(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                server = self.start(RegctlServer)
                layer = Layer("running", 100_000)
                upload = self.begin_upload(server, layer)
                kept = http.client.HTTPConnection(server.host, timeout=PATIENCE_S)
                kept.request("GET", "/v1/_ping")
                self.assertEqual(kept.getresponse().read(), b"true")
                server.process.send_signal(number)
                wait_for(lambda: self.listens_no_more(server), "the end of listening")
                kept.request("GET", "/v1/_ping")  # on a connection from before
                refusal = kept.getresponse()
                self.assertEqual((refusal.status, refusal.headers["Connection"]), (503, "close"))
                self.assertIn(b"error", refusal.read())
                kept.close()
                self.assertIsNone(server.process.poll())
                upload.sendall(layer.data[1000:])
                self.assertIn(b" 200 ", upload.recv(1000))
                self.assertEqual(server.process.wait(PATIENCE_S), 0)
                self.assertEqual(server.files.read(f"images/{layer.id}/layer"), layer.data)

    def test_a_second_sigterm_ends_running_requests(self):
        server = self.start(RegctlServer)
        layer = Layer("cut off", 100_000)
        upload = self.begin_upload(server, layer)
        server.process.terminate()
        wait_for(lambda: self.listens_no_more(server), "the end of listening")
        self.assertIsNone(server.process.poll())
        self.assertEqual(server.end(), 0)
        self.assertEqual(upload.recv(1000), b"")
        self.assertEqual(sorted(server.files.names(f"images/{layer.id}")), ["_inprogress", "ancestry", "json"])

    def test_an_idle_server_ends_at_once_despite_open_connections(self):
        server = self.start(RegctlServer)
        idle = http.client.HTTPConnection(server.host, timeout=PATIENCE_S)
        idle.request("GET", "/v1/_ping")
        idle.getresponse().read()
        self.assertEqual(server.end(), 0)
        idle.close()

    def test_sighup_reopens_the_log(self):
        server = self.start(RegctlServer, "--access-log", "log")
        log = os.path.join(server.folder, "log")
        server.ask("GET", "/v1/_ping")
        wait_for(lambda: os.path.getsize(log), "a line")
        os.rename(log, log + ".1")
        size = os.path.getsize(log + ".1")
        server.ask("GET", "/v1/search?q=old")
        wait_for(lambda: os.path.getsize(log + ".1") > size, "a line in the old log")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: os.path.exists(log), "the new log")
        server.ask("GET", "/v1/users/")
        wait_for(lambda: os.path.getsize(log), "a line in it")
        with open(log, encoding="ascii") as new, open(log + ".1", encoding="ascii") as old:
            self.assertEqual([line.split('"')[1].split()[1] for line in (*old, *new)],
                             ["/v1/_ping", "/v1/search", "/v1/users/"])

    def test_sighup_rereads_users_and_keeps_the_old_ones_if_that_fails(self):
        self.write("users", f"alice:{SECRET}\nbob:{SECRET}\n")
        server = self.start(RegctlServer, "--htpasswd", self.path("users"))

        def may(user):
            return server.ask("GET", "/v1/users/", headers=basic(user)).status == 200

        self.assertEqual([may(user) for user in ("alice", "bob", "carol")], [True, True, False])
        self.write("users", f"alice:{SECRET}\ncarol:{SECRET}\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: may("carol"), "the new users")
        self.assertEqual([may(user) for user in ("alice", "bob", "carol")], [True, False, True])
        self.write("users", "alice\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "line 1 is not NAME:BCRYPT; the old one stays" in server.errors(), "a note")
        self.assertEqual([may(user) for user in ("alice", "bob", "carol")], [True, False, True])

    def make_certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-keyout", self.path("key.new"), "-out", self.path("cert.new")], check=True,
                       stderr=subprocess.DEVNULL)
        os.rename(self.path("key.new"), self.path("key"))
        os.rename(self.path("cert.new"), self.path("cert"))
        with open(self.path("cert")) as file:
            return ssl.PEM_cert_to_DER_cert(file.read())

    def certificate(self, server):
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", server.port)))

    def test_sighup_uses_a_new_certificate_and_cuts_no_connection(self):
        first = self.make_certificate("old")
        server = self.start(RegctlServer, "--tls-cert", self.path("cert"), "--tls-key", self.path("key"), scheme="https")
        self.assertEqual(self.certificate(server), first)
        kept = http.client.HTTPSConnection(server.host, timeout=PATIENCE_S, context=ssl._create_unverified_context())
        kept.request("GET", "/v1/_ping")
        kept.getresponse().read()
        for name in ("newer", "newest"):
            new = self.make_certificate(name)
            server.process.send_signal(signal.SIGHUP)
            # Until the one before has stopped to accept, either may answer.
            wait_for(lambda: self.certificate(server) == new, "the new certificate")
            self.assertEqual(server.ask("GET", "/v1/_ping").status, 200)
        # A connection from before is served once more, and then closed.
        kept.request("GET", "/v1/_ping")
        answer = kept.getresponse()
        self.assertEqual((answer.status, answer.headers["Connection"]), (200, "close"))
        kept.close()
        self.write("cert", "nonsense")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "the old one stays" in server.errors(), "a note")
        wait_for(lambda: self.certificate(server) == new, "the certificate from before")
        self.assertEqual(server.end(), 0)


if __name__ == "__main__":
    main()
