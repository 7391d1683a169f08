#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Credentials: which are used, which hosts get them, and which never do."""

import base64
import json
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, NpmServer, RegctlServer, TestCase, main, make_archive  # noqa: E402

SECRET = "hunter2-and-more"
BASIC = "Basic " + base64.b64encode(f"bob:{SECRET}".encode()).decode()
ENVIRONMENT = {"REGCTL_USERNAME": "bob", "REGCTL_PASSWORD": SECRET}


class Auth(TestCase):
    def setUp(self):
        super().setUp()
        make_archive(self.path("app.tar"), ["a", "b"], 50_000)

    def start_guarded(self, auth, *words):
        server = self.start(FaultServer, "--auth", auth, "--user", f"bob:{SECRET}", *words)
        server.image = f"{server.host}/team/app:1.0"
        return server

    def round_trip(self, server, *words, **options):
        for command in (["push", "app.tar", server.image], ["pull", server.image, "out.tar"],
                        ["tags", f"{server.host}/team/app"], ["tag", server.image, "other"],
                        ["rm", f"{server.host}/team/app:other"]):
            result = self.ok(*command, *words, **options)
            self.assertNotIn(SECRET, result.err + result.out)

    def test_basic_tokens_and_nginx_each_get_their_kind_of_credential(self):
        for auth, words in (("basic", []), ("nginx", []), ("token", ["--standalone", "False"]),
                            ("token", ["--standalone", ""]), ("token", [])):
            with self.subTest((auth, words)):
                self.round_trip(self.start_guarded(auth, *words), env=ENVIRONMENT)

    def test_read_and_write_tokens_are_kept_apart(self):
        server = self.start_guarded("token", "--standalone", "False")
        self.round_trip(server, env=ENVIRONMENT)
        for record in server.log():
            if "/v1/images/" in record["path"] and record["status"] == 200:
                access = "write" if record["method"] == "PUT" else "read"
                self.assertIn(f"access={access}", record["authorization"])
                # docker-registry's own value begins with the scheme; it is said once.
                self.assertEqual(record["authorization"].count("Token "), 1)

    def test_a_token_that_expires_is_renewed_once(self):
        server = self.start_guarded("token", "--standalone", "False")
        self.ok("push", "app.tar", server.image, env=ENVIRONMENT)
        server.control({"method": "GET", "path": "/layer$", "times": 1, "action": "status", "status": 401})
        self.ok("pull", server.image, "out.tar", env=ENVIRONMENT)

    def test_a_401_that_stays_is_denied_with_advice(self):
        rows = (({}, ["denies access", "regctl login"]),
                ({**ENVIRONMENT, "REGCTL_PASSWORD": "wrong"}, ["to 'bob'", "REGCTL_USERNAME"]))
        for auth in ("basic", "nginx", "token"):
            for environment, words in rows:
                with self.subTest((auth, environment)):
                    server = self.start_guarded(auth, "--standalone", "False")
                    self.fails(4, "push", "app.tar", server.image, env=environment, saying=words)

    def test_no_password_follows_a_redirect_and_the_layer_comes(self):
        store = self.start(FaultServer)
        server = self.start_guarded("token", "--standalone", "False", "--cookie", "n1",
                                    "--redirect-layers", store.url(""))
        self.ok("push", "app.tar", server.image, env=ENVIRONMENT)
        self.ok("push", "app.tar", f"{store.host}/team/app:1.0")
        self.ok("pull", server.image, "out.tar", env=ENVIRONMENT)
        fetched = store.log("GET", "/layer")
        self.assertEqual(len(fetched), 2)
        for record in fetched:
            self.assertIsNone(record["authorization"])
            self.assertIsNone(record["cookie"])

    def test_a_store_that_denies_is_not_taken_for_the_registry(self):
        store = self.start(FaultServer, faults=[{"path": "/layer$", "action": "status", "status": 403}])
        server = self.start_guarded("basic", "--redirect-layers", store.url(""))
        self.ok("push", "app.tar", server.image, env=ENVIRONMENT)
        result = self.fails(4, "pull", server.image, "out.tar", env=ENVIRONMENT,
                            saying=f"{store.url('')}, where {server.host} sends us, denies access")
        self.assertNotIn("REGCTL_USERNAME", result.err)

    def test_endpoints_that_the_index_names_get_tokens(self):
        images = self.start(FaultServer)
        index = self.start_guarded("basic", "--standalone", "False", "--endpoints", images.host)
        self.ok("push", "app.tar", index.image, env=ENVIRONMENT)
        self.ok("pull", index.image, "out.tar", env=ENVIRONMENT)
        self.assertEqual(index.log("PUT", "/layer"), [])
        asked = images.log("GET", "/ancestry")[-1]
        self.assertIn("Token signature=", asked["authorization"])
        for record in images.log():
            self.assertNotIn(BASIC, str(record))

    def test_the_registrys_password_goes_to_no_endpoint_unless_they_are_trusted(self):
        self.make_key("ca", "/CN=test CA")
        self.make_key("server", "/CN=127.0.0.1", ca="ca", names="IP:127.0.0.1")
        tls = ["--tls-cert", self.path("server.crt"), "--tls-key", self.path("server.key")]
        for scheme, standalone in ((tls, "True"), (tls, "False"), ([], "True"), ([], "False")):
            with self.subTest((scheme, standalone)):
                images = self.start(FaultServer, *scheme, "--auth", "nginx", "--user", f"bob:{SECRET}")
                index = self.start_guarded("nginx", *scheme, "--standalone", standalone,
                                           "--endpoints", images.host)
                words = ["push", "--ca-file", self.path("ca.crt"), "app.tar", index.image]
                self.fails(4, *words, env=ENVIRONMENT,
                           saying=[f"{images.host}, which X-Docker-Endpoints of {index.host} names, denies",
                                   '"endpoints": "trusted"'])
                self.assertNotIn(BASIC, str(images.log()))
                self.write("config.json", json.dumps({"registries": {index.host: {"endpoints": "trusted"}}}))
                self.ok(*words, "--config", self.path("config.json"), env=ENVIRONMENT)
                self.assertEqual({r["authorization"] for r in images.log("PUT", "/layer")
                                  if r["status"] == 200}, {BASIC})

    def test_cookies_go_back_to_the_host_that_set_them(self):
        server = self.start(FaultServer, "--cookie", "node-7")
        server.image = f"{server.host}/team/app:1.0"
        self.round_trip(server)
        other = self.start(FaultServer)
        self.ok("copy", server.image, f"{other.host}/team/app:1.0")
        self.assertEqual({r["cookie"] for r in other.log()}, {None})

    def test_each_repository_has_its_own_cookies(self):
        """Quay's cookies name the repository of the last index request."""
        quay = self.start(FaultServer, "--quay", "--standalone", "")
        names = [f"team/app{number}" for number in range(6)]
        for number, name in enumerate(names):
            make_archive(self.path("some.tar"), [f"{number}-{layer}" for layer in range(4)])
            self.ok("push", "some.tar", f"{quay.host}/{name}:1.0")
        self.ok("mirror", "-j", "8", quay.host, "v1-storage:tree")
        self.ok("verify", "-j", "8", quay.host, "v1-storage:tree")

    def test_an_image_hidden_until_a_tag_names_it_is_checked_after_that(self):
        quay = self.start(FaultServer, "--quay", "--standalone", "")
        name = f"{quay.host}/team/app:1.0"
        self.ok("push", "app.tar", name)
        self.assertEqual([r["status"] for r in quay.log("GET", "/json")], [404, 404] * 2 + [200] * 2)
        lost = self.start(FaultServer, "--quay", "--standalone", "")
        lost.control({"method": "GET", "path": "/json$", "action": "status", "status": 404})
        self.fails(7, "push", "app.tar", f"{lost.host}/team/app:1.0",
                   saying="is not there although the registry accepted it")

    def test_debug_masks_secrets(self):
        server = self.start_guarded("token", "--standalone", "False", "--cookie", "chocolate")
        self.ok("push", "app.tar", server.image, env=ENVIRONMENT)
        result = self.ok("pull", "--debug", server.image, "out.tar", env=ENVIRONMENT)
        self.assertIn("GET /v1/images/", result.err)
        for secret in (SECRET, BASIC, "signature=", "chocolate"):
            self.assertNotIn(secret, result.err)

    def test_verbose_names_the_credential_and_its_origin(self):
        server = self.start_guarded("basic")
        result = self.ok("push", "-v", "app.tar", server.image, env=ENVIRONMENT)
        self.assertRegex(result.err, r"'?bob'?.*REGCTL_USERNAME")


