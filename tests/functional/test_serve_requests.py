#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve and requests that are ambiguous to readers of HTTP, or meant for another server."""

import json
import os
import re
import socket
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import Layer, PATIENCE_S, RegctlServer, TestCase, main  # noqa: E402

ANSWER = rb"HTTP/1\.1 \d\d\d "
SMUGGLED = b"PUT /v1/users/smuggled HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"


def put(*lines, body=b"", version=b"HTTP/1.1"):
    return b"\r\n".join((b"PUT /v1/users/outer " + version, b"Host: h", *lines, b"", body))


# Each is one request to somebody, with another one in its body.
ODD = {
    "length and encoding": put(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "encoding and length": put(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n" + SMUGGLED),
    "two lengths": put(b"Content-Length: 0", b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED),
    "one length twice": put(b"Content-Length: 0", b"Content-Length: 0", body=SMUGGLED),
    "a length with a sign": put(b"Content-Length: +0", body=SMUGGLED),
    "a hexadecimal length": put(b"Content-Length: 0x0", body=SMUGGLED),
    "a list of lengths": put(b"Content-Length: 0, 0", body=SMUGGLED),
    "a length with a space in it": put(b"Content-Length: 0 0", body=SMUGGLED),
    "a negative length": put(b"Content-Length: -1", body=SMUGGLED),
    "no length at all": put(b"Content-Length:", body=SMUGGLED),
    "a space before the colon": put(b"Content-Length : 60", body=SMUGGLED),
    "a tab before the colon": put(b"Transfer-Encoding\t: chunked", body=SMUGGLED),
    "a folded line": put(b"X: a", b" b", b"Content-Length: 0", body=SMUGGLED),
    "a folded length": put(b"Content-Length:", b" 60", body=SMUGGLED),
    "a fold of spaces alone": put(b"X: a", b" ", body=SMUGGLED),
    "a line before the fields that is folded": put(b" X: a", body=SMUGGLED),
    "a NUL in a value": put(b"X: a\0b", body=SMUGGLED),
    "a NUL in a length": put(b"Content-Length: 0\0", body=SMUGGLED),
    "a NUL in a name": put(b"Content-Length\0: 60", body=SMUGGLED),
    "a NUL in the target": SMUGGLED.replace(b"smuggled", b"outer\0x") + SMUGGLED,
    "a bare CR in a value": put(b"X: a\rContent-Length: 60", body=SMUGGLED),
    "a bare LF": put(b"X: a\nY: b", body=SMUGGLED),
    "a NUL that hides as much as bare LFs lack": put(b"X: a\0bc\nY: b\nZ: c", body=SMUGGLED).replace(b"Host: h\r", b"Host: h", 1),
    "a space in the request line and a bare LF": put(b"X: a\nY: b", body=SMUGGLED).replace(b"PUT ", b"PUT  "),
    "an encoding that is not known": put(b"Transfer-Encoding: xchunked", body=SMUGGLED),
    "an encoding of nothing": put(b"Transfer-Encoding: identity", body=SMUGGLED),
    "several encodings": put(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + SMUGGLED),
    "two encodings": put(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "an encoding of HTTP/1.0": put(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED, version=b"HTTP/1.0"),
    "two hosts": put(b"Host: h", body=SMUGGLED),
    "two other hosts": put(b"host: other", body=SMUGGLED),
    "no host": b"PUT /v1/users/outer HTTP/1.1\r\n\r\n" + SMUGGLED,
    "a host with a path": SMUGGLED.replace(b"Host: h", b"Host: h/x") + SMUGGLED,
    "a line without a colon": put(b"nonsense", body=SMUGGLED),
    "a name with a parenthesis": put(b"X(): a", body=SMUGGLED),
    "two spaces in the request line": put(body=SMUGGLED).replace(b"PUT ", b"PUT  "),
    "a space behind the version": put(body=SMUGGLED, version=b"HTTP/1.1 "),
    "no version": b"PUT /v1/users/outer\r\nHost: h\r\n\r\n" + SMUGGLED,
}


class Requests(TestCase):
    def converse(self, server, data, tls=False):
        """All bytes that the server sends until it closes."""
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
            if tls:
                context = ssl._create_unverified_context()
                connection = context.wrap_socket(connection)
            text = b""
            try:
                connection.sendall(data)
                while piece := connection.recv(65536):
                    text += piece
            except (ConnectionError, ssl.SSLEOFError):
                pass
            connection.close()
        return text

    def start_with_tls(self, *words, **options):
        self.make_key("server", "/CN=localhost", names="DNS:localhost")
        return self.start(RegctlServer, "--tls-cert", self.path("server.crt"), "--tls-key", self.path("server.key"),
                          *words, scheme="https", **options)

    def paths_in_log(self, server):
        server.end()
        with open(os.path.join(server.folder, "log"), encoding="utf-8") as log:
            return [json.loads(line)["path"] for line in log]

    def test_an_ambiguous_request_is_400_and_ends_the_connection(self):
        for tls in (False, True):
            start = self.start_with_tls if tls else lambda *words: self.start(RegctlServer, *words)
            server = start("--access-log", "log", "--access-log-format", "json")
            for name, data in ODD.items():
                with self.subTest(name, tls=tls):
                    answer = self.converse(server, data, tls)
                    # (Of a length that is none libmicrohttpd 0.9.75 writes the head of its answer twice.)
                    self.assertEqual(set(re.findall(rb"HTTP/1\.1 (\d\d\d) ", answer)), {b"400"}, answer)
            self.assertNotIn("/v1/users/smuggled", self.paths_in_log(server))

    def test_a_target_with_a_space_ends_the_connection(self):
        server = self.start(RegctlServer)
        answer = self.converse(server, SMUGGLED.replace(b"smuggled", b"a b") + SMUGGLED)
        self.assertRegex(answer, rb"^$|^HTTP/1\.1 400 ")
        self.assertLessEqual(len(re.findall(ANSWER, answer)), 1)

    def test_bytes_after_a_chunked_body_are_not_a_request(self):
        server = self.start(RegctlServer)
        chunked = put(b"Transfer-Encoding: chunked", body=b"3;x=y\r\nabc\r\n0\r\n\r\n")
        answer = self.converse(server, chunked + SMUGGLED)
        self.assertRegex(answer, rb"^HTTP/1\.1 204 ")
        self.assertRegex(answer, rb"(?i)\r\nConnection: close\r\n")
        self.assertEqual(len(re.findall(ANSWER, answer)), 1, answer)

    def test_unambiguous_requests_share_a_connection(self):
        server = self.start(RegctlServer)
        first = put(b"X:", b"Y:   spaces ", b"Z:\ttab\tin it", b"Content-Length: 4", body=b"body")
        last = put(b"Connection: close")
        answer = self.converse(server, first + first + b"\r\n" + last)
        self.assertEqual(re.findall(rb"HTTP/1\.1 (\d+) ", answer), [b"204"] * 3)
        old = b"PUT /v1/users/outer HTTP/1.0\r\n\r\n"
        self.assertRegex(self.converse(server, old), rb"^HTTP/1\.1 204 ")

    def test_heads_have_limits(self):
        server = self.start(RegctlServer)
        for data, status in ((b"GET /%s HTTP/1.1\r\nHost: h\r\n\r\n" % (b"x" * 20_000), 414),
                             (b"GET / HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n" % (b"x" * 20_000), 431),
                             (b"GET / HTTP/1.1\r\nHost: h\r\n%s\r\n" % (b"X: y\r\n" * 100), 431)):
            self.assertRegex(self.converse(server, data), rb"^HTTP/1\.1 %d " % status)

    # --- for whom it is ---

    def ask(self, server, method="GET", path="/v1/_ping", **headers):
        return server.ask(method, path, None, {k.replace("_", "-"): v for k, v in headers.items()}).status

    def test_pages_of_other_servers_are_refused_by_an_open_server(self):
        server = self.start(RegctlServer)
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
                        {"Sec_Fetch_Site": "same-site"},
                        {"Host": "evil.example:5000", "Origin": "http://evil.example:5000"},
                        {"Host": "evil.example:5000", "User_Agent": "Mozilla/5.0"}):
            for method, path in (("GET", "/v1/_ping"), ("GET", "/v1/search"), ("PUT", "/v1/repositories/a/b/"),
                                 ("DELETE", "/v1/repositories/a/b/"), ("POST", "/v1/users/")):
                self.assertEqual(self.ask(server, method, path, **headers), 403, headers)
        for headers in ({"Origin": f"http://{server.host}"}, {"Sec_Fetch_Site": "none", "User_Agent": "Mozilla/5.0"},
                        {"Host": "registry.example"}):
            self.assertEqual(self.ask(server, **headers), 200, headers)

    def test_a_server_with_names_answers_only_requests_for_them(self):
        server = self.start(RegctlServer, "--host", "registry.example", "--host", "other.example:5000")
        for host, status in (("registry.example", 200), ("registry.example:5000", 200), ("other.example:5000", 200),
                             ("other.example", 403), ("evil.example", 403), (server.host, 200)):
            self.assertEqual(self.ask(server, Host=host), status, host)
        answer = server.ask("GET", "/v1/_ping", None, {"Host": "evil.example"})
        self.assertEqual(answer.json, {"error": "this server is not called 'evil.example'"})
        self.fails(2, "serve", "--host", "http://registry", "--listen", "127.0.0.1:0", "--storage", "s",
                   saying="no name of a host")

    # --- TLS ---

    def test_tls_is_version_1_2_or_later(self):
        server = self.start_with_tls()
        for version, is_spoken in ((ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
                                   (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl._create_unverified_context()
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
                try:
                    context.wrap_socket(connection).close()
                    self.assertTrue(is_spoken, version)
                except (ssl.SSLError, ConnectionError) as error:
                    self.assertFalse(is_spoken, f"{version}: {error}")


if __name__ == "__main__":
    main()
