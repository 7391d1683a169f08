#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small HTTP proxy: absolute-form requests and CONNECT, every host name mapped to a port of this machine.

  proxy_server.py --port-file FILE --log FILE --map registry.example:5000=40123 …

What is not mapped is answered 502. --refuse STATUS answers so to everything; --user NAME:PASSWORD wants
Proxy-Authorization. Every request is a line of JSON in --log.
"""

import argparse
import base64
import json
import select
import socket
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from peer import serve_for_parent

ALONE = {"connection", "proxy-connection", "proxy-authorization", "keep-alive"}  # of one hop


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def record(self, target, status):
        self.server.log({"method": self.command, "target": target, "status": status,
                         "line": self.requestline, "proxy_authorization": self.headers.get("Proxy-Authorization"),
                         "authorization": self.headers.get("Authorization")})

    def refuse(self, target, status):
        self.record(target, status)
        self.close_connection = True
        self.send_response(status)
        if status == 407:
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def reach(self, target):
        """A connection to where `target` is mapped, or nothing, and then it is answered."""
        options = self.server.options
        wanted = options.user and "Basic " + base64.b64encode(options.user.encode()).decode()
        if options.refuse:
            self.refuse(target, options.refuse)
        elif wanted and self.headers.get("Proxy-Authorization") != wanted:
            self.refuse(target, 407)
        elif target not in options.map:
            self.refuse(target, 502)
        else:
            self.record(target, 200)
            return socket.create_connection(("127.0.0.1", options.map[target]))
        return None

    def do_CONNECT(self):
        peer = self.reach(self.path)
        if peer:
            self.send_response(200, "Connection established")
            self.end_headers()
            self.relay(peer)

    def handle_request(self):
        url = urllib.parse.urlsplit(self.path)
        peer = self.reach(f"{url.hostname}:{url.port or 80}")
        if not peer:
            return
        path = urllib.parse.urlunsplit(("", "", url.path, url.query, ""))
        head = [f"{self.command} {path} HTTP/1.1", "Connection: close"]
        head += [f"{name}: {value}" for name, value in self.headers.items() if name.lower() not in ALONE]
        peer.sendall("\r\n".join(head + ["", ""]).encode("latin-1"))
        self.relay(peer)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def relay(self, peer):
        """Passes bytes both ways until one side ends; the connection is not used again."""
        self.close_connection = True
        with peer:
            # What of the body came with the head is in the reader's buffer.
            self.connection.setblocking(False)
            if early := self.rfile.peek():
                peer.sendall(self.rfile.read(len(early)))
            self.connection.setblocking(True)
            while True:
                ready, _, _ = select.select([self.connection, peer], [], [])
                for source in ready:
                    try:
                        data = source.recv(65536)
                    except OSError:
                        data = b""
                    if not data:
                        return
                    (peer if source is self.connection else self.connection).sendall(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        self.options = options
        self.log_file = open(options.log, "a", encoding="utf-8")
        self.log_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)

    def log(self, record):
        with self.log_lock:
            self.log_file.write(json.dumps(record) + "\n")
            self.log_file.flush()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--map", action="append", default=[])
    parser.add_argument("--refuse", type=int)
    parser.add_argument("--user")
    options = parser.parse_args()
    options.map = {name: int(port) for name, port in (entry.split("=") for entry in options.map)}
    server = Server(options)
    serve_for_parent(server, options.port_file)


if __name__ == "__main__":
    main()
