#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How hosts are reached: through proxies, by IPv6, by https or plain http."""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, ProxyServer, TestCase, main, make_archive  # noqa: E402

SECRET = "hunter2-and-more"
HOST = "registry.example:5000"  # not of this machine: the proxy makes it one that is
IMAGE = f"{HOST}/team/app:1.0"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def other_name_of_this_machine():
    """A host name that belongs to this machine only according to name resolution."""
    with open("/etc/hosts", encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words and words[0].startswith("127."):
                for name in words[1:]:
                    if name != "localhost" and not name.endswith(".localhost"):
                        return name
    return None


class Network(TestCase):
    def setUp(self):
        super().setUp()
        self.layers = make_archive(self.path("app.tar"), ["a", "b"], 50_000)

    def start_proxied(self, *proxy_options, server_options=()):
        """A registry that the proxy serves as HOST."""
        self.server = self.start(FaultServer, *server_options)
        self.proxy = self.start(ProxyServer, *proxy_options, hosts={HOST: self.server})
        return self.server, self.proxy

    def start_proxied_tls(self, *proxy_options, **options):
        self.make_key("ca", "/CN=test CA")
        self.make_key("server", "/CN=registry.example", ca="ca", names="DNS:registry.example")
        return self.start_proxied(*proxy_options, server_options=(
            "--tls-cert", self.path("server.crt"), "--tls-key", self.path("server.key"),
            *options.get("server_options", ())))

    def through(self, variable, user=""):
        return {variable: f"http://{user}{self.proxy.host}"}

    def round_trip(self, *flags, env):
        outputs = ""
        for command in (["push", "app.tar", IMAGE], ["pull", IMAGE, "out.tar"], ["tags", f"{HOST}/team/app"]):
            result = self.ok(*command, *flags, env=env)
            outputs += result.out + result.err
        self.assertEqual(len(self.server.log("PUT", "/layer")), 2)
        return outputs


class Proxies(Network):
    def test_each_variable_in_either_case_names_the_proxy_for_plain_http(self):
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            with self.subTest(variable):
                self.start_proxied()
                self.round_trip("--plain-http", env=self.through(variable))
                self.assertEqual(len(self.proxy.records()), len(self.server.log()))
                self.assertIn(f"PUT http://{HOST}/v1/", str(self.proxy.records()))

    def test_each_variable_in_either_case_names_the_proxy_for_https(self):
        for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            with self.subTest(variable):
                self.start_proxied_tls()
                self.round_trip("--ca-file", self.path("ca.crt"), env=self.through(variable))
                self.assertEqual({(r["method"], r["target"]) for r in self.proxy.records()}, {("CONNECT", HOST)})

    def test_a_proxy_is_used_for_its_scheme_only(self):
        self.start_proxied()
        for variable, flags in (("HTTPS_PROXY", ["--plain-http"]), ("HTTP_PROXY", [])):
            with self.subTest(variable):
                self.fails(5, "tags", "--retry", "0", *flags, f"{HOST}/team/app", env=self.through(variable))
                self.assertEqual(self.proxy.records(), [])

    def test_no_proxy_and_this_machine_are_reached_directly(self):
        self.start_proxied()
        self.ok("push", "app.tar", f"{self.server.host}/team/app:1.0", env=self.through("ALL_PROXY"))
        for variable in ("NO_PROXY", "no_proxy"):
            for listed in ("registry.example", ".example", "other, *", "registry.example:5000"):
                with self.subTest((variable, listed)):
                    environment = {**self.through("ALL_PROXY"), variable: listed}
                    self.fails(5, "tags", "--plain-http", "--retry", "0", f"{HOST}/team/app", env=environment)
        self.assertEqual(self.proxy.records(), [])
        environment = {**self.through("ALL_PROXY"), "NO_PROXY": "example.org,registry.example:5001,10.0.0.0/8"}
        self.ok("tags", "--plain-http", f"{HOST}/team/app", env=environment)

    def test_the_proxys_password_reaches_only_the_proxy(self):
        for start, variable, flags in ((self.start_proxied, "HTTP_PROXY", ["--plain-http"]),
                                       (self.start_proxied_tls, "HTTPS_PROXY", ["--insecure"])):
            with self.subTest(variable):
                start("--user", f"bob:{SECRET}")
                said = self.round_trip("--debug", *flags, env=self.through(variable, f"bob:{SECRET}@"))
                self.assertEqual({r["status"] for r in self.proxy.records()}, {200})
                given = self.proxy.records()[0]["proxy_authorization"]
                self.assertIn("Proxy-Authorization: …", said)
                for secret in (SECRET, given, given.split()[1]):
                    self.assertNotIn(secret, said)
                    self.assertNotIn(secret, str(self.server.log()))

    def test_a_proxys_password_may_have_any_character(self):
        for password, written in (("Passw@rd", "Passw%40rd"), ("Passw@rd", "Passw@rd"), ("a/b", "a/b"),
                                  ("hash#", "hash#"), ("abc%G4g", "abc%G4g"), ("100%", "100%"),
                                  ("a\\b*c.", "a\\b*c."), ("a:b", "a:b"), ("ä", "%C3%A4")):
            with self.subTest(written):
                self.start_proxied("--user", f"bob:{password}")
                self.ok("ping", "--plain-http", HOST, env=self.through("HTTP_PROXY", f"bob:{written}@"))

    def test_an_invalid_proxy_variable_is_named_without_its_value(self):
        for value in (f"gopher://bob:{SECRET}@proxy:1", f"http://bob:{SECRET}@pro xy:1", f"http://bob:{SECRET}@"):
            with self.subTest(value):
                result = self.fails(2, "ping", HOST, env={"HTTPS_PROXY": value}, saying="HTTPS_PROXY")
                self.assertNotIn(SECRET, result.err)

    def test_the_registrys_password_does_not_reach_a_proxy_that_tunnels(self):
        self.start_proxied_tls(server_options=("--auth", "nginx", "--user", f"bob:{SECRET}"))
        self.round_trip("--insecure", env={**self.through("HTTPS_PROXY"), "REGCTL_USERNAME": "bob",
                                           "REGCTL_PASSWORD": SECRET})
        self.assertEqual({r["authorization"] for r in self.proxy.records()}, {None})

    def test_a_proxy_that_refuses_is_named(self):
        plain, tunnel = ("HTTP_PROXY", "--plain-http"), ("HTTPS_PROXY",)
        # One attempt to tell v2, and those that --retry allows to tell v1.
        rows = ((plain, 407, 4, 2), (plain, 502, 5, 3), (tunnel, 407, 4, 2), (tunnel, 403, 5, 2),
                (tunnel, 502, 5, 3))
        for (variable, *flags), status, code, attempts in rows:
            with self.subTest((variable, status)):
                self.start_proxied("--refuse", str(status))
                result = self.fails(code, "tags", "--retry", "1", *flags, f"{HOST}/team/app",
                                    env=self.through(variable, f"bob:{SECRET}@"),
                                    saying=[f"proxy {self.proxy.host}", f"answered {status}"])
                self.assertNotIn(SECRET, result.err)
                self.assertEqual(len(self.proxy.records()), attempts)
                if status == 407:
                    self.assertIn(f"{variable}=http://USER:PASSWORD@{self.proxy.host}", result.err)

    def test_an_unreachable_proxy_is_named(self):
        port = free_port()
        for variable, flags in (("HTTP_PROXY", ["--plain-http"]), ("HTTPS_PROXY", [])):
            with self.subTest(variable):
                result = self.fails(5, "tags", "--retry", "0", *flags, f"{HOST}/team/app",
                                    env={variable: f"http://bob:{SECRET}@127.0.0.1:{port}"},
                                    saying=[f"through the proxy 127.0.0.1:{port}", "Connection refused",
                                            "NO_PROXY"])
                self.assertNotIn(SECRET, result.err)


class Nobody(Network):
    def test_explicit_retries_are_made_for_an_unreachable_host_too(self):
        host = f"127.0.0.1:{free_port()}"
        self.assertNotIn("(3 of ", self.fails(5, "ping", host, saying="(2 of 2)").err)
        self.fails(5, "ping", "--retry", "3", host, saying="(3 of 3)")


class Schemes(Network):
    def test_a_remote_host_that_speaks_plain_http_is_refused_with_advice(self):
        self.start_proxied()
        environment = {**self.through("ALL_PROXY"), "REGCTL_USERNAME": "bob", "REGCTL_PASSWORD": SECRET}
        for command in (["ping", HOST], ["tags", f"{HOST}/team/app"], ["push", "app.tar", IMAGE]):
            with self.subTest(command):
                self.fails(5, *command, env=environment, saying=["does not speak https", "--plain-http"])
        self.assertEqual(self.server.log(), [])
        self.assertEqual({r["method"] for r in self.proxy.records()}, {"CONNECT"})

    def test_insecure_and_the_configuration_allow_plain_http(self):
        self.start_proxied()
        self.write("config.json", '{"registries": {"%s": {"plain_http": true}}}' % HOST)
        self.round_trip("--insecure", env=self.through("ALL_PROXY"))
        self.ok("tags", "--config", self.path("config.json"), f"{HOST}/team/app", env=self.through("ALL_PROXY"))

    def test_a_mistake_in_the_configuration_is_reported_as_the_configurations(self):
        self.write("config.json", "{")
        result = self.fails(2, "ping", "--config", self.path("config.json"), HOST, saying="FILES in regctl(1)")
        self.assertNotIn("--help", result.err)

    def test_a_host_that_needs_https_is_named_when_asked_in_plain_http(self):
        self.make_key("server", "/CN=127.0.0.1")
        server = self.start(FaultServer, "--tls-cert", self.path("server.crt"), "--tls-key",
                            self.path("server.key"))
        self.fails(5, "tags", "--plain-http", "--retry", "0", f"{server.host}/team/app",
                   saying="leave out --plain-http")

    def test_passwords_do_not_follow_a_redirect_from_https_to_plain_http(self):
        store = self.start(FaultServer)
        self.ok("push", "app.tar", f"{store.host}/team/app:1.0")
        self.start_proxied_tls(server_options=("--auth", "nginx", "--user", f"bob:{SECRET}",
                                               "--redirect-layers", store.url("")))
        environment = {**self.through("ALL_PROXY"), "REGCTL_USERNAME": "bob", "REGCTL_PASSWORD": SECRET}
        flags = ["--ca-file", self.path("ca.crt")]
        self.ok("push", *flags, "app.tar", IMAGE, env=environment)
        seen = len(store.log())
        self.fails(6, "pull", *flags, IMAGE, "out.tar", env=environment,
                   saying=[f"https://{HOST} sends us to {store.url('')}", "plain http"])
        self.assertEqual(store.log()[seen:], [])


class NamedHosts(Network):
    """The hosts to which a remote registry may send us."""

    def start_elsewhere(self, *server_options):
        self.start_proxied(server_options=server_options)
        environment = self.through("HTTP_PROXY")
        self.ok("push", "--plain-http", "app.tar", IMAGE, env=environment)
        return environment

    def test_a_remote_registry_cannot_send_us_to_an_address_of_this_machine(self):
        victim = self.start(FaultServer)
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0", "[::1]"):
            with self.subTest(host):
                environment = self.start_elsewhere("--redirect-layers", f"http://{host}:{victim.port}")
                self.fails(6, "pull", "--plain-http", IMAGE, "out.tar", env=environment,
                           saying=["sends us to http://", "this machine itself"])
        environment = self.start_elsewhere("--redirect-layers", "http://169.254.169.254")
        self.fails(6, "pull", "--plain-http", IMAGE, "out.tar", env=environment, saying="metadata")
        self.assertEqual(victim.log(), [])

    def test_a_host_name_that_resolves_to_this_machine_is_refused_too(self):
        name = other_name_of_this_machine()
        if not name:
            self.skipTest("/etc/hosts has no other name of this machine")
        victim = self.start(FaultServer)
        environment = self.start_elsewhere("--redirect-layers", f"http://{name}:{victim.port}")
        self.fails(6, "pull", "--plain-http", IMAGE, "out.tar", env={**environment, "NO_PROXY": name},
                   saying=["whose name leads to", "this machine itself"])
        self.assertEqual(victim.log(), [])
        # A registry of this machine leads to others of it.
        self.ok("push", "app.tar", f"{victim.host}/team/app:1.0")
        near = self.start(FaultServer, "--redirect-layers", f"http://{name}:{victim.port}")
        self.ok("push", "app.tar", f"{near.host}/team/app:1.0")
        self.ok("pull", f"{near.host}/team/app:1.0", "out.tar")
        self.assertEqual(len(victim.log("GET", "/layer")), 2)

    def test_a_forbidden_endpoint_is_noted_and_passed_over(self):
        victim = self.start(FaultServer)
        environment = self.start_elsewhere("--standalone", "False", "--endpoints", victim.host)
        result = self.ok("pull", "--plain-http", IMAGE, "out.tar", env=environment)
        self.assertIn(f"X-Docker-Endpoints of http://{HOST} names http://{victim.host}", result.err)
        self.assertEqual(victim.log(), [])


class Ipv6(Network):
    def test_an_ipv6_address_is_accepted_wherever_a_host_is(self):
        server = self.start(FaultServer, "--address", "::1")
        host = f"[::1]:{server.port}"
        self.assertIn(host, self.ok("ping", host).out)
        self.ok("push", "app.tar", f"{host}/team/app:1.0")
        self.ok("tag", f"{host}/team/app:1.0", "2.0", f"{host}/other:3.0")
        self.assertEqual(self.ok("tags", f"docker://{host}/team/app").out, "1.0\n2.0\n")
        self.ok("pull", f"docker://{host}/team/app", "-a", "out.tar")
        self.ok("pull", f"{host}/team/app:2.0", "one.tar")
        self.ok("copy", f"{host}/other:3.0", f"{host}/copied:1")
        self.assertIn("copied", self.ok("images", host).out)
        self.ok("rm", f"{host}/team/app:2.0")
        self.assertEqual(self.ok("tags", f"{host}/team/app").out, "1.0\n")
        self.fails(2, "tags", "[::1/team/app")

    def test_credentials_are_stored_under_the_whole_ipv6_address(self):
        server = self.start(FaultServer, "--address", "::1", "--auth", "basic", "--user", f"bob:{SECRET}")
        host = f"[::1]:{server.port}"
        self.fails(4, "push", "app.tar", f"{host}/team/app:1.0", saying=f"regctl login {host}")
        self.ok("login", "-u", "bob", "--password-stdin", host, stdin=SECRET.encode())
        self.ok("push", "app.tar", f"{host}/team/app:1.0")
        self.ok("logout", host)


if __name__ == "__main__":
    main()
