#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Not all registries answer as distribution 2.8 does. A proxy in front of one changes one thing in its answers, as
servers and proxies in the field do: images are read, written, mounted, mirrored and removed all the same, or refused
before a tag moves. Each change is a test."""

import base64
import json
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main  # noqa: E402
from middleman import Middleman, Spoil  # noqa: E402
from v2_case import LAYOUTS, V2Case  # noqa: E402
from v2_images import INDEX, MANIFEST, Document, artifact, image, index  # noqa: E402

NOT_FOUND, PROTOCOL, INTEGRITY, UNSUPPORTED = 3, 6, 7, 9
SEED, TAGGED, TAGS = "seed/app", "seed/tagged", ["1.0", "2.0", "3.0"]
ZEROS = "sha256:" + "0" * 64
LIMIT = 30_000  # bytes; the layers of the seed are larger
# The steps: methods of Changes.
PULL, IDENTITY, TAG_NAMES, NAMES, WRITE, AGAIN, PIECES, STREAM, MOUNT, MIRROR, REMOVE = (
    "pull", "identity", "tag_names", "names", "write", "again", "pieces", "stream", "mount", "mirror", "remove")


class Changing(Middleman):
    """Passes requests on, but for what `change` of (this, a request) makes a Spoil of, among those with one of the
    methods and such a path."""

    def __init__(self, server, methods, path, change):
        self.methods, self.pattern, self.change = methods.split(), path, change
        self.seen, self.changed, self.kinds = [], 0, set()
        super().__init__(server)

    def choose(self, request):
        spoil = None
        if request.method in self.methods and re.search(self.pattern, request.path):
            self.changed += 1
            spoil = self.change(self, request)
        self.seen.append(f"{request.method} {request.path}")
        return spoil


class Remade(Spoil):
    """An answer that remake(status, headers, body) makes of the server's; headers are pairs."""

    def __init__(self, remake):
        super().__init__()
        self.changed = remake


# --- changes ---


def refuses(status, code="", body=None, content_type="application/json"):
    """The registry gets no such request."""
    text = json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode() if body is None else body
    return lambda proxy, request: Spoil(status, headers={"Content-Type": content_type, "Retry-After": "0"}, body=text)


def once(change):
    """Of the requests with one method for manifests, blobs, uploads or lists the first is met."""
    def choose(proxy, request):
        kind = request.method, re.search("/manifests/|/blobs/sha256:|/uploads/|$", request.path)[0]
        if kind in proxy.kinds:
            return None
        proxy.kinds.add(kind)
        return change(proxy, request)
    return choose


def only(method, change):
    return lambda proxy, request: change(proxy, request) if request.method == method else None


