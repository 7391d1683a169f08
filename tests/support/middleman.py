# SPDX-License-Identifier: Apache-2.0
"""A server that passes every request on to another one on this machine, byte for byte, unless it is told
to spoil one. It runs in threads of the test, which sees each request and each piece of it. It may speak TLS where the
other one speaks none.
"""

import http.client
import re
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE_BYTES = 16 * 1024
OF_ONE_HOP = {"connection", "keep-alive", "expect", "transfer-encoding", "content-length"}


class Spoiled(Exception):
    """The connection is cut here."""


class Request:
    """A request, and its number. `count` is 1 for the first request with this method and path, and so on. The server gets
    `path` and `headers` as the test leaves them, or another server on this machine does, at `port`."""

    def __init__(self, method, path, headers, body_size, count):
        self.method, self.path, self.headers = method, path, headers
        self.body_size, self.count = body_size, count
        self.port = None


class Spoil:
    """What is done to one request. Positions are shares of a size, from 0 to 1, as sizes become known late."""

    def __init__(self, status=None, is_passed_on=False, cut_request=None, cut_answer=None, flip_request=None,
                 flip_answer=None, headers=None, body=b"", change_body=None, is_last=False, is_chunked=False):
        self.status, self.body = status, body  # the answer, instead of the server's,
        self.is_passed_on = is_passed_on  # which may nevertheless get the request
        self.headers = headers or {}  # of that answer, or in place of the server's of these names
        self.change_body = change_body or (lambda body: body)  # of the server's answer
        self.cut_request, self.cut_answer = cut_request, cut_answer
        self.flip_request, self.flip_answer = flip_request, flip_answer
        self.is_last = is_last  # the connection is closed after the answer, without a word of it
        self.is_chunked = is_chunked  # the answer's body has no length, but one chunk

    def changed(self, status, headers, body):
        """The client's answer, made of the server's."""
        if self.status is not None:
            return self.status, list(self.headers.items()), self.body
        ours = {name.lower() for name in self.headers}
        kept = [(name, value) for name, value in headers if name.lower() not in ours]
        return status, kept + list(self.headers.items()), self.change_body(body)