class Neighbours(TestCase):
    """Credential files of other tools, with keys for repositories. A proxy asks for a password even at the ping."""

    def setUp(self):
        super().setUp()
        make_archive(self.path("app.tar"), ["a"], 1000)
        self.server = self.start(FaultServer, "--auth", "nginx", "--user", f"bob:{SECRET}")
        self.image = f"{self.server.host}/team/app:1.0"

    def auths(self, *paths, user="bob"):
        auth = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        return json.dumps({"auths": {self.server.host + path: {"auth": auth} for path in paths}})

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        self.write(name, text)
        os.chmod(self.path(name), 0o600)

    def test_each_file_of_credentials_is_read_and_named(self):
        for key in ("", "/team", "/team/app"):
            text = self.auths(key)
            for environment, place in (({"DOCKER_AUTH_CONFIG": text}, "DOCKER_AUTH_CONFIG"),
                                       ({"REGISTRY_AUTH_FILE": self.path("named.json")}, "named.json"),
                                       ({"XDG_RUNTIME_DIR": self.path("run")}, "run/containers/auth.json"),
                                       ({}, "home/.config/containers/auth.json")):
                with self.subTest((key, place)):
                    if place.endswith(".json"):
                        self.put(place, text)
                    result = self.ok("push", "-v", "app.tar", self.image, env=environment)
                    self.assertRegex(result.err, f"using the password of 'bob' for {self.server.host} from .*{place}")
                    self.assertNotIn(SECRET, result.err)
                    if place.endswith(".json"):
                        os.remove(self.path(place))
        self.fails(4, "push", "app.tar", self.image)

    def test_a_repositorys_key_is_not_used_for_another_one(self):
        text = json.loads(self.auths("/team"))
        text["auths"].update(json.loads(self.auths("/team/other", user="stranger"))["auths"])
        environment = {"DOCKER_AUTH_CONFIG": json.dumps(text)}
        self.ok("push", "app.tar", self.image, env=environment)
        self.fails(4, "push", "app.tar", f"{self.server.host}/team/other:1.0", env=environment, saying="'stranger'")
        self.fails(4, "push", "app.tar", f"{self.server.host}/else/app:1.0", env=environment, saying="regctl login")

    def test_half_a_login_is_an_error_that_names_the_other_half(self):
        for one, other in (("REGCTL_USERNAME", "REGCTL_PASSWORD"), ("REGCTL_PASSWORD", "REGCTL_USERNAME")):
            for rest in ({}, {other: ""}):
                result = self.fails(2, "inspect", self.image, env={one: SECRET, **rest}, saying=[one, other])
                self.assertNotIn(SECRET, result.err)
        self.fails(4, "inspect", self.image, "-u", "nobody", env={"REGCTL_PASSWORD": SECRET})

    def test_a_file_that_other_users_may_write_or_read_is_noted_once(self):
        self.put("home/.docker/config.json", self.auths(""))
        self.assertEqual(self.ok("push", "-q", "app.tar", self.image).err, "")
        for mode, words in ((0o644, "can be read by other users"), (0o606, "can be written by other users")):
            os.chmod(self.path("home/.docker/config.json"), mode)
            for command in (["push", "app.tar", self.image], ["copy", self.image, f"{self.server.host}/team/copy:1"]):
                self.assertEqual(self.ok(*command).err.count(words), 1)


