# SPDX-License-Identifier: Apache-2.0
"""A small S3 client, the witness of what lies in a bucket: path style, Signature Version 4, plain http.

Source: Amazon S3 API Reference.
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import urllib.parse
import xml.etree.ElementTree
from xml.sax.saxutils import escape

from harness import PATIENCE_S, Answer

REGION = "us-east-1"


class S3Error(Exception):
    """An answer of 300 or above."""

    def __init__(self, what, answer):
        self.status = answer.status
        self.code = next((e.text for e in _elements(answer.content, "Code")), "")
        super().__init__(f"{what}: {answer.status} {self.code}")


class S3Bucket:
    """A bucket at `endpoint` ("http://127.0.0.1:PORT"). Each request has a connection of its own. Thread-safe."""

    def __init__(self, endpoint, access_key, secret_key, name):
        self.endpoint, self.access_key, self.secret_key, self.name = endpoint, access_key, secret_key, name

    def environment(self, endpoint=None):
        """What a program needs to find its way here, or through a proxy at another endpoint."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_REGION": REGION, "AWS_ENDPOINT_URL": endpoint or self.endpoint}

    def ask(self, method, key="", query=None, body=b"", headers=None):
        """One signed request, for the bucket itself where there is no key; the answer has any status."""
        connection = self._connect()
        try:
            return self._exchange(connection, method, key, query, body, headers)
        finally:
            connection.close()

    def _connect(self):
        return http.client.HTTPConnection(self.endpoint.removeprefix("http://"), timeout=PATIENCE_S)

    def _exchange(self, connection, method, key, query=None, body=b"", headers=None):
        path = urllib.parse.quote(f"/{self.name}/{key}")
        query = "&".join(sorted(f"{_encode(name)}={_encode(value)}" for name, value in (query or {}).items()))
        host = self.endpoint.removeprefix("http://")
        headers = {"Host": host, **(headers or {})}
        headers.update(self._signature(method, path, query, body, headers))
        connection.request(method, f"{path}?{query}" if query else path, body or None, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    def _signature(self, method, path, query, body, headers):
        """The header fields that sign a request with all of these."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        payload = hashlib.sha256(body).hexdigest()
        added = {"x-amz-date": now, "x-amz-content-sha256": payload}
        fields = {name.lower(): value for name, value in {**headers, **added}.items()}
        names = ";".join(sorted(fields))
        lines = [method, path, query, *(f"{name}:{fields[name]}" for name in sorted(fields)), "", names, payload]
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        key = ("AWS4" + self.secret_key).encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
        return {**added, "Authorization": f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
                                          f"SignedHeaders={names}, "
                                          f"Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"}

    def _succeed(self, method, key="", **more):
        answer = self.ask(method, key, **more)
        if answer.status >= 300:
            raise S3Error(f"{method} s3://{self.name}/{key}", answer)
        return answer

    def put(self, key, data, headers=None):
        """Returns the ETag, as the server quotes it."""
        return self._succeed("PUT", key, body=data, headers=headers).headers["ETag"]

    def put_all(self, objects):
        """Writes many small objects, (key, data) each, one after the other over one connection."""
        connection = self._connect()
        try:
            for key, data in objects:
                answer = self._exchange(connection, "PUT", key, body=data)
                if answer.status >= 300:
                    raise S3Error(f"PUT s3://{self.name}/{key}", answer)
        finally:
            connection.close()

    def get(self, key):
        return self._succeed("GET", key).content

    def head(self, key):
        """The header fields of an object, or None if it is not there."""
        answer = self.ask("HEAD", key)
        if answer.status == 404:
            return None
        if answer.status >= 300:
            raise S3Error(f"HEAD s3://{self.name}/{key}", answer)
        return answer.headers

    def delete(self, key):
        self._succeed("DELETE", key)

    def listing(self, prefix=""):
        """All keys that begin with `prefix`, in their order, each with its object's ETag and time."""
        query, found = {"list-type": "2", "prefix": prefix}, {}
        while True:
            page = self._succeed("GET", query=query).content
            for element in _elements(page, "Contents"):
                found[_text(element, "Key")] = _text(element, "ETag"), _text(element, "LastModified")
            token = [element.text for element in _elements(page, "NextContinuationToken")]
            if not token:
                return found
            query["continuation-token"] = token[0]

    def keys(self, prefix=""):
        """All keys that begin with `prefix`, in their order."""
        return list(self.listing(prefix))

    def tree(self, prefix=""):
        """key → bytes of all objects whose keys begin with `prefix`."""
        return {key: self.get(key) for key in self.keys(prefix)}

    def start_upload(self, key):
        """Begins an upload in parts; returns its ID."""
        answer = self._succeed("POST", key, query={"uploads": ""})
        return next(_elements(answer.content, "UploadId")).text

    def put_part(self, key, upload, number, data):
        return self._succeed("PUT", key, query={"partNumber": str(number), "uploadId": upload}, body=data)

    def uploads(self, prefix=""):
        """(key, ID) of each upload that is open, up to 1000 of them."""
        page = self._succeed("GET", query={"uploads": "", "prefix": prefix}).content
        return [(_text(element, "Key"), _text(element, "UploadId")) for element in _elements(page, "Upload")]

    def abort_upload(self, key, upload):
        self._succeed("DELETE", key, query={"uploadId": upload})

    def make(self):
        self._succeed("PUT")

    def empty(self, prefix=""):
        """Removes all objects and open uploads whose keys begin with `prefix`."""
        while uploads := self.uploads(prefix):
            for key, upload in uploads:
                self.abort_upload(key, upload)
        keys = self.keys(prefix)
        for first in range(0, len(keys), 1000):
            self._delete_all(keys[first:first + 1000])

    def _delete_all(self, keys):
        """Removes up to 1000 objects by one request."""
        objects = "".join(f"<Object><Key>{escape(key)}</Key></Object>" for key in keys)
        body = f"<Delete><Quiet>true</Quiet>{objects}</Delete>".encode()
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        self._succeed("POST", query={"delete": ""}, body=body, headers={"Content-MD5": digest})

    def remove(self):
        """Removes the bucket with all that it holds."""
        self.empty()
        self._succeed("DELETE")


def _encode(text):
    return urllib.parse.quote(text, safe="")


def _elements(document, path):
    """All elements of this name, or path, whatever their namespace."""
    try:
        root = xml.etree.ElementTree.fromstring(document)
    except xml.etree.ElementTree.ParseError:  # of a HEAD, or a proxy
        return iter(())
    return root.iterfind(".//" + "/".join("{*}" + name for name in path.split("/")))


def _text(element, name):
    return element.find("{*}" + name).text
