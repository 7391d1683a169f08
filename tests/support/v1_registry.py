# SPDX-License-Identifier: Apache-2.0
"""docker-registry 0.9 as recorded in tests/data/v1/server-0.9-requests.txt, in memory.

tests/functional/test_recording.py holds this to the recording, request by request. Like the original it
is its own index, unless --index says that one is elsewhere: then the routes of an index are not there and
image and tag requests need a token. Beyond the recording, --auth plays an index that knows its users.
"""

import base64
import email.utils
import hashlib
import json
import os
import re
import threading
import time
import urllib.parse

HTML = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<title>{0} {1}</title>\n<h1>{1}</h1>\n{2}"
MOVED = ("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<title>Redirecting...</title>\n"
         "<h1>Redirecting...</h1>\n<p>You should be redirected automatically to target URL: "
         "<a href=\"{0}\">{0}</a>.  If not click the link.")
EXPLANATIONS = {
    404: "<p>The requested URL was not found on the server.  If you entered the URL manually please "
         "check your spelling and try again.</p>\n",
    405: "<p>The method is not allowed for the requested URL.</p>\n",
    500: "<p>The server encountered an internal error and was unable to complete your request.  Either "
         "the server is overloaded or there is an error in the application.</p>\n"}
PHRASES = {200: "OK", 201: "CREATED", 204: "NO CONTENT", 206: "PARTIAL CONTENT",
           301: "MOVED PERMANENTLY", 302: "FOUND", 304: "NOT MODIFIED", 400: "BAD REQUEST",
           401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT FOUND", 405: "METHOD NOT ALLOWED",
           409: "CONFLICT", 412: "PRECONDITION FAILED", 413: "TOO LARGE",
           416: "REQUESTED RANGE NOT SATISFIABLE", 429: "TOO MANY REQUESTS",
           500: "INTERNAL SERVER ERROR", 502: "BAD GATEWAY", 503: "SERVICE UNAVAILABLE",
           504: "GATEWAY TIMEOUT"}
YEAR_S = 31536000
NO_TAG_PROPERTIES = {"last_update": None, "docker_version": None, "docker_go_version": None,
                     "arch": "amd64", "os": "linux", "kernel": None}


class Answer(Exception):
    """An answer, returned or raised where it is found."""

    def __init__(self, status, body=b"", headers=None):
        super().__init__(status)
        self.status = status
        self.body = body if isinstance(body, bytes) else body.encode()
        self.headers = dict(headers or {})
        self.announced = None  # a Content-Length that the body does not have


def reply(value, status=200, headers=None):
    body = b"" if status == 204 else json.dumps(value, sort_keys=True)
    kept = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1"}
    if headers and "Cache-Control" in headers:
        kept = {}
    return Answer(status, body, {"Content-Type": "application/json", **kept, **(headers or {})})


def error(status, text, headers=None):
    return reply({"error": text}, status, headers)


def page(status, headers=None):
    body = HTML.format(status, PHRASES[status].title(), EXPLANATIONS.get(status, ""))
    return Answer(status, body, {"Content-Type": "text/html", **(headers or {})})


def cached_for_a_year():
    return {"Cache-Control": f"public, max-age={YEAR_S}",
            "Expires": email.utils.formatdate(time.time() + YEAR_S, usegmt=True),
            "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"}


def full_name(path):
    """namespace/name as the original writes it: team/deep/name is team/deep%2Fname."""
    namespace, slash, name = path.rstrip("/").partition("/")
    if not slash:
        namespace, name = "library", namespace
    return f"{namespace}/{urllib.parse.quote_plus(name)}"


def tag_properties(agent):
    """What a server keeps of the client that set a tag."""
    words = dict(re.findall(r"([^\s/]+)/([^\s/]+)", agent))
    return {"last_update": int(time.time()), "docker_version": words.get("docker"),
            "docker_go_version": words.get("go"), "arch": words.get("arch"), "os": words.get("os"),
            "kernel": words.get("kernel")}


class Image:
    def __init__(self, text=None):
        self.json = text
        self.layer = None
        self.checksums = []
        self.ancestry = None
        self.in_progress = True


