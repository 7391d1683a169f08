# SPDX-License-Identifier: Apache-2.0
"""A v2 registry in threads of the test, which misbehaves on request.

    registry = V2Registry()
    registry.add("team/app", "1.0", image("a"))
    registry.on("GET", "/blobs/", cut(100), times=1)

A fault gets the answer before it is sent, and changes it, or refuses to give one. Every request is in `log`.
"""

import base64
import json
import re
import socket
import ssl
import struct
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from v2_images import MANIFEST_TYPES, digest_of


class Answer:
    """Status, headers, body; and what is to be done with them against the rules."""

    def __init__(self, status=200, headers=None, body=b""):
        self.status, self.headers, self.body = status, dict(headers or {}), body
        self.cut_after = None  # the connection ends after so many bytes of the body
        self.promised = None  # Content-Length
        self.endless = b""  # follows the body for ever
        self.is_lost = False  # no answer at all


def failure(status, code, **headers):
    return Answer(status, {"Content-Type": "application/json", **headers},
                  json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode())


# --- faults: functions of the answer ---


def cut(after):
    def fault(answer):
        answer.cut_after = after
    return fault


def lose(answer):
    answer.is_lost = True


def status(number, code="UNAVAILABLE", **headers):
    def fault(answer):
        answer.status, answer.body = number, failure(number, code).body
        answer.headers = {"Content-Type": "application/json",
                          **{name.replace("_", "-"): str(value) for name, value in headers.items()}}
    fault.is_instead = True  # the registry does nothing
    return fault


def corrupt(at):
    def fault(answer):
        body = bytearray(answer.body)
        body[at] ^= 1
        answer.body = bytes(body)
    return fault


def length(delta):
    """A Content-Length that is wrong by so much; the connection ends after the body."""
    def fault(answer):
        answer.promised = len(answer.body) + delta
    return fault


def body(data):
    def fault(answer):
        answer.body = data
    return fault


def headers(**changed):
    """Header_Name="value"; None takes it away."""
    def fault(answer):
        for name, value in changed.items():
            name = name.replace("_", "-")
            answer.headers.pop(name, None)
            if value is not None:
                answer.headers[name] = value
    return fault


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_request(self):
        try:
            self.data = self.read_body()
        except (OSError, ValueError):
            self.close_connection = True
            return
        self.server.registry.serve(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def send(self, answer):
        if answer.is_lost:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        is_bare = self.command == "HEAD" or answer.status in (204, 304)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        promised = len(answer.body) if answer.promised is None else answer.promised
        if answer.endless:
            self.close_connection = True
        elif answer.status != 204 and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(promised))
        self.close_connection |= answer.cut_after is not None or (answer.promised is not None and not is_bare)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if is_bare:
            return
        self.wfile.write(answer.body[:answer.cut_after])
        while answer.endless:
            self.wfile.write(answer.endless)
            self.server.registry.endless_bytes += len(answer.endless)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # clients that go are the point
            super().handle_error(request, client_address)


class Record:
    """One request as it came, and the status of its answer."""

    def __init__(self, handler):
        self.method, self.path = handler.command, handler.path
        self.headers, self.status = handler.headers, None
        self.size = len(handler.data)

    def __repr__(self):
        return f"{self.method} {self.path} {self.status}"


