# SPDX-License-Identifier: Apache-2.0
"""A proxy before an S3 server that notes every request, and misbehaves on request.

Clients sign requests for the proxy's own address: the Host field goes through unchanged, and the server takes the
signature for that address as well (Ceph 16.2 does).

Programs that do not share a process with it steer it by HTTP, with a POST each:
  /_fault?rule=JSON   fault(**JSON)
  /_stalled           is answered once a request is stalled
  /_release           release()
  /_forget            forget()
  /_requests          is answered with requests(), as JSON
"""

import json
import re
import threading
import urllib.parse
from xml.sax.saxutils import escape

from harness import PATIENCE_S
from middleman import Middleman, Spoil, Spoiled

NOTED_HEADERS = ("Content-MD5", "Content-Type", "If-Match", "If-None-Match", "Range", "x-amz-copy-source",
                 "x-amz-server-side-encryption")


def error_document(code, region=None):
    """The body with which S3 refuses a request."""
    more = f"<Region>{escape(region)}</Region>" if region else ""
    return (f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{escape(code)}</Code>'
            f"<Message>as the test wants</Message>{more}</Error>").encode()


class Fault:
    """What is done to some of the requests.

    Which: those with this `method` ("GET|HEAD": or one of several), with a key in which the regular expression `key` is
    found, and with this parameter in their `query` ("uploadId", "partNumber=2"; "" for an empty query); of those the
    `nth` (1 for the first) and the next ones, `times` of them, or all (None).

    What, in the order in which it happens:
    stall        "request": goes on to the server only after release(); "answer": to the client likewise
    cut          "request": the connection ends before the server gets anything; "answer": the server does what is
                 asked, and no answer comes; a share from 0 to 1: the answer ends there; "after": the connection
                 ends after a whole answer
    status       the answer instead of the server's, which gets the request only with is_passed_on; `code` and
                 `region` are those of S3's error in its body, `to_itself` is a redirect to where the request came
    headers      fields of the answer, in place of the server's of these names
    replace      [[regular expression, text], …] changes the body of the server's answer
    keep         the share of that body which is sent, as if it were all
    """

    def __init__(self, method=None, key="", query=None, nth=1, times=1, stall=None, cut=None, status=None, code=None,
                 region=None, to_itself=False, is_passed_on=False, headers=None, replace=(), keep=1):
        self.method, self.key, self.query = method, key, query
        self.nth, self.times, self.seen = nth, times, 0
        self.stall, self.cut, self.status = stall, cut, status
        self.to_itself, self.is_passed_on = to_itself, is_passed_on
        self.headers, self.replace, self.keep = headers, replace, keep
        self.body = error_document(code, region) if code else b""

    def takes(self, record):
        """Whether this is one of the requests; counts it."""
        if not self._matches(record):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)

    def _matches(self, record):
        query = record["query"]
        name, has_value, value = (self.query or "").partition("=")
        return ((self.method is None or record["method"] in self.method.split("|")) and
                re.search(self.key, record["key"]) is not None and
                (self.query is None or (not query if self.query == "" else name in query)) and
                (not has_value or query[name] == value))

    def spoil(self, url):
        if self.cut == "request":
            raise Spoiled
        headers = {**(self.headers or {}), **({"Location": url} if self.to_itself else {})}
        cut_at = 0 if self.cut == "answer" else None if self.cut == "after" else self.cut
        return Spoil(self.status, self.is_passed_on, headers=headers, body=self.body, change_body=self._change,
                     cut_answer=cut_at, is_last=self.cut == "after")

    def _change(self, body):
        for pattern, text in self.replace:
            body = re.sub(pattern.encode(), text.encode(), body)
        return body[:int(self.keep * len(body))]


class S3Proxy(Middleman):
    """Stands before `server`, which has a port on this machine; `tls` as of Middleman."""

    def __init__(self, server, tls=None):
        self._state = threading.Condition()  # guards what follows
        self._faults, self._records = [], []
        self._stalled, self._releases = 0, 0
        super().__init__(server, tls)
        self.endpoint = ("https://" if tls else "http://") + self.host

    def stop(self):
        self.release()
        super().stop()

    def fault(self, **rule):
        """Misbehaves as a Fault says. The first rule that takes a request is the one that counts."""
        with self._state:
            self._faults.append(Fault(**rule))

    def requests(self, method=None, key=""):
        """The requests so far, in their order: those with this method and a key in which this regular expression is
        found. Each is a dict: method, bucket, key, query (a dict), headers (some), size (of the body), and status,
        which is None as long as there is no answer, and if it was cut before its end."""
        with self._state:
            return [dict(record) for record in self._records
                    if method in (None, record["method"]) and re.search(key, record["key"])]

    def forget(self):
        """Forgets all faults and requests."""
        with self._state:
            self._faults, self._records = [], []

    def is_stalled(self):
        with self._state:
            return self._stalled > 0

    def wait_for_stalled(self):
        """Waits until a request is stalled."""
        with self._state:
            if not self._state.wait_for(lambda: self._stalled, PATIENCE_S):
                raise AssertionError("no request came to be stalled")

    def release(self):
        """Lets all go on that are stalled."""
        with self._state:
            self._releases += 1
            self._state.notify_all()

    # Called by Middleman, in its threads.

    def choose(self, request):
        if request.path.startswith("/_"):
            return Spoil(200, body=self._steer(urllib.parse.urlsplit(request.path)))
        request.record = self._note(request)
        with self._state:
            takers = [fault for fault in self._faults if fault.takes(request.record)]  # each counts it
        request.fault = takers[0] if takers else None
        if request.fault is None:
            return None
        self._stall(request, "request")
        return request.fault.spoil(self.endpoint + request.path)

    def on_answer(self, request, status):
        if request.path.startswith("/_"):
            return
        if request.fault:
            self._stall(request, "answer")
        if not request.fault or request.fault.cut in (None, "after"):
            request.record["status"] = status

    def _note(self, request):
        path, _, query = request.path.partition("?")
        bucket, _, key = path[1:].partition("/")
        record = {"method": request.method, "bucket": bucket, "key": urllib.parse.unquote(key),
                  "query": dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
                  "headers": {name: request.headers[name] for name in NOTED_HEADERS if name in request.headers},
                  "size": request.body_size, "status": None}
        with self._state:
            self._records.append(record)
        return record

    def _stall(self, request, where):
        if request.fault.stall != where:
            return
        with self._state:
            now = self._releases
            self._stalled += 1
            self._state.notify_all()
            self._state.wait_for(lambda: self._releases > now)
            self._stalled -= 1

    def _steer(self, url):
        """What the test's own request is answered with."""
        if url.path == "/_fault":
            self.fault(**json.loads(urllib.parse.parse_qs(url.query)["rule"][0]))
        elif url.path == "/_requests":
            return json.dumps(self.requests()).encode()
        else:
            {"/_stalled": self.wait_for_stalled, "/_release": self.release, "/_forget": self.forget}[url.path]()
        return b""
