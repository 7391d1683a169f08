#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A v1 registry that plays docker-registry 0.9 as recorded in tests/data/v1, and misbehaves on request.

Images live in memory, or come from a storage tree (--storage). Faults are rules: JSON objects given with
--fault or sent to POST /_fault, looked at in order:

  {"method": "GET", "path": "/layer$", "times": 1, "skip": 0, "action": "cut", "after": 100}

`method` and `path` (a regular expression) choose requests, `skip` lets the first ones pass, `times` ends
the rule (absent: never). Actions: see Fault. Every request is a line of JSON in --log.
"""

import argparse
import base64
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
import urllib.parse
from http.server import BaseHTTPRequestHandler

HTML = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<title>{0} {1}</title>\n<h1>{1}</h1>\n"
PHRASES = {200: "OK", 201: "CREATED", 204: "NO CONTENT", 206: "PARTIAL CONTENT", 302: "FOUND",
           304: "NOT MODIFIED", 400: "BAD REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN",
           404: "NOT FOUND", 405: "METHOD NOT ALLOWED", 409: "CONFLICT", 413: "TOO LARGE",
           416: "REQUESTED RANGE NOT SATISFIABLE", 429: "TOO MANY REQUESTS",
           500: "INTERNAL SERVER ERROR", 502: "BAD GATEWAY", 503: "SERVICE UNAVAILABLE",
           504: "GATEWAY TIMEOUT"}


class Image:
    def __init__(self, text=None):
        self.json = text
        self.layer = None
        self.computed = []
        self.checksums = []
        self.ancestry = None
        self.in_progress = True


class State:
    """What the registry holds. One lock guards it all: this is for tests."""

    def __init__(self):
        self.lock = threading.RLock()
        self.images = {}
        self.repositories = {}
        self.tokens = {}
        self.faults = []

    def repository(self, name, make=False):
        if make:
            return self.repositories.setdefault(name, {"tags": {}, "images": None, "access": "public"})
        return self.repositories.get(name)

    def load(self, root):
        """Reads a storage tree of docker-registry's local driver."""
        for identity in os.listdir(os.path.join(root, "images")):
            folder = os.path.join(root, "images", identity)

            def part(name):
                path = os.path.join(folder, name)
                return open(path, "rb").read() if os.path.exists(path) else None

            image = Image(part("json"))
            image.layer = part("layer")
            image.in_progress = part("_inprogress") is not None
            ancestry = part("ancestry")
            image.ancestry = json.loads(ancestry) if ancestry else None
            text = (part("_checksum") or b"").decode()
            image.checksums = json.loads(text) if text.startswith("[") else ([text] if text else [])
            self.images[identity] = image
        base = os.path.join(root, "repositories")
        for namespace in os.listdir(base):
            for quoted in os.listdir(os.path.join(base, namespace)):
                folder = os.path.join(base, namespace, quoted)
                name = urllib.parse.unquote_plus(urllib.parse.unquote_plus(quoted))
                repository = self.repository(f"{namespace}/{name}", make=True)
                for file in os.listdir(folder):
                    path = os.path.join(folder, file)
                    if file.startswith("tag_"):
                        repository["tags"][file[4:]] = open(path).read()
                    elif file == "_index_images":
                        repository["images"] = json.load(open(path))