class V2Registry:
    """users: {name: password}: asks for Bearer tokens of its own /token. has_referrers: the API is there.
    page: names in one page of a listing. tls: (certificate, key)."""

    def __init__(self, users=None, has_referrers=False, page=1000, tls=None):
        self.users, self.has_referrers, self.page = users, has_referrers, page
        self.realm = None  # elsewhere than here
        self.tags, self.manifests, self.blobs, self.uploads = {}, {}, {}, {}
        self.log, self.faults = [], []
        self.good_tokens, self.token_count = set(), 0
        self.endless_bytes = 0
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.registry = self
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    # --- what tests do ---

    def add(self, name, tag, document):
        """Stores an image with all it needs."""
        for one in document.manifests():
            self.manifests.setdefault(name, {})[one.digest] = (one.media_type, one.bytes)
        self.blobs.setdefault(name, {}).update(document.all_blobs())
        self.tags.setdefault(name, {})
        if tag:
            self.tags[name][tag] = document.digest
        return document

    def on(self, method, path, fault, times=None, skip=0):
        """The fault meets requests of this method whose path matches, `times` of them after the first `skip`."""
        self.faults.append([method, re.compile(path), fault, times, skip])

    def requests(self, method=None, path=""):
        with self.lock:
            return [one for one in self.log if method in (None, one.method) and re.search(path, one.path)]

    def expire_tokens(self):
        self.good_tokens.clear()

    # --- answering ---

    def serve(self, handler):
        record = Record(handler)
        with self.lock:
            self.log.append(record)
            fault = self.take_fault(record)
            answer = Answer() if getattr(fault, "is_instead", False) else self.answer(handler)
        if fault:
            fault(answer)
        record.status = answer.status
        handler.send(answer)

    def take_fault(self, record):
        for rule in self.faults:
            method, path, fault, times, skip = rule
            if method not in (None, record.method) or not path.search(record.path) or times == 0:
                continue
            if skip > 0:
                rule[4] -= 1
                continue
            if times is not None:
                rule[3] -= 1
            return fault
        return None

    def answer(self, handler):
        parts = urllib.parse.urlsplit(handler.path)
        path, query = urllib.parse.unquote(parts.path), urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        if path == "/token":
            return self.give_token(handler)
        if self.users is not None and not self.is_let_in(handler):
            realm = self.realm or f"http://{self.host}/token"
            return failure(401, "UNAUTHORIZED", **{
                "WWW-Authenticate": f'Bearer realm="{realm}",service="here",scope="repository:any:pull"'})
        if path == "/v2/":
            return Answer(200, {"Content-Type": "application/json"}, b"{}")
        if path == "/v2/_catalog":
            return self.pages(path, "repositories", sorted(self.tags), query)
        found = re.fullmatch(r"/v2/(.+?)/(tags/list|manifests/[^/]+|referrers/[^/]+|blobs/uploads/[^/]*|blobs/[^/]+)", path)
        if not found:
            return failure(404, "NOT_FOUND")
        name, what = found[1], found[2]
        if what == "tags/list":
            if name not in self.tags:
                return failure(404, "NAME_UNKNOWN")
            return self.pages(path, "tags", sorted(self.tags[name]), query, name=name)
        kind, _, rest = what.partition("/")
        if kind == "manifests":
            return self.manifest(handler, name, rest)
        if kind == "referrers":
            return self.list_referrers(name, rest)
        if rest.startswith("uploads/"):
            return self.upload(handler, name, rest.removeprefix("uploads/"), query)
        return self.blob(handler, name, rest)

    def give_token(self, handler):
        scheme, _, value = (handler.headers.get("Authorization") or "").partition(" ")
        name, _, password = base64.b64decode(value).decode().partition(":") if scheme == "Basic" else ("", "", "")
        if self.users.get(name) != password:
            return failure(401, "UNAUTHORIZED")
        self.token_count += 1
        token = f"token-{self.token_count}"
        self.good_tokens.add(token)
        return Answer(200, {"Content-Type": "application/json"}, json.dumps({"token": token}).encode())

    def is_let_in(self, handler):
        scheme, _, token = (handler.headers.get("Authorization") or "").partition(" ")
        return scheme == "Bearer" and token in self.good_tokens

    def pages(self, path, key, names, query, **more):
        size = min(int(query.get("n", [self.page])[0]), self.page)
        last = query.get("last", [""])[0]
        left = [name for name in names if name > last]
        headers = {"Content-Type": "application/json"}
        if len(left) > size:
            headers["Link"] = f'<{path}?n={size}&last={urllib.parse.quote(left[size - 1])}>; rel="next"'
        return Answer(200, headers, json.dumps({**more, key: left[:size]}).encode())

    def manifest(self, handler, name, reference):
        stored = self.manifests.setdefault(name, {})
        digest = reference if ":" in reference else self.tags.get(name, {}).get(reference)
        if handler.command == "PUT":
            return self.put_manifest(handler, name, reference)
        if digest not in stored:
            return failure(404, "MANIFEST_UNKNOWN")
        if handler.command == "DELETE":
            if digest != reference:
                return failure(405, "UNSUPPORTED")
            del stored[digest]
            self.tags[name] = {tag: one for tag, one in self.tags[name].items() if one != digest}
            return Answer(202)
        media_type, content = stored[digest]
        return Answer(200, {"Content-Type": media_type, "Docker-Content-Digest": digest}, content)

    def put_manifest(self, handler, name, reference):
        digest = digest_of(handler.data, reference.partition(":")[0] if ":" in reference else "sha256")
        try:
            document = json.loads(handler.data)
        except ValueError:
            return failure(400, "MANIFEST_INVALID")
        blobs = [one["digest"] for one in document.get("layers", []) + [document.get("config", {})] if one]
        if not set(blobs) <= set(self.blobs.get(name, {})):
            return failure(400, "MANIFEST_BLOB_UNKNOWN")
        if not {one["digest"] for one in document.get("manifests", [])} <= set(self.manifests[name]):
            return failure(400, "MANIFEST_BLOB_UNKNOWN")
        if ":" in reference and reference != digest:
            return failure(400, "DIGEST_INVALID")
        self.manifests[name][digest] = (handler.headers["Content-Type"], handler.data)
        tags = self.tags.setdefault(name, {})
        if ":" not in reference:
            tags[reference] = digest
        return Answer(201, {"Docker-Content-Digest": digest, "Location": f"/v2/{name}/manifests/{digest}"})

    def list_referrers(self, name, subject):
        if not self.has_referrers:
            return failure(404, "NOT_FOUND")
        found = []
        for digest, (media_type, content) in self.manifests.get(name, {}).items():
            if json.loads(content).get("subject", {}).get("digest") == subject:
                found.append({"mediaType": media_type, "digest": digest, "size": len(content)})
        return Answer(200, {"Content-Type": MANIFEST_TYPES[1]}, json.dumps(
            {"schemaVersion": 2, "mediaType": MANIFEST_TYPES[1], "manifests": found}).encode())

    def blob(self, handler, name, digest):
        content = self.blobs.get(name, {}).get(digest)
        if content is None:
            return failure(404, "BLOB_UNKNOWN")
        if handler.command == "DELETE":
            return failure(405, "UNSUPPORTED")
        answer = Answer(200, {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest,
                              "Accept-Ranges": "bytes"}, content)
        begin = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
        if begin and int(begin[1]) < len(content):
            answer.status, answer.body = 206, content[int(begin[1]):]
            answer.headers["Content-Range"] = f"bytes {begin[1]}-{len(content) - 1}/{len(content)}"
        return answer

    def upload(self, handler, name, session, query):
        blobs = self.blobs.setdefault(name, {})
        if handler.command == "POST":
            mounted, source = query.get("mount", [""])[0], query.get("from", [""])[0]
            if mounted in self.blobs.get(source, {}):
                blobs[mounted] = self.blobs[source][mounted]
                return Answer(201, {"Location": f"/v2/{name}/blobs/{mounted}", "Docker-Content-Digest": mounted})
            session = f"session-{len(self.uploads)}"
            self.uploads[session] = b""
            return self.of_upload(202, name, session)
        if session not in self.uploads or self.uploads[session] is None:
            return failure(404, "BLOB_UPLOAD_UNKNOWN")
        if handler.command == "DELETE":
            self.uploads[session] = None
            return Answer(204)
        if handler.command in ("PATCH", "PUT"):
            self.uploads[session] += handler.data
        if handler.command != "PUT":
            return self.of_upload(204 if handler.command == "GET" else 202, name, session)
        content, digest = self.uploads[session], query.get("digest", [""])[0]
        self.uploads[session] = None
        if digest_of(content) != digest:
            return failure(400, "DIGEST_INVALID")
        blobs[digest] = content
        return Answer(201, {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})

    def of_upload(self, number, name, session):
        end = max(len(self.uploads[session]) - 1, 0)
        return Answer(number, {"Location": f"/v2/{name}/blobs/uploads/{session}", "Range": f"0-{end}",
                               "Docker-Upload-UUID": session})