class Repository:
    def __init__(self):
        self.tags = {}
        self.tag_properties = {}
        self.images = None  # the list of the index: {"id": …, "checksum": …}
        self.access = "public"


class State:
    """What the registry holds. One lock guards it all: this is for tests."""

    def __init__(self):
        self.lock = threading.RLock()
        self.images = {}
        self.repositories = {}
        self.searchable = set()
        self.signatures = set()  # of the tokens that are good

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
                self.load_repository(f"{namespace}/{urllib.parse.unquote_plus(quoted)}",
                                     os.path.join(base, namespace, quoted))

    def load_repository(self, name, folder):
        repository = self.repositories.setdefault(name, Repository())
        self.searchable.add(name)
        for file in os.listdir(folder):
            path = os.path.join(folder, file)
            if file.startswith("tag_"):
                repository.tags[file[4:]] = open(path).read()
            elif file.startswith("tag") and file.endswith("_json"):
                repository.tag_properties[file[3:-5]] = json.load(open(path))
            elif file == "_index_images":
                repository.images = json.load(open(path))
            elif file == "_private":
                repository.access = "private"


class Registry:
    """Answers requests. A part of a request handler, which gives it `command` (the method), `headers`,
    `path`, `route` (the path, unquoted, without its query), `query`, `read_body()`, `state`, `options`."""

    def find_answer(self):
        routes = ROUTES if self.options.index else INDEX_ROUTES + ROUTES
        allowed = set()
        for methods, pattern, function in routes:
            match = re.fullmatch(pattern, self.route)
            if match and ("GET" if self.command == "HEAD" else self.command) in methods.split():
                return function(self, *match.groups())
            if match:
                allowed |= {*methods.split(), "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        if allowed:
            raise page(405, {"Allow": ", ".join(sorted(allowed))})
        if any(re.fullmatch(pattern, self.route + "/") for _, pattern, _ in routes):
            url = f"http://{self.headers.get('Host', '')}{self.route}/"
            raise Answer(301, MOVED.format(url),
                         {"Location": url, "Content-Type": "text/html; charset=utf-8"})
        raise page(404)

    def read_json(self):
        """The body, or None if it is no JSON."""
        try:
            return json.loads(self.read_body())
        except ValueError:
            return None

    def repository(self, name, make=False):
        if make:
            return self.state.repositories.setdefault(name, Repository())
        return self.state.repositories.get(name)

    # --- who may ---

    def basic(self):
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(value).decode() if scheme == "Basic" else None

    def check_user(self, text="Requires authorization"):
        if self.options.auth in ("basic", "token") and self.basic() != self.options.user:
            raise error(401, text, {"WWW-Authenticate": 'Basic realm="index"'})

    def in_token_mode(self):
        return self.options.auth == "token" or self.options.index is not None

    def token(self):
        """The token's words; docker-registry's value says its scheme itself, and engines say it again."""
        text = self.headers.get("Authorization", "")
        return dict(re.findall(r'(\w+)="?([^",]+)', text)) if text.startswith("Token ") else {}

    def check_token(self, repository=None):
        """In token mode: the token's access is the method's, its repository the request's, and the index
        knows it."""
        if not self.in_token_mode():
            return
        token = self.token()
        access = {"PUT": "write", "DELETE": "delete"}.get(self.command, "read")
        good = {self.options.index["signature"]} if self.options.index else self.state.signatures
        if (token.get("access") != access or token.get("signature") not in good or
                repository not in (None, token.get("repository"))):
            raise error(401, "Requires authorization", {"WWW-Authenticate": "Token"})

    def index_lists(self, identity):
        """Whether the index has heard of an image, in the announcement of a push."""
        if self.options.index:
            return identity in self.options.index["images"]
        repository = self.repository(self.token().get("repository")) if self.in_token_mode() else None
        return repository is None or identity in [entry["id"] for entry in repository.images or []]

    def index_denies(self, identity):
        return bool(self.options.index) and identity in self.options.index["denied"]

    # --- the index ---

    def index_headers(self, name):
        access = {"PUT": "write", "DELETE": "delete"}.get(self.command, "read")
        signature = hashlib.sha256(os.urandom(8)).hexdigest()[:16].upper()
        token = f'Token signature={signature},repository="{name}",access={access}'
        self.state.signatures.add(signature)
        return {"X-Docker-Token": token, "WWW-Authenticate": token,
                "X-Docker-Endpoints": self.options.endpoints or self.headers.get("Host", "")}

    def announce(self, path, status=200):
        """The images of a push, before it and once more at its end."""
        name = full_name(path)
        self.check_user()
        entries = self.read_json()
        if entries is None:
            raise error(400, "Error Decoding JSON")
        if not isinstance(entries, list):
            raise error(400, "Invalid data")
        if not all(isinstance(entry, dict) and "id" in entry for entry in entries):
            raise page(500)
        with self.state.lock:
            repository = self.repository(name, make=True)
            self.state.searchable.add(name)
            known = {entry["id"]: entry for entry in repository.images or []}
            for entry in entries:
                if "checksum" not in known.get(entry["id"], {}):
                    known[entry["id"]] = {k: entry[k] for k in ("id", "checksum") if k in entry}
            # The original's order is that of a Python 2 dict.
            repository.images = [known[identity] for identity in sorted(known)]
        return reply("", status, self.index_headers(name))

    def close_push(self, path):
        return self.announce(path, 204)

    def list_images(self, path):
        name = full_name(path)
        self.check_user()
        repository = self.repository(name)
        if not repository or repository.images is None:
            raise error(404, "images not found")
        return reply(repository.images, headers=self.index_headers(name))

    def delete_images(self, path):
        self.check_user()
        return reply("", 204, self.index_headers(full_name(path)))  # and nothing else happens

    def get_user(self):
        self.check_user("Wrong login")
        return reply("OK")

    def create_user(self):
        if self.read_json() is None:
            raise error(400, "Error Decoding JSON")
        return reply("User Created", 201)

    def update_user(self, _):
        return reply("", 204)

    def authorize(self, _):
        return reply("OK")

    # --- what there is ---

    def ping(self):
        headers = {"X-Docker-Registry-Config": "dev"}
        if self.options.standalone:
            headers["X-Docker-Registry-Standalone"] = self.options.standalone
        return reply({"host": [], "launch": [], "versions": {}}, headers=headers)

    def root(self):
        return reply("docker-registry server")

    def search(self):
        if self.options.search == "off":
            raise page(404)
        if self.options.search == "empty":
            return reply({})
        term = self.query.get("q", [""])[0]
        like = re.compile(".*".join(re.escape(p) for p in term.split("%")).replace("_", "."), re.I)
        with self.state.lock:
            names = [name for name in sorted(self.state.searchable) if like.search(name)]
        results = [{"name": name, "description": ""} for name in names]
        return reply({"num_results": len(names), "query": term, "results": results})

    # --- repositories ---

    def delete_repository(self, path):
        if not self.options.index:
            self.check_user()
        else:
            self.check_token(full_name(path))
        return self.remove_repository(full_name(path))

    def delete_tags(self, path):
        self.check_token(full_name(path))
        return self.remove_repository(full_name(path))

    def remove_repository(self, name):
        """Its images stay."""
        with self.state.lock:
            self.state.searchable.discard(name)
            if self.state.repositories.pop(name, None) is None:
                raise error(404, "Repository not found")
        return reply(True)

    def get_tags(self, path):
        self.check_token(full_name(path))
        repository = self.repository(full_name(path))
        if not repository:
            raise error(404, "Repository not found")
        return reply(repository.tags)

    def get_tag(self, path, tag):
        self.check_token(full_name(path))
        repository = self.repository(full_name(path))
        if not repository or tag not in repository.tags:
            raise error(404, "Tag not found")
        return reply(repository.tags[tag])

    def put_tag(self, path, tag):
        self.check_token(full_name(path))
        if not re.fullmatch(r"\w[\w.-]{0,127}", tag):
            raise error(400, r"Invalid tag name (must match ^[\w][\w.-]{0,127}$)")
        identity = self.read_json()
        if not identity or not isinstance(identity, str):
            raise error(400, "Invalid data")
        with self.state.lock:
            if identity not in self.state.images:  # one whose upload is unfinished will do
                raise error(404, "Image not found")
            repository = self.repository(full_name(path), make=True)
            repository.tags[tag] = identity
            repository.tag_properties[tag] = tag_properties(self.headers.get("User-Agent", ""))
        return reply(True)

    def delete_tag(self, path, tag):
        self.check_token(full_name(path))
        repository = self.repository(full_name(path))
        if not repository or repository.tags.pop(tag, None) is None:
            raise error(404, f"Tag not found: {tag}")
        repository.tag_properties.pop(tag, None)
        return reply(True)

    def get_tag_properties(self, path, tag="latest"):
        self.check_token(full_name(path))
        repository = self.repository(full_name(path))
        return reply((repository and repository.tag_properties.get(tag)) or NO_TAG_PROPERTIES)

    def get_properties(self, path):
        self.check_token(full_name(path))
        repository = self.repository(full_name(path))
        return reply({"access": repository.access if repository else "public"})

    def put_properties(self, path):
        self.check_token(full_name(path))
        properties = self.read_json()
        if not properties or not isinstance(properties, dict):
            raise error(400, "Invalid data")
        if "access" not in properties:
            raise page(500)
        if properties["access"] in ("private", "public"):
            self.repository(full_name(path), make=True).access = properties["access"]
        return reply(True)

    # --- images ---

    def readable(self, identity, guarded=True):
        """The image, if its upload is complete and whoever asks may read it."""
        self.check_token()
        image = self.state.images.get(identity)
        if image and image.in_progress:
            raise error(400, "Image is being uploaded, retry later")
        self.check_identity(identity)
        if "If-Modified-Since" in self.headers:  # of whatever date, and whether or not there is an image
            raise Answer(304, b"", {k: v for k, v in cached_for_a_year().items() if k != "Last-Modified"})
        repository = self.repository(self.token().get("repository"))
        private = repository and repository.access == "private" and guarded
        if image is None or image.json is None or (private and self.index_denies(identity)):
            raise error(404, "Image not found")
        return image

    def check_identity(self, identity):
        if not re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{16}", identity):
            raise error(404, "Invalid image ID")

    def checksum_headers(self, image):
        style = self.options.checksums
        if style == "none" or not image.checksums:
            return {}
        if style == "npm":
            return {"X-Docker-Checksum": image.checksums[0]}
        return {"X-Docker-Checksum-Payload":
                json.dumps(image.checksums) if style == "list" else image.checksums[0]}

    def get_json(self, identity):
        image = self.readable(identity)
        headers = {"Content-Type": "application/json", **cached_for_a_year(), **self.checksum_headers(image)}
        if image.layer is not None:
            headers["X-Docker-Size"] = str(len(image.layer))
        text = image.json
        if self.options.checksums == "npm":
            text = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()
        return Answer(200, text, headers)

    def put_json(self, identity):
        self.check_token()
        self.check_identity(identity)
        # Flask keeps these two kinds of bodies from the original.
        unseen = (self.headers.get("Content-Type") == "application/x-www-form-urlencoded" or
                  "Transfer-Encoding" in self.headers)
        document = self.read_json()
        if unseen or not document or not isinstance(document, dict):
            raise error(400, "Invalid JSON")
        if "id" not in document:
            raise error(400, "Missing key `id' in JSON")
        if document["id"] != identity:
            raise error(400, "JSON data contains invalid id")
        if not self.index_lists(identity):
            raise error(400, "This image does not belong to the repository")
        with self.state.lock:
            parent = document.get("parent")
            if parent and parent not in self.state.images:
                raise error(400, "Image depends on a non existing parent")
            if parent and self.index_denies(parent):
                raise error(400, "Image depends on an unauthorized parent")
            known = self.state.images.get(identity)
            if known and not known.in_progress:
                raise error(409, "Image already exists")
            image = Image(self.read_body())
            image.ancestry = [identity, *(self.state.images[parent].ancestry or [] if parent else [])]
            self.state.images[identity] = image
        return reply(True)

    def get_layer(self, identity):
        image = self.readable(identity)
        if image.layer is None:
            raise error(404, "Image not found")
        if self.options.redirect_layers:
            return Answer(302, b"", {"Location": self.options.redirect_layers + self.path})
        return self.send_range(image.layer)

    def send_range(self, data):
        self.whole = data  # for faults
        headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes",
                   **cached_for_a_year()}
        if not data:
            return Answer(416, b"", headers)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not match or self.options.no_ranges:
            return Answer(200, data, headers)
        first = int(match[1])
        # The original's faults: an open end is one byte too far, and so is every end past the last.
        last = int(match[2]) if match[2] else len(data)
        if first >= last:
            return Answer(416, b"", headers)
        headers["Content-Range"] = f"{first}-{last}/{len(data)}"
        answer = Answer(206, data[first:last + 1], headers)
        answer.announced = last - first + 1
        return answer

    def put_layer(self, identity):
        self.check_token()
        self.check_identity(identity)
        image = self.state.images.get(identity)
        if image is None or image.json is None:
            raise error(404, "Image not found")
        if image.layer is not None and not image.in_progress:
            raise error(409, "Image already exists")  # early: the body is not read
        image.layer = self.read_body()
        image.checksums = ["sha256:" + hashlib.sha256(image.json + b"\n" + image.layer).hexdigest()]
        return reply(True)

    def put_checksum(self, identity):
        self.check_token()
        self.check_identity(identity)
        wanted = self.headers.get("X-Docker-Checksum-Payload")
        image = self.state.images.get(identity)
        if wanted is None:
            raise error(412, "X-Docker-Checksum-Payload not set.  If you are using the Docker daemon, you "
                             "should upgrade to version 0.10 or later")
        if not wanted:
            raise error(400, "Missing Image's checksum")
        if image is None or image.json is None:
            raise error(404, "Image not found")
        if not image.in_progress:
            raise error(409, "Cannot set this image checksum")
        if not image.checksums:
            raise page(500)
        if wanted not in image.checksums:
            raise error(400, "Checksum mismatch")
        image.in_progress = False
        return reply(True)

    def get_ancestry(self, identity):
        image = self.readable(identity, guarded=False)
        if image.ancestry is None:
            raise error(404, "Image not found")
        return reply(image.ancestry, headers=cached_for_a_year())

    def get_diff(self, identity):
        self.readable(identity)
        raise error(400, "Diff queue is disabled")