def says(**headers):
    """Answers have Header_Name="value"."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda proxy, request: Spoil(headers=named)


def lacks(*names):
    """Answers have no such headers."""
    return lambda proxy, request: Remade(lambda status, headers, body: (
        status, [(name, value) for name, value in headers if name.lower() not in names], body))


def answers(new, old=range(200, 300)):
    """Another status in place of `old`."""
    return lambda proxy, request: Remade(lambda status, headers, body: (
        new if status in old else status, headers, body))


def absence(content_type, text):
    """404 with this body."""
    return lambda proxy, request: Remade(lambda status, headers, body: (
        (404, [("Content-Type", content_type)], text) if status == 404 else (status, headers, body)))


def rewrites(header, remake):
    """Answers have another value of this header."""
    return lambda proxy, request: Remade(lambda status, headers, body: (
        status, [(name, remake(value) if name == header else value) for name, value in headers], body))


def lists_also(*names):
    """Among the tags."""
    def remake(status, headers, body):
        document = json.loads(body)
        return status, headers, json.dumps({**document, "tags": [*document["tags"], *names]}).encode()
    return lambda proxy, request: Remade(remake)


def pages(proxy, request):
    """Of one tag each, with a cursor that nobody can guess, as ECR has them."""
    cursor = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query).get("last", [""])[0]
    begin = int(base64.b64decode(cursor) or b"0")

    def remake(status, headers, body):
        names = sorted(json.loads(body)["tags"])
        if begin + 1 < len(names):
            following = urllib.parse.quote(base64.b64encode(b"%06d" % (begin + 1)), safe="")
            url = f"http://{proxy.host}/v2/{TAGGED}/tags/list?last={following}"
            headers = [*headers, ("Link", f'<{url}>; rel="next"')]
        return status, headers, json.dumps({"name": TAGGED, "tags": names[begin:begin + 1]}).encode()
    return Remade(remake)


def elsewhere(head=None, first_get=None):
    """Blobs are in a storage on another host, which has these statuses for HEAD and for each first GET."""
    def change(proxy, request):
        if not request.path.startswith("/storage/"):
            return Spoil(307, headers={"Location": f"http://localhost:{proxy.port}/storage{request.path}"})
        request.path = request.path.removeprefix("/storage")
        status = head if request.method == "HEAD" else first_get if request.count == 1 else None
        return Spoil(status, headers={"Content-Type": "application/xml"}, body=b"<Error/>") if status else None
    return change


def ignores_ranges(_, request):
    if request.count == 1:
        return Spoil(cut_answer=0.6)
    del request.headers["Range"]
    return None


def ignores_mounts(_, request):
    request.path = request.path.partition("?")[0]


def keeps_last_piece(proxy, request):
    """As GHCR does."""
    if not request.headers.get("Content-Range", "").startswith("0-"):
        return None
    return Spoil(202, headers={"Location": f"http://{proxy.host}{request.path}", "Range": f"0-{request.body_size - 1}"})


def wants_large_pieces(_, request):
    if request.method == "POST":
        return Spoil(headers={"OCI-Chunk-Min-Length": str(LIMIT)})
    is_small = request.headers.get("Content-Range", "").startswith("0-") and request.body_size < LIMIT
    return Spoil(400, body=b"") if is_small else None


def limits_bodies(_, request):
    """As nginx does."""
    return Spoil(413, headers={"Content-Type": "text/html"}, body=b"<html>") if request.body_size > LIMIT else None


def wants_page_size_of_its_own(_, request):
    return Spoil(400, body=b'{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}') if "n=1000" in request.path else None


def balances_load(_, request):
    """An upload is known to the server that began it, which a cookie leads to."""
    if request.method != "POST" and "sid=one" not in request.headers.get("Cookie", ""):
        return Spoil(404, body=b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
    return Spoil(headers={"Set-Cookie": "sid=one; Path=/; HttpOnly"})


def takes_tag_for_digest(proxy, request):
    """The tag of a list of referrers that nobody has written is the subject, as at GitLab."""
    if not any(line.startswith("PUT ") and line.endswith(request.path) for line in proxy.seen):
        request.path = request.path.replace("sha256-", "sha256:")


def refuses_type(media_type):
    def change(_, request):
        is_it = request.headers.get("Content-Type") == media_type
        return Spoil(415, body=b'{"errors":[{"code":"MANIFEST_INVALID"}]}') if is_it else None
    return change


# --- rows ---


class Row:
    """A change of the answers to requests with these methods and such a path, and the steps that are tried: they
    succeed, or end with the exit code `fails`, and say `saying`."""

    def __init__(self, name, methods, path, change, steps, fails=None, saying=""):
        self.name, self.steps, self.fails, self.saying = name, steps, fails, saying
        self.where = methods, path, change


ANY = "GET HEAD PUT POST PATCH"
MANIFESTS, BLOBS, UPLOADS, TAG_LIST = "/manifests/", "/blobs/sha256:", "/uploads/", "/tags/list"
WRITING = (WRITE, PIECES, STREAM)
ROWS = (
    # Those that engines were tried with.
    Row("no_api_version", ANY, "", lacks("docker-distribution-api-version"), (PULL, WRITE)),
    Row("no_upload_uuid", ANY, UPLOADS, lacks("docker-upload-uuid"), (PIECES, STREAM)),
    Row("no_location_of_blobs", "PUT", UPLOADS, lacks("location"), (WRITE, STREAM)),
    Row("no_location_of_manifests", "PUT", MANIFESTS, lacks("location"), (WRITE,)),
    Row("relative_locations", ANY, "", rewrites("Location", lambda url: "/v2/" + url.partition("/v2/")[2]), WRITING),
    Row("charset_of_manifests", "GET HEAD", MANIFESTS, rewrites("Content-Type", lambda kind: kind + "; charset=utf-8"),
        (PULL, MIRROR)),
    Row("head_of_manifests_refused", "HEAD", MANIFESTS, refuses(405), (IDENTITY, MIRROR)),
    Row("head_of_manifests_404", "HEAD", MANIFESTS, refuses(404), (IDENTITY, MIRROR, REMOVE)),
    Row("put_of_manifests_200", "PUT", MANIFESTS, answers(200), (WRITE,)),
    Row("patch_204", "PATCH", UPLOADS, answers(204), (PIECES, STREAM)),
    Row("plain_404", ANY, "", absence("text/plain", b"404 page not found\n"), (WRITE, MIRROR)),
    Row("empty_404", ANY, "", absence("text/html", b""), (WRITE, MIRROR)),
    Row("blobs_without_length", "GET", BLOBS, lambda *_: Spoil(is_chunked=True), (PULL,)),
    Row("manifests_without_length", "GET", MANIFESTS, lambda *_: Spoil(is_chunked=True), (PULL,)),
    Row("blobs_elsewhere", "GET", BLOBS, elsewhere(), (PULL,)),
    Row("blobs_elsewhere_by_head", "GET HEAD", BLOBS, elsewhere(), (PULL, WRITE, AGAIN)),
    Row("no_digest_anywhere", ANY, "", lacks("docker-content-digest"), (PULL, IDENTITY, *WRITING, AGAIN, MIRROR)),
    Row("no_digest_by_head", "HEAD", MANIFESTS, lacks("docker-content-digest"), (IDENTITY, MIRROR)),
    Row("wrong_digest", "GET HEAD", MANIFESTS, says(Docker_Content_Digest=ZEROS), (PULL,), INTEGRITY, ZEROS[:20]),
    Row("wrong_digest_by_head", "HEAD", MANIFESTS, says(Docker_Content_Digest=ZEROS), (MIRROR,), NOT_FOUND,
        "there is no manifest"),
    Row("wrong_digest_of_what_was_put", "PUT", "", says(Docker_Content_Digest=ZEROS), (WRITE, STREAM), INTEGRITY,
        "under another digest"),
    Row("manifests_without_type", "GET HEAD", MANIFESTS, lacks("content-type"), (PULL, IDENTITY, MIRROR)),
    Row("manifests_of_no_type", "GET HEAD", MANIFESTS, says(Content_Type="application/octet-stream"),
        (PULL, IDENTITY, MIRROR)),
    Row("no_length_of_manifests_by_head", "HEAD", MANIFESTS, lacks("content-length"), (IDENTITY, MIRROR)),
    Row("no_length_of_blobs_by_head", "HEAD", BLOBS, lacks("content-length"), (WRITE, AGAIN)),
    Row("head_of_blobs_refused", "HEAD", BLOBS, refuses(405), (WRITE, AGAIN, MOUNT)),
    Row("no_range_of_uploads", ANY, UPLOADS, lacks("range"), (PIECES, STREAM)),
    Row("post_200", "POST", UPLOADS, answers(200), WRITING),
    Row("put_of_blobs_200", "PUT", UPLOADS, answers(200), WRITING),
    Row("put_of_blobs_204", "PUT", UPLOADS, answers(204), WRITING),
    Row("patch_refused", ANY, "", only("PATCH", refuses(405, "UNSUPPORTED")), (WRITE,)),
    Row("patch_refused_where_it_is_needed", "PATCH", UPLOADS, refuses(405, "UNSUPPORTED"), (PIECES, STREAM), PROTOCOL,
        "answered 405"),
    Row("ping_404", "GET", "^/v2/$", refuses(404), (PULL, WRITE), PROTOCOL, "not as a Docker registry"),
    Row("ping_401_without_challenge", "GET", "^/v2/$", answers(401), (PULL, WRITE)),
    Row("busy_once", ANY, "", once(refuses(503)), (PULL, WRITE)),
    Row("too_many_requests_once", ANY, "", once(refuses(429, "TOOMANYREQUESTS")), (PULL, WRITE)),
    # Those that are known of other registries, and of proxies before them.
    Row("connections_that_end", ANY, "", lambda *_: Spoil(is_last=True), (PULL, WRITE)),
    Row("no_digest_by_get", "GET", MANIFESTS, lacks("docker-content-digest"), (PULL, MIRROR)),
    Row("head_that_tells_nothing", "HEAD", MANIFESTS, lambda *_: Remade(lambda status, headers, body: (
        status, [("Content-Type", "application/octet-stream")], body)), (IDENTITY, MIRROR)),
    Row("patch_201", "PATCH", UPLOADS, answers(201), (PIECES, STREAM)),
    Row("range_that_stands_still", "PATCH", UPLOADS, says(Range="0-0"), (PIECES, STREAM)),
    Row("last_piece_alone_kept", "PATCH", UPLOADS, keeps_last_piece, (PIECES,), INTEGRITY, "other bytes"),
    Row("pieces_too_small", "POST PATCH", UPLOADS, wants_large_pieces, (PIECES,)),
    Row("bodies_too_large", "PUT PATCH", UPLOADS, limits_bodies, (WRITE,), saying="finds what is sent too large"),
    Row("location_without_port", ANY, UPLOADS,
        rewrites("Location", lambda url: re.sub(r"^(http://[^:/]+):\d+", r"\1", url)), WRITING),
    Row("location_of_another_scheme", ANY, UPLOADS,
        rewrites("Location", lambda url: url.replace("http://", "https://")), WRITING),
    Row("uploads_of_one_server_among_several", ANY, UPLOADS, balances_load, WRITING),
    Row("blob_of_another_client", "PUT", UPLOADS, lambda *_: Spoil(
        400, is_passed_on=True, body=b'{"errors":[{"code":"BLOB_UPLOAD_INVALID"}]}'), (WRITE, STREAM)),
    *(Row(f"mount_{status}", "POST", "mount=", refuses(status, "DENIED"), (MOUNT,))
      for status in (400, 401, 403, 404, 405)),
    Row("mount_that_is_an_upload", "POST", "mount=", ignores_mounts, (MOUNT,)),
    Row("signed_for_get_alone", "GET HEAD", BLOBS, elsewhere(head=403), (PULL, WRITE, AGAIN, MIRROR)),
    Row("signature_that_ended", "GET", BLOBS, elsewhere(first_get=403), (PULL,)),
    Row("ranges_ignored", "GET", BLOBS, ignores_ranges, (PULL,)),
    Row("pages_with_a_cursor", "GET", TAG_LIST, pages, (TAG_NAMES,)),
    Row("no_page_of_that_size", "GET", "/tags/list|/_catalog", wants_page_size_of_its_own, (TAG_NAMES, NAMES)),
    Row("null_among_tags", "GET", TAG_LIST, lists_also(None), (TAG_NAMES,)),
    Row("digests_among_tags", "GET", TAG_LIST, lists_also(ZEROS), (TAG_NAMES,)),
    *(Row(f"catalog_{status}", "GET", "/_catalog", refuses(status, "DENIED"), (NAMES,), UNSUPPORTED,
          "catalog is closed") for status in (401, 403, 404, 405)),
    Row("subject_without_api", "PUT", MANIFESTS, says(OCI_Subject=ZEROS), (WRITE,)),
    Row("referrers_in_html", "GET", "/referrers/", refuses(200, body=b"<html>", content_type="text/html"),
        (PULL, WRITE)),
    Row("tag_of_referrers_is_the_subject", "GET HEAD", "/manifests/sha256-", takes_tag_for_digest, (WRITE,)),
    Row("rate_limit_used_up", "GET HEAD", MANIFESTS,
        says(RateLimit_Limit="100;w=21600", RateLimit_Remaining="0;w=21600"), (PULL,), saying="is used up"),
    Row("warnings", "GET HEAD", "", says(Warning='299 - "will move house"'), (PULL,), saying="will move house"),
    Row("indexes_refused", "PUT", MANIFESTS, refuses_type(INDEX), (WRITE,), UNSUPPORTED,
        "does not take manifests of the type"),
    *(Row(f"removal_{status}", "DELETE", MANIFESTS, answers(status), (REMOVE,)) for status in (200, 204)),
    Row("no_removal", "DELETE", MANIFESTS, refuses(405, body=b"<html>", content_type="text/html"), (REMOVE,),
        UNSUPPORTED, "removes nothing"),
)


class Changes(V2Case):
    """Each row of the table is one test of this class."""

    @classmethod
    def setUpClass(cls):
        cls.there = cls.shared_distribution()
        cls.app = cls.push(cls.there, SEED, "1.0", index([image("app", 1, LIMIT + 10_000)]))
        for tag in TAGS:
            cls.push(cls.there, TAGGED, tag, image("tagged"))
        cls.sbom = cls.push(cls.there, SEED, None, artifact(cls.app, "application/x-sbom", b"a list"))
        entry = cls.sbom.descriptor(artifactType="application/x-sbom")
        cls.push(cls.there, SEED, cls.app.digest.replace(":", "-"),
                 Document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}, INDEX))

    def check(self, row):
        self.row, self.name = row, "rows/" + row.name
        self.proxy = Changing(self.there, *row.where)
        self.addCleanup(self.proxy.stop)
        for step in row.steps:
            self.proxy.seen.clear()
            with self.subTest(step):
                getattr(self, step)()
        self.assertGreater(self.proxy.changed, 0, self.proxy.seen)

    def run_row(self, *words):
        """The result, if the row says that it succeeds."""
        result = self.regctl(*words, "--retry", "3")
        self.assertEqual(result.code, self.row.fails or 0, result.err + "\n".join(self.proxy.seen))
        self.assertIn(self.row.saying, result.err)
        return None if self.row.fails else result

    def assertThere(self, name):
        """The image is complete in the registry, with what refers to it."""
        self.assertEqual(self.assertComplete(self.there, name, "1.0"), self.app.digest)
        self.assertComplete(self.there, name, self.sbom.digest)
        tag = self.app.digest.replace(":", "-")
        listed = json.loads(self.there.ask("GET", f"/v2/{name}/manifests/{tag}", headers={"Accept": INDEX})[2])
        self.assertEqual([one["digest"] for one in listed["manifests"]], [self.sbom.digest])

    def seed(self, host=None):
        return f"{host or self.there.host}/{SEED}:1.0"

    # --- steps ---

    def pull(self):
        if self.run_row("copy", "--referrers", self.seed(self.proxy.host), "oci:layout:1.0"):
            digests = [one["digest"] for one in json.loads(self.read("layout/index.json"))["manifests"]]
            self.assertIn(self.app.digest, digests)
            self.assertIn(self.sbom.digest, digests)
        else:
            self.assertFalse(os.path.exists(self.path("layout/index.json")))

    def tag_names(self):
        self.assertEqual(self.ok("tags", f"{self.proxy.host}/{TAGGED}").out.split(), TAGS)

    def names(self):
        found = self.run_row("search", self.proxy.host, "seed")
        if found:
            self.assertIn(SEED, found.out)

    def identity(self):
        found = self.run_row("digest", self.seed(self.proxy.host))
        if found:
            self.assertEqual(found.out.strip(), self.app.digest)

    def write(self):
        words = "copy", "--referrers", self.seed(), f"{self.proxy.host}/{self.name}:1.0"
        if self.run_row(*words):
            self.assertThere(self.name)
        else:
            self.assertNotIn("1.0", self.tags_of(self.there, self.name))

    def again(self):
        """After write()."""
        done = self.ok("copy", "--format", "json", self.seed(), f"{self.proxy.host}/{self.name}:1.0")
        self.assertEqual(done.json["blobs"], 0)

    def pieces(self):
        name = self.name + "/pieces"
        if self.run_row("copy", "--chunk-size", "16KiB", self.seed(), f"{self.proxy.host}/{name}:1.0"):
            self.assertEqual(self.assertComplete(self.there, name, "1.0"), self.app.digest)
        else:
            self.assertNotIn("1.0", self.tags_of(self.there, name))

    def stream(self):
        name = self.name + "/stream"
        if self.run_row("push", f"docker-archive:{LAYOUTS}/save-20.10.tar:example/demo:1",
                        f"{self.proxy.host}/{name}:1.0"):
            self.assertComplete(self.there, name, "1.0")
        else:
            self.assertNotIn("1.0", self.tags_of(self.there, name))

    def mount(self):
        name = self.name + "/mounted"
        self.run_row("copy", self.seed(self.proxy.host), f"{self.proxy.host}/{name}:1.0")
        self.assertEqual(self.assertComplete(self.there, name, "1.0"), self.app.digest)

    def mirror(self):
        name = self.name + "/mirror"
        words = "mirror", f"{self.proxy.host}/{SEED}", f"{self.proxy.host}/{name}", "--report", "report"
        for copied in (0,) if self.row.fails else (1, 0):
            self.run_row(*words)
            self.assertEqual(json.loads(self.read("report").splitlines()[-1])["copied"], copied)
        if self.row.fails:
            self.assertEqual(self.tags_of(self.there, name), {})
        else:
            self.assertThere(name)

    def remove(self):
        name = self.name + "/removed"
        self.ok("copy", self.seed(), f"{self.there.host}/{name}:1.0")
        if self.run_row("rm", f"{self.proxy.host}/{name}:1.0"):
            self.assertEqual(self.tags_of(self.there, name), {})
        else:
            self.assertEqual(self.tags_of(self.there, name), {"1.0": self.app.digest})


def add_tests():
    for row in ROWS:
        setattr(Changes, "test_" + row.name, lambda self, row=row: self.check(row))


add_tests()

if __name__ == "__main__":
    main()
