# SPDX-License-Identifier: Apache-2.0
"""What functional and interop tests have in common: servers, the program, a folder that goes away.

Environment: REGCTL is the program, REGCTL_PEERS the folder with other people's server and client
(scripts/test sets both).
"""

import gzip
import hashlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
import urllib.request

import trees

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATA = os.path.join(ROOT, "tests", "data", "v1")
REGCTL = os.path.abspath(os.environ.get("REGCTL", os.path.join(ROOT, "build", "debug", "src", "regctl")))
PEERS = os.environ.get("REGCTL_PEERS", os.path.join(ROOT, "build", "peers"))
NO_NPM = "docker-registry-server, docker-registry-client and @sigstore/oci from npm are not here"
# The variables of this environment that programs get; a test sets all others.
KEPT_VARIABLES = ("PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE")
PATIENCE_S = 120  # for what never takes that long: a test that waits for it has failed


def wait_for(condition, what):
    """Waits until condition() gives something true, by looking again and again; fails after PATIENCE_S."""
    ticker = threading.Event()
    for _ in range(PATIENCE_S * 50):
        value = condition()
        if value:
            return value
        ticker.wait(0.02)
    raise AssertionError(f"waited in vain for {what}")


def need_npm(package="docker-registry-server"):
    """What needs the peers from npm is passed over without them; main() then tells that, and fails."""
    if not os.path.isdir(os.path.join(PEERS, "node_modules", package)):
        raise unittest.SkipTest(NO_NPM)


class Result:
    def __init__(self, code, out, err):
        self.code, self.out_bytes, self.err = code, out, err.decode(errors="replace")

    @property
    def out(self):
        return self.out_bytes.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.out_bytes)


class Server:
    """A process that serves HTTP on loopback."""

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.process = None
        self.port = None

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def url(self, path):
        return f"http://{self.host}{path}"

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream:
                    stream.close()

    def get(self, path):
        with urllib.request.urlopen(self.url(path)) as answer:
            return answer.read()


class Answer:
    def __init__(self, status, headers, content):
        self.status, self.headers, self.content = status, headers, content

    @property
    def json(self):
        return json.loads(self.content)


