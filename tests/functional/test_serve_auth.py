#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve with users: their permissions, by Basic authentication and by tokens."""

import base64
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import Layer, RegctlServer, TestCase, main, make_archive, wait_for  # noqa: E402

# As `htpasswd -B` writes them: "secret" and "öther:pass".
USERS = """# the team
alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a
bob:$2y$04$abcdefghijklmnopqrstuulScgQVVkq2axnqT8ZW/beH35PngpIFK
"""


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


ALICE = basic("alice", "secret")
BOB = basic("bob", "öther:pass")


class Auth(TestCase):
    def start_guarded(self, *words, **options):
        self.write("users", USERS)
        return self.start(RegctlServer, "--htpasswd", self.path("users"), *words, **options)

    def token(self, server, method, repository, headers):
        answer = server.ask(method, f"/v1/repositories/{repository}/" + ("" if method == "PUT" else "images"),
                            "[]" if method == "PUT" else None, {**headers, "X-Docker-Token": "true"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["X-Docker-Token"], answer.headers["WWW-Authenticate"])
        return answer.headers["X-Docker-Token"]

    def test_every_request_but_a_ping_needs_a_user(self):
        server = self.start_guarded()
        layer = Layer("guarded", 100)
        self.assertEqual(server.push(layer, headers=ALICE), [200, 200, 200, 200, 200, 204])
        image, repository = f"/v1/images/{layer.id}", "/v1/repositories/team/app"
        rows = [("GET", "/v1/search?q="), ("GET", "/v1/users/"), ("PUT", "/v1/users/alice"), ("GET", "/v1/repositories"),
                ("GET", "/metrics"), ("PUT", f"{repository}/auth")]
        rows += [("GET", f"{image}/{part}") for part in ("json", "layer", "ancestry", "files", "diff")]
        rows += [("PUT", f"{image}/{part}") for part in ("json", "layer", "checksum")]
        rows += [(method, f"{repository}/{part}") for method, part in (
            ("PUT", ""), ("PUT", "images"), ("GET", "images"), ("GET", "tags"), ("GET", "tags/1.0"), ("GET", "json"),
            ("GET", "tags/1.0/json"), ("PUT", "tags/1.0"), ("DELETE", "tags/1.0"), ("GET", "properties"),
            ("PUT", "properties"), ("DELETE", "images"), ("DELETE", "tags"), ("DELETE", ""))]
        strangers = ({}, basic("alice", "wrong"), basic("alice", ""), basic("nobody", "secret"), basic("", ""),
                     basic("alice", "secret\0more"), {"Authorization": "Basic !!!"}, {"Authorization": "Basic"},
                     {"Authorization": "Token"}, {"Authorization": "Token signature=,repository=\"team/app\",access=write"},
                     {"Authorization": "Bearer secret"}, {"Authorization": "Token Token"}, basic("# the team", ""))
        for method, path in rows:
            for headers in strangers if path.endswith(("search?q=", "tags/1.0")) else strangers[:2]:
                with self.subTest(f"{method} {path} {headers}"):
                    answer = server.ask(method, path, "[]" if method == "PUT" else None, headers)
                    self.assertEqual((answer.status, answer.json), (401, {"error": "Requires authorization"}))
                    self.assertIn('Basic realm="registry"', answer.headers.get_all("WWW-Authenticate"))
        for path in ("/v1/_ping", "/_ping", "/"):
            self.assertEqual(server.ask("GET", path).status, 200)
        self.assertEqual(server.ask("GET", f"{repository}/tags", headers=ALICE).json, {"1.0": layer.id})
        self.assertEqual(server.ask("GET", "/v1/users/", headers=BOB).json, "OK")

    def test_creating_a_user_is_answered_so_that_docker_login_checks_the_password(self):
        server = self.start_guarded()
        answer = server.ask("POST", "/v1/users/", '{"username": "alice", "password": "secret", "email": "a@b"}')
        self.assertEqual((answer.status, answer.content), (400, b'"Username or email already exists"'))

    def test_a_token_stands_for_the_user_who_got_it(self):
        server = self.start_guarded()
        layer = Layer("token", 1000)
        write = self.token(server, "PUT", "team/app", ALICE)
        self.assertRegex(write, r'^Token signature=[0-9a-f]{32},repository="team/app",access=write$')
        for number, value in enumerate((write, "Token " + write)):  # engines say the scheme twice
            layer = Layer(f"token-{number}", 1000)
            steps = server.push(layer, headers={"Authorization": value})
            # The announcement needs the password; the rest goes with the token, with engine 1.9 the end too.
            self.assertEqual(steps, [401, 200, 200, 200, 200, 204])
        read = self.token(server, "GET", "team/app", ALICE)
        headers = {"Authorization": "Token " + read}
        self.assertEqual(server.ask("GET", f"/v1/images/{layer.id}/layer", headers=headers).content, layer.data)
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags", headers=headers).status, 200)
        tag, image = "/v1/repositories/team/app/tags/1.0", f"/v1/images/{layer.id}/json"
        for method, path in (("PUT", tag), ("DELETE", tag), ("PUT", image), ("GET", "/v1/search?q="),
                             ("GET", "/v1/repositories/team/other/tags"), ("GET", "/metrics"),
                             ("DELETE", "/v1/repositories/team/app/tags")):
            self.assertEqual(server.ask(method, path, "x" if method == "PUT" else None, headers).status, 401, path)
        headers = {"Authorization": write}
        self.assertEqual(server.ask("DELETE", tag, headers=headers).status, 401)
        self.assertEqual(server.ask("PUT", tag.replace("app", "other"), "x", headers).status, 401)

    def test_a_token_cannot_be_forged_or_changed(self):
        server = self.start_guarded()
        write = self.token(server, "PUT", "team/app", ALICE)
        server.push(Layer("a", 10), headers=ALICE)
        read = self.token(server, "GET", "team/app", ALICE)
        signature = read.split("signature=")[1].split(",")[0]
        forged = [read.replace("access=read", "access=write"), read.replace("access=read", "access=delete"),
                  read.replace(signature, signature[:31]), read.replace(signature, ""),
                  read.replace(signature, "0" * 32), read.replace("team/app", "team/other"),
                  f'Token signature={signature},repository="team/app",access=write,access=read',
                  f'Token access=write,signature={signature},repository="team/app",access=read',
                  f'Token signature={signature},repository="team/app\nwrite",access=read'.replace("\n", "%0a")]
        for value in forged:
            for method, path in (("PUT", "/v1/repositories/team/app/tags/x"), ("PUT", "/v1/repositories/team/other/tags/x"),
                                 ("DELETE", "/v1/repositories/team/app/tags/1.0"), ("PUT", f"/v1/images/{'a' * 64}/json")):
                with self.subTest(f"{method} {path} {value}"):
                    self.assertEqual(server.ask(method, path, "x", {"Authorization": value}).status, 401)
        # A name that looks like the rest of a token gives no other rights.
        name = "team/a%22,access=delete,repository=%22team/app"
        odd = self.token(server, "PUT", name, ALICE)
        self.assertEqual(server.ask("DELETE", "/v1/repositories/team/app/tags/1.0", headers={"Authorization": odd}).status,
                         401)
        # Tokens die with the server.
        other = self.start_guarded()
        self.assertEqual(other.ask("PUT", "/v1/repositories/team/app/images", "[]", {"Authorization": write}).status, 401)

    def test_with_public_read_public_repositories_are_readable_by_all(self):
        server = self.start_guarded("--public-read")
        public, private, hidden = (Layer(seed, 1000) for seed in ("public", "private", "hidden"))
        server.push(public, "team/open", headers=ALICE)
        server.push(private, "team/closed", headers=ALICE)
        server.push(hidden, "team/open-too", headers=ALICE)
        server.ask("PUT", "/v1/repositories/team/closed/properties", '{"access": "private"}', ALICE)

        token = {"Authorization": self.token(server, "GET", "team/open", {})}
        self.assertEqual(server.ask("GET", f"/v1/images/{public.id}/layer", headers=token).content, public.data)
        self.assertEqual(server.ask("GET", "/v1/repositories/team/open/tags").json, {"1.0": public.id})
        for path in ("tags", "tags/1.0", "images", "json", "properties"):
            self.assertEqual(server.ask("GET", f"/v1/repositories/team/closed/{path}").status, 401, path)
        for image in (private, hidden):  # of another repository than the token's
            for part in ("json", "layer", "ancestry", "files", "diff"):
                self.assertEqual(server.ask("GET", f"/v1/images/{image.id}/{part}", headers=token).status, 401)
        self.assertEqual(server.ask("PUT", "/v1/repositories/team/open/tags/1.0", "x").status, 401)
        self.assertEqual(server.ask("PUT", "/v1/repositories/team/open/", "[]").status, 401)
        for headers in ({}, basic("alice", "wrong"), token):
            found = server.ask("GET", "/v1/search?q=team", headers=headers).json
            self.assertEqual([r["name"] for r in found["results"]], ["team/open", "team/open-too"])
            self.assertEqual(set(server.ask("GET", "/v1/repositories", headers=headers).json),
                             {"team/open:1.0", "team/open-too:1.0"})
        found = server.ask("GET", "/v1/search?q=team", headers=ALICE).json
        self.assertEqual([r["name"] for r in found["results"]], ["team/closed", "team/open", "team/open-too"])
        self.assertEqual(server.ask("GET", f"/v1/images/{private.id}/layer", headers=ALICE).content, private.data)

    def test_regctl_reads_public_repositories_without_a_login(self):
        server = self.start_guarded("--public-read")
        make_archive(self.path("open.tar"), ["a", "b"], 5000)
        make_archive(self.path("closed.tar"), ["c"], 5000)
        alice = {"REGCTL_USERNAME": "alice", "REGCTL_PASSWORD": "secret"}
        names = [f"{server.host}/team/{name}:1.0" for name in ("open", "open-too", "closed")]
        for name, archive in zip(names, ("open.tar", "open.tar", "closed.tar")):
            self.ok("push", archive, name, env=alice)
        self.ok("properties", f"{server.host}/team/closed", "--access", "private", env=alice)

        self.ok("pull", names[0], "out.tar")
        self.ok("copy", names[0], self.place("copied"))
        shown = self.ok("images", server.host, "--format", "json").json
        self.assertEqual([row["repository"] for row in shown], ["team/open", "team/open-too"])
        self.ok("history", names[0])
        self.ok("mirror", server.host, self.place("mirrored"))
        for command in ("verify", "diff"):
            self.ok(command, server.host, self.place("mirrored"))
        self.ok("verify", server.host, "--deep")
        self.ok("audit", server.host)
        for words in (["pull", names[2], "out2.tar"], ["push", "open.tar", names[0]], ["rm", names[0]]):
            self.fails(4, *words, saying=["401", "regctl login"])

    def test_private_and_missing_repositories_look_alike_to_strangers(self):
        server = self.start_guarded("--public-read")
        public, private = Layer("public", 1000), Layer("private", 1000)
        server.push(public, "team/open", headers=ALICE)
        server.push(private, "team/closed", headers=ALICE)
        server.ask("PUT", "/v1/repositories/team/closed/properties", '{"access": "private"}', ALICE)
        token = {"Authorization": self.token(server, "GET", "team/open", {})}

        def look(method, path, headers):
            answer = server.ask(method, path, "[]" if method == "PUT" else None, headers)
            fields = sorted((k, v) for k, v in answer.headers.items() if k != "Date")
            return answer.status, fields, answer.content

        parts = [("GET", part) for part in ("tags", "tags/1.0", "tags/1.0/json", "images", "json", "properties")]
        parts += [("HEAD", "tags"), ("HEAD", "images"), ("PUT", ""), ("PUT", "images"), ("PUT", "tags/1.0"),
                  ("PUT", "properties"), ("DELETE", ""), ("DELETE", "tags"), ("DELETE", "tags/1.0"), ("DELETE", "images")]
        for headers in ({}, token, basic("alice", "wrong"), basic("nobody", "secret")):
            for method, part in parts:
                with self.subTest(f"{method} {part} {headers}"):
                    closed = look(method, f"/v1/repositories/team/closed/{part}", headers)
                    self.assertEqual(closed[0], 401)
                    for other in ("team/nothing", "nobody/nothing"):
                        self.assertEqual(look(method, f"/v1/repositories/{other}/{part}", headers), closed)
            for part in ("json", "layer", "ancestry", "files", "diff"):
                with self.subTest(f"{part} {headers}"):
                    closed = look("GET", f"/v1/images/{private.id}/{part}", headers)
                    self.assertEqual(closed[0], 401)
                    self.assertEqual(look("GET", f"/v1/images/{'a' * 64}/{part}", headers), closed)
        self.assertEqual(server.ask("GET", "/v1/repositories/team/nothing/tags", headers=ALICE).status, 404)

    def test_a_token_ends_with_the_right_it_was_issued_for(self):
        server = self.start_guarded("--public-read")
        layer = Layer("revoked", 1000)
        server.push(layer, headers=ALICE)
        image, tag = f"/v1/images/{layer.id}/json", "/v1/repositories/team/app/tags/1.0"
        anybody = {"Authorization": self.token(server, "GET", "team/app", {})}
        read = {"Authorization": self.token(server, "GET", "team/app", ALICE)}
        write = {"Authorization": self.token(server, "PUT", "team/app", ALICE)}
        bob = {"Authorization": self.token(server, "PUT", "team/app", BOB)}

        def statuses():
            return [server.ask("GET", image, headers=h).status for h in (anybody, read, write, bob)] + [
                server.ask("PUT", tag, json.dumps(layer.id), h).status for h in (write, bob)]

        self.assertEqual(statuses(), [200] * 6)
        server.ask("PUT", "/v1/repositories/team/app/properties", '{"access": "private"}', ALICE)
        self.assertEqual(statuses(), [401, 200, 200, 200, 200, 200])
        server.ask("PUT", "/v1/repositories/team/app/properties", '{"access": "public"}', ALICE)
        self.assertEqual(statuses(), [200] * 6)
        self.write("users", USERS.replace("alice:", "# alice:"))
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.ask("GET", "/v1/users/", headers=ALICE).status == 401, "the new users")
        self.assertEqual(statuses(), [200, 401, 401, 200, 401, 200])
        # A token is not made anew by being used.
        ended = server.ask("PUT", "/v1/repositories/team/app/images", "[]", bob)
        self.assertEqual((ended.status, ended.headers["X-Docker-Token"]), (204, bob["Authorization"]))

    def test_an_image_is_found_anywhere_in_a_long_list(self):
        server = self.start_guarded("--public-read")
        ids = [f"{number:064x}" for number in range(4000)]
        answer = server.ask("PUT", "/v1/repositories/team/open/", json.dumps([{"id": i} for i in ids]), ALICE)
        self.assertEqual(answer.status, 200)
        token = {"Authorization": self.token(server, "GET", "team/open", {})}
        piece = 128 * 1024 // len(json.dumps({"id": ids[0]}) + ", ")  # as the server reads it
        for number in (0, *range(piece - 2, piece + 3), 2 * piece, 3999):
            self.assertEqual(server.ask("GET", f"/v1/images/{ids[number]}/json", headers=token).status, 404, number)
        self.assertEqual(server.ask("GET", f"/v1/images/{4000:064x}/json", headers=token).status, 401)

    def test_regctl_logs_in_pushes_and_pulls(self):
        server = self.start_guarded()
        image = f"{server.host}/team/app:1.0"
        make_archive(self.path("app.tar"), ["a", "b"], 5000)
        self.fails(4, "push", "app.tar", image, saying="regctl login")
        self.assertEqual(self.regctl("login", "-u", "alice", "--password-stdin", server.host, stdin=b"nope\n").code, 4)
        self.ok("login", "-u", "bob", "--password-stdin", server.host, stdin="öther:pass\n".encode())
        self.ok("push", "app.tar", image)
        self.ok("pull", image, "out.tar")
        self.assertEqual([r["repository"] for r in self.ok("search", server.host, "app", "--format", "json").json], ["team/app"])
        self.ok("rm", image)

    def test_an_invalid_users_file_is_an_error(self):
        for text, line in (("alice:secret\n", 1), ("# c\n\nalice:$apr1$x$y\n", 3), (":$2y$05$x\n", 1), ("alice\n", 1),
                           (USERS + "carol:{SHA}x\n", 4)):
            with self.subTest(text):
                self.write("users", text)
                self.fails(2, "serve", "--listen", "127.0.0.1:0", "--storage", "s", "--htpasswd", "users",
                           saying=[f"'users' line {line} is not NAME:BCRYPT", "htpasswd -B"])
        self.fails(3, "serve", "--listen", "127.0.0.1:0", "--storage", "s", "--htpasswd", "none", saying="none")
        self.fails(2, "serve", "--listen", "127.0.0.1:0", "--storage", "s", "--public-read", saying="--htpasswd")

    def test_no_log_or_file_has_credentials(self):
        server = self.start_guarded("--access-log", "log", "--debug")
        server.push(Layer("quiet", 10), headers=ALICE)
        server.push(Layer("quiet", 10), headers=basic("alice", "wrong-word"))
        token = self.token(server, "PUT", "team/app", ALICE)
        server.ask("GET", "/v1/repositories/team/app/tags", headers={"Authorization": token})
        server.end()
        with open(os.path.join(server.folder, "log"), encoding="utf-8") as file:
            written = file.read() + server.errors()
        self.assertIn("/v1/repositories/team/app/tags", written)
        for word in ("secret", "wrong-word", "signature", ALICE["Authorization"].split()[1]):
            self.assertNotIn(word, written)


if __name__ == "__main__":
    main()