class Stored(TestCase):
    """login, logout and Docker's config.json."""

    def setUp(self):
        super().setUp()
        make_archive(self.path("app.tar"), ["a"], 1000)
        self.server = self.start(FaultServer, "--auth", "basic", "--user", f"bob:{SECRET}")
        self.image = f"{self.server.host}/team/app:1.0"
        self.config = os.path.join(self.home, ".docker", "config.json")

    def login(self, password=SECRET, code=0):
        result = self.regctl("login", "-u", "bob", "--password-stdin", self.server.host,
                             stdin=password.encode() + b"\n")
        self.assertEqual(result.code, code, result.err)
        self.assertNotIn(password, result.err + result.out)
        return result

    def test_login_stores_a_checked_credential_and_logout_removes_it(self):
        os.mkdir(os.path.dirname(self.config))
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"psFormat": "kept", "auths": {"other": {"auth": "eDp5"}}}, file)
        os.chmod(self.config, 0o600)
        self.login()
        self.ok("push", "app.tar", self.image)
        with open(self.config, encoding="utf-8") as file:
            config = json.load(file)
        self.assertEqual(config["psFormat"], "kept")
        self.assertIn("other", config["auths"])
        self.ok("logout", self.server.host)
        self.fails(4, "push", "app.tar", self.image)

    def test_a_new_file_is_readable_by_its_owner_alone(self):
        self.login()
        self.assertEqual(stat.S_IMODE(os.stat(self.config).st_mode), 0o600)

    def test_a_refused_password_is_not_stored(self):
        self.login("wrong-password", code=4)
        self.assertFalse(os.path.exists(self.config))

    def test_a_refused_login_is_not_sent_to_login(self):
        result = self.login("wrong-password", code=4)
        self.assertIn("hint: check user name and password\n", result.err)

    def test_login_at_a_registry_that_checks_passwords_needs_one_ping(self):
        told = self.login().err.splitlines()
        self.assertEqual(len(told), 1, told)
        self.assertIn("login succeeded", told[0])
        self.assertEqual(len(self.server.log("GET", "/v1/_ping")), 1)

    def test_a_registry_that_accepts_any_password_is_noted(self):
        for kind, words in ((FaultServer, []), (RegctlServer, []), (NpmServer, [])):
            with self.subTest(kind):
                self.server = self.start(kind, *words)
                self.assertIn(f"{self.server.host} does not check passwords", self.login("any").err)

    def test_a_missing_home_folder_is_an_error(self):
        result = self.regctl("login", "-u", "bob", "--password-stdin", self.server.host, stdin=SECRET.encode(),
                             env={"HOME": "/proc/nobody"})
        self.assertEqual(result.code, 8, result.err)
        self.assertIn("cannot create '/proc/nobody/.docker/config.json'", result.err)

    def test_keys_of_every_docker_are_found(self):
        for key in (self.server.host, f"http://{self.server.host}/v1/", f"https://{self.server.host}/v2/"):
            with self.subTest(key):
                os.makedirs(os.path.dirname(self.config), exist_ok=True)
                auth = base64.b64encode(f"bob:{SECRET}".encode()).decode()
                with open(self.config, "w", encoding="utf-8") as file:
                    json.dump({"auths": {key: {"auth": auth}}}, file)
                self.ok("push", "app.tar", self.image)

    def test_a_config_that_is_no_json_is_named_without_its_text(self):
        os.makedirs(os.path.dirname(self.config))
        with open(self.config, "w", encoding="utf-8") as file:
            file.write('{"auths": "' + SECRET)
        result = self.fails(2, "push", "app.tar", self.image, saying="config.json")
        self.assertNotIn(SECRET, result.err)

    def test_a_credential_helper_gets_stores_and_erases(self):
        helper = os.path.join(self.folder, "docker-credential-fake")
        store = os.path.join(self.folder, "store")
        with open(helper, "w", encoding="utf-8") as file:
            file.write(f"""#!/bin/sh
case $1 in
store) cat > {store} ;;
get) read -r server; if [ -s {store} ]; then cat {store}; else echo "credentials not found in native keychain"; exit 1; fi ;;
erase) cat > /dev/null; : > {store} ;;
esac
""")
        os.chmod(helper, 0o755)
        os.makedirs(os.path.dirname(self.config))
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"credHelpers": {self.server.host: "fake"}}, file)
        path = {"PATH": f"{self.folder}:{os.environ['PATH']}"}
        self.fails(4, "push", "app.tar", self.image, env=path)
        result = self.regctl("login", "-u", "bob", "--password-stdin", self.server.host,
                             stdin=SECRET.encode(), env=path)
        self.assertEqual(result.code, 0, result.err)
        with open(self.config, encoding="utf-8") as file:
            self.assertNotIn("auths", json.load(file))
        self.ok("push", "app.tar", self.image, env=path)
        self.ok("logout", self.server.host, env=path)
        self.fails(4, "push", "app.tar", self.image, env=path)

    def test_a_missing_credential_helper_is_named(self):
        os.makedirs(os.path.dirname(self.config))
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"credsStore": "nowhere"}, file)
        self.fails(4, "push", "app.tar", self.image, saying="docker-credential-nowhere")


if __name__ == "__main__":
    main()