class ScriptServer(Server):
    """A server of tests/support that writes its port to a file and each request, as JSON, to a log."""

    def __init__(self, folder, script, *options):
        super().__init__(folder)
        port_file = os.path.join(self.folder, "port")
        self.log_file = os.path.join(self.folder, "log")
        self.errors = open(os.path.join(self.folder, "errors"), "wb")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, script), "--port-file", port_file, "--log", self.log_file,
             *options], stdin=subprocess.PIPE, stderr=self.errors)
        wait_for(lambda: os.path.exists(port_file) or self.process.poll() is not None, script)
        with open(port_file, encoding="utf-8") as file:
            self.port = int(file.read())

    def stop(self):
        super().stop()
        self.errors.close()

    def records(self):
        if not os.path.exists(self.log_file):
            return []
        with open(self.log_file, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


class FaultServer(ScriptServer):
    """tests/support/fault_server.py: docker-registry 0.9 as recorded, misbehaving on request."""

    def __init__(self, folder, *options, faults=()):
        for fault in faults:
            options += ("--fault", json.dumps(fault))
        super().__init__(folder, "fault_server.py", *options)

    def control(self, rule):
        request = urllib.request.Request(self.url("/_fault"), json.dumps(rule).encode(), method="POST")
        urllib.request.urlopen(request).read()

    def log(self, method=None, path=None):
        """The requests so far, those with this method and this end of the path."""
        return [r for r in self.records() if (not method or r["method"] == method) and
                (not path or r["path"].split("?")[0].endswith(path))]


class ProxyServer(ScriptServer):
    """tests/support/proxy_server.py: an HTTP proxy; `hosts` maps "name:port" to servers on this machine."""

    def __init__(self, folder, *options, hosts=None):
        for name, server in (hosts or {}).items():
            options += ("--map", f"{name}={server.port}")
        super().__init__(folder, "proxy_server.py", *options)


class NpmServer(Server):
    """docker-registry-server 2.2.0 (npm)."""

    def __init__(self, folder, *options):
        need_npm()
        super().__init__(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            ["node", "-r", "./preload.js", "node_modules/docker-registry-server/bin.js", "-p",
             str(self.port), "-d", self.folder, *options],
            cwd=PEERS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        line = self.process.stdout.readline()  # "Server is listening on port N"
        assert b"listening" in line, line
        threading.Thread(target=self.process.stdout.read, daemon=True).start()


class RegctlServer(Server):
    """regctl serve."""

    def __init__(self, folder, *options, storage=None, env=None, scheme="http"):
        super().__init__(folder)
        self.scheme = scheme
        self.storage = storage or os.path.join(self.folder, "storage")
        self.err_file = os.path.join(self.folder, "errors")
        port_file = os.path.join(self.folder, "port")
        words = [REGCTL, "serve", "--listen", "127.0.0.1:0", "--port-file", port_file]
        if storage or {"STORAGE_PATH", "SETTINGS_FLAVOR"}.isdisjoint(env or {}):
            words += ["--storage", self.storage if "://" in self.storage else trees.location(self.storage)]
        kept = {k: v for k, v in os.environ.items() if k in KEPT_VARIABLES}
        with open(self.err_file, "wb") as errors:
            self.process = subprocess.Popen([*words, *options], stdin=subprocess.DEVNULL, stderr=errors,
                                            stdout=subprocess.DEVNULL, cwd=self.folder,
                                            env={**kept, "HOME": self.folder, **trees.environment(), **(env or {})})
        wait_for(lambda: os.path.exists(port_file) or self.process.poll() is not None, "regctl serve")
        if self.process.poll() is not None:
            raise AssertionError("regctl serve ended: " + self.errors())
        with open(port_file, encoding="utf-8") as file:
            self.port = int(file.read())

    @property
    def place(self):
        """Its storage tree, for commands."""
        return trees.place(self.storage)

    @property
    def files(self):
        """Those of its storage tree."""
        return trees.files_at(self.storage)

    def url(self, path):
        return f"{self.scheme}://{self.host}{path}"

    def ask(self, method, path, body=None, headers=None):
        """One request on a connection of its own."""
        if self.scheme == "https":
            connection = http.client.HTTPSConnection(self.host, timeout=PATIENCE_S,
                                                     context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection(self.host, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def push(self, layer, repository="team/app", tag="1.0", headers=None):
        """Pushes one image as an engine does, and tags it."""
        base = f"/v1/images/{layer.id}"
        steps = [("PUT", f"/v1/repositories/{repository}/", json.dumps([{"id": layer.id}]), {}),
                 ("PUT", f"{base}/json", layer.json, {}), ("PUT", f"{base}/layer", layer.data, {}),
                 ("PUT", f"{base}/checksum", None, {"X-Docker-Checksum-Payload": layer.checksum}),
                 ("PUT", f"/v1/repositories/{repository}/tags/{tag}", json.dumps(layer.id), {}),
                 ("PUT", f"/v1/repositories/{repository}/images", "[]", {})]
        return [self.ask(method, path, body, {**more, **(headers or {})}).status
                for method, path, body, more in steps]

    def errors(self):
        with open(self.err_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self, number=signal.SIGTERM):
        """Sends a signal that ends it, and returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def npm_client(name, *words, script="client.js", env=None):
    """docker-registry-client 3.4.0 (npm) as a witness, and with client_v2.js @sigstore/oci 0.6.0."""
    need_npm("docker-registry-client" if script == "client.js" else "@sigstore/oci")
    return subprocess.run(["node", os.path.join(HERE, "npm", script), name, *words], cwd=PEERS, check=True,
                          stdout=subprocess.PIPE, env={**os.environ, **(env or {})}).stdout.decode().strip()


class TestCase(unittest.TestCase):
    """A folder of its own, an environment without anybody's configuration, servers that are stopped."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="regctl-test.")
        self.home = os.path.join(self.folder, "home")
        os.mkdir(self.home)
        self.addCleanup(self.clean_up)

    def clean_up(self):
        if self._outcome.success:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print("kept:", self.folder, file=sys.stderr)

    def path(self, name):
        return os.path.join(self.folder, name)

    def place(self, name):
        """The storage tree at this path, for commands."""
        return trees.place(self.path(name))

    def tree_files(self, name):
        """Those of the storage tree at this path."""
        return trees.files_at(self.path(name))

    def start(self, kind, *words, **options):
        server = kind(self.folder, *words, **options)
        self.addCleanup(server.stop)
        return server

    def environment(self, extra):
        kept = {k: v for k, v in os.environ.items() if k in (*KEPT_VARIABLES, "LANG")}
        return {**kept, "HOME": self.home, "TMPDIR": self.folder, "TERM": "dumb",
                **trees.environment(), **extra}

    def start_regctl(self, *words, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([REGCTL, *words], env=self.environment(env or {}), cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def regctl(self, *words, stdin=b"", env=None, **options):
        """Runs the program to its end."""
        done = subprocess.run([REGCTL, *words], input=stdin, env=self.environment(env or {}),
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=PATIENCE_S, check=False, **options)
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *words, **options):
        result = self.regctl(*words, **options)
        self.assertEqual(result.code, 0, result.err)
        return result

    def fails(self, code, *words, saying=(), **options):
        """The program ends with this code and an error that has all of these words."""
        result = self.regctl(*words, **options)
        self.assertEqual(result.code, code, result.err + result.out)
        wants_json = any(words[i : i + 2] == ("--format", "json") for i in range(len(words)))
        self.assertIn('{"error":' if wants_json else "regctl: error: ", result.err)
        for text in [saying] if isinstance(saying, str) else saying:
            self.assertIn(text, result.err)
        self.assertNotIn("Traceback", result.err)
        self.assertNothingHalfWritten()
        return result

    def make_key(self, name, subject, ca=None, names=None):
        """NAME.key and NAME.crt, signed by itself or by the key `ca`."""
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject,
                   "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.crt")]
        if ca:
            command += ["-CA", self.path(f"{ca}.crt"), "-CAkey", self.path(f"{ca}.key"),
                        "-addext", "basicConstraints=critical,CA:false"]
        if names:
            command += ["-addext", f"subjectAltName={names}"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    def assertNothingHalfWritten(self):
        left = [f for f in os.listdir(self.folder) if f.endswith(".part")]
        self.assertEqual(left, [])


class Layer:
    """A gzip tar with one file of `size` bytes that do not compress."""

    def __init__(self, seed, size):
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            info = tarfile.TarInfo(f"file-{seed}")
            info.size = size
            data = b"".join(hashlib.sha256(f"{seed}-{i}".encode()).digest() for i in range(size // 32 + 1))
            archive.addfile(info, io.BytesIO(data[:size]))
        self.data = gzip.compress(tar.getvalue(), 1, mtime=0)  # the same whenever it is made
        self.id = hashlib.sha256(f"image-{seed}".encode()).hexdigest()
        self.json = json.dumps({"id": self.id, "created": "2015-01-01T00:00:00Z"}, separators=(",", ":")).encode()

    @property
    def checksum(self):
        return "sha256:" + hashlib.sha256(self.json + b"\n" + self.data).hexdigest()


def make_archive(path, seeds, size=1000, name="127.0.0.1:1/team/app:1.0"):
    """A `docker save` archive of a chain of layers, in the v1 layout; returns the layers, base first."""
    layers = [Layer(seed, size) for seed in seeds]
    repository, tag = name.rsplit(":", 1)
    with tarfile.open(path, "w") as archive:

        def add(entry, data):
            info = tarfile.TarInfo(entry)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

        parent = None
        for layer in layers:
            image = {"id": layer.id, "created": "2015-01-01T00:00:00Z"}
            if parent:
                image["parent"] = parent
            parent = layer.id
            layer.json = json.dumps(image, separators=(",", ":")).encode()
            add(f"{layer.id}/VERSION", b"1.0")
            add(f"{layer.id}/json", layer.json)
            add(f"{layer.id}/layer.tar", layer.data)
        add("repositories", json.dumps({repository: {tag: parent}}).encode())
    return layers


def interrupt(process):
    process.send_signal(signal.SIGINT)


def main():
    """Runs the tests of a file. One that could not run for want of a peer is named, and fails the file; so is one
    that is not for trees in a bucket, which fails nothing."""
    result = unittest.main(verbosity=2, exit=False).result
    elsewhere = [f"{test}: {reason}" for test, reason in result.skipped if reason.startswith(trees.NOT_IN_BUCKET)]
    for test in elsewhere:
        print(f"not applicable: {test}", file=sys.stderr)
    if trees.IN_BUCKET:
        print(f"{result.testsRun - len(elsewhere)} tests ran, {len(elsewhere)} not applicable", file=sys.stderr)
    missing = [str(test) for test, reason in result.skipped if reason == NO_NPM]
    for test in missing:
        print(f"could not run: {test}", file=sys.stderr)
    sys.exit(bool(missing) or not result.wasSuccessful())
