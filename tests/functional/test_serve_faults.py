#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve against clients that are slow, greedy or gone, and against a disk that is full.

The disk is a small tmpfs, which takes root to mount.
"""

import bz2
import hashlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tarfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, REGCTL, RegctlServer, TestCase, main, wait_for  # noqa: E402
from trees import IN_BUCKET, not_in_bucket  # noqa: E402
from v1_push import Client, Image, Refused, Tree  # noqa: E402

MIB = 1024 * 1024
NO_DISK = "it has no disk that could be full"


class Faults(TestCase):
    def setUp(self):
        super().setUp()
        self.image = Image("image", 100_000)

    def client(self, server):
        client = Client(server.host)
        self.addCleanup(client.close)
        return client

    def connect(self, server, receive_buffer=None):
        connection = socket.socket()
        self.addCleanup(connection.close)
        connection.settimeout(PATIENCE_S)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(("127.0.0.1", server.port))
        return connection

    @staticmethod
    def read_all(connection):
        """All bytes until the server closes."""
        text = b""
        try:
            while piece := connection.recv(65536):
                text += piece
        except ConnectionResetError:
            pass
        return text

    @staticmethod
    def read_answer(connection):
        """The head of an answer, and its body if that has a length."""
        text = b""
        while b"\r\n\r\n" not in text:
            piece = connection.recv(65536)
            if not piece:
                raise AssertionError(f"no answer but {text!r}")
            text += piece
        head, body = text.split(b"\r\n\r\n", 1)
        size = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(body) < size:
            body += connection.recv(65536)
        return head.decode(), body

    def put_head(self, image, size, part="layer"):
        return (f"PUT /v1/images/{image.id}/{part} HTTP/1.1\r\nHost: x\r\n"
                f"Content-Length: {size}\r\n\r\n").encode()

    def trickle(self, connection, byte=b"x"):
        """Sends a byte now and then until the server has had enough."""
        try:
            while True:
                connection.settimeout(0.1)
                try:
                    if not connection.recv(65536):
                        return
                except TimeoutError:
                    connection.send(byte)
        except OSError:
            pass

    def metric(self, server, name):
        return int(float(re.search(rf"^{name} (\S+)$", server.get("/metrics").decode(), re.M)[1]))

    def assert_no_traces(self, server, complete=()):
        tree = Tree(server.storage)
        self.assertEqual((tree.problems, tree.leftovers()), ([], []))
        self.assertEqual(tree.complete, {image.id for image in complete})

    # --- slow clients ---

    def test_a_slow_head_is_cut_off_and_delays_no_other_client(self):
        server = self.start(RegctlServer, "--timeout", "1")
        for begin in (b"GET /v1/_ping HTTP/1.1\r\nX: ", b"G"):
            connection = self.connect(server)
            connection.sendall(begin)
            self.assertEqual(server.get("/v1/_ping"), b"true")
            self.trickle(connection)

    def test_a_slow_body_is_cut_off_and_leaves_nothing(self):
        server = self.start(RegctlServer, "--timeout", "1")
        for part, size in (("layer", MIB), ("json", 1000)):
            self.client(server).expect((200,), "PUT", f"/v1/images/{self.image.id}/json", self.image.json)
            connection = self.connect(server)
            connection.sendall(self.put_head(self.image, size, part))
            self.trickle(connection)
        self.assert_no_traces(server)
        self.client(server).push("app", "1", self.image)  # nobody holds the image
        self.assert_no_traces(server, [self.image])

    def test_a_slow_reader_is_cut_off_and_a_steady_one_is_not(self):
        server = self.start(RegctlServer, "--timeout", "1")
        large = Image("large", 24 * MIB)  # more than fits into the buffers on the way
        self.client(server).push("app", "1", large)
        path = f"/v1/images/{large.id}/layer"
        slow, steady = self.connect(server, 4096), self.connect(server, 65536)
        for connection in (slow, steady):
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        taken = {slow: 0, steady: 0}

        def look():
            taken[slow] += len(slow.recv(1))
            taken[steady] += len(steady.recv(16 * 1024))
            return self.metric(server, "regctl_open_connections") == 2  # the steady one, and this

        wait_for(look, "an end of the slow one")
        self.assertLess(taken[slow] + len(self.read_all(slow)), len(large.layer))
        while taken[steady] < len(large.layer):
            piece = steady.recv(MIB)
            self.assertTrue(piece, "the steady one was cut off")
            taken[steady] += len(piece)

    def test_waiting_for_another_writer_does_not_count_as_slow(self):
        server = self.start(RegctlServer, "--timeout", "1")
        first, second = self.begin_upload(server, self.client(server)), self.connect(server)
        second.sendall(self.put_head(self.image, len(self.image.layer)))
        pace = threading.Event()
        for begin in range(50_000, len(self.image.layer), 1250):  # 4 s: slow, but by the rules
            first.sendall(self.image.layer[begin:begin + 1250])
            pace.wait(0.1)
        self.assertIn(" 200 ", self.read_answer(first)[0])
        second.sendall(self.image.layer)
        self.assertIn(" 200 ", self.read_answer(second)[0])

    # --- half-closed and aborted ---

    def test_a_client_that_stops_sending_is_still_answered(self):
        server = self.start(RegctlServer)
        self.client(server).push("app", "1", self.image)
        connection = self.connect(server)
        connection.sendall(f"GET /v1/images/{self.image.id}/layer HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_all(connection).split(b"\r\n\r\n", 1)[1], self.image.layer)

    def test_a_stopped_upload_leaves_nothing_and_holds_no_lock(self):
        server = self.start(RegctlServer)
        client = self.client(server)
        for how in ("half-closed", "closed", "reset"):
            with self.subTest(how):
                client.expect((200,), "PUT", f"/v1/images/{self.image.id}/json", self.image.json)
                connection = self.connect(server)
                connection.sendall(self.put_head(self.image, len(self.image.layer)) +
                                   self.image.layer[:50_000])
                if how == "half-closed":
                    connection.shutdown(socket.SHUT_WR)
                    self.read_all(connection)
                elif how == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.close()
                # The next writer of the image has to wait until the aborted one is gone.
                client.expect((200,), "PUT", f"/v1/images/{self.image.id}/layer", self.image.layer)
                self.assert_no_traces(server)
        client.push("app", "1", self.image)
        self.assert_no_traces(server, [self.image])

    # --- too much ---

    def test_documents_that_are_too_large_are_413(self):
        server = self.start(RegctlServer)
        base = f"/v1/images/{self.image.id}/json"
        for path, size in ((base, MIB + 1), ("/v1/repositories/a/b/", 16 * MIB + 1),
                           ("/v1/repositories/a/b/tags/x", 64 * 1024 + 1)):
            with self.subTest(path):
                head = f"PUT {path} HTTP/1.1\r\nHost: x\r\n"
                told = self.connect(server)
                told.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode() + bytes(size))
                self.assertIn(" 413 ", self.read_answer(told)[0])
                for end in (b"\r\n0\r\n\r\n", b""):  # the answer does not wait for it
                    chunked = self.connect(server)
                    chunked.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n".encode() +
                                    bytes(size) + end)
                    answer, body = self.read_answer(chunked)
                    self.assertIn(" 413 ", answer)
                    self.assertIn("more than", json.loads(body)["error"])
                    self.assertRegex(answer, r"(?m)^Connection: close\r?$")
                    self.assertEqual(self.read_all(chunked), b"")
                asking = self.connect(server)
                asking.sendall(f"{head}Content-Length: {size}\r\nExpect: 100-continue\r\n\r\n".encode())
                self.assertIn(" 413 ", self.read_answer(asking)[0])
        self.assertEqual(server.get("/v1/_ping"), b"true")
        self.assertEqual(server.files.names("images"), [])

    def test_over_tls_a_body_is_read_before_it_is_called_too_large(self):
        self.make_key("server", "/CN=localhost")
        server = self.start(RegctlServer, "--tls-cert", self.path("server.crt"), "--tls-key", self.path("server.key"),
                            scheme="https")
        pieces = iter([bytes(MIB)] * 3)
        answer = server.ask("PUT", f"/v1/images/{self.image.id}/json", pieces)
        self.assertEqual(answer.status, 413)
        self.assertIn("more than", answer.json["error"])

    def test_documents_of_many_small_values_take_bounded_memory(self):
        server = self.start(RegctlServer)
        self.client(server).push("app", "1", self.image)

        def peak():
            with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
                return int(next(line.split()[1] for line in file if line.startswith("VmHWM"))) // 1024

        # The allocator of a sanitizer keeps what is free, and is slow.
        clients, limit = (2, 600) if "asan" in REGCTL or "tsan" in REGCTL else (8, 100)
        before = peak()
        repository, image = "/v1/repositories/a/b/", f"/v1/images/{self.image.id}/json"
        for path, size, begin, value in ((repository, 16 * MIB, b"[", b"["), (repository, 16 * MIB, b"[", b'{"":0},'),
                                         (repository, 16 * MIB, b'[{"id":[', b"[],"), (image, MIB, b'{"x":[', b"{},")):
            body = begin + value * ((size - len(begin)) // len(value))
            connections = [self.connect(server) for _ in range(clients)]
            for connection in connections:
                connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() +
                                   body)
            for connection in connections:
                self.assertIn(" 400 ", self.read_answer(connection)[0])
        self.assertLess(peak() - before, limit)  # MiB; as documents the lists take 400

    def test_long_lists_are_accepted_from_several_clients_at_once(self):
        server = self.start(RegctlServer)
        lists = [[{"id": f"{number:02x}{image:062x}"} for image in range(30_000)] for number in range(4)]
        connections = [self.connect(server) for _ in lists]
        for number, (connection, images) in enumerate(zip(connections, lists)):
            body = json.dumps(images).encode()
            connection.sendall(f"PUT /v1/repositories/team/{number}/ HTTP/1.1\r\nHost: x\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        for number, (connection, images) in enumerate(zip(connections, lists)):
            self.assertIn(" 200 ", self.read_answer(connection)[0])
            self.assertEqual(json.loads(server.get(f"/v1/repositories/team/{number}/images")), images)

    def test_a_head_that_is_too_large_is_refused(self):
        server = self.start(RegctlServer)
        for head in (b"GET /v1/_ping HTTP/1.1\r\nX: " + b"x" * MIB, b"GET /" + b"x" * MIB + b" HTTP/1.1",
                     b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000):
            connection = self.connect(server)
            try:
                connection.sendall(head + b"\r\n\r\n")
            except OSError:
                pass  # it does not listen any more
            answer = self.read_all(connection)
            if answer:  # a reset may overtake it
                self.assertRegex(answer, rb"^HTTP/1\.[01] (400|413|414|431) ")
        self.assertEqual(server.get("/v1/_ping"), b"true")

    def test_connections_beyond_the_limit_are_503_and_the_others_go_on(self):
        server = self.start(RegctlServer, "--connections", "4")
        ping = b"GET /v1/_ping HTTP/1.1\r\nHost: x\r\n\r\n"
        within = [self.connect(server) for _ in range(4)]
        for connection in within:
            connection.sendall(ping)
            self.assertIn(" 200 ", self.read_answer(connection)[0])
        for _ in range(20):
            beyond = self.connect(server)
            beyond.sendall(ping)
            head, body = self.read_answer(beyond)
            self.assertIn(" 503 ", head)
            self.assertRegex(head, r"(?m)^Retry-After: \d+\r?$")
            self.assertIn("too many connections", json.loads(body)["error"])
            self.assertEqual(beyond.recv(1), b"")  # it makes room
            for connection in within:
                connection.sendall(ping)
                self.assertIn(" 200 ", self.read_answer(connection)[0])
        within[0].close()

        def is_let_in():
            fresh = self.connect(server)
            fresh.sendall(ping)
            return " 200 " in self.read_answer(fresh)[0]

        wait_for(is_let_in, "room for another connection")

    def test_regctl_waits_for_a_free_connection(self):
        server = self.start(RegctlServer, "--connections", "1")
        held = self.connect(server)
        held.sendall(b"GET /v1/_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        self.read_answer(held)
        search = self.start_regctl("search", f"{server.host}/x", "--retry", "20")
        wait_for(lambda: self.count(held, 503), "a refusal")
        held.close()
        out, err = search.communicate(timeout=PATIENCE_S)
        self.assertEqual(search.returncode, 0, err)
        self.assertEqual(out.decode().count("x"), 0)

    def count(self, connection, status):
        """The number of answers with a status so far."""
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        text = self.read_answer(connection)[1].decode()
        return sum(int(n) for n in re.findall(rf'^regctl_http_requests_total\{{.*status="{status}"\}} (\d+)$',
                                               text, re.M))

    # --- the end ---

    def begin_upload(self, server, client):
        client.expect((200,), "PUT", f"/v1/images/{self.image.id}/json", self.image.json)
        upload = self.connect(server)
        upload.sendall(self.put_head(self.image, len(self.image.layer))[:-2] + b"Expect: 100-continue\r\n\r\n")
        self.assertIn(b" 100 ", upload.recv(1000))
        upload.sendall(self.image.layer[:50_000])
        if not IN_BUCKET:
            wait_for(lambda: self.has_nameless_file(server), "the upload")
        return upload

    def has_nameless_file(self, server):
        """Whether a file of the image is being written: it has a temporary name until its end."""
        descriptors = f"/proc/{server.process.pid}/fd"
        for name in os.listdir(descriptors):
            try:
                file = os.readlink(os.path.join(descriptors, name))
            except OSError:  # closed in the meantime
                continue
            if self.image.id in file and file.endswith("(deleted)"):
                return True
        return False

    def is_listening(self, server):
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
            return True
        except OSError:
            return False

    def test_a_signal_lets_a_running_upload_end_and_accepts_no_new_one(self):
        server = self.start(RegctlServer, "--timeout", str(2 * PATIENCE_S))
        client = self.client(server)
        loris = self.connect(server)
        loris.sendall(b"GET /v1/_ping HTTP/1.1\r\n")  # does not hold up the end
        upload = self.begin_upload(server, client)
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not self.is_listening(server), "an end of listening")
        status, headers, _ = client.request("GET", "/v1/_ping")  # on a connection that was there
        self.assertEqual((status, headers["Retry-After"], headers["Connection"]), (503, "1", "close"))
        upload.sendall(self.image.layer[50_000:])
        self.assertIn(" 200 ", self.read_answer(upload)[0])
        self.assertEqual(server.process.wait(PATIENCE_S), 0)
        self.assertEqual(self.read_all(loris), b"")
        self.assert_no_traces(server)
        self.assertEqual(server.files.read(f"images/{self.image.id}/layer"), self.image.layer)

    def test_a_second_signal_ends_the_server_at_once(self):
        server = self.start(RegctlServer)
        upload = self.begin_upload(server, self.client(server))
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not self.is_listening(server), "an end of listening")
        self.assertEqual(server.end(), 0)
        self.read_all(upload)
        self.assert_no_traces(server)

    # --- clients that have left ---

    def endless_layer(self, server, name):
        """An image with a small layer that holds a file of 64 GiB: reading it takes longer than any test."""
        image = Image(name, 0)
        size, piece = 64 * 1024 * MIB, 64 * MIB
        head = tarfile.TarInfo("endless")
        head.size = size
        image.layer = bz2.compress(head.tobuf(tarfile.GNU_FORMAT)) + bz2.compress(bytes(piece)) * (size // piece)
        image.checksum = "sha256:" + hashlib.sha256(image.json + b"\n" + image.layer).hexdigest()
        self.client(server).push("app", name, image)
        return image

    def count_in_log(self, server, text):
        with open(os.path.join(server.folder, "log"), encoding="utf-8") as log:
            return log.read().count(text)

    def test_work_for_clients_that_have_left_ends(self):
        server = self.start(RegctlServer, "--access-log", "log")
        image = self.endless_layer(server, "endless")
        for part in ("diff", "files"):
            left = [self.connect(server) for _ in range(40)]
            for connection in left:
                connection.sendall(f"GET /v1/images/{image.id}/{part} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_for(lambda: self.metric(server, "regctl_open_connections") >= 40, "the requests")
            for connection in left:
                connection.close()
            wait_for(lambda part=part: self.count_in_log(server, f"/{part} ") == 40, "the end of the work")
            self.assertEqual(self.count_in_log(server, f'/{part} HTTP/1.1" 503 '), 40)
        small = Image("small", 0)
        small.layer = b""
        small.checksum = "sha256:" + hashlib.sha256(small.json + b"\n").hexdigest()
        self.client(server).push("app", "small", small)
        self.assertEqual(json.loads(server.get(f"/v1/images/{small.id}/diff")),
                         {"changed": {}, "created": {}, "deleted": {}})

    def test_long_work_ends_with_the_server(self):
        server = self.start(RegctlServer, "--access-log", "log")
        image = self.endless_layer(server, "endless")
        waiting = []
        for part in ("diff", "diff", "files"):
            waiting.append(self.connect(server))
            waiting[-1].sendall(f"GET /v1/images/{image.id}/{part} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        wait_for(lambda: self.metric(server, "regctl_open_connections") >= 3, "the requests")
        self.assertEqual(server.end(), 0)
        for connection in waiting:
            self.assertIn(b" 503 ", self.read_all(connection))

    def test_a_client_that_leaves_ends_its_wait_for_another_writer(self):
        server = self.start(RegctlServer, "--access-log", "log", "--timeout", str(2 * PATIENCE_S))
        upload = self.begin_upload(server, self.client(server))
        for part in ("layer", "json", "checksum"):
            other = self.connect(server)
            body = {"layer": self.image.layer, "json": self.image.json, "checksum": b""}[part]
            other.sendall(f"PUT /v1/images/{self.image.id}/{part} HTTP/1.1\r\nHost: x\r\n"
                          f"X-Docker-Checksum-Payload: {self.image.checksum}\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            other.close()
            wait_for(lambda part=part: self.count_in_log(server, f'/{part} HTTP/1.1" 503 ') == 1, "the end of waiting")
        upload.sendall(self.image.layer[50_000:])
        self.assertIn(" 200 ", self.read_answer(upload)[0])

    # --- a full disk ---

    def mount(self, size):
        folder = self.path("disk")
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, f"this test has to be root: {done.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder

    @staticmethod
    def free_bytes(folder):
        status = os.statvfs(folder)
        return status.f_bavail * status.f_bsize

    def fill(self, folder, leave_bytes):
        with open(os.path.join(folder, "ballast"), "wb") as file:
            file.write(bytes(self.free_bytes(folder) - leave_bytes))

    @not_in_bucket(NO_DISK)
    def test_a_disk_that_fills_up_in_the_middle_of_a_layer_is_507_until_it_has_room(self):
        folder = self.mount("16m")
        server = self.start(RegctlServer, storage=os.path.join(folder, "storage"))
        client = self.client(server)
        client.push("app", "1", self.image)
        large = Image("large", 12 * MIB, self.image)
        self.fill(folder, 6 * MIB)
        free = self.free_bytes(folder)
        for _ in range(3):
            with self.assertRaises(Refused) as caught:
                client.push("app", "2", large)
            self.assertEqual(caught.exception.status, 507)
            self.assertIn("full", str(caught.exception))
            self.assert_no_traces(server, [self.image])
            self.assertGreater(self.free_bytes(folder), free - 64 * 1024)
        self.assertIn("no room", server.errors())
        self.assertEqual(set(client.pull("app", "1")), {self.image.id})
        small = Image("small", 1000, self.image)
        client.push("app", "3", small)  # for that there is room
        os.remove(os.path.join(folder, "ballast"))
        client.push("app", "2", large)
        self.assertEqual(list(client.pull("app", "2")), [large.id, self.image.id])
        self.assert_no_traces(server, [self.image, small, large])
        self.assertEqual(server.end(), 0)

    @not_in_bucket(NO_DISK)
    def test_a_layer_that_cannot_fit_is_refused_before_it_is_sent(self):
        folder = self.mount("16m")
        server = self.start(RegctlServer, storage=os.path.join(folder, "storage"))
        client = self.client(server)
        client.expect((200,), "PUT", f"/v1/images/{self.image.id}/json", self.image.json)
        for more in (b"", b"Expect: 100-continue\r\n"):
            connection = self.connect(server)
            connection.sendall(self.put_head(self.image, 64 * MIB)[:-2] + more + b"\r\n")
            head, body = self.read_answer(connection)
            self.assertIn("HTTP/1.1 507 ", head)
            self.assertIn("full", json.loads(body)["error"])
        self.assertIn(f"no room for a layer of {64 * MIB} bytes", server.errors())
        client.push("app", "1", self.image)
        self.assert_no_traces(server, [self.image])

    @not_in_bucket(NO_DISK)
    def test_a_disk_that_fills_up_is_507_while_the_layer_is_still_being_sent(self):
        folder = self.mount("4m")
        server = self.start(RegctlServer, "--access-log", "log", storage=os.path.join(folder, "storage"))
        client = self.client(server)
        client.expect((200,), "PUT", f"/v1/images/{self.image.id}/json", self.image.json)
        connection = self.connect(server)
        connection.sendall(f"PUT /v1/images/{self.image.id}/layer HTTP/1.1\r\nHost: x\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + bytes(64 * 1024) + b"\r\n"
        sent = 0
        while not select.select([connection], [], [], 0)[0]:
            connection.sendall(chunk)
            sent += 1
            self.assertLess(sent, 1024, "the answer does not come")
        head, body = self.read_answer(connection)
        self.assertIn("HTTP/1.1 507 ", head)
        self.assertRegex(head, r"(?m)^Connection: close\r?$")
        self.assertIn("full", json.loads(body)["error"])
        connection.sendall(chunk)  # it is still listened to, so that nothing is reset under the answer
        self.assertEqual(connection.recv(1), b"")
        client.push("app", "1", self.image)  # nobody holds the image
        connection.close()
        self.assert_no_traces(server, [self.image])
        self.assertIn("No space left", server.errors())
        with open(os.path.join(server.folder, "log"), encoding="utf-8") as log:
            self.assertRegex(log.read(), rf'layer HTTP/1\.1" 507 {len(body)} ')

    @not_in_bucket(NO_DISK)
    def test_a_disk_without_any_room_is_507_at_every_step(self):
        folder = self.mount("4m")
        server = self.start(RegctlServer, storage=os.path.join(folder, "storage"))
        client = self.client(server)
        client.push("app", "1", self.image)
        other = Image("other", 50_000, self.image)
        tag = "/v1/repositories/library/app/tags/2"

        def put(path, body):
            self.fill(folder, 0)
            status, _, text = client.request("PUT", path, body)
            self.assertEqual(status, 507, text)
            os.remove(os.path.join(folder, "ballast"))
            self.assertEqual((Tree(server.storage).problems, Tree(server.storage).leftovers()), ([], []))
            client.expect((200,), "PUT", path, body)

        put("/v1/repositories/library/app/", json.dumps([{"id": other.id}]).encode())
        put(f"/v1/images/{other.id}/json", other.json)
        put(f"/v1/images/{other.id}/layer", other.layer)
        self.assert_no_traces(server, [self.image])
        client.expect((200,), "PUT", f"/v1/images/{other.id}/checksum",
                      headers={"X-Docker-Checksum-Payload": other.checksum})
        put(tag, json.dumps(other.id).encode())
        self.assertEqual(list(client.pull("app", "2")), [other.id, self.image.id])
        self.assert_no_traces(server, [self.image, other])


if __name__ == "__main__":
    main()
