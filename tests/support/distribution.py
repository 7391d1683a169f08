# SPDX-License-Identifier: Apache-2.0
"""distribution 2.8 (Debian's docker-registry) as a peer, each in a folder and on a port of its own.

    with Distribution(folder) as registry:
        ... registry.host ...

`python3 tests/support/distribution.py [basic] [relative] [delete] …` starts one by hand and prints its host; it
ends with its input.
"""

import base64
import gzip
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # gone in Python 3.13, which Debian 12 does not have
    import crypt

PROGRAM = "docker-registry"


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def certificate(folder, names=("127.0.0.1",)):
    """A new self-signed certificate for loopback, and its key: two paths of PEM files."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    alternatives = ",".join(("IP:" if re.fullmatch(r"[\d.]+", name) else "DNS:") + name for name in names)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=t", "-days", "2",
                    "-addext", "subjectAltName=" + alternatives, "-out", cert, "-keyout", key],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


class TokenServer:
    """A token service for distribution: JWTs by GET and POST, on a thread of this process.

    `users` maps names to passwords; None lets in anybody. `grant(user, kind, name, action)` says whether an action
    is granted (default: everything to users, pull to the anonymous), `refuse(scopes)` whether a request fails. What was
    asked is in `requests`.
    """

    def __init__(self, folder, users=None, grant=None, expires_in=300, answer="token", packed=False):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.cert, self.key = certificate(self.folder)
        self.users = {"acme": "secret"} if users is None else users
        self.grant = grant or (lambda user, kind, name, action: user is not None or action == "pull")
        self.expires_in, self.answer, self.packed = expires_in, answer, packed
        self.refresh_tokens = {"refresh-of-acme": "acme"}
        self.refuse = lambda scopes: False  # by 401, whoever asks
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.serve(self, urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query))

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                outer.serve(self, urllib.parse.parse_qs(body))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def realm(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/token"

    def user_of(self, handler, form):
        """The user, None for the anonymous, False for a wrong password."""
        if form.get("grant_type") == ["refresh_token"]:
            return self.refresh_tokens.get(form.get("refresh_token", [""])[0], False)
        scheme, _, value = (handler.headers.get("Authorization") or "").partition(" ")
        if scheme != "Basic":
            return None
        name, _, password = base64.b64decode(value).decode().partition(":")
        return name if self.users.get(name) == password else False

    def serve(self, handler, form):
        user = self.user_of(handler, form)
        scopes = [scope for text in form.get("scope", []) for scope in text.split()]
        self.requests.append({"method": handler.command, "user": user, "scopes": scopes, "path": handler.path})
        if user is False or self.refuse(scopes):
            return self.reply(handler, 401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong password"}]})
        token = self.token(user, scopes)
        body = {name: token for name in self.answer.split("+")}
        if self.expires_in is not None:
            body["expires_in"] = self.expires_in
        return self.reply(handler, 200, body)

    def reply(self, handler, status, document):
        body = json.dumps(document).encode()
        handler.send_response(status)
        if self.packed:
            body = gzip.compress(body)
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def token(self, user, scopes):
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            granted = [action for action in actions.split(",") if self.grant(user, kind, name, action)]
            access.append({"type": kind, "name": name, "actions": granted})
        with open(self.cert, encoding="ascii") as file:
            der = "".join(line.strip() for line in file if "CERTIFICATE" not in line)
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        claims = {"iss": "token.local", "aud": "registry.local", "sub": user or "", "iat": now, "nbf": now - 10,
                  "exp": now + (self.expires_in or 60), "jti": os.urandom(8).hex(), "access": access}
        signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                          for part in (head, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(),
                                   stdout=subprocess.PIPE, check=True).stdout
        return signed + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Distribution:
    """One docker-registry process. Options:

    data      the folder of its storage; default: a new one (`root` tells it)
    users     {name: password} for Basic
    tokens    a TokenServer, for Bearer
    delete, readonly, relative, foreign, schema1: switches of config.yml
    upstream  URL of another registry: a pull-through cache of it
    tls       (certificate, key): two PEM files
    more      further settings: {"http.host": …}, with the way to each
    """

    def __init__(self, folder, data=None, users=None, tokens=None, delete=True, readonly=False, relative=False,
                 foreign=False, schema1=False, upstream=None, tls=None, more=None):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.root = data or os.path.join(self.folder, "data")
        self.scheme = "https" if tls else "http"
        http_part = {"addr": "127.0.0.1:0", "secret": "fixed"}
        if relative:
            http_part["relativeurls"] = True
        if tls:
            http_part["tls"] = {"certificate": tls[0], "key": tls[1]}
        storage = {"filesystem": {"rootdirectory": self.root}, "delete": {"enabled": delete}}
        if readonly:
            storage["maintenance"] = {"readonly": {"enabled": True}}
        config = {"version": "0.1", "log": {"level": "info", "accesslog": {"disabled": True}}, "http": http_part,
                  "storage": storage}
        if users:
            lines = [f"{name}:{crypt.crypt(word, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))}\n"
                     for name, word in users.items()]
            config["auth"] = {"htpasswd": {"realm": "x",
                                           "path": write(os.path.join(self.folder, "htpasswd"), "".join(lines))}}
        if tokens:
            config["auth"] = {"token": {"realm": tokens.realm, "service": "registry.local", "issuer": "token.local",
                                        "rootcertbundle": tokens.cert}}
        if foreign:
            config["validation"] = {"manifests": {"urls": {"allow": [".*"]}}}
        if schema1:
            config["compatibility"] = {"schema1": {"enabled": True}}
        if upstream:
            config["proxy"] = {"remoteurl": upstream}
        for path, value in (more or {}).items():
            *way, name = path.split(".")
            part = config
            for step in way:
                part = part.setdefault(step, {})
            part[name] = value
        # JSON is YAML.
        self.config = write(os.path.join(self.folder, "config.yml"), json.dumps(config))
        self.log_file = os.path.join(self.folder, "log")
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", self.config], cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            env={"PATH": os.environ["PATH"], "HOME": self.folder,
                                                 "OTEL_TRACES_EXPORTER": "none",
                                                 # By less garbage collection it takes a quarter less CPU.
                                                 "GOGC": os.environ.get("GOGC", "400")})
        self.port = self.wait_for_port()

    def wait_for_port(self):
        """The port that the kernel gave it, from its log."""
        ticker = threading.Event()
        for _ in range(6000):
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)", self.log())
            if found:
                return int(found.group(1))
            if self.process.poll() is not None:
                break
            ticker.wait(0.02)
        self.stop()
        raise AssertionError(f"{PROGRAM} does not serve:\n" + self.log())

    def log(self):
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def url(self, path):
        return f"{self.scheme}://{self.host}{path}"

    def ask(self, method, path, body=None, headers=None):
        """Status, headers and body of one request without credentials; path may be a URL."""
        request = urllib.request.Request(urllib.parse.urljoin(self.url("/"), path), data=body, method=method,
                                         headers=headers or {})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def push_blob(self, name, content):
        """Stores a blob and returns its digest."""
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        status, headers, _ = self.ask("POST", f"/v2/{name}/blobs/uploads/", b"")
        assert status == 202, status
        separator = "&" if "?" in headers["Location"] else "?"
        status, _, text = self.ask("PUT", headers["Location"] + separator + "digest=" + digest, content,
                                   {"Content-Type": "application/octet-stream"})
        assert status == 201, (status, text)
        return digest

    def push_manifest(self, name, reference, document, media_type=None):
        """Stores a manifest, a dictionary or bytes, and returns its digest."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        kind = media_type or json.loads(body)["mediaType"]
        status, _, text = self.ask("PUT", f"/v2/{name}/manifests/{reference}", body, {"Content-Type": kind})
        assert status == 201, (status, text)
        return "sha256:" + hashlib.sha256(body).hexdigest()

    def push_image(self, name, tag, layers=(b"a layer",), config=b"{}"):
        """Stores an OCI image of these layers (any bytes), and returns the digest of its manifest."""
        blobs = [(content, self.push_blob(name, content)) for content in (config, *layers)]
        descriptors = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest,
                        "size": len(content)} for content, digest in blobs]
        descriptors[0]["mediaType"] = "application/vnd.oci.image.config.v1+json"
        return self.push_manifest(name, tag, {
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptors[0], "layers": descriptors[1:]})

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_by_hand(words):
    folder = tempfile.mkdtemp(prefix="distribution.")
    options = {word: True for word in words if word not in ("basic", "bearer", "tls")}
    if "basic" in words:
        options["users"] = {"acme": "secret"}
    if "bearer" in words:
        options["tokens"] = TokenServer(folder)
    if "tls" in words:
        options["tls"] = certificate(folder)
    try:
        with Distribution(folder, **options) as registry:
            print(registry.host, flush=True)
            sys.stdin.read()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    start_by_hand(sys.argv[1:])