class Fault:
    """One rule. Its action is one of

    cut (after N body bytes the connection is closed), stall (after N bytes nothing comes until the client
    goes), slow (N bytes a second), reset and close (no answer), status (with "status", "retry_after",
    "body"), early (a status before the body is read), length (Content-Length off by "delta"), corrupt
    (the byte "at" flipped), body (replaced by "text"), huge ("bytes" of JSON), deep ("depth" brackets),
    headers ("set" and "drop").
    """

    def __init__(self, rule):
        self.rule = rule
        self.path = re.compile(rule.get("path", ""))
        self.method = rule.get("method")
        self.skip = rule.get("skip", 0)
        self.times = rule.get("times")
        self.action = rule["action"]

    def take(self, method, path):
        if (self.method and self.method != method) or not self.path.search(path) or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Answer(Exception):
    """An answer, raised where it is found."""

    def __init__(self, status, body=b"", headers=None, content_type="application/json"):
        super().__init__(status)
        self.status = status
        self.body = body if isinstance(body, bytes) else body.encode()
        self.headers = dict(headers or {})
        self.headers.setdefault("Content-Type", content_type)

    @staticmethod
    def error(status, text, headers=None):
        return Answer(status, json.dumps({"error": text}), headers)

    @staticmethod
    def page(status):
        return Answer(status, HTML.format(status, PHRASES[status].title()), content_type="text/html")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
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
        self.options = self.server.options
        self.state = self.server.state
        parts = urllib.parse.urlsplit(self.path)
        self.route = urllib.parse.unquote(parts.path)
        self.query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        if self.route == "/_fault":
            return self.control()
        with self.state.lock:
            fault = next((f for f in self.state.faults if f.take(self.command, self.path)), None)
        action = fault.action if fault else None
        if action in ("reset", "close"):
            return self.drop(reset=action == "reset")
        if action == "early":
            answer = Answer.error(fault.rule["status"], fault.rule.get("text", "early"))
            self.close_connection = True
            return self.respond(answer, None)
        try:
            if action == "status":
                self.read_body()  # and nothing else happens
            answer = Answer(200) if action == "status" else self.find_answer()
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
                self.state.tokens.clear()
            else:
                self.state.faults.append(Fault(rule))
        self.respond(Answer(200, "true"), None, logged=False)

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
                  "bytes": None if body is None else len(body),
                  "sha256": None if body is None else hashlib.sha256(body).hexdigest()}
        self.server.log(record)

    def respond(self, answer, fault, logged=True):
        rule = fault.rule if fault else {}
        action = rule.get("action")
        status, body, headers = answer.status, answer.body, answer.headers
        if action == "status":
            status = rule["status"]
            body = rule.get("body", HTML.format(status, "Fault")).encode()
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
        elif action == "headers":
            headers = {**{k: v for k, v in headers.items() if k not in rule.get("drop", [])},
                       **rule.get("set", {})}
        size = rule["bytes"] if action == "huge" else len(body)
        promised = int(headers.pop("Announce", size)) + rule.get("delta", 0)
        if promised != size:
            self.close_connection = True
        if logged:
            self.log_request_line(status)
        self.send_response(status, PHRASES.get(status, "OK"))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.options.cookie:
            self.send_header("Set-Cookie", f"node={self.options.cookie}; Path=/")
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

    def wait_for_the_client_to_go(self):
        self.connection.settimeout(None)
        try:
            while self.connection.recv(4096):
                pass
        except OSError:
            pass

    # --- docker-registry 0.9 ---

    def find_answer(self):
        if "If-Modified-Since" in self.headers:
            raise Answer(304)
        if self.options.cookie and f"node={self.options.cookie}" not in self.headers.get("Cookie", ""):
            if not re.fullmatch(r"/v1/_ping|/_ping|/", self.route):
                raise Answer.error(400, "the cookie did not come back")
        self.check_nginx()
        for pattern, function in ROUTES:
            match = re.fullmatch(pattern, self.route)
            if match:
                return function(self, *match.groups())
        raise Answer.page(404)

    def basic(self):
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(value).decode() if scheme == "Basic" else None

    def check_nginx(self):
        if self.options.auth == "nginx" and self.basic() != self.options.user:
            raise Answer(401, HTML.format(401, "Authorization Required"),
                         {"WWW-Authenticate": 'Basic realm="registry"'}, "text/html")

    def check_token(self, access):
        """In token mode image and tag requests need the right token, strictly."""
        if self.options.auth != "token":
            return
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if value.startswith("Token "):
            value = value[6:]
        with self.state.lock:
            granted = self.state.tokens.get(value)
        if scheme != "Token" or granted != access:
            raise Answer.error(401, "Requires authorization", {"WWW-Authenticate": "Token"})

    def index_headers(self, repository):
        """What an index request answers to a client that asks for a token."""
        if self.options.auth in ("basic", "token") and self.basic() != self.options.user:
            raise Answer.error(401, "Requires authorization", {"WWW-Authenticate": 'Basic realm="index"'})
        headers = {}
        if self.headers.get("X-Docker-Token") or self.command == "PUT":
            access = {"PUT": "write", "DELETE": "delete"}.get(self.command, "read")
            signature = hashlib.sha256(os.urandom(8)).hexdigest()[:16].upper()
            token = f'signature={signature},repository="{repository}",access={access}'
            with self.state.lock:
                self.state.tokens[token] = access
            headers = {"X-Docker-Token": "Token " + token, "WWW-Authenticate": "Token " + token}
            headers["X-Docker-Endpoints"] = self.options.endpoints or self.headers.get("Host", "")
        return headers

    def ping(self):
        headers = {"X-Docker-Registry-Version": "0.9.1"}
        if self.options.standalone:
            headers["X-Docker-Registry-Standalone"] = self.options.standalone
        return Answer(200, '{"host": [], "launch": [], "versions": {}}', headers)

    def root(self):
        return Answer(200, '"docker-registry server"')

    def search(self):
        if self.options.search == "off":
            raise Answer.page(404)
        if self.options.search == "empty":
            return Answer(200, "{}")
        term = self.query.get("q", [""])[0]
        like = re.compile(".*".join(re.escape(p) for p in term.split("%")).replace("_", "."), re.I)
        with self.state.lock:
            names = [n for n in self.state.repositories if like.search(n)]
        results = [{"name": n, "description": ""} for n in names]
        return Answer(200, json.dumps({"num_results": len(names), "query": term, "results": results}))

    def users(self):
        if self.command == "POST":
            return Answer(201, '"User Created"')
        if self.options.auth in ("basic", "token") and self.basic() != self.options.user:
            raise Answer.error(401, "Wrong login", {"WWW-Authenticate": 'Basic realm="index"'})
        return Answer(200, '"OK"')

    def repository_root(self, name):
        headers = self.index_headers(name)
        if self.command == "DELETE":
            return self.remove_repository(name)
        if self.command != "PUT":
            raise Answer.page(405)
        try:
            entries = json.loads(self.read_body())
        except ValueError:
            raise Answer.error(400, "Error Decoding JSON") from None
        with self.state.lock:
            repository = self.state.repository(name, make=True)
            known = {e["id"]: e for e in repository["images"] or []}
            for entry in entries:
                known.setdefault(entry["id"], {"id": entry["id"]})
            repository["images"] = list(known.values())
        return Answer(200, '""', headers)

    def remove_repository(self, name):
        with self.state.lock:
            if self.state.repositories.pop(name, None) is None:
                raise Answer.error(404, "Repository not found")
        return Answer(200, "true")

    def repository_images(self, name):
        headers = self.index_headers(name)
        if self.command == "PUT":
            self.read_body()
            return Answer(204, b"", headers)
        repository = self.state.repository(name)
        if not repository or repository["images"] is None:
            raise Answer.error(404, "images not found", headers)
        return Answer(200, json.dumps(repository["images"]), headers)

    def tags(self, name):
        if self.command == "DELETE":
            self.check_token("delete")
            return self.remove_repository(name)
        self.check_token("read")
        repository = self.state.repository(name)
        if not repository:
            raise Answer.error(404, "Repository not found")
        return Answer(200, json.dumps(repository["tags"]))

    def tag(self, name, tag):
        repository = self.state.repository(name, make=self.command == "PUT")
        if self.command == "PUT":
            self.check_token("write")
            try:
                identity = json.loads(self.read_body())
            except ValueError:
                raise Answer.error(400, "Error Decoding JSON") from None
            if identity not in self.state.images:
                raise Answer.error(404, "Image not found")
            repository["tags"][tag] = identity
            return Answer(200, "true")
        if self.command == "DELETE":
            self.check_token("write" if self.options.auth != "token" else "write")
            if not repository or repository["tags"].pop(tag, None) is None:
                raise Answer.error(404, "Tag not found")
            return Answer(200, "true")
        self.check_token("read")
        if not repository or tag not in repository["tags"]:
            raise Answer.error(404, "Tag not found")
        return Answer(200, json.dumps(repository["tags"][tag]))

    def properties(self, name):
        repository = self.state.repository(name)
        if not repository:
            raise Answer.error(404, "Repository not found")
        if self.command == "PUT":
            self.check_token("write")
            repository["access"] = json.loads(self.read_body())["access"]
            return Answer(200, "true")
        self.check_token("read")
        return Answer(200, json.dumps({"access": repository["access"]}))

    def readable(self, identity):
        """The image, if it is complete; as the original, 404 before 400."""
        image = self.state.images.get(identity)
        if image is None or image.json is None:
            raise Answer.error(404, "Image not found")
        if image.in_progress:
            raise Answer.error(400, "Image is being uploaded, retry later")
        return image

    def checksum_headers(self, image):
        style = self.options.checksums
        if style == "none" or not image.checksums:
            return {}
        if style == "bare":
            return {"X-Docker-Checksum-Payload": image.checksums[0]}
        if style == "npm":
            return {"X-Docker-Checksum": image.checksums[0]}
        return {"X-Docker-Checksum-Payload": json.dumps(image.checksums)}

    def image_json(self, identity):
        if self.command == "PUT":
            return self.put_json(identity)
        self.check_token("read")
        image = self.readable(identity)
        headers = self.checksum_headers(image)
        if image.layer is not None:
            headers["X-Docker-Size"] = str(len(image.layer))
        text = image.json
        if self.options.checksums == "npm":
            text = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()
        return Answer(200, text, headers)

    def put_json(self, identity):
        self.check_token("write")
        if self.headers.get("Content-Type") == "application/x-www-form-urlencoded":
            raise Answer.error(400, "Missing data")
        if not re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{16}", identity):
            raise Answer.error(400, "Invalid image ID")
        text = self.read_body()
        try:
            document = json.loads(text)
        except ValueError:
            raise Answer.error(400, "Error Decoding JSON") from None
        if document.get("id") != identity:
            raise Answer.error(400, "JSON data contains invalid id")
        with self.state.lock:
            known = self.state.images.get(identity)
            if known and not known.in_progress:
                raise Answer.error(409, "Image already exists")
            parent = document.get("parent")
            above = []
            if parent:
                if parent not in self.state.images:
                    raise Answer.error(400, "Image depends on a non existing parent")
                above = self.state.images[parent].ancestry or []
            image = Image(text)
            image.ancestry = [identity, *above]
            self.state.images[identity] = image
        return Answer(200, "true")

    def image_layer(self, identity):
        if self.command == "PUT":
            return self.put_layer(identity)
        self.check_token("read")
        image = self.readable(identity)
        if image.layer is None:
            raise Answer.error(404, "Image not found")
        if self.options.redirect_layers:
            return Answer(302, b"", {"Location": self.options.redirect_layers + self.path})
        return self.send_range(image.layer)

    def put_layer(self, identity):
        self.check_token("write")
        image = self.state.images.get(identity)
        if image is None:
            raise Answer.error(404, "Image not found")
        if not image.in_progress:
            raise Answer.error(409, "Image already exists")  # early: the body is not read
        image.layer = self.read_body()
        total = hashlib.sha256(image.json + b"\n" + image.layer).hexdigest()
        image.computed.append("sha256:" + total)
        return Answer(200, "true")

    def send_range(self, data):
        headers = {"Accept-Ranges": "bytes"}
        kind = "application/octet-stream"
        if not data:
            return Answer(416, b"", headers, kind)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not match or self.options.no_ranges:
            return Answer(200, data, headers, kind)
        first = int(match[1])
        # The original's faults: an open end is one byte too far, and so is every end past the last.
        last = int(match[2]) if match[2] else len(data)
        if first >= last:
            return Answer(416, b"", headers, kind)
        headers["Content-Range"] = f"{first}-{last}/{len(data)}"
        body = data[first:last + 1]
        if last - first + 1 != len(body):
            headers["Announce"] = str(last - first + 1)
        return Answer(206, body, headers, kind)

    def image_checksum(self, identity):
        self.check_token("write")
        wanted = self.headers.get("X-Docker-Checksum-Payload") or self.headers.get("X-Docker-Checksum")
        image = self.state.images.get(identity)
        if not wanted:
            raise Answer.error(400, "X-Docker-Checksum-Payload not found in Headers")
        if image is None:
            raise Answer.error(404, "Image not found")
        if image.layer is None:
            raise Answer.page(500)
        if not image.in_progress:
            raise Answer.error(409, "Cannot set this image checksum")
        if wanted not in image.computed:
            raise Answer.error(400, "Checksum mismatch")
        image.checksums = list(image.computed)
        image.in_progress = False
        return Answer(200, "true")

    def image_ancestry(self, identity):
        self.check_token("read")
        image = self.readable(identity)
        if image.ancestry is None:
            raise Answer.error(404, "Image not found")
        return Answer(200, json.dumps(image.ancestry))