class _Flow:
    """Bytes on their way through, of which one is flipped, or behind which nothing follows."""

    def __init__(self, size, write, on_bytes, cut, flip):
        self.write, self.on_bytes = write, on_bytes
        self.cut = None if cut is None else int(cut * size)
        self.flip = None if flip is None or size == 0 else min(int(flip * size), size - 1)
        self.at = 0

    def pass_on(self, data):
        end = self.at + len(data)
        if self.flip is not None and self.at <= self.flip < end:
            data = bytearray(data)
            data[self.flip - self.at] ^= 1
        if self.cut is not None and self.cut < end:
            self.write(bytes(data[:self.cut - self.at]))
            raise Spoiled
        self.write(bytes(data))
        self.at = end
        self.on_bytes(len(data))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.upstreams = {}  # port → connection

    def finish(self):
        self.close_upstreams()
        super().finish()

    def upstream_at(self, port):
        if port not in self.upstreams:
            self.upstreams[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        return self.upstreams[port]

    def close_upstreams(self):
        for connection in self.upstreams.values():
            connection.close()

    def handle_request(self):
        middleman = self.server.middleman
        size = int(self.headers.get("Content-Length", 0))
        self.is_chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        request = middleman.note(self.command, self.path, self.headers, size)
        try:
            if self.is_chunked:
                self.collect_chunks(request)
            spoil = middleman.choose(request) or Spoil()
            answer = None, [], b""
            if spoil.status is None or spoil.is_passed_on:
                answer = self.pass_on(request, spoil)
            else:
                self.read_body(request.body_size, lambda piece: None)
            answer = spoil.changed(*answer)
            middleman.on_answer(request, answer[0])
            self.answer(*answer, spoil)
            self.close_connection |= spoil.is_last
        except (Spoiled, OSError, http.client.HTTPException):  # also where the one side or the other has gone
            self.close_connection = True
            self.close_upstreams()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_request

    def collect_chunks(self, request):
        """A body of a size that is not told goes on as a whole. The test sees its pieces as they come."""
        self.chunks = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            piece = self.rfile.read(size)
            if len(piece) < size:
                raise Spoiled
            self.chunks += piece
            self.rfile.readline()
            self.server.middleman.on_body(request, size)
        self.rfile.readline()
        request.body_size = len(self.chunks)

    def read_body(self, size, take):
        if self.is_chunked:
            for begin in range(0, size, PIECE_BYTES):
                take(self.chunks[begin:begin + PIECE_BYTES])
            return
        while size > 0:
            piece = self.rfile.read1(min(size, PIECE_BYTES))
            if not piece:
                raise Spoiled
            size -= len(piece)
            take(piece)

    def pass_on(self, request, spoil):
        """Status, headers and body of the server's answer."""
        middleman = self.server.middleman
        upstream = self.upstream_at(request.port or self.server.target_port)
        upstream.putrequest(self.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in OF_ONE_HOP:
                upstream.putheader(name, middleman.change_request(name, value))
        if self.command in ("PUT", "POST", "PATCH"):
            upstream.putheader("Content-Length", str(request.body_size))
        upstream.endheaders()
        on_body = (lambda n: None) if self.is_chunked else lambda n: middleman.on_body(request, n)
        flow = _Flow(request.body_size, upstream.send, on_body, spoil.cut_request, spoil.flip_request)
        self.read_body(request.body_size, flow.pass_on)
        answer = upstream.getresponse()
        headers = [(name, middleman.change_answer(name, value)) for name, value in answer.getheaders()]
        return answer.status, headers, answer.read()

    def answer(self, status, headers, body, spoil):
        is_bare = self.command == "HEAD" or status in (204, 304)
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers
                  if name.lower() not in OF_ONE_HOP or (is_bare and name.lower() == "content-length")]
        if not is_bare and spoil.is_chunked:
            lines.append("Transfer-Encoding: chunked")
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        elif not is_bare:
            lines.append(f"Content-Length: {len(body)}")
        else:
            body = b""
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if spoil.cut_answer is not None:  # in the head as well
            flow = _Flow(len(head) + len(body), self.wfile.write, self.server.middleman.on_bytes, spoil.cut_answer, None)
            flow.pass_on(head)
        else:
            self.wfile.write(head)
            self.server.middleman.on_bytes(len(head))
            flow = _Flow(len(body), self.wfile.write, self.server.middleman.on_bytes, None, spoil.flip_answer)
        for begin in range(0, len(body), PIECE_BYTES):
            flow.pass_on(body[begin:begin + PIECE_BYTES])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    tls_context = None

    def finish_request(self, request, client_address):
        if self.tls_context is None:
            super().finish_request(request, client_address)
            return
        with self.tls_context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # clients that go are the point
            super().handle_error(request, client_address)


class Middleman:
    """Stands before `server`; with `tls`, the names of the files of a certificate and its key, it speaks https. A test
    overrides what it wants to know of, or to change; all of it is called in several threads."""

    def __init__(self, server, tls=None):
        self._counts = {}
        self._lock = threading.Lock()
        self._target_port = server.port
        self._tls = tls
        self.start_at(0)

    def start_at(self, port):
        """Listens at this port, or at a free one; also after stop()."""
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.middleman = self
        self._server.target_port = self._target_port
        if self._tls:
            self._server.tls_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._server.tls_context.load_cert_chain(*self._tls)
        self.port = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def note(self, method, path, headers, body_size):
        with self._lock:
            count = self._counts[(method, path)] = self._counts.get((method, path), 0) + 1
        self.on_bytes(len(path))
        return Request(method, path, headers, body_size, count)

    def choose(self, request):
        """A Spoil, or None for a request that goes through; Spoiled cuts it here."""

    def on_bytes(self, size):
        """So many bytes have gone through, in the one direction or the other."""

    def on_body(self, request, size):
        """So many bytes of a request's body have gone to the server."""
        self.on_bytes(size)

    def on_answer(self, request, status):
        """The client is about to get an answer with this status."""

    def change_request(self, name, value):
        """A header's value on its way to the server."""
        return value

    def change_answer(self, name, value):
        """A header's value on its way to the client."""
        return value


class ExpiringTokens:
    """Makes tokens of docker-registry good until the next expire(): the way of an index that forgets them.

    A token's signature gets the number of the era in which it was given.
    """

    def __init__(self):
        self.era = 0
        self.refused = 0

    def expire(self):
        self.era += 1

    def is_over(self, authorization):
        era = re.search(r"signature=[^,]*-(\d+)", authorization or "")
        is_over = era is not None and int(era.group(1)) < self.era
        self.refused += is_over
        return is_over

    def change_request(self, value):
        return re.sub(r"(signature=[^,]*)-\d+", r"\1", value)

    def change_answer(self, value):
        return re.sub(r"(signature=[^,]*)", rf"\1-{self.era}", value)
