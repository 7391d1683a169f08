#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A v1 registry (v1_registry.py) that misbehaves on request.

Images live in memory, or come from a storage tree (--storage). Faults are rules: JSON objects given with
--fault or sent to POST /_fault, looked at in order:

  {"method": "GET", "path": "/layer$", "times": 1, "skip": 0, "action": "cut", "after": 100}

`method` and `path` (a regular expression) choose requests, `skip` lets the first ones pass, `times` ends
the rule (absent: never). Actions: see Fault. Every request is a line of JSON in --log.
"""

import argparse
import collections
import hashlib
import json
import os
import re
import socket
import socketserver
import ssl
import struct
import sys
import tarfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

from peer import serve_for_parent
from v1_registry import HTML, PHRASES, Answer, Registry, State, error, reply


class Fault:
    """One rule. Its action is one of

    cut (after N body bytes the connection is closed), stall (after N bytes nothing comes until the client
    goes), slow (N bytes a second), late (the answer, by "seconds"), reset and close (no answer), status
    (with "status", "retry_after", "body"; nothing else happens, unless "done" is true), early (a status before the body is read), length (Content-Length off by "delta"), corrupt
    (the byte "at" flipped), shift (a range of the right length has the bytes from the first one on), body (replaced by "text"), huge ("bytes" of JSON), deep ("depth" brackets),
    headers ("set" and "drop"), redirect ("status", to the same path at the server "to", before the body
    is read), informational (answers 102 and never another).

    A rule with "chunked": true is for bodies without a length.

    A rule with "gather": N holds what it chose until N requests are there, and lets them go together.
    """

    def __init__(self, rule):
        self.rule = rule
        self.path = re.compile(rule.get("path", ""))
        self.method = rule.get("method")
        self.skip = rule.get("skip", 0)
        self.times = rule.get("times")
        self.action = rule["action"]
        self.chunked = rule.get("chunked", False)
        self.gathering = threading.Barrier(rule["gather"], timeout=60) if "gather" in rule else None

    def take(self, method, path, headers):
        if self.chunked and "Transfer-Encoding" not in headers:
            return False
        if (self.method and self.method != method) or not self.path.search(path) or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Handler(Registry, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as gunicorn does
    server_version = "gunicorn/19.1.1"
    sys_version = ""

    # --- the request ---

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.body is not None:
            return self.body
        pieces = []
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.read_exactly(size))
                self.rfile.readline()
            self.rfile.readline()
        else:
            pieces.append(self.read_exactly(int(self.headers.get("Content-Length", 0))))
        self.body = b"".join(pieces)
        return self.body

    def read_exactly(self, size):
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError("the client stopped in the middle of a body")
        return data

    def handle_request(self):
        self.body = None
        self.session = None
        self.options = self.server.options
        self.state = self.server.state
        self.arrived = time.monotonic()
        with self.state.lock:
            self.server.in_flight[self.command] += 1
            self.in_flight = self.server.in_flight[self.command]
        try:
            self.handle_counted()
        finally:
            with self.state.lock:
                self.server.in_flight[self.command] -= 1

    def handle_counted(self):
        parts = urllib.parse.urlsplit(self.path)
        self.route = urllib.parse.unquote(parts.path)
        self.query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        if self.route == "/_fault":
            return self.control()
        with self.state.lock:
            fault = next((f for f in self.state.faults if f.take(self.command, self.path, self.headers)), None)
        action = fault.action if fault else None
        if fault and fault.gathering:
            fault.gathering.wait()
        if action in ("reset", "close"):
            return self.drop(reset=action == "reset")
        if action == "early":
            answer = error(fault.rule["status"], fault.rule.get("text", "early"))
            self.close_connection = True
            return self.respond(answer, None)
        if action == "redirect":
            self.close_connection = True
            return self.respond(Answer(fault.rule["status"], b"", {"Location": fault.rule["to"] + self.path}), None)
        if action == "informational":
            return self.inform()
        if action == "late":
            self.server.pause(fault.rule["seconds"])
        try:
            self.read_body() if action == "status" else None
            is_left_out = action == "status" and not fault.rule.get("done")
            answer = Answer(200) if is_left_out else self.find_answer()
        except Answer as found:
            answer = found
        except ConnectionError:
            self.close_connection = True
            self.log_request_line(0)
            return None
        # The original answers some requests without having read their body.
        if self.body is None:
            if int(self.headers.get("Content-Length", 0)) > 65536 or "Transfer-Encoding" in self.headers:
                self.close_connection = True
            else:
                self.read_body()
        return self.respond(answer, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def control(self):
        rule = json.loads(self.read_body())
        with self.state.lock:
            if rule == "clear":
                self.state.faults.clear()
            elif rule == "expire":
                self.state.signatures.clear()
            else:
                self.state.faults.append(Fault(rule))
        self.respond(reply(True), None, logged=False)

    # --- the answer ---

    def drop(self, reset):
        self.log_request_line(0)
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_request_line(self, status):
        body = self.body
        record = {"method": self.command, "path": self.path, "status": status,
                  "range": self.headers.get("Range"), "agent": self.headers.get("User-Agent"),
                  "authorization": self.headers.get("Authorization"),
                  "cookie": self.headers.get("Cookie"), "token": self.headers.get("X-Docker-Token"),
                  "checksum": self.headers.get("X-Docker-Checksum"),
                  "encoding": self.headers.get("Transfer-Encoding"),
                  "connection": self.client_address[1],
                  "arrived": self.arrived, "answered": time.monotonic(), "in_flight": self.in_flight,
                  "bytes": None if body is None else len(body),
                  "sha256": None if body is None else hashlib.sha256(body).hexdigest()}
        self.server.log(record)

    def respond(self, answer, fault, logged=True):
        rule = fault.rule if fault else {}
        action = rule.get("action")
        status, body, headers = answer.status, answer.body, answer.headers
        if action == "status":
            status = rule["status"]
            body = rule.get("body", HTML.format(status, "Fault", "")).encode()
            headers = {"Content-Type": "text/html"}
            if "retry_after" in rule:
                headers["Retry-After"] = str(rule["retry_after"])
        elif action == "body":
            body = rule["text"].encode()
        elif action == "deep":
            body = b"[" * rule["depth"] + b"]" * rule["depth"]
        elif action == "corrupt":
            body = bytearray(body)
            body[rule["at"]] ^= 1
        elif action == "shift":
            body = self.whole[:len(body)]
        elif action == "headers":
            headers = {**{k: v for k, v in headers.items() if k not in rule.get("drop", [])},
                       **rule.get("set", {})}
        size = rule["bytes"] if action == "huge" else len(body)
        promised = (size if answer.announced is None else answer.announced) + rule.get("delta", 0)
        if promised != size:
            self.close_connection = True
        if logged:
            self.log_request_line(status)
        self.send_response(status, PHRASES.get(status, "OK"))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.options.cookie:
            self.send_header("Set-Cookie", f"node={self.options.cookie}; Path=/")
        if self.options.quay and self.session:
            self.send_header("Set-Cookie", f"session={urllib.parse.quote(self.session, safe='')}; Path=/")
        if status != 304:
            self.send_header("Content-Length", str(promised))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.send_body(body, action, rule)

    def send_body(self, body, action, rule):
        if action == "huge":
            self.wfile.write(b'{"a":"')
            left = rule["bytes"] - 8
            while left > 0:
                self.wfile.write(b"a" * min(left, 1 << 16))
                left -= 1 << 16
            self.wfile.write(b'"}')
        elif action in ("cut", "stall"):
            self.wfile.write(body[:rule["after"]])
            self.wfile.flush()
            if action == "stall":
                self.wait_for_the_client_to_go()
            self.close_connection = True
        elif action == "slow":
            step = max(1, rule["rate"] // 20)
            for begin in range(0, len(body), step):
                self.wfile.write(body[begin:begin + step])
                self.server.pause(0.05)
        else:
            self.wfile.write(body)

    def inform(self):
        self.log_request_line(102)
        self.close_connection = True
        while True:  # until the client goes
            self.wfile.write(b"HTTP/1.1 102 Processing\r\nX-Progress: some\r\n\r\n")
            self.server.pause(0.1)

    def wait_for_the_client_to_go(self):
        self.connection.settimeout(None)
        try:
            while self.connection.recv(4096):
                pass
        except OSError:
            pass

    # --- what stands before a registry ---

    def find_answer(self):
        if self.options.cookie and f"node={self.options.cookie}" not in self.headers.get("Cookie", ""):
            if self.route.startswith("/v1/images/"):  # those of a repository come after its index or its tags
                raise error(400, "the cookie did not come back")
        if self.options.quay:
            self.check_session()
        if self.options.auth == "nginx" and self.basic() != self.options.user:
            raise Answer(401, HTML.format(401, "Authorization Required", ""),
                         {"WWW-Authenticate": 'Basic realm="registry"', "Content-Type": "text/html"})
        return super().find_answer()

    def check_session(self):
        """As Quay: a cookie says which repository the last index request was about, and image requests are
        about that one; an image can be read when a tag leads to it."""
        cookie = re.search(r"session=([^;]*)", self.headers.get("Cookie", ""))
        self.session = urllib.parse.unquote(cookie[1]) if cookie else None
        index = re.fullmatch(r"/v1/repositories/(.+?)(/images|/)", self.route)
        if index:
            self.session = index[1]
        image = re.fullmatch(r"/v1/images/([0-9a-f]+)/.*", self.route)
        if not image:
            return
        repository = self.state.repositories.get(self.session)
        if not repository:
            raise error(400, "no session")
        if self.command != "GET":
            return
        shown = set()
        for top in repository.tags.values():
            while top:
                shown.add(top)
                top = json.loads(self.state.images[top].json).get("parent")
        if image[1] not in shown:
            raise error(404, "Image not found")


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options, state):
        self.options = options
        self.state = state
        self.log_file = open(options.log, "a", encoding="utf-8") if options.log else None
        self.log_lock = threading.Lock()
        self.never = threading.Event()
        self.in_flight = collections.Counter()  # by method
        if ":" in options.address:
            self.address_family = socket.AF_INET6
        super().__init__((options.address, options.port), Handler)
        if options.tls_cert:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(options.tls_cert, options.tls_key)
            if options.client_ca:
                self.context.load_verify_locations(options.client_ca)
                self.context.verify_mode = ssl.CERT_REQUIRED
        else:
            self.context = None

    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        try:
            super().finish_request(request, client_address)
        finally:
            if self.context:
                request.close()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # clients that go are the point
            super().handle_error(request, client_address)

    def log(self, record):
        if self.log_file:
            with self.log_lock:
                self.log_file.write(json.dumps(record) + "\n")
                self.log_file.flush()

    def pause(self, seconds):
        self.never.wait(seconds)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file")
    parser.add_argument("--log")
    parser.add_argument("--storage", help="a storage tree, or a .tar.gz of one")
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--auth", choices=["none", "basic", "token", "nginx"], default="none")
    parser.add_argument("--user", default="bob:secret")
    parser.add_argument("--index", type=json.loads, help="an index elsewhere, as JSON: the signature of its "
                        "tokens, the images it lists, those it lets nobody read: signature, images, denied")
    parser.add_argument("--standalone", default="True")
    parser.add_argument("--endpoints")
    parser.add_argument("--redirect-layers")
    parser.add_argument("--cookie")
    parser.add_argument("--quay", action="store_true", help="sessions and hidden images, as Quay has them")
    parser.add_argument("--search", choices=["on", "off", "empty"], default="on")
    parser.add_argument("--checksums", choices=["bare", "list", "none", "npm"], default="bare")
    parser.add_argument("--no-ranges", action="store_true")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--client-ca")
    return parser.parse_args()


def main():
    options = read_options()
    state = State()
    state.faults = [Fault(json.loads(text)) for text in options.fault]
    if options.storage:
        root = options.storage
        if root.endswith(".tar.gz"):
            unpacked = os.path.join(os.path.dirname(options.port_file), "storage")
            with tarfile.open(root) as archive:
                archive.extractall(unpacked)
            root = unpacked
        state.load(root)
    server = Server(options, state)
    serve_for_parent(server, options.port_file)


if __name__ == "__main__":
    main()