NAME = r"((?:[^/]+/)*[^/]+)"
ROUTES = [
    (r"/(?:v1/)?_ping", Handler.ping),
    (r"/", Handler.root),
    (r"/v1/search", Handler.search),
    (r"/v1/users/?", Handler.users),
    (rf"/v1/repositories/{NAME}/images", Handler.repository_images),
    (rf"/v1/repositories/{NAME}/tags", Handler.tags),
    (rf"/v1/repositories/{NAME}/tags/([^/]+)", Handler.tag),
    (rf"/v1/repositories/{NAME}/properties", Handler.properties),
    (rf"/v1/repositories/{NAME}/?", Handler.repository_root),
    (r"/v1/images/([^/]+)/json", Handler.image_json),
    (r"/v1/images/([^/]+)/layer", Handler.image_layer),
    (r"/v1/images/([^/]+)/checksum", Handler.image_checksum),
    (r"/v1/images/([^/]+)/ancestry", Handler.image_ancestry),
]


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
    parser.add_argument("--standalone", default="True")
    parser.add_argument("--endpoints")
    parser.add_argument("--redirect-layers")
    parser.add_argument("--cookie")
    parser.add_argument("--search", choices=["on", "off", "empty"], default="on")
    parser.add_argument("--checksums", choices=["list", "bare", "none", "npm"], default="list")
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
    if options.port_file:
        with open(options.port_file + ".new", "w", encoding="utf-8") as file:
            file.write(str(server.server_address[1]))
        os.rename(options.port_file + ".new", options.port_file)
    # Whoever started us holds the other end of stdin: when it goes, we go.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