NAME = r"/v1/repositories/((?:[^/]+/)*[^/]+)"
IMAGE = r"/v1/images/([^/]+)"
INDEX_ROUTES = [
    ("GET", r"/v1/users/", Registry.get_user),
    ("POST", r"/v1/users/", Registry.create_user),
    ("PUT", r"/v1/users/([^/]+)/", Registry.update_user),
    ("PUT", NAME + "/", Registry.announce),
    ("GET", NAME + "/images", Registry.list_images),
    ("PUT", NAME + "/images", Registry.close_push),
    ("DELETE", NAME + "/images", Registry.delete_images),
    ("PUT", NAME + "/auth", Registry.authorize),
]
ROUTES = [
    ("GET", r"/", Registry.root),
    ("GET", r"/(?:v1/)?_ping", Registry.ping),
    ("GET", r"/v1/search", Registry.search),
    ("DELETE", NAME + "/", Registry.delete_repository),
    ("GET", NAME + "/tags", Registry.get_tags),
    ("DELETE", NAME + "/tags", Registry.delete_tags),
    ("GET", NAME + "/tags/([^/]+)", Registry.get_tag),
    ("PUT", NAME + "/tags/([^/]+)", Registry.put_tag),
    ("DELETE", NAME + "/tags/([^/]+)", Registry.delete_tag),
    ("GET", NAME + "/tags/([^/]+)/json", Registry.get_tag_properties),
    ("GET", NAME + "/json", Registry.get_tag_properties),
    ("GET", NAME + "/properties", Registry.get_properties),
    ("PUT", NAME + "/properties", Registry.put_properties),
    ("GET", IMAGE + "/json", Registry.get_json),
    ("PUT", IMAGE + "/json", Registry.put_json),
    ("GET", IMAGE + "/layer", Registry.get_layer),
    ("PUT", IMAGE + "/layer", Registry.put_layer),
    ("PUT", IMAGE + "/checksum", Registry.put_checksum),
    ("GET", IMAGE + "/ancestry", Registry.get_ancestry),
    ("GET", IMAGE + "/diff", Registry.get_diff),
]
